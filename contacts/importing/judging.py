"""What becomes of parsed rows: judged by what is stored, and written unless the run is dry; inside a transaction."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_noop

from contacts import searching
from contacts.drafts import Draft
from contacts.importing.plans import CellProblem, Parsed, Plan
from contacts.importing.records import Import, NewOptions
from contacts.models import Contact
from contacts.upserting import Batch, OnConflict, Outcome, Row
from customfields import values as field_values
from customfields.models import Field, Option
from customfields.parsing import InvalidValue, Style
from gopimi.workspaces.models import QuotaExceeded

MOST_NEW_OPTIONS = 500  # of one field by one import: with more, the column wasn't meant for a select


@dataclass(slots=True)
class Result:
    """A row's status ("created", …, "failed"), and what is wrong with it."""

    parsed: Parsed
    status: str
    problems: Sequence[CellProblem] = ()


@dataclass
class Made:
    """What judging rows made besides contacts, or would make: names, and (field's key, option)."""

    organizations: set[str] = dataclasses.field(default_factory=set)
    tags: set[str] = dataclasses.field(default_factory=set)
    options: list[tuple[str, Option]] = dataclasses.field(default_factory=list)


class Judge:
    """Judges rows of one import, as often as it is called. `used` places of the quota are taken by a dry run so far."""

    def __init__(self, one: Import, plan: Plan) -> None:
        self.one, self.plan = one, plan
        self.style = Style(one.date_order, one.decimal)
        self.used = 0
        self._pretended: dict[int, list[Option]] = defaultdict(list)  # options that a dry run would have made

    def judge(
        self, rows: Sequence[Parsed], made: Made, find: Callable[[list[Draft]], None] = searching.index
    ) -> list[Result]:
        """What becomes of the rows, in their order. `find` makes search find new contacts."""
        if not self.one.dry_run:
            self.one.workspace.lock()  # first, as everywhere; definitions stay as they are read now
        fields = self._fields()
        wanted: dict[int, Row] = {}
        results: dict[int, Result] = {}
        for index, parsed in enumerate(rows):
            problems, row = parsed.problems, parsed.row
            if parsed.late or fields.changed:
                problems, row = self._look_again(parsed, fields, made)
            if problems or row is None:
                results[index] = Result(parsed, "failed", problems)
            else:
                wanted[index] = row
        on_conflict = cast(OnConflict, self.one.on_conflict)
        dry, used = self.one.dry_run, self.used
        batch = Batch(self.one.workspace, self.one.actor, on_conflict, "import", dry=dry, used=used, find=find)
        for index, outcome in zip(wanted, batch.run(list(wanted.values())), strict=True):
            results[index] = self._result(rows[index], outcome)
        made.organizations |= batch.new_organizations
        made.tags |= batch.new_tags
        return [results[index] for index in range(len(rows))]

    def _result(self, parsed: Parsed, outcome: Outcome) -> Result:
        if outcome.error is None:
            return Result(parsed, outcome.status.value)
        code = "quota_exceeded" if isinstance(outcome.error, QuotaExceeded) else "refused"
        return Result(parsed, "failed", [CellProblem("", "", code, str(outcome.error))])

    def _fields(self) -> "Fields":
        fields = Fields(field_values.fields_of(self.one.workspace_id), self.plan)
        for field_id, options in self._pretended.items():
            for option in options:
                fields.by_id[field_id].know(option)
        return fields

    def _look_again(self, parsed: Parsed, fields: "Fields", made: Made) -> tuple[list[CellProblem], Row | None]:
        """Judge what depends on the definitions as they are now."""
        problems = [*parsed.problems, *fields.problems(parsed)]
        values = dict(parsed.values)
        for header, column, text, _ in parsed.late:
            assert column.field
            if column.field.pk not in fields.by_id:
                problems.append(CellProblem(header, text, *GONE))
                continue
            try:
                value = self._choose(fields.by_id[column.field.pk], text, parsed, made, may_add=not problems)
            except InvalidValue as error:
                problems.append(CellProblem(header, text, error.code, error.message))
            else:
                if value is not None:
                    values[column.field] = value
        if problems or parsed.email is None:
            return problems, None
        name, organization, tags = parsed.properties
        return [], Row(parsed.email, name, organization, tags, values)

    def _choose(self, field: Field, text: str, parsed: Parsed, made: Made, *, may_add: bool) -> Any:
        """The value with the options as they are now, with new ones made where that is wanted. Raises InvalidValue."""
        try:
            return field.type.parse_cell(field, text, self.style)
        except InvalidValue as error:
            if error.code == "archived_choice":  # who has it keeps it
                return field.type.parse_cell(field, text, self.style, stored=self._stored(field, parsed))
            if self.one.new_options != NewOptions.ADD or error.code != "invalid_choice":
                raise
        if not may_add:
            return None
        for label in field.type.unknown_labels(field, text):
            made.options.append((field.key, self._add(field, label)))
        return field.type.parse_cell(field, text, self.style)

    def _add(self, field: Field, label: str) -> Option:
        so_far = self.one.made.get("options", {}).get(field.key, [])
        if len(so_far) + len(self._pretended[field.pk]) >= MOST_NEW_OPTIONS:
            raise InvalidValue(
                "too_many_options",
                gettext("An import adds at most {most} options to a field.").format(most=MOST_NEW_OPTIONS),
            )
        try:
            if not self.one.dry_run:
                return field.add_option(label)
            option = field.pretended_option(label)
        except ValidationError as error:
            raise InvalidValue("invalid_choice", error.messages[0]) from error
        self._pretended[field.pk].append(option)
        return option

    def _stored(self, field: Field, parsed: Parsed) -> Any:
        if parsed.email is None:
            return None
        contacts = Contact.objects.for_workspace(self.one.workspace_id).filter(email_key=parsed.email.key)
        for contact_id in contacts.values_list("pk", flat=True):
            return field_values.read(self.one.workspace_id, [contact_id], [field])[contact_id].get(field.pk)
        return None


GONE = ("field_gone", gettext_noop("This field was archived or deleted while the import ran."))
OPTION_GONE = ("invalid_choice", gettext_noop("This option was archived or deleted while the import ran."))


class Fields:
    """The fields as they are now, and what has become of those that a plan was made with."""

    def __init__(self, now: Iterable[Field], plan: Plan) -> None:
        self.by_id = {field.pk: field for field in now}
        self.headers = {column.field: header for _, header, column, _ in plan.columns if column.field is not None}
        self.gone = {field for field in self.headers if field.pk not in self.by_id}
        self.options_gone = {
            option
            for field in self.headers.keys() - self.gone
            for option in field.choices
            if option.archived_at is None and self._is_gone(field, option)
        }

    def _is_gone(self, field: Field, option: Option) -> bool:
        now = self.by_id[field.pk].option(option.pk)
        return now is None or now.archived_at is not None

    @property
    def changed(self) -> bool:
        return bool(self.gone or self.options_gone)

    def problems(self, parsed: Parsed) -> list[CellProblem]:
        """What is wrong with a row's values by now."""
        found = []
        for field, value in parsed.values.items():
            if field in self.gone:
                found.append(CellProblem(self.headers[field], field.type.to_text(value), *GONE))
            elif self.options_gone.intersection(field.type.chosen(value)):
                found.append(CellProblem(self.headers[field], field.type.to_text(value), *OPTION_GONE))
        return found
