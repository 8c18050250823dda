"""What was measured, as text."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Measured:
    """Median seconds by way, the ratios that matter by what they are, and other figures with their units.

    `growth` is what takes how many seconds by how much there is of it.
    """

    title: str
    seconds: Mapping[str, float]
    ratios: Mapping[str, float]
    others: Mapping[str, str] = field(default_factory=dict)
    growth: Mapping[str, Mapping[int, float]] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [self.title]
        lines += [f"  {name:60}{1000 * taken:12,.3f} ms" for name, taken in self.seconds.items()]
        lines += [f"  {name:60}{ratio:12,.2f} ×" for name, ratio in self.ratios.items()]
        lines += [f"  {name:60}{figure:>12}" for name, figure in self.others.items()]
        return "\n".join(lines)
