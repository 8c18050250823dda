"""How much the tests with random data try: `LONGER=20 make test` tries twenty times as much as the suite does.

Then, too, the data is new each time, where the suite tries the same again, and what fails is made as small as can be,
which takes minutes.
"""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings

LONGER = float(os.environ.get("LONGER", "1"))


def tried(examples: int, **options: Any) -> Any:
    """Settings of a hypothesis test that tries so many examples, in a test's own fixtures."""
    allowed = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    at_least = max(1, round(examples * LONGER))
    phases = set(Phase) - ({Phase.shrink, Phase.explain} if LONGER <= 1 else set())
    return settings(max_examples=at_least, deadline=None, suppress_health_check=allowed, phases=phases, **options)
