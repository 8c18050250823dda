"""The import wizard up to its dry run: upload, how the file is read, where its columns go."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.models import Import
from customfields.models import Kind
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.factories import FieldFactory, OptionFactory

HTMX = {"HX-Request": "true"}
FILE = (
    "full_name;mail;company;Renewal;Plan;Seats;fax;;x;x\r\n"
    "Chloé;chloe@mistral.example;Mistral;01.03.2027;Gold;1.234,5;;a;b;c\r\n"
    "Mateusz;m@polar.example;Polar;24.12.2027;Pro;'-3;;;;\r\n"
)


@pytest.fixture
def fields(acme: Workspace) -> None:
    with workspace(acme):
        FieldFactory(workspace=acme, key="renewal", label="Renewal", kind=Kind.DATE)
        FieldFactory(workspace=acme, key="seats", label="Seats", kind=Kind.NUMBER)
        OptionFactory(field=FieldFactory(workspace=acme, key="plan", label="Plan", kind=Kind.SELECT), label="Pro")


def upload(client: Client, acme: Workspace, data: bytes, name: str = "customers.csv", **headers: Any) -> Any:
    return client.post(acme.url("contacts:import_new"), {"file": SimpleUploadedFile(name, data)}, **headers)


def only(acme: Workspace) -> Import:
    with workspace(acme):
        return Import.objects.for_workspace(acme).get()


@pytest.fixture
def draft(acme: Workspace, fields: None, as_bob: Client) -> Import:
    upload(as_bob, acme, FILE.encode("cp1252"))
    return only(acme)


def columns(acme: Workspace, draft: Import) -> str:
    return acme.url("contacts:import_columns", draft.pk)


def chosen(page: str) -> dict[str, str]:
    """The value that each select of a page has."""
    selects = re.findall(r'<select[^>]* name="([^"]+)".*?</select>', page, re.DOTALL)
    bodies = re.findall(r"<select.*?</select>", page, re.DOTALL)
    found = [re.search(r'<option value="([^"]*)" selected', body) for body in bodies]
    return {name: one[1] if one else "" for name, one in zip(selects, found, strict=True)}


def test_a_file_becomes_a_draft_whose_columns_are_guessed(acme: Workspace, fields: None, as_bob: Client) -> None:
    assert "or drop it here" in as_bob.get(acme.url("contacts:import_new")).content.decode()
    answer = upload(as_bob, acme, FILE.encode("cp1252"))
    draft = only(acme)
    assert answer["Location"] == columns(acme, draft)
    assert (draft.status, draft.filename, draft.encoding, draft.delimiter) == ("draft", "customers.csv", "cp1252", ";")
    page = as_bob.get(answer["Location"]).content.decode()
    assert chosen(page) == {
        "encoding": "cp1252", "delimiter": ";", "date_order": "dmy", "decimal": ",", "to-0": "name", "to-1": "email",
        "to-2": "organization", "to-3": "cf_renewal", "to-4": "cf_plan", "to-5": "cf_seats", "to-6": "",
    }  # fmt: skip
    for words in (
        "<td>Chloé</td>", "6 of 10 mapped", "This column has no name.", "Several columns have this name.", "no values",
        "Day, month, year: 01.03.2027 is 1 Mar 2027", "Month, day, year: 01.03.2027 is 3 Jan 2027",
        "Year, month, day: 01.03.2027 can't be read", "(1.234,50): 1.234,5 is 1,234.5",
        "“Gold” isn&#x27;t an option of Plan.",
    ):  # fmt: skip
        assert words in page, words


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04" + b"x" * 100, "Save it as CSV"),
        (b"\n\n", "empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_line_and_reason(
    acme: Workspace, as_bob: Client, data: bytes, words: str
) -> None:
    answer = upload(as_bob, acme, data, headers=HTMX | {"HX-Target": "import-upload"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert page.startswith("<form")
    assert words in page
    assert "<html" in upload(as_bob, acme, data).content.decode()
    with workspace(acme):
        assert not Import.objects.for_workspace(acme).exists()


def test_a_file_that_breaks_off_says_where_before_it_is_imported(acme: Workspace, as_bob: Client) -> None:
    upload(as_bob, acme, b'name,email\nA,a@b.example\n"B,b@c.example\nC,c@d.example\n')
    page = as_bob.get(columns(acme, only(acme))).content.decode()
    assert "Line 3: A quotation mark opens a cell here" in page
    assert "<td>a@b.example</td>" in page


def test_no_file_at_all(acme: Workspace, as_bob: Client) -> None:
    answer = as_bob.post(acme.url("contacts:import_new"))
    assert (answer.status_code, "Choose a CSV file first." in answer.content.decode()) == (422, True)


def test_by_htmx_the_browser_is_led_on(acme: Workspace, as_bob: Client) -> None:
    answer = upload(as_bob, acme, b"name,email\nA,a@b.example\n", headers=HTMX)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, columns(acme, only(acme)))


def test_another_encoding_and_separator_are_tried_at_once(acme: Workspace, draft: Import, as_bob: Client) -> None:
    headers = HTMX | {"HX-Target": "import-columns"}
    url, read = columns(acme, draft), {"read": "1"}
    given = read | {"encoding": "cp1251", "delimiter": ";", "to-0": "email"}
    page = as_bob.post(url, given, headers=headers).content.decode()
    assert page.startswith('<div class="contents" id="import-columns">')
    assert "<td>Chloй</td>" in page
    assert chosen(page)["to-0"] == "name"  # the columns were found anew
    page = as_bob.post(url, given | {"delimiter": ","}, headers=headers).content.decode()
    assert chosen(page)["delimiter"] == ","
    assert only(acme).encoding == "cp1251"


def test_an_encoding_that_cannot_read_the_file_is_told(acme: Workspace, draft: Import, as_bob: Client) -> None:
    answer = as_bob.post(columns(acme, draft), {"encoding": "cp932", "delimiter": ";"})
    assert answer.status_code == 422
    assert "bytes that aren&#x27;t Shift JIS (Japanese). Choose another encoding." in answer.content.decode()
    answer = as_bob.post(columns(acme, draft), {"encoding": "nothing", "delimiter": ";"})
    assert answer.status_code == 422
    assert "There is no encoding nothing." in answer.content.decode()
    assert only(acme).encoding == "cp1252"


def test_what_was_chosen_stays_while_it_is_read_again(acme: Workspace, draft: Import, as_bob: Client) -> None:
    given = {"read": "1", "to-0": "cf_seats", "date_order": "mdy", "on_conflict": "skip", "new_options": "add"}
    page = as_bob.post(columns(acme, draft), given).content.decode()
    assert chosen(page) == {
        "encoding": "cp1252", "delimiter": ";", "date_order": "mdy", "decimal": ",", "to-0": "cf_seats",
        **dict.fromkeys(["to-1", "to-2", "to-3", "to-4", "to-5", "to-6"], ""),
    }  # fmt: skip
    assert "Give a number" in page
    assert 'value="skip" checked' in page
    assert 'value="add" checked' in page
    assert only(acme).date_order == "mdy"


def test_a_mapping_that_will_not_do_is_told_beside_its_column(acme: Workspace, draft: Import, as_bob: Client) -> None:
    answer = as_bob.post(columns(acme, draft), {"to-0": "name", "to-2": "name", "to-3": "nothing"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count('aria-invalid="true"') == 2
    assert "goes to name already" in page
    assert chosen(page)["to-0"] == "name"
    page = as_bob.post(columns(acme, draft), {"to-0": "name"}).content.decode()
    assert "Map a column to email" in page
    assert only(acme).status == "draft"


def test_the_dry_run_starts(acme: Workspace, draft: Import, as_bob: Client) -> None:
    answer = as_bob.post(columns(acme, draft), {"to-1": "email", "to-0": "name", "on_conflict": "fill"})
    assert answer["Location"] == acme.url("contacts:import", draft.pk)
    one = only(acme)
    assert (one.status, one.dry_run, one.mapping, one.on_conflict) == (
        "queued", True, {"mail": "email", "full_name": "name"}, "fill",
    )  # fmt: skip
    assert as_bob.get(columns(acme, draft)).status_code == 302  # it can't be changed while it runs
    assert as_bob.post(columns(acme, draft), {"to-1": "email"}).status_code == 302


def test_what_was_chosen_last_time_is_chosen_again(acme: Workspace, draft: Import, as_bob: Client) -> None:
    assert "As in the last import" not in as_bob.get(columns(acme, draft)).content.decode()
    as_bob.post(columns(acme, draft), {"to-1": "email", "to-6": "name"})
    answer = upload(as_bob, acme, FILE.encode("cp1252"))
    page = as_bob.get(answer["Location"]).content.decode()
    assert "As in the last import of such a file" in page
    assert chosen(page)["to-6"] == "name"


def test_a_draft_has_no_page_but_its_columns(acme: Workspace, draft: Import, as_bob: Client) -> None:
    assert as_bob.get(acme.url("contacts:import", draft.pk))["Location"] == columns(acme, draft)


def test_a_draft_is_discarded(acme: Workspace, draft: Import, as_bob: Client) -> None:
    answer = as_bob.post(acme.url("contacts:import_discard", draft.pk))
    assert answer["Location"] == acme.url("contacts:import_new")
    assert as_bob.get(columns(acme, draft)).status_code == 404


def test_the_columns_page_costs_at_most_10_queries(acme: Workspace, draft: Import, as_bob: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        as_bob.get(columns(acme, draft))
    counted = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(counted) <= 10, "\n".join(sql[:120] for sql in counted)


def test_the_contacts_page_leads_to_it(acme: Workspace, as_bob: Client) -> None:
    page = as_bob.get(acme.url("contacts:list")).content.decode()
    assert page.count(f'href="{acme.url("contacts:import_new")}"') == 3  # bar, phone's menu, no contacts yet
    assert acme.url("contacts:imports") in page


def test_a_large_file_goes_to_disk_and_a_larger_one_is_refused(
    acme: Workspace, as_bob: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = []
    monkeypatch.setattr("contacts.importing.starting.receive", lambda *given: kept.append(given[2]) or Import(pk=7))
    data = b"name,email\n" + b"A,a@b.example\n" * 300_000
    assert upload(as_bob, acme, data).status_code == 302
    assert kept[0].size == len(data)
    assert hasattr(kept[0], "temporary_file_path")
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    assert upload(as_bob, acme, data).status_code in (400, 413)
    assert len(kept) == 1
