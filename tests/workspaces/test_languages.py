"""The reader's language: the one that they chose, else their browser's; and what is English for everybody."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone, translation
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.models import Contact
from customfields.models import Kind
from gopimi.lib import kept, stencils
from gopimi.lib.counting import Total, counted
from gopimi.lib.figures import day, figure
from gopimi.lib.tenancy import workspace
from gopimi.workspaces import invitations
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import ApiToken, Membership, Role, Scope, User, Workspace
from gopimi.workspaces.templatetags.ui import ago, inside
from tests.conftest import signed_in
from tests.factories import ContactFactory, FieldFactory
from tests.tickets.mails import mail
from tickets import mailboxes, notifying
from tickets.inbound import receive
from tickets.models import RawMail, Ticket

pytestmark = pytest.mark.django_db

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture
def in_german() -> Any:
    with translation.override("de"):
        yield


def choose(user: User, language: str) -> None:
    User.objects.filter(pk=user.pk).update(language=language)


@pytest.mark.usefixtures("alice")
def test_a_stranger_reads_what_the_browser_asks_for() -> None:
    answer = Client().get("/accounts/login/", headers=GERMAN)
    page = answer.content.decode()
    assert '<html lang="de"' in page
    assert "Angemeldet bleiben" in page
    assert "Accept-Language" in answer["Vary"]
    assert answer["Content-Language"] == "de"


@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize("accepted", ["", "en-GB", "fr", "*"])
def test_others_read_english(accepted: str) -> None:
    page = Client().get("/accounts/login/", headers={"Accept-Language": accepted}).content.decode()
    assert '<html lang="en"' in page
    assert "Keep me signed in" in page


def test_what_a_member_chose_comes_first(as_bob: Client, acme: Workspace, bob: User) -> None:
    choose(bob, "en")
    assert "New contact" in as_bob.get(acme.url("contacts:list"), headers=GERMAN).content.decode()
    choose(bob, "de")
    answer = as_bob.get(acme.url("contacts:list"))
    assert "Neuer Kontakt" in answer.content.decode()
    assert answer["Content-Language"] == "de"


def test_a_member_chooses_it_in_the_profile(as_bob: Client, acme: Workspace, bob: User) -> None:
    given = {"name": "Bob", "time_zone": "UTC", "theme": "system", "language": "de"}
    answer = as_bob.post(acme.url("settings:profile"), given, headers={"HX-Request": "true"})
    assert "Gespeichert" in answer["HX-Trigger"]
    bob.refresh_from_db()
    assert bob.language == "de"
    assert as_bob.post(acme.url("settings:profile"), {**given, "language": "tlh"}).status_code == 422


def test_it_ends_with_the_request(as_bob: Client, acme: Workspace) -> None:
    as_bob.get(acme.url("contacts:list"), headers=GERMAN)
    assert translation.get_language() == "en"


def test_the_browsers_is_kept(as_bob: Client, acme: Workspace, bob: User) -> None:
    as_bob.get(acme.url("contacts:list"), headers=GERMAN)
    bob.refresh_from_db()
    assert (bob.browser_language, bob.reads) == ("de", "de")
    choose(bob, "en")
    bob.refresh_from_db()
    assert bob.reads == "en"


def test_rows_of_a_table_are_in_the_readers_language(as_bob: Client, acme: Workspace) -> None:
    with workspace(acme):
        ContactFactory(workspace=acme, name="Carol")
    url = acme.url("contacts:list")
    for headers, said in ({}, "Edit Carol"), (GERMAN, "Carol bearbeiten"), ({}, "Edit Carol"):
        assert f'aria-label="{said}"' in as_bob.get(url, headers=headers).content.decode()


def test_a_stencil_is_kept_for_each_language() -> None:
    values = dict.fromkeys(("pk", "called", "picture", "name", "under", "detail", "edit", "cells"), "x")
    english = stencils.fill("contacts/_row.html", values)
    with translation.override("de"):
        assert stencils.fill("contacts/_row.html", values) != english
    assert stencils.fill("contacts/_row.html", values) == english


@pytest.mark.parametrize("chosen", ["", "de"])
def test_the_api_speaks_english(acme: Workspace, alice: User, chosen: str) -> None:
    choose(alice, chosen)
    _, secret = ApiToken.issue(acme, "sync", list(Scope.values), alice)
    program = signed_in(alice)
    headers = {**GERMAN, "Authorization": f"Bearer {secret}"}
    answer = program.post("/api/v1/contacts", {"email": "nobody"}, "application/json", headers=headers)
    [error] = answer.json()["errors"]
    assert error["detail"] == "An email address must have an @-sign."
    answer = program.get("/api/v1/contacts?cf_none=1", headers=headers)
    assert answer.json()["detail"] == "cf_none: There is no custom field with the key “none”."
    assert program.get("/api/v1/nothing", headers=headers).json()["title"] == "Not Found"


def test_an_export_has_english_headers_for_everybody(as_bob: Client, acme: Workspace) -> None:
    with workspace(acme):
        paid = FieldFactory(workspace=acme, key="paid", label="Paid", kind=Kind.BOOLEAN)
        amount = FieldFactory(workspace=acme, key="amount", label="Amount", kind=Kind.NUMBER)
        contacts = Contact.objects.for_workspace(acme)
        contacts.add(SYSTEM, email="carol@example.com", values={paid: True, amount: Decimal("1234.5")})
    answer: Any = as_bob.get(acme.url("contacts:export"), {"columns": "all"}, headers=GERMAN)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(text))
    assert header == ["Name", "Email", "Organization", "Tags", "Paid", "Amount"]
    assert row[-2:] == ["true", "1234.5"]


def test_a_wrong_value_is_told_in_german(as_bob: Client, acme: Workspace) -> None:
    answer = as_bob.post(acme.url("contacts:new"), {"name": "Carol", "email": "carol"}, headers=GERMAN)
    assert answer.status_code == 422
    assert "Eine E-Mail-Adresse braucht ein @-Zeichen." in answer.content.decode()


def test_plurals(as_bob: Client, acme: Workspace, in_german: None) -> None:
    assert counted(1, "{number} contact", "{number} contacts") == "1 Kontakt"
    assert counted(12_431, "{number} contact", "{number} contacts") == "12.431 Kontakte"
    page = as_bob.get(acme.url("contacts:list"), {"q": "nobody"}, headers=GERMAN).content.decode()
    assert "Noch keine Kontakte" in page
    with workspace(acme):
        ContactFactory.create_batch(2, workspace=acme)
    page = as_bob.get(acme.url("contacts:list"), {"q": "nobody"}, headers=GERMAN).content.decode()
    assert "Unter 2 Kontakten passt niemand zu „nobody“." in page


def test_numbers_and_days(in_german: None) -> None:
    moment = timezone.now().replace(year=2025, month=3, day=4)
    assert figure(12_431) == "12.431"
    assert figure(Decimal("-1234567.50")) == "-1.234.567,50"
    assert str(Total(10_000, more=True)) == "10.000+"
    assert day(moment) == "4. März 2025"
    assert ago(timezone.now() - timedelta(seconds=150)) == "vor 2 Min."
    with translation.override("en"):
        assert figure(Decimal("-1234567.50")) == "-1,234,567.50"
        assert day(moment) == "4 Mar 2025"


def test_nouns_keep_their_capital_letter(in_german: None) -> None:
    assert inside("Zahl") == "Zahl"
    with translation.override("en"):
        assert inside("Number") == "number"


def test_what_is_stored_is_told_in_german(in_german: None) -> None:
    assert kept.told("The mail is empty.") == "Die E-Mail ist leer."
    assert kept.told("It has more than 1,000 parts.") == "Sie hat mehr als 1.000 Teile."
    assert kept.told("“Gold” isn't an option of Plan.") == "„Gold“ ist keine Option von Plan."
    nested = "It couldn't be processed: The mail is empty."
    assert kept.told(nested) == "Sie konnte nicht verarbeitet werden: Die E-Mail ist leer."
    assert kept.told("550 5.1.1 no such user") == "550 5.1.1 no such user"
    with translation.override("en"):
        assert kept.told("The mail is empty.") == "The mail is empty."


def test_a_held_mail_keeps_its_reason_in_english(as_alice: Client, acme: Workspace) -> None:
    mailboxes.create(acme, "support@acme.example", "ticket")
    receive(b"", "support@acme.example")
    with workspace(acme):
        pk = RawMail.objects.for_workspace(acme).get().pk
    as_alice.post(acme.url("settings:try_again", pk), headers=GERMAN)  # fails once more
    with workspace(acme):
        assert RawMail.objects.for_workspace(acme).get().reason == "The mail is empty."
    assert "Die E-Mail ist leer." in as_alice.get(acme.url("settings:held"), headers=GERMAN).content.decode()


def test_a_threads_events_are_told_in_german(as_bob: Client, acme: Workspace, bob: User) -> None:
    with workspace(acme):
        Ticket.objects.for_workspace(acme).open(SYSTEM, ContactFactory(workspace=acme), "Late", "Hello")
    as_bob.post(acme.url("tickets:change", 1), {"status": "resolved"}, headers=GERMAN)
    page = as_bob.get(acme.url("tickets:detail", 1), headers=GERMAN).content.decode()
    assert "<b>Bob</b> hat den Status von <b>Offen</b> in <b>Gelöst</b> geändert" in page


def test_an_error_page_is_in_german(as_bob: Client, acme: Workspace) -> None:
    page = as_bob.get(acme.url("settings:members"), headers=GERMAN)
    assert page.status_code == 403
    assert "Das dürfen nur Admins" in page.content.decode()


def invited(as_admin: Client, acme: Workspace, email: str) -> str:
    """The text of the mail after an admin with a German browser has invited an address."""
    as_admin.post(acme.url("settings:invite"), {"email": email, "role": "agent"}, headers=GERMAN)
    job = ProcrastinateJob.objects.filter(task_name=invitations.SEND).latest("id")
    invitations.mail(**job.args)
    return str(outbox.outbox[-1].body)


def test_an_invitation_is_in_the_language_of_who_gets_it(as_alice: Client, acme: Workspace, charlie: User) -> None:
    assert "Alice lädt Sie in den Workspace Acme auf GoPimi ein, als Agent." in invited(
        as_alice, acme, "erin@example.com"
    )
    assert "Alice invites you to the workspace Acme on GoPimi, as agent." in invited(as_alice, acme, charlie.email)


def test_a_notification_is_in_the_language_of_who_gets_it(acme: Workspace, alice: User, bob: User) -> None:
    mailboxes.create(acme, "support@acme.example", "ticket")
    Membership.objects.filter(workspace=acme, role__in=Role.values).update(notify_unassigned=True)
    choose(bob, "de")
    receive(mail(), "support@acme.example")
    for job in ProcrastinateJob.objects.filter(task_name=notifying.TELL):
        notifying.tell(**job.args)
    told = {sent.to[0]: sent.body for sent in outbox.outbox}
    assert "Dana Scully schrieb in #1 My order:" in told[bob.email]
    assert "weil in Acme niemand dafür zuständig ist" in told[bob.email]
    assert "Dana Scully wrote in #1 My order:" in told[alice.email]


def test_another_page_of_the_same_form_of_message(as_bob: Client, acme: Workspace) -> None:
    page = as_bob.get("/accounts/password/reset/", headers=GERMAN).content.decode()
    assert "Wir senden einen Link, der einmal gilt" in page
    answer = as_bob.post(acme.url("contacts:delete"), {}, headers={**GERMAN, "HX-Request": "true"})
    assert "Wählen Sie zuerst die Kontakte aus" in answer["HX-Trigger"].encode().decode("unicode_escape")
