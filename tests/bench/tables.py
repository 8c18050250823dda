"""What was measured, as text."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """Median seconds by way, and the ratios that matter by what they are."""

    title: str
    seconds: Mapping[str, float]
    ratios: Mapping[str, float]

    def __str__(self) -> str:
        lines = [self.title]
        lines += [f"  {name:60}{1000 * taken:12,.3f} ms" for name, taken in self.seconds.items()]
        lines += [f"  {name:60}{ratio:12,.2f} ×" for name, ratio in self.ratios.items()]
        return "\n".join(lines)
