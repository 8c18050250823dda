"""An import's own page: while it checks and runs, what became of its rows, failed ones repaired, and the way back."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.importing import undoing
from contacts.importing.plans import DOUBLE
from contacts.importing.records import Status
from contacts.models import Contact, Import
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.contacts.importing.conftest import bring, carry_on
from tests.customfields.test_definitions import define

HTMX = {"HX-Request": "true"}
FILE = (
    "name,email,Plan,fax\n"
    "Alice,alice@x.example,Pro,1\n"
    "Bob,bob@,Gold,2\n"
    "Charlie,charlie@x.example,Gold,3\n"
    "Dana,alice@x.example,Pro,4\n"
    "Erin,erin@x.example,,5\n"
)
MAPPING = {"name": "name", "email": "email", "Plan": "cf_plan"}


@pytest.fixture
def plan(acme: Workspace) -> None:
    with workspace(acme):
        define(acme, "Plan", "select", options=["Pro"])


@pytest.fixture
def checked(acme: Workspace, plan: None) -> Import:
    """A dry run of five rows: two are right."""
    return bring(acme, FILE, dry_run=True, mapping=MAPPING)


@pytest.fixture
def imported(acme: Workspace, plan: None) -> Import:
    return bring(acme, FILE, mapping=MAPPING)


def url(one: Import, name: str = "import") -> str:
    return one.workspace.url(f"contacts:{name}", one.pk)


def state(client: Client, one: Import, **query: str) -> str:
    return client.get(url(one), query, headers=HTMX | {"HX-Target": "import-state"}).content.decode()


def set_status(one: Import, status: Status, **columns: Any) -> None:
    with workspace(one.workspace_id):
        Import.objects.for_workspace(one.workspace_id).filter(pk=one.pk).update(status=status, **columns)


def names(one: Import) -> set[str]:
    with workspace(one.workspace_id):
        return set(Contact.objects.for_workspace(one.workspace_id).alive().values_list("name", flat=True))


def test_a_dry_run_says_what_will_happen(checked: Import, as_bob: Client) -> None:
    page = as_bob.get(url(checked)).content.decode()
    for words in (
        "<b>2</b><span>will be created", "3 rows need attention", "bob@", "Import 2 contacts", "Check again",
        "email: The same address as in row 2.", "“Gold” isn&#x27;t an option of Plan.",
        'aria-label="email in row 3" autocomplete="off" aria-invalid="true"', "5 rows · ",
    ):  # fmt: skip
        assert words in page, words
    assert "fax" not in page
    assert names(checked) == set()


def test_problems_are_narrowed_down_by_column_and_reason(checked: Import, as_bob: Client) -> None:
    target = HTMX | {"HX-Target": "import-problems"}
    page = as_bob.get(url(checked), {"column": "Plan"}, headers=target).content.decode()
    assert page.startswith("<section")
    assert [f"problem-{row}" in page for row in (3, 4, 5)] == [True, True, False]
    assert ">Plan (2)<" in page
    assert ">email (2)<" in page
    page = as_bob.get(url(checked), {"column": "email", "code": DOUBLE}, headers=target).content.decode()
    assert [f"problem-{row}" in page for row in (3, 4, 5)] == [False, False, True]
    page = as_bob.get(url(checked), {"column": "Plan", "code": DOUBLE}, headers=target).content.decode()
    assert "No row has such a problem." in page
    page = as_bob.get(url(checked), {"column": "name", "code": "gone"}, headers=target).content.decode()
    assert [f"problem-{row}" in page for row in (3, 4, 5)] == [True, True, True]


def test_a_grid_is_read_in_pages(acme: Workspace, plan: None, as_bob: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.importing.grids.PAGE", 2)
    one = bring(acme, "email\n" + "".join(f"{n}@\n" for n in range(5)), dry_run=True)
    seen = []
    cursor = ""
    while True:
        grid = as_bob.get(url(one), {"cursor": cursor} if cursor else {}).context["grid"]
        seen += [row.row for row in grid.rows]
        if not (cursor := grid.page.next):
            break
    assert seen == [2, 3, 4, 5, 6]
    assert len(as_bob.get(url(one), {"cursor": "nonsense"}).context["grid"].rows) == 2


@pytest.mark.parametrize("headers", [{}, HTMX | {"HX-Target": "import-state"}])
def test_rows_are_checked_again_and_then_imported(checked: Import, as_bob: Client, headers: dict[str, str]) -> None:
    cells = {
        "cell-3-1": "bob@x.example",
        "cell-3-2": "pro",
        "cell-4-2": "Silver",
        "cell-5-0": "Dana",
        "cell-9999-x": "",
    }
    answer = as_bob.post(url(checked, "import_rows"), cells, headers=headers)
    if headers:
        assert "1 of 3 rows is right now." in answer.content.decode()
        assert answer.content.decode().lstrip().startswith('<div class="contents" id="import-state"')
    else:
        assert answer["Location"] == f"{url(checked)}?tried=3&fixed=1"
        assert "1 of 3 rows is right now." in as_bob.get(answer["Location"]).content.decode()
    page = state(as_bob, checked)
    assert "2 rows need attention" in page
    assert 'value="Silver"' in page
    assert names(checked) == set()
    assert as_bob.post(url(checked, "import_start"))["Location"] == url(checked)
    carry_on(checked)
    assert names(checked) == {"Alice", "Bob", "Erin"}


def test_failed_rows_are_tried_again_after_the_import(imported: Import, as_bob: Client) -> None:
    answer = as_bob.post(
        url(imported, "import_rows"),
        {"cell-3-1": "bob@x.example", "cell-3-2": "", "cell-4-2": "Pro"},
        headers=HTMX | {"HX-Target": "import-state"},
    )
    page = answer.content.decode()
    assert "2 of 2 rows are imported now." in page
    assert "1 row failed" in page
    assert names(imported) == {"Alice", "Bob", "Charlie", "Erin"}
    assert "<dd>4</dd>" in page


def test_a_cell_of_several_lines_stays_as_it_is_where_it_is_not_corrected(acme: Workspace, as_bob: Client) -> None:
    one = bring(acme, 'email,name,tags\n"a@","Ali\nce","vip\ngold"\n', dry_run=True)
    page = state(as_bob, one)
    assert 'value="Ali ce"' in page
    cells = {"cell-2-0": "a@x.example", "cell-2-1": "Ali ce", "cell-2-2": "vip gold"}
    as_bob.post(url(one, "import_rows"), cells)
    as_bob.post(url(one, "import_start"))
    carry_on(one)
    with workspace(acme):
        assert {tag.name for tag in Contact.objects.for_workspace(acme).get(name="Ali ce").tags.all()} == {
            "vip",
            "gold",
        }


def test_a_row_that_has_not_failed_is_told(imported: Import, as_bob: Client) -> None:
    answer = as_bob.post(url(imported, "import_rows"), {"cell-2-1": "x@x.example"}, headers=HTMX)
    assert "hasn't failed" in answer["HX-Trigger"]


def test_the_result_adds_up(imported: Import, as_bob: Client) -> None:
    page = as_bob.get(url(imported)).content.decode()
    for words in (
        "Import finished",
        "3 rows failed",
        "Rows in the file",
        "Undo import",
        "Try these rows again",
        "GoPimi",
    ):
        assert words in page, words
    assert page.count("<dd>2</dd>") == 1  # created
    assert '<dd class="sum">5</dd>' in page


def test_failed_rows_are_downloaded(imported: Import, as_bob: Client) -> None:
    answer = as_bob.get(url(imported, "import_errors"))
    assert answer["Content-Disposition"] == 'attachment; filename="people-errors.csv"'
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["name"] for row in rows] == ["Bob", "Charlie", "Dana"]
    assert "Gold" in rows[0]["reason"]


def test_progress_is_asked_for_while_it_runs(acme: Workspace, plan: None, as_bob: Client) -> None:
    one = bring(acme, FILE, run=False)
    page = state(as_bob, one)
    assert 'hx-trigger="every 1s"' in page
    assert "Waiting to start" in page
    assert 'aria-label="Import progress"' in page
    assert "Cancel import" in page
    set_status(one, Status.RUNNING, rows=5, processed=3, position=4, created=2, failed=1)
    page = as_bob.get(url(one)).content.decode()
    assert '<progress value="3" max="5"' in page
    assert "3 of 5 rows" in page
    assert ">Reload</a>" in page  # without JavaScript
    set_status(one, Status.DONE, rows=3)
    assert "every 1s" not in state(as_bob, one)


def test_a_run_is_cancelled(acme: Workspace, plan: None, as_bob: Client) -> None:
    one = bring(acme, FILE, run=False)
    assert as_bob.post(url(one, "import_cancel"), headers=HTMX)["HX-Redirect"] == url(one)
    assert "Stopping…" in state(as_bob, one)
    carry_on(one)
    page = state(as_bob, one)
    assert "Import cancelled after 0 of 5 rows." in page
    assert "Not reached</dt><dd>5" in page
    answer = as_bob.post(url(one, "import_cancel"), headers=HTMX)
    assert "isn't running" in answer["HX-Trigger"]


def test_an_import_is_undone(imported: Import, as_bob: Client, bob: User) -> None:
    dialog = as_bob.get(url(imported, "import_undo"), headers=HTMX).content.decode()
    assert "2 contacts that people.csv created" in dialog
    assert "<html" in as_bob.get(url(imported, "import_undo")).content.decode()
    assert as_bob.post(url(imported, "import_undo"))["Location"] == url(imported)
    page = state(as_bob, imported)
    assert 'aria-label="Undo progress"' in page
    assert "every 1s" in page
    assert undoing.undo(imported.workspace_id, imported.pk)
    page = state(as_bob, imported)
    assert "Import undone. 2 contacts moved to the trash, 0 changed back." in page
    assert "Undo import" not in page
    assert names(imported) == set()
    assert as_bob.get(url(imported, "import_undo"), headers=HTMX).status_code == 204
    assert "undone already" in as_bob.post(url(imported, "import_undo"), headers=HTMX)["HX-Trigger"]


def test_the_quota_is_told(acme: Workspace, plan: None, as_bob: Client) -> None:
    Workspace.objects.filter(pk=acme.pk).update(contact_quota=2)
    one = bring(acme, "email\n" + "".join(f"p{n}@x.example\n" for n in range(5)), dry_run=True)
    page = state(as_bob, one)
    assert "The file adds 5 contacts, 2 left in this workspace" in page
    assert "The first 2 of the file are imported, the other 3 fail." in page
    Workspace.objects.filter(pk=acme.pk).update(contact_quota=9)
    one = bring(acme, "email\nq@x.example\n", dry_run=True)
    assert "The file adds 1 contact, 9 left in this workspace" in state(as_bob, one)


def test_a_file_that_breaks_off_is_refused_with_its_line(acme: Workspace, as_bob: Client) -> None:
    one = bring(acme, "email\n" + "a@x.example\n" * 3000 + '"b@x.example\n')
    page = state(as_bob, one)
    assert "This file can't be read. Line 3,002: A quotation mark" in page
    assert "Undo import" not in page


def test_what_is_made_besides_is_told(acme: Workspace, plan: None, as_bob: Client) -> None:
    data = "email,Organization,Tags,Plan\na@x.example,Kumo,vip;new,Gold\nb@x.example,Fathom,,\n"
    one = bring(acme, data, dry_run=True, new_options="add")
    assert "2 organizations, 2 tags, option Gold of plan" in state(as_bob, one)


def test_the_history_lists_imports(imported: Import, checked: Import, as_bob: Client) -> None:
    page = as_bob.get(imported.workspace.url("contacts:imports")).content.decode()
    for words in ("people.csv", "Dry run", "Done", "Undo import of people.csv", "name, email, Plan", "2 imports"):
        assert words in page, words
    assert page.index("Dry run") < page.index("Done")


def test_an_empty_history_says_so(acme: Workspace, as_bob: Client) -> None:
    assert "No imports yet" in as_bob.get(acme.url("contacts:imports")).content.decode()


def test_the_columns_are_mapped_again_after_a_dry_run(checked: Import, as_bob: Client) -> None:
    page = as_bob.get(url(checked, "import_columns"))
    assert page.status_code == 200
    answer = as_bob.post(url(checked, "import_columns"), {"to-1": "email"})
    assert answer["Location"] == url(checked)
    carry_on(checked)
    assert (checked.created, checked.failed, checked.dry_run) == (3, 2, True)
    as_bob.post(url(checked, "import_start"))
    assert as_bob.get(url(checked, "import_columns"))["Location"] == url(checked)
    assert "started already" in as_bob.post(url(checked, "import_start"), headers=HTMX)["HX-Trigger"]
    assert "can be discarded" in as_bob.post(url(checked, "import_discard"), headers=HTMX)["HX-Trigger"]


def test_a_page_costs_the_same_for_many_failed_rows(acme: Workspace, plan: None, as_bob: Client) -> None:
    counts = []
    for number in (2, 60):
        one = bring(acme, "email\n" + "".join(f"{n}@\n" for n in range(number)), dry_run=True)
        page = url(one)
        with CaptureQueriesContext(connection) as queries:
            as_bob.get(page)
        counts.append([query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]])
    assert len(counts[0]) == len(counts[1]) <= 14, "\n".join(sql[:150] for sql in counts[1])


def test_asking_how_far_it_is_costs_at_most_8_queries(acme: Workspace, plan: None, as_bob: Client) -> None:
    one = bring(acme, FILE, run=False)
    page = url(one)
    with CaptureQueriesContext(connection) as queries:
        as_bob.get(page, headers=HTMX | {"HX-Target": "import-state"})
    counted = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(counted) <= 8, "\n".join(sql[:120] for sql in counted)


def test_agents_of_another_workspace_see_nothing(imported: Import, as_charlie: Client) -> None:
    assert as_charlie.get(url(imported)).status_code == 404
