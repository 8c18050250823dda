"""Failed rows corrected by hand: only they are tried again, by the run's own code, and the counts still add up."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext

from contacts.importing import starting
from contacts.importing.chunks import keep, remember, settle, total
from contacts.importing.files import Record
from contacts.importing.judging import Judge, Made, Result
from contacts.importing.plans import DOUBLE, CellProblem, Parsed, Plan
from contacts.importing.records import COUNTS, Import, ImportProblem, ImportRow
from contacts.importing.starting import NotNow
from customfields import values as field_values
from gopimi.lib import charsets
from gopimi.lib.figures import figure

MOST = 1_000  # rows at once


@dataclass(frozen=True)
class Repaired:
    """What became of a corrected row: a status ("created", …, or "failed" with what is wrong with it now)."""

    row: int
    status: str
    problems: list[CellProblem]


@transaction.atomic
def repair(one: Import, corrections: Mapping[int, Mapping[str, str]]) -> list[Repaired]:
    """Try failed rows again with these cells, {row: {header: text}}; other cells stay as they are.

    After a dry run nothing is written but what the import will take instead of the file's cells; after an import the
    rows are imported. At most 1,000 rows at once. Raises NotNow, and LookupError for a row that hasn't failed or a
    header that the file hasn't.
    """
    one.workspace.lock()  # first, as everywhere
    starting.lock(one)
    if not one.can_repair:
        raise NotNow(gettext("Rows are corrected after a dry run, or when the import has ended."))
    if len(corrections) > MOST:
        raise NotNow(gettext("Correct at most {most} rows at once.").format(most=figure(MOST)))
    plan = Plan(one, field_values.fields_of(one.workspace_id))
    judge, made = Judge(one, plan), Made()
    judge.used = one.created if one.dry_run else 0
    with translation.override(settings.LANGUAGE_CODE):  # as what is wrong is kept
        results = judge.judge(_parse(one, plan, corrections), made)
    _keep(one, results, made)
    return [Repaired(result.parsed.record.row, result.status, list(result.problems)) for result in results]


def _parse(one: Import, plan: Plan, corrections: Mapping[int, Mapping[str, str]]) -> list[Parsed]:
    """The rows with the corrected cells. One whose address an earlier row has still has that problem."""
    failed = ImportRow.objects.for_workspace(one.workspace_id).filter(run=one, repaired=False, row__in=corrections)
    rows = {row.row: row for row in failed.order_by("row")}
    doubles = ImportProblem.objects.for_workspace(one.workspace_id).filter(run=one, row__in=rows, code=DOUBLE)
    reasons = dict(doubles.values_list("row", "reason"))
    if missing := corrections.keys() - rows.keys():
        raise LookupError(gettext("Row {number} hasn't failed.").format(number=min(missing)))
    parsed, keys = [], set()
    for row in rows.values():
        cells = [*row.cells, *[""] * (len(one.headers) - len(row.cells))]
        for header, text in corrections[row.row].items():
            if header not in one.headers:
                raise LookupError(gettext("The file has no column {header}.").format(header=header))
            cells[one.headers.index(header)] = text
        found = plan.parse(Record(row.row, row.line, cells))
        if found.email is not None:
            if row.row in reasons and found.email.key == row.email_key:
                found.refuse(plan.email_header, found.email.given, DOUBLE, reasons[row.row])
            elif found.email.key in keys:
                found.refuse(plan.email_header, found.email.given, DOUBLE, gettext("Another row has the same address."))
            keys.add(found.email.key)
        parsed.append(found)
    return parsed


def _keep(one: Import, results: list[Result], made: Made) -> None:
    rows = [result.parsed.record.row for result in results]
    ImportProblem.objects.for_workspace(one.workspace_id).filter(run=one, row__in=rows).delete()
    if one.dry_run:  # the import takes these cells, whether they are right by now or not
        for result in results:
            mine = ImportRow.objects.for_workspace(one.workspace_id).filter(run=one, row=result.parsed.record.row)
            mine.update(cells=[charsets.clean(cell) for cell in result.parsed.record.cells], edited=True)
    keep(one, results)
    settle(one, results)
    counts = Counter(result.status for result in results)
    for name in COUNTS:
        setattr(one, name, getattr(one, name) + counts[name])
    one.failed -= len(results)
    organizations, tags = (len(made.organizations), len(made.tags)) if one.dry_run else remember(one, made)
    one.made = total(one.made, organizations, tags, made)
    one.save(update_fields=[*COUNTS, "made"])
