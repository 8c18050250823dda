"""Whatever a file holds: the counts add up to its rows, equal the database, and a dry run says them beforehand."""

import csv
import io
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.importing import running
from contacts.models import Contact, ImportProblem, ImportRow, Tag
from customfields.models import Field, FieldValue
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from organizations.models import Organization
from tests.contacts.importing.conftest import bring

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
COLUMNS = {
    "name": st.one_of(ANYTHING, st.sampled_from(["Alice", "Bob", "", "  ", "=1+1", "x" * 201])),
    "email": st.one_of(
        st.sampled_from([f"{name}@acme.example" for name in ("a", "A", "b", "c", "d", "e")]),
        st.sampled_from(["", "nobody", "'=x@acme.example", "ö@acmé.example", "a@b@c"]),
    ),
    "company": st.sampled_from(["", "Acme", "ACME", "Globex", "y" * 201, "tab\there"]),
    "tags": st.sampled_from(["", "vip", "VIP; new", "a,b", '"x,y";z', '"open', "z" * 61]),
    "plan": st.sampled_from(["", "Free", "pro", "Gold", "GOLD", "p" * 101]),
    "skills": st.sampled_from(["", "Go", "Go;SQL", "Rust", "Rust; Go", ";"]),
    "amount": st.one_of(st.sampled_from(["", "1", "-2.50", "1,000.5", "1e400", "x"]), st.decimals().map(str)),
    "since": st.sampled_from(["", "2027-03-01", "1.3.2027", "31.2.2027", "3/1/27", "2027-03-01 00:00:00"]),
    "active": st.sampled_from(["", "yes", "NO", "1", "maybe"]),
}
ROW = st.tuples(*COLUMNS.values()).flatmap(
    lambda cells: st.sampled_from([[*cells], [*cells[:3]], [*cells, ""], [*cells, "more"], []])
)
FILES = st.lists(st.lists(ROW, max_size=8), min_size=1, max_size=3)
number = count()


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 3)


def written(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([list(COLUMNS), *rows])
    return text.getvalue()


def make_workspace(quota: int | None) -> Workspace:
    target = Workspace.objects.create(name="Sums", slug=f"sums{next(number)}", contact_quota=quota)
    with workspace(target):
        fields = Field.objects.for_workspace(target)
        fields.define(label="Plan", type="select", options=["Free", "Pro"])
        fields.define(label="Skills", type="select", multiple=True, options=["Go", "SQL"])
        for label, kind in [("Amount", "number"), ("Since", "date"), ("Active", "boolean")]:
            fields.define(label=label, type=kind)
    return target


def totals(target: Workspace) -> tuple[int, ...]:
    with workspace(target):
        alive = Contact.objects.for_workspace(target).alive().count()
        models = (Organization, Tag, FieldValue)
        return alive, *(model.objects.for_workspace(target).count() for model in models)


@given(
    FILES,
    st.sampled_from(["update", "fill", "skip"]),
    st.sampled_from(["refuse", "add"]),
    st.sampled_from([None, 0, 2, 4]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_counts_add_up(
    db: None, contents: list[list[list[str]]], on_conflict: str, new_options: str, quota: int | None
) -> None:
    target = make_workspace(quota)
    for rows in contents:
        choices: dict[str, Any] = {"on_conflict": on_conflict, "new_options": new_options, "delimiter": ","}
        choices["mapping"] = {name: name if name in ("name", "email", "tags") else f"cf_{name}" for name in COLUMNS}
        choices["mapping"]["company"] = "organization"
        before = totals(target)
        dry = bring(target, written(rows), dry_run=True, **choices)
        assert totals(target) == before
        real = bring(target, written(rows), **choices)
        assert (real.status, real.problem) == ("done", None)
        assert real.rows == real.processed == len([row for row in rows if row])
        assert sum(real.counts.values()) == real.rows
        assert dry.counts == real.counts
        assert dry.made == real.made
        after = totals(target)
        assert after[0] - before[0] == real.created
        assert after[1] - before[1] == real.made["organizations"]
        assert after[2] - before[2] == real.made["tags"]
        with workspace(target):
            target.refresh_from_db()
            assert target.contact_count == after[0]
            failed = ImportRow.objects.for_workspace(target).filter(run=real)
            assert failed.count() == real.failed
            problems = ImportProblem.objects.for_workspace(target).filter(run=real)
            assert set(failed.values_list("row", flat=True)) == set(problems.values_list("row", flat=True))
        again = bring(target, written(rows), **choices)
        assert again.rows == real.rows
        assert again.failed <= real.failed or quota is not None
        assert again.created == again.updated == 0 or on_conflict == "update"
        with workspace(target):
            for contact in Contact.objects.for_workspace(target).alive()[:1]:
                Contact.objects.for_workspace(target).filter(pk=contact.pk).trash(SYSTEM)
