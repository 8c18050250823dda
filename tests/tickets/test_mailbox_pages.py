"""Settings > Mailboxes: for admins alone, with what to paste into mail servers and at providers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.tickets.mails import mail
from tickets import mailboxes
from tickets.inbound import receive
from tickets.models import Mailbox

URL = "/dashboard/acme2345/settings/mailboxes/"
SUPPORT, HELP = "support@acme.example", "help@acme.example"
NEW = {"address": SUPPORT, "purpose": "ticket", "name": "Support", "others": [HELP]}
HTMX = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture
def support(acme: Workspace) -> Mailbox:
    return mailboxes.create(acme, SUPPORT, "ticket", "Support", [HELP])


def stored(acme: Workspace) -> Mailbox:
    with workspace(acme):
        return Mailbox.objects.for_workspace(acme).get()


def test_a_new_one_is_made_and_leads_to_its_page(as_alice: Client, acme: Workspace) -> None:
    answer = as_alice.post(f"{URL}new/", NEW)
    box = stored(acme)
    assert answer["Location"] == f"{URL}{box.pk}/"
    assert (box.address, box.purpose, box.name) == (SUPPORT, "ticket", "Support")
    assert mailboxes.find(HELP).mailbox_id == box.pk
    page = as_alice.get(URL).content.decode()
    assert SUPPORT in page
    assert f"also {HELP}" in page


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"address": "nonsense"}, "address", "nonsense: "),
        ({"address": ""}, "address", "This field is required."),
        ({"others": [HELP, "x@"]}, "others", "x@: "),
        ({"others": [f"a{number}@acme.example" for number in range(51)]}, "others", "50 other addresses"),
        ({"purpose": "spam"}, "purpose", "Select a valid choice."),
        ({"address": "theirs@globex.example"}, "address", "theirs@globex.example is in use already."),
        ({"others": ["THEIRS@globex.example"]}, "others", "THEIRS@globex.example is in use already."),
    ],
)
def test_the_dialog_stays_where_something_is_wrong(
    as_alice: Client, acme: Workspace, globex: Workspace, changes: dict[str, Any], field: str, words: str
) -> None:
    mailboxes.create(globex, "theirs@globex.example", "inbox")
    answer = as_alice.post(f"{URL}new/", {**NEW, **changes}, headers=HTMX)
    page = answer.content.decode()
    assert (answer.status_code, answer["HX-Retarget"]) == (422, "#dialog")
    assert words in str(answer.context["form"].errors[field])
    assert 'aria-invalid="true"' in page
    assert "Globex" not in page
    with workspace(acme):
        assert not Mailbox.objects.for_workspace(acme).exists()


def test_what_it_is_can_be_changed(as_alice: Client, acme: Workspace, support: Mailbox) -> None:
    changed = {"name": "Sales", "purpose": "inbox", "signature": "Acme\r\nSales", "others": ["a@acme.example"]}
    as_alice.post(f"{URL}{support.pk}/", changed)
    box = stored(acme)
    assert (box.name, box.purpose, box.signature) == ("Sales", "inbox", "Acme\nSales")
    assert box.address == SUPPORT
    assert mailboxes.leading(box).others == ["a@acme.example"]


def test_a_refused_change_changes_nothing(
    as_alice: Client, acme: Workspace, globex: Workspace, support: Mailbox
) -> None:
    mailboxes.create(globex, "theirs@globex.example", "inbox")
    changed = {"name": "Sales", "purpose": "inbox", "others": ["a@acme.example", "theirs@globex.example"]}
    answer = as_alice.post(f"{URL}{support.pk}/", changed)
    box = stored(acme)
    assert (answer.status_code, box.name, mailboxes.leading(box).others) == (422, "Support", [HELP])
    assert "theirs@globex.example is in use already." in answer.content.decode()


def test_the_page_has_what_to_paste_in(as_alice: Client, support: Mailbox) -> None:
    answer = as_alice.get(f"{URL}{support.pk}/")
    page = answer.content.decode()
    assert f"manage.py receive_email --recipient {SUPPORT}" in page
    assert f"{SUPPORT} lmtp:inet:HOST:PORT" in page
    assert f"http://testserver/hooks/mail/mailgun/{SUPPORT}/mime" in page
    assert f"http://gopimi:{support.webhook_secret}@testserver/hooks/mail/sendgrid/{SUPPORT}/" in page
    assert f"http://gopimi:{support.webhook_secret}@testserver/hooks/mail/postmark/{SUPPORT}/" in page
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_a_new_secret_takes_the_place_of_the_old(as_alice: Client, acme: Workspace, support: Mailbox) -> None:
    as_alice.post(f"{URL}{support.pk}/secret/")
    assert stored(acme).webhook_secret != support.webhook_secret
    assert support.webhook_secret not in as_alice.get(f"{URL}{support.pk}/").content.decode()


def test_the_signing_key_is_kept_and_never_shown(as_alice: Client, acme: Workspace, support: Mailbox) -> None:
    as_alice.post(f"{URL}{support.pk}/signing-key/", {"key": "key-of-mailgun"})
    assert stored(acme).webhook_signing_key == "key-of-mailgun"
    page = as_alice.get(f"{URL}{support.pk}/").content.decode()
    assert "key-of-mailgun" not in page
    assert "A key is kept." in page
    answer = as_alice.post(f"{URL}{support.pk}/signing-key/", {"key": "x" * 201}, follow=True)
    assert "isn&#x27;t saved" in answer.content.decode()
    assert stored(acme).webhook_signing_key == "key-of-mailgun"
    as_alice.post(f"{URL}{support.pk}/signing-key/", {"key": ""})
    assert stored(acme).webhook_signing_key == ""


def test_an_unused_one_is_deleted(as_alice: Client, acme: Workspace, support: Mailbox) -> None:
    assert "Delete mailbox" in as_alice.get(f"{URL}{support.pk}/stop/").content.decode()
    answer = as_alice.post(f"{URL}{support.pk}/stop/", {"delete": "1"})
    assert answer["Location"] == URL
    assert as_alice.get(f"{URL}{support.pk}/").status_code == 404


def test_one_with_mail_is_stopped_and_started_again(as_alice: Client, acme: Workspace, support: Mailbox) -> None:
    receive(mail(), SUPPORT)
    dialog = as_alice.get(f"{URL}{support.pk}/stop/").content.decode()
    assert "Every ticket, conversation and message stays" in dialog
    assert 'name="delete"' not in dialog
    as_alice.post(f"{URL}{support.pk}/stop/", {"delete": "1"})
    assert mailboxes.find(SUPPORT).mailbox_id == support.pk
    as_alice.post(f"{URL}{support.pk}/stop/")
    with pytest.raises(mailboxes.UnknownRecipient):
        mailboxes.find(SUPPORT)
    page = as_alice.get(f"{URL}{support.pk}/").content.decode()
    assert "Mail to it is refused" in page
    assert support.webhook_secret not in page
    as_alice.post(f"{URL}{support.pk}/", {"name": "Old", "purpose": "ticket", "signature": ""})
    assert stored(acme).name == "Old"
    as_alice.post(f"{URL}{support.pk}/start/")
    assert mailboxes.find(SUPPORT).mailbox_id == support.pk


def test_it_is_not_started_where_its_address_leads_elsewhere(
    as_alice: Client, acme: Workspace, globex: Workspace, support: Mailbox
) -> None:
    receive(mail(), SUPPORT)
    as_alice.post(f"{URL}{support.pk}/stop/")
    theirs = mailboxes.create(globex, SUPPORT, "inbox")
    page = as_alice.post(f"{URL}{support.pk}/start/", follow=True).content.decode()
    assert f"{SUPPORT} is in use already, by another mailbox." in page
    assert "Globex" not in page
    assert mailboxes.find(SUPPORT).mailbox_id == theirs.pk


@pytest.mark.parametrize("path", ["", "new/", "{}/", "{}/secret/", "{}/signing-key/", "{}/stop/", "{}/start/"])
def test_only_for_admins(as_bob: Client, support: Mailbox, path: str) -> None:
    url = URL + path.format(support.pk)
    for verb in ("get", "post", "put", "patch", "delete"):
        assert getattr(as_bob, verb)(url).status_code == 403, f"{verb} {url}"
    assert URL not in as_bob.get("/dashboard/acme2345/settings/").content.decode()


def test_the_list_costs_no_more_for_more_mailboxes(
    as_alice: Client, acme: Workspace, support: Mailbox, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(20):
        mailboxes.create(acme, f"box{number}@acme.example", "inbox", others=[f"also{number}@acme.example"])
    with django_assert_max_num_queries(12):
        assert "box19@acme.example" in as_alice.get(URL).content.decode()
