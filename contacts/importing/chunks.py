"""One chunk of an import: what became of its rows and how far it came, kept in the transaction that wrote them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from contacts.drafts import Draft
from contacts.importing.finding import Finder
from contacts.importing.judging import Judge, Made, Result
from contacts.importing.plans import Parsed, Plan
from contacts.importing.records import COUNTS, Import, ImportMade, ImportRow, Status
from contacts.importing.seen import Seen
from contacts.importing.turns import Turns
from contacts.models import Tag
from gopimi.lib import arrays, charsets
from gopimi.lib.folding import lower
from gopimi.lib.tenancy import workspace
from organizations.models import Organization

KEEP_ROWS = """
INSERT INTO contacts_importrow (workspace_id, run_id, row, line, cells, email_key, edited, repaired)
SELECT %s, %s, "row", line, cells::text[], email_key, false, false
FROM unnest(%s::int[], %s::int[], %s::text[], %s::text[]) AS given ("row", line, cells, email_key)
ON CONFLICT (workspace_id, run_id, "row") DO UPDATE
    SET cells = EXCLUDED.cells, email_key = EXCLUDED.email_key, repaired = false
"""
KEEP_PROBLEMS = """
INSERT INTO contacts_importproblem (workspace_id, run_id, row, "position", "column", value, code, reason)
SELECT %s, %s, "row", place, header, value, code, reason
FROM unnest(%s::int[], %s::smallint[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS given ("row", place, header, value, code, reason)
"""
KEEP_MADE = """
INSERT INTO contacts_importmade (workspace_id, run_id, kind, made_id)
SELECT %s, %s, kind, made_id FROM unnest(%s::text[], %s::bigint[]) AS given (kind, made_id)
ON CONFLICT DO NOTHING
"""


class Overtaken(Exception):
    """Another worker has brought this import further, or it isn't running any more."""


class Chunks:
    """Takes the chunks of a run one after the other. `edited` are the rows that were corrected by hand before."""

    def __init__(self, one: Import, plan: Plan, finder: Finder, turns: Turns, edited: Iterable[int] = ()) -> None:
        self.one, self.finder, self.turns, self.edited = one, finder, turns, set(edited)
        self.judge = Judge(one, plan)
        self._organizations, self._tags = Seen(), Seen()  # that a dry run would have made

    def do(self, rows: Sequence[Parsed]) -> None:
        """Write a chunk, or judge it where the run is dry. Raises Overtaken, with nothing written."""
        one, made = self.one, Made()
        created: list[Draft] = []
        with self.turns.first(), workspace(one.workspace_id, lazily=True):
            results = self.judge.judge(rows, made, find=created.extend)
            counts = Counter(result.status for result in results)
            keep(one, results)
            if self.edited:
                settle(one, [result for result in results if result.parsed.record.row in self.edited])
            total = self._total(made)
            columns = {name: getattr(one, name) + counts[name] for name in COUNTS}
            columns |= {"processed": one.processed + len(rows), "position": rows[-1].record.row}
            running = Import.objects.for_workspace(one.workspace_id).filter(pk=one.pk, status=Status.RUNNING)
            if not running.filter(position=one.position).update(**columns, made=total):
                raise Overtaken
        for name, value in columns.items():
            setattr(one, name, value)
        one.made = total
        self.finder.add(created)
        if one.dry_run:
            self.judge.used += counts["created"]

    def _total(self, made: Made) -> dict[str, Any]:
        """What the import has made so far, with this; where it is no dry run, it is also kept for Undo."""
        one = self.one
        if one.dry_run:
            organizations = sum(self._organizations.add(lower(name)) for name in made.organizations)
            tags = sum(self._tags.add(lower(name)) for name in made.tags)
        else:
            organizations, tags = remember(one, made)
        return total(one.made, organizations, tags, made)


def total(before: dict[str, Any], organizations: int, tags: int, made: Made) -> dict[str, Any]:
    """`Import.made` with these in addition."""
    options = {key: list(labels) for key, labels in before.get("options", {}).items()}
    for key, option in made.options:
        options.setdefault(key, []).append(option.label)
    return {
        "organizations": before.get("organizations", 0) + organizations,
        "tags": before.get("tags", 0) + tags,
        "options": options,
    }


def remember(one: Import, made: Made) -> tuple[int, int]:
    """Keep what was made, for Undo; answers with how many organizations and tags."""
    organizations = set(Organization.objects.for_workspace(one.workspace_id).ids_by_name(made.organizations).values())
    tags = set(Tag.objects.for_workspace(one.workspace_id).ids_by_name(made.tags).values())
    kinds = ImportMade.Kind
    rows = [
        *((kinds.ORGANIZATION.value, pk) for pk in organizations),
        *((kinds.TAG.value, pk) for pk in tags),
        *((kinds.OPTION.value, option.pk) for _, option in made.options),
    ]
    arrays.execute(KEEP_MADE, [one.workspace_id, one.pk], rows)
    return len(organizations), len(tags)


def keep(one: Import, results: Iterable[Result]) -> None:
    """Keep the rows that failed, with their problems."""
    failed = [result for result in results if result.problems]
    if not failed:
        return
    rows = (
        (
            result.parsed.record.row,
            result.parsed.record.line,
            arrays.literal([charsets.clean(cell) for cell in result.parsed.record.cells]),
            result.parsed.email and result.parsed.email.key,
        )
        for result in failed
    )
    problems = (
        (result.parsed.record.row, place, one.column, charsets.clean(one.value), one.code, charsets.clean(one.reason))
        for result in failed
        for place, one in enumerate(result.problems)
    )
    arrays.execute(KEEP_ROWS, [one.workspace_id, one.pk], rows)
    arrays.execute(KEEP_PROBLEMS, [one.workspace_id, one.pk], problems)


def settle(one: Import, results: Iterable[Result]) -> None:
    """Rows that were corrected, and are right now: a dry run keeps what was corrected for the import."""
    right = [result.parsed.record.row for result in results if not result.problems]
    rows = ImportRow.objects.for_workspace(one.workspace_id).filter(run=one, row__in=right)
    if one.dry_run:
        rows.update(repaired=True)
    else:
        rows.delete()
