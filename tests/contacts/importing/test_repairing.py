"""Failed rows corrected by hand."""

import pytest

from contacts.importing import starting
from contacts.importing.repairing import repair
from contacts.importing.starting import NotNow
from contacts.models import Contact, ImportRow
from customfields.models import Field
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import ActorKind
from gopimi.workspaces.models import Workspace
from tests.contacts.importing.conftest import Imports, carry_on, counts, people, problems

FILE = """name,email,since
Alice,alice@,
Bob,bob@acme.example,31.02.2027
Charlie,charlie@acme.example,
Bobby,BOB@acme.example,
"""


def test_only_the_corrected_rows_are_tried_again(
    acme: Workspace, imports: Imports, plan_and_since: tuple[Field, ...]
) -> None:
    one = imports(FILE)
    assert counts(one) == (1, 0, 0, 0, 3)
    with workspace(acme):
        first = repair(one, {2: {"email": "alice@acme.example", "since": "nonsense"}, 3: {"since": "28.02.2027"}})
    assert [(row.row, row.status) for row in first] == [(2, "failed"), (3, "created")]
    assert counts(one) == (2, 0, 0, 0, 2)
    assert problems(one) == [(2, "since", "invalid_date"), (5, "email", "duplicate_in_file")]
    with workspace(acme):
        assert repair(one, {2: {"since": ""}})[0].status == "created"
        assert repair(one, {5: {"name": "Robert"}})[0].problems[0].reason == "The same address as in row 3."
        assert repair(one, {5: {"email": "bobby@acme.example"}})[0].status == "created"
        one.refresh_from_db()
        assert not ImportRow.objects.for_workspace(acme).exists()
        assert set(Contact.objects.for_workspace(acme).values_list("creator_kind", "creator_id")) == {
            (ActorKind.IMPORT, one.pk)
        }
    assert counts(one) == (4, 0, 0, 0, 0)
    assert set(people(acme).values()) == {"Alice", "Bob", "Charlie", "Robert"}


def test_after_a_dry_run_the_import_takes_the_corrected_cells(
    acme: Workspace, imports: Imports, plan_and_since: tuple[Field, ...]
) -> None:
    one = imports(FILE, dry_run=True)
    with workspace(acme):
        fixed = repair(one, {2: {"email": "alice@acme.example"}, 3: {"since": "x"}, 5: {"email": "bobby@acme.example"}})
    assert [row.status for row in fixed] == ["created", "failed", "created"]
    assert counts(one) == (3, 0, 0, 0, 1)
    assert people(acme) == {}
    with workspace(acme):
        one.refresh_from_db()
        starting.start(one, dry_run=False)
    carry_on(one)
    assert counts(one) == (3, 0, 0, 0, 1)
    assert problems(one) == [(3, "since", "invalid_date")]
    assert people(acme)["bobby@acme.example"] == "Bobby"
    with workspace(acme):
        assert ImportRow.objects.for_workspace(acme).get().cells == ["Bob", "bob@acme.example", "x"]


def test_what_can_t_be_corrected(acme: Workspace, imports: Imports) -> None:
    one = imports("name,email\nAlice,alice@\nBob,bob@acme.example\n")
    with workspace(acme):
        for corrections in ({3: {"email": "x@x.example"}}, {2: {"nonsense": "x"}}):
            with pytest.raises(LookupError):
                repair(one, corrections)
        with pytest.raises(NotNow):
            repair(imports("email\nx@\n", run=False), {2: {"email": "x@x.example"}})


def test_characters_that_can_t_be_kept_fail_again(acme: Workspace, imports: Imports) -> None:
    one = imports("name,email\nAlice,alice@\n")
    with workspace(acme):
        (row,) = repair(one, {2: {"email": "a@x.example", "name": "A\x00"}})
    assert row.problems[0].code == "invalid_character"
    assert people(acme) == {}
