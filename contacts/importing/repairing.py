"""Failed rows corrected by hand: only they are tried again, by the run's own code, and the counts still add up."""

from collections.abc import Mapping
from dataclasses import dataclass

from contacts.importing.plans import CellProblem
from contacts.importing.records import Import


@dataclass(frozen=True)
class Repaired:
    """What became of a corrected row: a status ("created", …, or "failed" with what is wrong with it now)."""

    row: int
    status: str
    problems: list[CellProblem]


def repair(one: Import, corrections: Mapping[int, Mapping[str, str]]) -> list[Repaired]:
    """Try failed rows again with these cells, {row: {header: text}}; other cells stay as they are.

    After a dry run nothing is written but what the import will take instead of the file's cells; after an import the
    rows are imported. At most 1,000 rows at once. Raises NotNow, and LookupError for a row that hasn't failed.
    """
    raise NotImplementedError
