"""Traces of a person where one doesn't look first: in links, failed rows, file names, tags, others' values and mail."""

import base64
import quopri
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from contacts.erasing.traces import MARK, People, mentions, pieces
from contacts.importing import starting
from contacts.models import Change, Contact, Erasure, Import, ImportRow, Tag
from customfields import values
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM, Actor
from gopimi.workspaces.models import ApiToken, KeptAnswer, Membership, User, Workspace
from tests.contacts.importing.conftest import bring
from tests.contacts.test_erasing import EMAIL, NAME, OLD_EMAIL, erase, traces
from tests.customfields.test_definitions import define
from tests.tickets.mails import mail
from tickets import attachments, drafts, held, mailboxes, outbound, scrubbing
from tickets.inbound import receive
from tickets.models import Attachment, DraftFile, Event, Message, RawMail, Ticket

SUPPORT = "support@acme.example"
WORDS = ("wanda quirin", "wanda.quirin", "wq@old.example", "wq%40old", "wanda%20quirin", "wanda_quirin")
ENCODED = EMAIL.replace("@", "%40")
TWICE = ENCODED.replace("%", "%25")
LINKS = (
    f"https://track.example/?to={ENCODED}&amp;x=1",
    f"https://track.example/go?u=https%3A%2F%2Fshop.example%2F%3Fe%3D{TWICE}%26x%3D1",
    f"mailto:{ENCODED}",
)
HTML = "".join(f'<p><a href="{link}">open</a></p>' for link in LINKS)
TEXT = f"See https://track.example/?to={ENCODED} or https://x.example/%3Cwq%2540old.example%3E, said {EMAIL}."


@pytest.fixture
def wanda(acme: Workspace, alice: User) -> Contact:
    mailboxes.create(acme, SUPPORT, "ticket")
    with workspace(acme):
        for label, kind in (("Boss", "email"), ("Notes", "text"), ("Record", "url"), ("Seats", "number")):
            define(acme, label, kind)
        wanda = Contact.objects.for_workspace(acme).add(SYSTEM, email=OLD_EMAIL, name=NAME)
        wanda.change(SYSTEM, {"email": EMAIL})
    _imports(acme)
    _mails(acme, alice)
    with workspace(acme):
        _others(acme, Actor.agent(alice))
        token, _ = ApiToken.issue(acme, "Theirs", ["contacts:read"])
        KeptAnswer.objects.create(
            workspace=acme, token=token, key=f"make-{ENCODED}", path="/", fingerprint="", status=201
        )
    return wanda


def _imports(acme: Workspace) -> None:
    rows = [f",{NAME},seats", f"{NAME},,", f"Wanda.Quirin at kumo,{NAME.upper()},", f"otto@kumo.example,,{ENCODED}"]
    bring(acme, "\n".join(["email,name,seats", *rows]), mapping={"email": "email", "name": "name", "seats": "cf_seats"})
    with workspace(acme):
        runs = Import.objects.for_workspace(acme)
        runs.update(filename="Kunden Wanda_Quirin (2).csv")
        starting.receive(acme, SYSTEM, ContentFile(f"{EMAIL};{NAME}\nann@x.example;Ann\n".encode()), f"{ENCODED}.csv")
        for one in runs.filter(status="draft"):
            one.mapping = {one.headers[0]: "email", one.headers[1]: "name"}
            one.save(update_fields=["mapping"])


def _mails(acme: Workspace, alice: User) -> None:
    own = {"from": f"{NAME} <{EMAIL}>"}
    receive(mail("Hello", **own), SUPPORT)
    otto = {"from": "Otto <otto@kumo.example>"}
    reply = mail(f"I know {NAME}", **otto, message_id="<two@x.example>", in_reply_to="<one@example.com>")
    receive(reply, SUPPORT)
    html = {"content_type": "text/html; charset=utf-8"}
    receive(mail(HTML, **otto, **html, message_id="<three@x.example>"), SUPPORT)
    receive(mail(TEXT, **otto, message_id="<four@x.example>"), SUPPORT)
    machine = {"from": "daemon@x.example", "auto_submitted": "auto-replied"}
    coded = quopri.encodestring(f"{EMAIL} is unknown".encode().replace(b"@", b"=40")).decode()
    receive(mail(coded.replace("=3D40", "=40"), **machine, content_transfer_encoding="quoted-printable"), SUPPORT)
    with workspace(acme):
        ticket = Ticket.objects.for_workspace(acme).order_by("number")[0]
        message = outbound.reply(ticket, Actor.agent(alice), "Here it is")
        attachments.attach(message, ContentFile(b"x"), f"Invoice {NAME}.pdf", "application/pdf")
        other = Ticket.objects.for_workspace(acme).order_by("number")[1]
        message = outbound.reply(other, Actor.agent(alice), "Here it is")
        attachments.attach(message, ContentFile(b"x"), f"{EMAIL}.pdf", "application/pdf")
        begun = {"kind": "reply", "others": EMAIL, "cc": f"Ann <ann@x.example>, {NAME} <{OLD_EMAIL}>", "bcc": EMAIL}
        drafts.save(other, alice, {**begun, "body": f"As {EMAIL} said"})
        drafts.save(ticket, alice, {**begun, "body": f"Dear {NAME}"})
        for thread, name in ((ticket, "About her.txt"), (other, f"For {EMAIL}.txt")):
            draft = drafts.begin(thread, alice)
            stored = attachments.store(acme.pk, ContentFile(b"x"), name, "text/plain")
            DraftFile.objects.for_workspace(acme).create(draft=draft, **stored)
        drafts.discard(ticket, alice)


HELD = (
    ("seven", f"Please tell {NAME} ({EMAIL})", {}),
    ("eight", base64.encodebytes(f"<p>Grüße, {NAME}, {EMAIL}</p>".encode()).decode(),
     {"content_transfer_encoding": "base64", "content_type": "text/html; charset=utf-8"}),
    ("nine", "Hello", {"cc": f"=?utf-8?b?{base64.b64encode(NAME.encode()).decode()}?= <{EMAIL}>, Ann <a@kumo.example>",
                       "subject": f"=?utf-8?q?=C3=9Cber_{NAME.replace(' ', '_')}?="}),
)  # fmt: skip


def _hold(acme: Workspace) -> dict[str, int]:
    """Somebody else's mails that couldn't be processed, in which she is named."""
    found = {}
    for name, body, headers in HELD:
        given: dict[str, Any] = {"from": "Otto <otto@kumo.example>", "message_id": f"<{name}@x.example>", **headers}
        message = receive(mail(body, **given), SUPPORT).message_id
        with workspace(acme):
            one = Message.objects.for_workspace(acme).get(pk=message)
            found[name] = one.raw_mail_id
            Ticket.objects.for_workspace(acme).filter(pk=one.ticket_id).delete()
            reason = f"Nobody knows {EMAIL}"
            RawMail.objects.for_workspace(acme).filter(pk=one.raw_mail_id).update(state="held", reason=reason)
    return found


def _others(acme: Workspace, agent: Actor) -> None:
    """Contacts and tickets of others: tags, values, and what those were before."""
    fields = values.fields_of(acme)
    otto = Contact.objects.for_workspace(acme).get(email="otto@kumo.example")
    otto.change(
        agent, values={fields[0]: EMAIL, fields[1]: f"ask {EMAIL}", fields[2]: f"https://crm.example/?q={ENCODED}"}
    )
    otto.change(agent, tags=["vip", NAME.lower()])
    otto.change(agent, values={fields[0]: OLD_EMAIL.upper()})
    ticket = Ticket.objects.for_workspace(acme).order_by("number")[1]
    ticket.change(agent, tags=[NAME, f"for {OLD_EMAIL}", "urgent"])
    ticket.change(agent, tags=[NAME, "urgent"])
    Tag.objects.for_workspace(acme).named(["Ann Lee", f"{EMAIL}"])


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_anywhere(acme: Workspace, wanda: Contact) -> None:
    mails = _hold(acme)
    with workspace(acme):
        before = {trace.split(":")[0] for trace in traces(*WORDS)}
        assert {
            "contacts_importrow.cells", "contacts_importproblem.value", "contacts_import.filename",
            "contacts_import.headers", "contacts_import.mapping", "contacts_tag.name", "contacts_change.new",
            "customfields_fieldvalue.text_value", "tickets_event.new", "tickets_message.body_html",
            "tickets_message.body_text", "tickets_attachment.filename", "tickets_rawmail.data",
            "tickets_rawmail.reason", "tickets_draft.body", "tickets_draft.cc", "tickets_draftfile.filename",
            "workspaces_keptanswer.key",
        } <= before  # fmt: skip
    erase(acme, wanda)
    with workspace(acme):
        left = traces(*WORDS)
        assert not left, "\n".join(left)
        assert not Erasure.objects.for_workspace(acme).exists()
        for data in RawMail.objects.for_workspace(acme).exclude(data=None).values_list("data", flat=True):
            assert not any(word in scrubbing.text(bytes(data)).lower() for word in WORDS)
        assert RawMail.objects.for_workspace(acme).filter(pk__in=mails.values(), state="held").count() == len(HELD)
        assert not RawMail.objects.for_workspace(acme).filter(state="automatic").exists()


def test_links_lead_where_they_led_but_for_the_address(acme: Workspace, wanda: Contact) -> None:
    erase(acme, wanda)
    with workspace(acme):
        html = Message.objects.for_workspace(acme).exclude(body_html="").get().body_html
        for link in LINKS:
            assert link.replace(ENCODED, MARK).replace(TWICE, MARK) in html
        text = Message.objects.for_workspace(acme).get(body_text__startswith="See ").body_text
        assert text == f"See https://track.example/?to={MARK} or https://x.example/%3C{MARK}%3E, said {MARK}."


def test_somebody_elses_held_mail_still_becomes_a_ticket(acme: Workspace, wanda: Contact) -> None:
    mails = _hold(acme)
    erase(acme, wanda)
    with workspace(acme):
        result = {name: held.try_again(acme, pk) for name, pk in mails.items()}
    assert {one.result for one in result.values()} == {"ticket_created"}
    with workspace(acme):
        messages = {name: Message.objects.for_workspace(acme).get(pk=one.message_id) for name, one in result.items()}
        assert {message.author_email for message in messages.values()} == {"otto@kumo.example"}
        assert messages["seven"].body_text == f"Please tell {MARK} ({MARK})"
        assert messages["eight"].body_html == f"<p>Grüße, {MARK}, {MARK}</p>"
        assert messages["nine"].cc.endswith("Ann <a@kumo.example>")
        assert not Contact.objects.for_workspace(acme).alive().filter(email_key=EMAIL.lower()).exists()


def test_others_keep_what_is_theirs(acme: Workspace, wanda: Contact, bob: User) -> None:
    with workspace(acme):
        _imports_of_a_namesake(acme)
        User.objects.filter(pk=bob.pk).update(name="Ann Lee")
        otto = Contact.objects.for_workspace(acme).get(email="otto@kumo.example")
        boss, notes, record = (field for field in values.fields_of(acme) if field.key in ("boss", "notes", "record"))
        otto.change(SYSTEM, {"name": f"Otto, a friend of {NAME}"})
        before = Contact.objects.for_workspace(acme).get(pk=otto.pk).updated_at
    erase(acme, wanda)
    with workspace(acme):
        otto = Contact.objects.for_workspace(acme).get(pk=otto.pk)
        assert otto.name == f"Otto, a friend of {NAME}", "a name is no address: it may be anybody's"
        held_by_otto = values.read(acme, [otto.pk])[otto.pk]
        assert boss.pk not in held_by_otto, "what can't be a value without it goes"
        assert held_by_otto[notes.pk] == f"ask {MARK}"
        assert held_by_otto[record.pk] == f"https://crm.example/?q={MARK}"
        assert otto.updated_at > before
        last = Change.objects.for_workspace(acme).filter(contact=otto, what="tags").get()
        assert (last.old, last.new) == ("", f"vip, {MARK}")
        events = Event.objects.for_workspace(acme).filter(what="tags").order_by("pk")
        assert [event.new for event in events] == [f"{MARK}, urgent, {MARK}", f"urgent, {MARK}"]
        assert sorted(Tag.objects.for_workspace(acme).values_list("name", flat=True)) == [
            "Ann Lee",
            MARK,
            "urgent",
            "vip",
        ]
        assert ImportRow.objects.for_workspace(acme).get().cells == ["ann@x.example", NAME, "many"]
        assert {one.filename for one in Import.objects.for_workspace(acme)} == {
            f"Kunden {MARK} (2).csv", f"{MARK}.csv", "namesakes.csv",
        }  # fmt: skip
        assert Attachment.objects.for_workspace(acme).count() == 2
        waiting = DraftFile.objects.for_workspace(acme).get()
        assert waiting.filename == f"For {MARK}.txt", "what was about to be sent to her is gone"


def _imports_of_a_namesake(acme: Workspace) -> None:
    mapping = {"email": "email", "name": "name", "seats": "cf_seats"}
    bring(acme, f"email,name,seats\nann@x.example,{NAME},many\n", mapping=mapping)
    Import.objects.for_workspace(acme).filter(filename="people.csv").update(filename="namesakes.csv")


def test_a_tag_that_is_called_like_a_member_stays(acme: Workspace, wanda: Contact, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(name=NAME.upper())
    assert Membership.objects.filter(workspace=acme, user=bob).exists()
    erase(acme, wanda)
    with workspace(acme):
        assert Tag.objects.for_workspace(acme).filter(name__iexact=NAME).exists()
        assert NAME.lower() in Change.objects.for_workspace(acme).get(what="tags").new


ALPHABET = st.sampled_from(
    [*"aZ.+-_@%25 40 2B2b3A3d &=?/<>|\n", "%40", "%2540", "%252540", "%2B", "%3D", "a@b.example"]
)


@pytest.mark.django_db
@given(st.lists(ALPHABET, max_size=30).map("".join))
def test_the_database_and_python_find_the_same_addresses(text: str) -> None:
    person = Erasure(contact_id=1, names=[], emails=["a@b.example", "a+a@b.example"], at=timezone.now())
    people = People(1, [person])
    with connection.cursor() as cursor:
        cursor.execute("SELECT mentions_address(%s, %s)", [text, people.pieces])
        (found,) = cursor.fetchone()
    assert found == bool(pieces(text) & set(people.pieces))
    if people.in_text(text, person.at - timedelta(days=1)):
        assert found, "the closer look finds nothing that the first doesn't"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a%40b.example", MARK),
        ("A%40B.EXAMPLE.", f"{MARK}."),
        ("x%3Da%2540b.example%26y", f"x%3D{MARK}%26y"),
        ("a+a%40b.example a%2Ba@b.example a%252Ba%2540b.example", f"{MARK} {MARK} {MARK}"),
        ("x%2Ba@b.example", "x%2Ba@b.example"),  # somebody else's
        ("xa%40b.example", "xa%40b.example"),
        ("a%40b.example.org", "a%40b.example.org"),
    ],
)
def test_an_encoded_address_is_taken_out_as_a_whole(text: str, left: str) -> None:
    person = Erasure(contact_id=1, names=[], emails=["a@b.example", "a+a@b.example"], at=timezone.now())
    assert People(1, [person]).without_addresses(text, person.at - timedelta(days=1)) == left
    assert mentions(People(1, [person]), "text")
