"""People erased for good: no table and no file has their name or address any more."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from contacts import tasks
from contacts.bulkedits.records import Action, BulkEdit
from contacts.erasing import running
from contacts.importing import starting
from contacts.models import Change, Contact, ContactTag, Erasure, Import, ImportRow, View
from customfields.models import FieldValue
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM, Actor
from gopimi.workspaces.models import ApiToken, KeptAnswer, User, Workspace
from tests.contacts.importing.conftest import bring
from tests.customfields.test_definitions import define
from tests.tickets.mails import mail
from tickets import mailboxes, outbound
from tickets.inbound import Result, receive
from tickets.models import Conversation, Message, RawMail, ThreadEdit, Ticket

SUPPORT, HELLO = "support@acme.example", "hello@acme.example"
NAME, FORMER, EMAIL, OLD_EMAIL = "Wanda Quirin", "Wanda Former", "Wanda.Quirin@kumo.example", "wq@old.example"
WORDS = ("wanda quirin", "wanda former", "wanda.quirin", "wq@old.example")
SECOND = "Otto <otto@kumo.example>"
MULTIPART = f"""--b
Content-Type: text/plain

Best regards
{NAME} ({EMAIL})
--b
Content-Type: text/plain; name="{NAME}.txt"
Content-Disposition: attachment; filename="{NAME}.txt"

I am {NAME}, {EMAIL}
--b--"""
MIXED = 'multipart/mixed; boundary="b"'


def traces(*words: str) -> list[str]:
    """Where one of the words is: every column of every table, as the text that it is, and every stored file."""
    columns = """
        SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c
        JOIN information_schema.tables t USING (table_schema, table_name)
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
    """
    found = []
    with connection.cursor() as cursor:
        cursor.execute(columns)
        for table, column, kind in cursor.fetchall():
            text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(f'SELECT lower({text}) FROM "{table}"')
            texts = [row[0] or "" for row in cursor.fetchall()]
            found += [f"{table}.{column}: {text}" for text in texts if any(word in text for word in words)]
    return found + [path for path in _stored() if any(word in path.lower() for word in words) or _has(path, words)]


def _stored(folder: str = "") -> list[str]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    paths = [f"{folder}/{name}".lstrip("/") for name in files]
    return paths + [path for name in folders for path in _stored(f"{folder}/{name}".lstrip("/"))]


def _has(path: str, words: tuple[str, ...]) -> bool:
    with default_storage.open(path, "rb") as file:
        text = file.read().decode("latin-1").lower().replace("\x00", "")  # UTF-16 too
    return any(word in text for word in words)


@pytest.fixture
def wanda(acme: Workspace, alice: User) -> Contact:
    """A contact who has left traces wherever a contact can."""
    mailboxes.create(acme, SUPPORT, "ticket")
    mailboxes.create(acme, HELLO, "inbox")
    with workspace(acme):
        fields = [define(acme, "Note", "text"), define(acme, "Mail", "email")]
        contact = Contact.objects.for_workspace(acme).add(
            SYSTEM, email=OLD_EMAIL, name=FORMER, tags=[NAME], values={fields[0]: f"is {NAME}", fields[1]: EMAIL}
        )
        contact.change(Actor.agent(alice), {"email": EMAIL, "name": NAME}, {fields[0]: f"was {NAME}"}, ["other"])
        ContactTag.objects.for_workspace(acme).filter(tag__name=NAME).delete()
        contact.tags.model.objects.for_workspace(acme).filter(name=NAME).delete()
    _write(acme, alice, contact)
    _import(acme)
    with workspace(acme):
        token, _ = ApiToken.issue(acme, "Theirs", ["contacts:read"])
        answer = {"key": f"make-{EMAIL}", "path": "/api/v1/contacts", "fingerprint": "", "status": 201}
        body = json.dumps({"email": EMAIL, "name": NAME}).encode()
        KeptAnswer.objects.create(workspace=acme, token=token, body=body, headers={"Location": "/1"}, **answer)
        View.objects.create(workspace=acme, table="contacts", name=EMAIL, query="q=wanda.quirin%40kumo.example&tag=vip")
        BulkEdit.objects.create(
            workspace=acme, actor_kind="system", action=Action.FIELD, value=EMAIL, contact_ids=[contact.pk], total=1
        )
        ThreadEdit.objects.create(
            workspace=acme, table="tickets", actor_kind="system", action="add_tag", value=EMAIL, thread_ids=[1], total=1
        )
    return contact


def _write(acme: Workspace, alice: User, contact: Contact) -> None:
    """Mails of theirs, to them, and about them."""
    sender = f"{NAME} <{EMAIL}>"
    first = mail(MULTIPART, **{"from": sender, "content_type": MIXED, "subject": f"From {NAME}"})
    ticket = receive(first, SUPPORT).ticket
    receive(mail("Hello", **{"from": f"{FORMER} <{EMAIL}>", "message_id": "<two@x.example>"}), HELLO)
    answers = {"from": SECOND, "message_id": "<three@x.example>", "in_reply_to": "<one@example.com>"}
    receive(mail(f"> {EMAIL} wrote: so", **answers, cc=f"{sender}, Ann <ann@kumo.example>"), SUPPORT)
    automatic = {"from": "daemon@x.example", "message_id": "<four@x.example>", "auto_submitted": "auto-replied"}
    receive(mail(f"{EMAIL} is unknown", **automatic), SUPPORT)
    receive(mail("I am away", **{**automatic, "from": sender, "message_id": "<five@x.example>"}), SUPPORT)
    with workspace(acme):
        one = Ticket.objects.for_workspace(acme).get(number=ticket)
        one.change(Actor.agent(alice), subject=f"{NAME}, {EMAIL}")
        outbound.reply(one, Actor.agent(alice), f"Dear {NAME}", cc=[OLD_EMAIL])
        conversation = Conversation.objects.for_workspace(acme).get(contact=contact)
        conversation.change(Actor.agent(alice), contact=None)  # who wrote is known by the mail alone
        held = RawMail.objects.for_workspace(acme).filter(sender=EMAIL, state="automatic")
        held.update(state="held", reason=f"It couldn't be processed: {EMAIL}")


def _import(acme: Workspace) -> None:
    rows = [f"{EMAIL},{NAME},", f"nobody,{NAME},{EMAIL}", "otto,,", f"ann@x.example,,{EMAIL} or so"]
    bring(acme, "\n".join(["email,name,other", *rows]), mapping={"email": "email", "other": "cf_mail"})
    bring(acme, f"email,other\n{EMAIL},{NAME}\nbroken,{EMAIL}\n", dry_run=True, mapping={"email": "email"})
    with workspace(acme):
        content = f"email;name\n{OLD_EMAIL};{FORMER}\n".encode("utf-16")
        starting.receive(acme, SYSTEM, ContentFile(content), "draft.csv")


def erase(acme: Workspace, contact: Contact) -> None:
    with workspace(acme):
        assert running.erase(contact)
    assert running.sweep(acme.pk)


@pytest.mark.django_db(transaction=True)  # what is done on commit is done
def test_nothing_is_left_of_a_person(acme: Workspace, wanda: Contact, alice: User) -> None:
    with workspace(acme):
        before = {trace.split(":")[0] for trace in traces(*WORDS)}
        assert {
            "contacts_contact.name", "contacts_contact.email_key", "contacts_change.old", "contacts_change.new",
            "customfields_fieldvalue.text_value", "contacts_importrow.cells", "contacts_importproblem.value",
            "contacts_view.query", "contacts_bulkedit.value", "workspaces_keptanswer.body", "tickets_rawmail.data",
            "tickets_message.author_name", "tickets_message.author_email", "tickets_message.cc",
            "tickets_message.body_text", "tickets_message.attribution", "tickets_attachment.filename",
            "tickets_ticket.subject", "tickets_event.new", "tickets_conversation.from_email", "tickets_rawmail.reason",
        } <= before  # fmt: skip
        assert len([path for path in before if path.startswith(("attachments", "imports"))]) == 3
    erase(acme, wanda)
    with workspace(acme):
        assert traces(*WORDS) == []
        assert not Erasure.objects.for_workspace(acme).exists()
        for model in (Change, FieldValue, ContactTag):
            assert not model.objects.for_workspace(acme).filter(contact_id=wanda.pk).exists()
        tombstone = Contact.objects.for_workspace(acme).get(pk=wanda.pk)
        assert (tombstone.name, tombstone.email, str(tombstone)) == ("", None, "Deleted person")
        assert None not in (tombstone.erased_at, tombstone.deleted_at)
        assert not Contact.objects.for_workspace(acme).alive().filter(pk=wanda.pk).exists()


def test_what_others_wrote_stays(acme: Workspace, wanda: Contact) -> None:
    erase(acme, wanda)
    with workspace(acme):
        messages = Message.objects.for_workspace(acme)
        assert messages.count() == 4
        other = messages.get(author_email="otto@kumo.example")
        assert (other.author_name, other.cc) == ("Otto", "Ann <ann@kumo.example>")
        assert other.body_text.strip() == "> [erased] wrote: so"
        assert messages.get(direction="outbound").body_text == "Dear [erased]"
        own = messages.get(author_contact=wanda, ticket__isnull=False)
        assert (own.writer, own.raw_mail, own.body_text.splitlines()[0]) == ("Deleted person", None, "Best regards")
        assert Ticket.objects.for_workspace(acme).get().contact_id == wanda.pk
        assert [row.cells for row in ImportRow.objects.for_workspace(acme)] == [["otto", "", ""]]
        answer = KeptAnswer.objects.for_workspace(acme).get()
        assert (answer.status, json.loads(bytes(answer.body))["status"]) == (410, 410)
        assert View.objects.for_workspace(acme).get().query == "tag=vip"


def test_a_new_mail_of_an_erased_person_makes_a_new_contact(acme: Workspace, wanda: Contact) -> None:
    with workspace(acme):
        assert running.erase(wanda)
    new = receive(mail("Again", **{"from": f"{NAME} <{EMAIL}>", "message_id": "<six@x.example>"}), SUPPORT)
    assert running.sweep(acme.pk)
    assert new.contact_id != wanda.pk
    with workspace(acme):
        message = Message.objects.for_workspace(acme).select_related("raw_mail").get(pk=new.message_id)
        assert (message.author_email, message.author_name, bool(message.raw_mail.data)) == (EMAIL, NAME, True)
        assert str(message.author_contact) == NAME


@pytest.mark.django_db(transaction=True)
def test_an_import_that_still_runs_is_waited_for(acme: Workspace, wanda: Contact) -> None:
    with workspace(acme):
        Import.objects.for_workspace(acme).filter(dry_run=True).update(status="running")
        running.erase(wanda)
    assert not running.sweep(acme.pk)
    with workspace(acme):
        assert Erasure.objects.for_workspace(acme).count() == 1
        Import.objects.for_workspace(acme).filter(dry_run=True).update(status="done")
    tasks.sweep_again(SimpleNamespace(should_abort=lambda: False), 0)
    with workspace(acme):
        assert traces(*WORDS) == []


@pytest.mark.django_db(transaction=True)  # what is done on commit is done
def test_a_sweep_that_was_killed_is_done_again(acme: Workspace, wanda: Contact) -> None:
    with workspace(acme):
        running.erase(wanda)
    for steps in range(12):
        left = iter(range(steps))
        running.sweep(acme.pk, lambda left=left: next(left, None) is None)
    assert running.sweep(acme.pk)
    with workspace(acme):
        assert traces(*WORDS) == []
        assert not running.erase(wanda), "it was done before"


@pytest.fixture
def trashed(acme: Workspace) -> list[Contact]:
    with workspace(acme):
        contacts = Contact.objects.for_workspace(acme)
        made = [contacts.add(SYSTEM, email=f"p{n}@kumo.example", name=f"Person {n}") for n in range(5)]
        contacts.filter(pk__in=[contact.pk for contact in made]).trash(SYSTEM)
        return made


@pytest.mark.django_db(transaction=True)
def test_the_trash_is_emptied_after_thirty_days(
    acme: Workspace, trashed: list[Contact], wanda: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 2)
    with workspace(acme):
        contacts = Contact.objects.for_workspace(acme)
        contacts.filter(pk=wanda.pk).trash(SYSTEM)
        contacts.exclude(pk=trashed[0].pk).update(deleted_at=timezone.now() - timedelta(days=31))
    tasks.empty_trash(SimpleNamespace(should_abort=lambda: False), 0)
    with workspace(acme):
        left = Contact.objects.for_workspace(acme).filter(name__startswith="Person")
        assert list(left) == [trashed[0]]
        assert Contact.objects.for_workspace(acme).get(pk=wanda.pk).erased_at, "who has a ticket keeps a nameless row"
        assert traces(*WORDS) == []


def test_what_was_restored_meanwhile_stays(acme: Workspace, trashed: list[Contact]) -> None:
    with workspace(acme):
        ids = [contact.pk for contact in trashed]
        Contact.objects.for_workspace(acme).filter(pk=ids[0]).restore(SYSTEM)
        assert running.purge_some(acme.pk, ids) == 4
        assert list(Contact.objects.for_workspace(acme).values_list("pk", flat=True)) == ids[:1]


def test_undo_brings_nobody_back(acme: Workspace, trashed: list[Contact]) -> None:
    with workspace(acme):
        contacts = Contact.objects.for_workspace(acme)
        contacts.filter(pk=trashed[0].pk).restore(SYSTEM)
        running.erase(trashed[0])
        assert contacts.filter(pk=trashed[0].pk).restore(SYSTEM).ids == []
        assert not contacts.alive().exists()


def test_an_address_that_is_somebody_elses_by_now_stays(acme: Workspace, wanda: Contact) -> None:
    with workspace(acme):
        heir = Contact.objects.for_workspace(acme).add(SYSTEM, email=OLD_EMAIL, name="Heir")
    erase(acme, wanda)
    with workspace(acme):
        assert Contact.objects.for_workspace(acme).get(pk=heir.pk).email == OLD_EMAIL
        assert Message.objects.for_workspace(acme).get(direction="outbound").cc == OLD_EMAIL


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_comes_while_they_are_erased_makes_a_new_contact(acme: Workspace, wanda: Contact) -> None:
    """It waits for the workspace, like every mail, and finds nobody with the address afterwards."""
    letter = mail("Me again", **{"from": f"{NAME} <{EMAIL}>", "message_id": "<seven@x.example>"})
    with ThreadPoolExecutor(1) as post:
        with workspace(acme):
            running.erase(wanda)
            coming = post.submit(_receive, letter)
            with pytest.raises(TimeoutError):
                coming.result(0.3)
        result = coming.result(10)
    assert running.sweep(acme.pk)
    assert result.contact_id != wanda.pk
    with workspace(acme):
        assert Message.objects.for_workspace(acme).get(pk=result.message_id).author_email == EMAIL


def _receive(letter: bytes) -> Result:
    try:
        return receive(letter, SUPPORT)
    finally:
        connection.close()
