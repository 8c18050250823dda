"""What an import does, and that it says the truth about it."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from contacts import history
from contacts.importing import chunks, running, starting
from contacts.importing.records import Status
from contacts.models import Change, Contact, ImportRow, Tag
from customfields import values as field_values
from customfields.models import Field
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM, ActorKind
from gopimi.workspaces.models import Workspace
from organizations.models import Organization
from tests.contacts.importing.conftest import Imports, carry_on, counts, people, problems

FILE = """Name,E-mail,Company,Tags,Plan,Since,Amount
Alice,alice@acme.example,Acme,vip; new,pro,01.03.2027,1.5
Bob,bob@acme.example,acme,,,2027-02-28,
,charlie@globex.example,,,,,
"""


def values_of(target: Workspace, email: str) -> dict[str, Any]:
    with workspace(target):
        contact = Contact.objects.for_workspace(target).get(email=email)
        fields = {field.pk: field for field in field_values.fields_of(target)}
        stored = field_values.read(target, [contact.pk])[contact.pk]
        return {fields[pk].key: fields[pk].type.to_text(value) for pk, value in stored.items()}


def test_everything_goes_where_its_header_says(
    acme: Workspace, imports: Imports, plan_and_since: tuple[Field, ...]
) -> None:
    one = imports(FILE)
    assert (one.status, one.problem) == ("done", None)
    assert counts(one) == (3, 0, 0, 0, 0)
    assert (one.rows, one.processed) == (3, 3)
    assert people(acme) == {
        "alice@acme.example": "Alice",
        "bob@acme.example": "Bob",
        "charlie@globex.example": "",  # a column says that there is none
    }
    assert values_of(acme, "alice@acme.example") == {"plan": "Pro", "since": "2027-03-01", "amount": "1.5"}
    assert values_of(acme, "bob@acme.example") == {"since": "2027-02-28"}
    with workspace(acme):
        assert [one.name for one in Organization.objects.for_workspace(acme)] == ["Acme"]
        assert Organization.objects.for_workspace(acme).get().contact_count == 2
        assert [tag.name for tag in Tag.objects.for_workspace(acme)] == ["new", "vip"]
        contact = Contact.objects.for_workspace(acme).get(name="Alice")
        assert (contact.source, contact.creator_kind, contact.creator_id) == ("import", ActorKind.IMPORT, one.pk)
    assert one.made == {"organizations": 1, "tags": 2, "options": {}}


def test_the_same_file_again_changes_nothing(
    acme: Workspace, imports: Imports, plan_and_since: tuple[Field, ...]
) -> None:
    imports(FILE)
    with workspace(acme):
        before = list(Contact.objects.for_workspace(acme).order_by("pk").values())
    again = imports(FILE)
    assert counts(again) == (0, 0, 3, 0, 0)
    with workspace(acme):
        assert list(Contact.objects.for_workspace(acme).order_by("pk").values()) == before
        assert not Change.objects.for_workspace(acme).exists()


@pytest.mark.parametrize(
    ("on_conflict", "expected", "name", "plan"),
    [
        ("update", (1, 1, 0, 0, 0), "Alice B", "Free"),
        ("fill", (1, 1, 0, 0, 0), "Alice", "Free"),
        ("skip", (1, 0, 0, 1, 0), "Alice", None),
    ],
)
def test_known_addresses(
    acme: Workspace, imports: Imports, plan_and_since: tuple[Field, ...], on_conflict: str, expected: Any, name: str,
    plan: str | None,
) -> None:  # fmt: skip
    imports("name,email,amount\nAlice,alice@acme.example,5\n")
    one = imports(
        "name,email,plan,amount\nAlice B,ALICE@acme.example,free,\nBob,bob@acme.example,,\n", on_conflict=on_conflict
    )
    assert counts(one) == expected
    assert people(acme)["alice@acme.example"] == name
    assert values_of(acme, "alice@acme.example").get("plan") == plan
    assert values_of(acme, "alice@acme.example")["amount"] == "5"  # an empty cell changes nothing


def test_a_row_fails_whole_with_all_its_problems(
    acme: Workspace, imports: Imports, plan_and_since: tuple[Field, ...]
) -> None:
    one = imports(
        "name,email,plan,since,amount\n"
        "Alice,alice@,gold,31.02.2027,x\n"
        "Bob,bob@acme.example,Pro,,\n"
        "\n"
        "Bob again,BOB@acme.example,,,\n"
        "No one,,,,\n"
        'Ctrl\x07,c@x.example,,,\n"New\nline",d@x.example,,,\n'
        "Wide,e@x.example,,,,more\n"
        "Short,f@x.example\n"
    )
    assert counts(one) == (3, 0, 0, 0, 5)
    assert problems(one) == [
        (2, "email", "invalid_email"),
        (2, "since", "invalid_date"),
        (2, "amount", "invalid_number"),
        (2, "plan", "invalid_choice"),
        (5, "email", "duplicate_in_file"),
        (6, "email", "required"),
        (7, "name", "invalid_character"),
        (9, "", "too_many_cells"),
    ]
    assert people(acme) == {"bob@acme.example": "Bob", "d@x.example": "New line", "f@x.example": "Short"}
    with workspace(acme):
        row = ImportRow.objects.for_workspace(acme).get(run=one, row=9)
        assert (row.line, row.cells, row.email_key) == (10, ["Wide", "e@x.example", "", "", "", "more"], "e@x.example")
        assert "row 3" in one.problems.get(row=5).reason


def test_new_options_are_added_where_that_is_wanted(
    acme: Workspace, imports: Imports, plan_and_since: tuple[Field, ...]
) -> None:
    rows = "email,plan\na@x.example,Gold\nb@x.example,gold\nc@x.example,Silver\nnobody,Bronze\n"
    for dry_run in (True, False):
        one = imports(rows, dry_run=dry_run, new_options="add")
        assert counts(one) == (3, 0, 0, 0, 1)
        assert one.made["options"] == {"plan": ["Gold", "Silver"]}
    with workspace(acme):
        labels = list(plan_and_since[0].own_options.active().values_list("label", flat=True))
    assert labels == ["Free", "Pro", "Gold", "Silver"]
    assert values_of(acme, "b@x.example") == {"plan": "Gold"}


def test_who_has_an_archived_option_keeps_it(
    acme: Workspace, imports: Imports, plan_and_since: tuple[Field, ...]
) -> None:
    imports("email,plan\na@x.example,Pro\n")
    with workspace(acme):
        plan_and_since[0].own_options.get(label="Pro").archive()
    one = imports("email,plan\na@x.example,Pro\nb@x.example,Pro\n")
    assert counts(one) == (0, 0, 1, 0, 1)
    assert problems(one) == [(3, "plan", "archived_choice")]


def test_the_quota_is_filled_in_the_files_order(acme: Workspace, imports: Imports) -> None:
    rows = "email\na@x.example\nb@x.example\nc@x.example\nd@x.example\n"
    imports("email\nb@x.example\n")
    Workspace.objects.filter(pk=acme.pk).update(contact_quota=3)
    for dry_run in (True, False):
        one = imports(rows, dry_run=dry_run)
        assert counts(one) == (2, 0, 1, 0, 1)
        assert problems(one) == [(5, "", "quota_exceeded")]
    assert set(people(acme)) == {"a@x.example", "b@x.example", "c@x.example"}


def test_a_dry_run_writes_nothing_and_becomes_the_import(acme: Workspace, imports: Imports) -> None:
    one = imports("email,company\na@x.example,Acme\nb@x.example,ACME\n", dry_run=True)
    assert counts(one) == (2, 0, 0, 0, 0)
    assert one.made["organizations"] == 1
    with workspace(acme):
        assert not Contact.objects.for_workspace(acme).exists()
        assert not Organization.objects.for_workspace(acme).exists()
        starting.start(one, dry_run=False)
    assert default_storage.exists(one.file)


def test_the_file_is_deleted_when_the_import_has_ended(
    acme: Workspace, imports: Imports, django_capture_on_commit_callbacks: Any
) -> None:
    one = imports("email\na@x.example\n", run=False)
    name = one.file
    with django_capture_on_commit_callbacks(execute=True):
        carry_on(one)
    assert one.file == ""
    assert not default_storage.exists(name)


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        ('email,name\na@x.example,A\nb@x.example,"B\nc@x.example,C\n', 3, "unclosed_quote"),
        ('email,name\na@x.example,"A" b\n', 2, "misplaced_quote"),
    ],
)
def test_never_half_of_a_file(acme: Workspace, imports: Imports, content: str, line: int, code: str) -> None:
    one = imports(content, mapping={"email": "email"})
    assert (one.status, one.problem["line"], one.problem["code"]) == ("failed", line, code)
    assert counts(one) == (0, 0, 0, 0, 0)
    assert people(acme) == {}


def test_a_field_that_is_archived_meanwhile_fails_the_rows_that_have_it(
    acme: Workspace, imports: Imports, plan_and_since: tuple[Field, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHUNK", 1)
    do = chunks.Chunks.do

    def archive_after(self: Any, rows: Any) -> None:
        do(self, rows)
        with workspace(acme):
            plan_and_since[2].archive()

    monkeypatch.setattr(chunks.Chunks, "do", archive_after)
    one = imports("email,amount\na@x.example,1\nb@x.example,2\nc@x.example,\n")
    assert counts(one) == (2, 0, 0, 0, 1)
    assert problems(one) == [(3, "amount", "field_gone")]


def test_a_cancelled_run_says_what_was_done(acme: Workspace, imports: Imports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)
    do = chunks.Chunks.do

    def cancel_after(self: Any, rows: Any) -> None:
        do(self, rows)
        with workspace(acme):
            starting.cancel(self.one)

    monkeypatch.setattr(chunks.Chunks, "do", cancel_after)
    one = imports("email\n" + "".join(f"p{n}@x.example\n" for n in range(5)))
    assert (one.status, one.rows) == (Status.CANCELLED, 5)
    assert counts(one) == (2, 0, 0, 0, 0)
    assert len(people(acme)) == 2


def test_what_was_chosen_for_such_a_file_is_chosen_again(
    acme: Workspace, imports: Imports, plan_and_since: tuple[Field, ...]
) -> None:
    mapping = {"Adresse": "email", "Wert": "cf_amount"}
    imports("Adresse,Wert,Rest\na@x.example,1,x\n", mapping=mapping, on_conflict="fill")
    with workspace(acme):
        file = ContentFile(b"Adresse,Wert,Rest\nb@x.example,2,y\n")
        draft = starting.receive(acme, SYSTEM, file, "next.csv")
    assert (draft.status, draft.mapping, draft.on_conflict) == ("draft", mapping, "fill")


def test_the_history_names_the_file(acme: Workspace, imports: Imports) -> None:
    imports("name,email\nAlice,a@x.example\n")
    imports("name,email\nAlice B,a@x.example\n")
    with workspace(acme):
        changes, _ = history.story(Contact.objects.for_workspace(acme).get(), 10)
        assert [told.author for told in history.told(acme, changes)] == ["Import of people.csv"] * 2
