"""Export, import into a workspace with the same definitions, export again: byte for byte the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contacts import exporting
from contacts.filters import ContactFilter
from contacts.importing import running, starting
from contacts.models import Contact
from customfields import values
from customfields.models import Field, Kind
from customfields.parsing import InvalidValue
from gopimi.lib.tenancy import workspace
from gopimi.lib.text import InvalidText, one_line
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from organizations.models import Organization
from tests.factories import FieldFactory, OptionFactory

OPTIONS = ["Pro", "-Pro", "a", "b", "a;b", "a,b", 'say "hi"', "'=1", "'", "x;y;z"]
# Labels that properties, synonyms or other labels are near to.
LABELS = {
    "Name": Kind.TEXT, "mail": Kind.TEXT, "=SUM(A1)": Kind.TEXT, "A+B": Kind.NUMBER, "A B": Kind.NUMBER, "+": Kind.DATE,
    "Company": Kind.SELECT, "Labels": Kind.MULTIPLE_SELECT, "Yes, or no": Kind.BOOLEAN, "Site": Kind.URL,
    "Second mail": Kind.EMAIL, "Created": Kind.TEXT,
}  # fmt: skip


def define(target: Workspace) -> list[Field]:
    with workspace(target):
        for number, (label, kind) in enumerate(LABELS.items()):
            field = FieldFactory(workspace=target, key=f"key_{number}", label=label, kind=kind, position=number)
            for position, option in enumerate(OPTIONS if field.type.has_options else []):
                OptionFactory(field=field, label=option, position=position)
        return values.fields_of(target)


def line(text: str) -> str:
    """The text as one line that is kept as it is; another one where it can't be."""
    try:
        return one_line(text.strip()) or "'"
    except InvalidText:
        return "'=\u00fc"


NASTY = st.text("=+-@'\"\t\r\n;,| a\u00e9\u0301\U0001f600\ufeff\u00a0\u2028", max_size=12)
LINES = st.one_of(NASTY, st.text(max_size=40)).map(line)
NUMBERS = st.builds(
    lambda digits, exponent, sign: Decimal(f"{sign}{digits}e{exponent}"),
    st.text("0123456789", min_size=1, max_size=28), st.integers(-40, 40), st.sampled_from(["", "-"]),
)  # fmt: skip
VALUES: dict[Kind, st.SearchStrategy] = {
    Kind.TEXT: LINES,
    Kind.NUMBER: NUMBERS,
    Kind.DATE: st.dates(),
    Kind.BOOLEAN: st.booleans(),
    Kind.URL: st.sampled_from(["https://x.example/?a=1,2;3", "http://münchen.example/'=+"]),
    Kind.EMAIL: st.sampled_from(["-dana@acme.example", "'x@acme.example", '"=a;b"@acme.example']),
    Kind.SELECT: st.sampled_from(OPTIONS),
    Kind.MULTIPLE_SELECT: st.lists(st.sampled_from(OPTIONS), min_size=1, unique=True),
}
ADDRESSES = st.sampled_from(["dana@acme.example", "=dana@acme.example", "-x@joined.example", "'+y@JOINED.example",
                             '"a, ;b"@x.example', "jos\u00e9@m\u00fcnchen.example"])  # fmt: skip
FAST = [Phase.explicit, Phase.reuse, Phase.generate]  # each example is an import: shrinking one takes minutes
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "email": ADDRESSES,
            "name": st.one_of(LINES, st.just("")),
            "organization": st.one_of(st.none(), st.sampled_from(["Acme, Inc.", "=1+1", "Ünited"])),
            "tags": st.lists(st.sampled_from(["vip", "x,y", "a;b", "-", '"', "'=", "\u00fc b"]), unique=True),
            "values": st.fixed_dictionaries({}, optional={label: VALUES[kind] for label, kind in LABELS.items()}),
        }
    ),
    max_size=6,
    unique_by=lambda one: one["email"],
)


def fill(target: Workspace, fields: list[Field], people: list[dict[str, Any]]) -> None:
    by_label = {field.label: field for field in fields}
    for one in people:
        organization = one["organization"]
        contact = Contact.objects.for_workspace(target).add(
            SYSTEM,
            email=one["email"],
            name=one["name"],
            organization=Organization.objects.for_workspace(target).named(organization) if organization else None,
            tags=one["tags"],
            values={by_label[label]: value for label, given in one["values"].items()
                    if (value := parsed(by_label[label], given)) is not None},
        )  # fmt: skip
        contact.change(SYSTEM, {"name": one["name"]})


def parsed(field: Field, given: Any) -> Any:
    try:
        return field.type.parse_text(field, given) if isinstance(given, str | list) else field.type.parse_json(
            field, given.isoformat() if isinstance(given, date) else given
        )  # fmt: skip
    except InvalidValue:  # of more digits than are kept
        return None


def exported(target: Workspace) -> bytes:
    with workspace(target):
        fields = values.fields_of(target)
        contacts, ids = exporting.matching(ContactFilter({"sort": "created_at"}, target, fields))
        export = exporting.Export(target, fields, contacts, ids, exporting.everything(fields))
    return b"".join(export.stream())


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def fields(acme: Workspace, globex: Workspace) -> list[Field]:
    """The same definitions in both. In Globex a domain is an organization's, which nobody joins by import."""
    define(globex)
    with workspace(globex):
        Organization.objects.for_workspace(globex).define(name="Joined", domains=["joined.example"])
    return define(acme)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], phases=FAST)
@given(people=PEOPLE)
def test_what_was_exported_is_imported_the_same(
    acme: Workspace, globex: Workspace, fields: list[Field], people: list[dict[str, Any]]
) -> None:
    with taken_back():
        with workspace(acme):
            fill(acme, fields, people)
        data = exported(acme)
        with workspace(globex):
            one = starting.receive(globex, SYSTEM, ContentFile(data), "contacts.csv")
            assert sorted(one.mapping.values()) == sorted(
                ["name", "email", "organization", "tags", *(f"cf_{field.key}" for field in fields)]
            )
            starting.start(one, dry_run=False)
        running.run(globex.pk, one.pk)
        with workspace(globex):
            one.refresh_from_db()
            assert one.counts == {"created": len(people), "updated": 0, "unchanged": 0, "skipped": 0, "failed": 0}
        assert exported(globex) == data
