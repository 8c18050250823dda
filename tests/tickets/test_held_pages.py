"""Settings > Held mail: seen, tried again and assigned by every member, deleted by admins."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory
from tests.tickets.mails import mail
from tickets import held, mailboxes, originals
from tickets.inbound import receive
from tickets.models import Conversation, Message, RawMail, Ticket

URL = "/dashboard/acme2345/settings/held/"
SUPPORT, HELLO = "support@acme.example", "hello@acme.example"
NOBODY = {"from": "undisclosed", "subject": "Who <b>am</b> I?", "message_id": "<held@example.com>"}
LIST = {"HX-Request": "true", "HX-Target": "held"}


@pytest.fixture
def boxes(acme: Workspace) -> Workspace:
    mailboxes.create(acme, SUPPORT, "ticket")
    mailboxes.create(acme, HELLO, "inbox")
    return acme


@pytest.fixture
def kenji(boxes: Workspace) -> Contact:
    with workspace(boxes):
        return ContactFactory(workspace=boxes, name="Kenji Mori", email="kenji@kumo.example")


def keep(acme: Workspace, raw: bytes, recipient: str = SUPPORT) -> int:
    receive(raw, recipient)
    with workspace(acme):
        return RawMail.objects.for_workspace(acme).order_by("-id")[0].pk


def test_what_is_held_is_listed_with_its_reason(as_bob: Client, boxes: Workspace) -> None:
    pk = keep(boxes, mail(**NOBODY))
    page = as_bob.get(URL).content.decode()
    assert "Who &lt;b&gt;am&lt;/b&gt; I?" in page
    for words in ("undisclosed", f"to {SUPPORT}", "Neither From, Sender nor Reply-To", f"{URL}{pk}/", "bytes"):
        assert words in page
    assert 'Held mail <span class="count">1</span>' in page


def test_a_machines_mail_is_listed_apart(as_bob: Client, boxes: Workspace) -> None:
    keep(boxes, mail(auto_submitted="auto-replied", subject="Out of office"))
    assert "Out of office" not in as_bob.get(URL).content.decode()
    page = as_bob.get(f"{URL}?kind=automatic").content.decode()
    assert "Out of office" in page
    assert "Auto-Submitted: auto-replied" in page
    assert "Make a ticket" in page
    assert "Try again" not in page


@pytest.mark.parametrize(("query", "status"), [("kind=done", 404), ("cursor=forged", 400), ("kind=automatic", 200)])
def test_what_may_be_asked(as_bob: Client, boxes: Workspace, query: str, status: int) -> None:
    assert as_bob.get(f"{URL}?{query}").status_code == status


def test_pages_lead_on(as_bob: Client, boxes: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "PAGE", 1)
    keep(boxes, mail(**{**NOBODY, "subject": "Spring"}))
    keep(boxes, mail(**{**NOBODY, "subject": "Autumn", "message_id": "<2@example.com>"}))
    first = as_bob.get(URL)
    assert ("Autumn" in first.content.decode(), "Spring" in first.content.decode()) == (True, False)
    second = as_bob.get(URL, {"kind": "held", "cursor": first.context["page"].next})
    assert ("Autumn" in second.content.decode(), "Spring" in second.content.decode()) == (False, True)


def test_the_raw_mail_is_shown_as_text_and_saved_as_it_came(as_bob: Client, boxes: Workspace) -> None:
    raw = mail("<script>alert(1)</script>" + "x" * originals.SHOWN, **NOBODY)
    pk = keep(boxes, raw)
    page = as_bob.get(f"{URL}{pk}/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert "Only the first 64.0" in page
    answer: Any = as_bob.get(f"{URL}{pk}/download/")
    assert b"".join(answer.streaming_content) == raw
    assert answer["Content-Type"] == "message/rfc822"
    assert answer["Content-Disposition"] == 'attachment; filename="Who _b_am__b_ I_.eml"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_trying_again_without_a_change(as_bob: Client, boxes: Workspace) -> None:
    pk = keep(boxes, mail(**NOBODY))
    answer = as_bob.post(f"{URL}{pk}/again/", follow=True)
    assert answer.redirect_chain == [(f"{URL}{pk}/", 302)]
    assert "It is still held. Neither From" in answer.content.decode()
    listed = as_bob.post(f"{URL}{pk}/again/", headers=LIST)
    assert listed.status_code == 204
    assert "held-changed" in listed["HX-Trigger"]
    assert "It is still held." in listed["HX-Trigger"]


def test_trying_again_leads_to_the_ticket(as_bob: Client, boxes: Workspace) -> None:
    pk = keep(boxes, mail(**NOBODY))
    with workspace(boxes):  # as a mail that came when a rule of ours was wrong
        RawMail.objects.for_workspace(boxes).filter(pk=pk).update(data=mail())
    answer = as_bob.post(f"{URL}{pk}/again/")
    assert answer["Location"] == "/dashboard/acme2345/tickets/1/"
    assert "Who" not in as_bob.get(URL).content.decode()


def test_everything_is_tried_again_in_the_background(as_bob: Client, boxes: Workspace) -> None:
    answer = as_bob.post(f"{URL}again/", headers={"HX-Request": "true"})
    assert (answer.status_code, "in the background" in answer["HX-Trigger"]) == (204, True)
    job = ProcrastinateJob.objects.get(task_name=held.TRY_ALL_AGAIN)
    assert job.args == {"workspace_id": boxes.pk}


def test_it_is_assigned_to_a_contact(as_bob: Client, boxes: Workspace, kenji: Contact) -> None:
    pk = keep(boxes, mail(**NOBODY))
    assert "Select contact" in as_bob.get(f"{URL}{pk}/assign/").content.decode()
    answer = as_bob.post(f"{URL}{pk}/assign/", {"contact": kenji.pk})
    assert answer["Location"] == "/dashboard/acme2345/tickets/1/"
    with workspace(boxes):
        ticket, message = Ticket.objects.for_workspace(boxes).get(), Message.objects.for_workspace(boxes).get()
    assert (ticket.contact_id, message.attribution) == (kenji.pk, "Assigned by Bob: kenji@kumo.example")


def test_it_is_assigned_to_a_new_contact(as_bob: Client, boxes: Workspace) -> None:
    pk = keep(boxes, mail(**NOBODY), HELLO)
    answer = as_bob.post(f"{URL}{pk}/assign/", {"contact": "new:mei@kumo.example"})
    with workspace(boxes):
        conversation = Conversation.objects.for_workspace(boxes).select_related("contact").get()
    assert answer["Location"] == f"/dashboard/acme2345/inbox/{conversation.pk}/"
    assert (conversation.contact.email, conversation.contact.source) == ("mei@kumo.example", "manual")


@pytest.mark.parametrize("given", ["", "nonsense", "999999999999", "new:x@"])
def test_a_wrong_contact_is_refused_beside_the_field(as_bob: Client, boxes: Workspace, given: str) -> None:
    pk = keep(boxes, mail(**NOBODY))
    answer = as_bob.post(f"{URL}{pk}/assign/", {"contact": given})
    assert answer.status_code == 422
    assert 'id="assign-contact_error"' in answer.content.decode()
    with workspace(boxes):
        assert not Ticket.objects.for_workspace(boxes).exists()


def test_a_machines_mail_suggests_its_sender(as_bob: Client, boxes: Workspace, kenji: Contact) -> None:
    known = keep(boxes, mail(auto_submitted="auto-replied", **{"from": "kenji@kumo.example"}))
    page = as_bob.get(f"{URL}{known}/assign/").content.decode()
    assert f'<option value="{kenji.pk}" selected>' in page
    unknown = keep(boxes, mail(auto_submitted="auto-replied", message_id="<2@example.com>"))
    assert 'data-create="dana@example.com"' in as_bob.get(f"{URL}{unknown}/assign/").content.decode()


def test_admins_delete(as_alice: Client, boxes: Workspace) -> None:
    pk = keep(boxes, mail(**NOBODY))
    assert f"{URL}{pk}/delete/" in as_alice.get(f"{URL}{pk}/").content.decode()
    assert "for good" in as_alice.get(f"{URL}{pk}/delete/").content.decode()
    assert as_alice.post(f"{URL}{pk}/delete/")["Location"] == f"{URL}?kind=held"
    with workspace(boxes):
        assert not RawMail.objects.for_workspace(boxes).exists()
    assert as_alice.post(f"{URL}{pk}/delete/").status_code == 404


def test_agents_do_not_delete(as_bob: Client, boxes: Workspace) -> None:
    pk = keep(boxes, mail(**NOBODY))
    assert f"{URL}{pk}/delete/" not in as_bob.get(f"{URL}{pk}/").content.decode()
    for verb in ("get", "post", "put", "delete"):
        assert getattr(as_bob, verb)(f"{URL}{pk}/delete/").status_code == 403
    with workspace(boxes):
        assert RawMail.objects.for_workspace(boxes).exists()


@pytest.mark.parametrize("path", ["", "again/", "assign/", "delete/", "download/"])
def test_who_comes_second_is_told_what_became_of_it(
    as_alice: Client, as_bob: Client, boxes: Workspace, kenji: Contact, path: str
) -> None:
    pk = keep(boxes, mail(**NOBODY))
    as_bob.post(f"{URL}{pk}/assign/", {"contact": kenji.pk})
    verb = as_alice.get if path in ("", "download/") else as_alice.post
    page = verb(f"{URL}{pk}/{path}", {"contact": kenji.pk}, follow=True)
    assert "Nothing to do: it is in ticket #1 already." in page.content.decode()
    with workspace(boxes):
        assert Message.objects.for_workspace(boxes).count() == 1


def test_who_comes_second_leaves_no_contact_behind(
    as_bob: Client, boxes: Workspace, kenji: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk = keep(boxes, mail(**NOBODY))

    def too_late(*args: Any) -> None:
        raise held.Gone("Nothing to do: somebody was faster.")

    monkeypatch.setattr(held, "assign", too_late)  # between the look at the mail and what is done with it
    answer = as_bob.post(f"{URL}{pk}/assign/", {"contact": "new:mei@kumo.example"}, follow=True)
    assert "somebody was faster" in answer.content.decode()
    with workspace(boxes):
        assert Contact.objects.for_workspace(boxes).get().pk == kenji.pk


def test_in_the_list_a_toast_says_so(as_bob: Client, boxes: Workspace, kenji: Contact) -> None:
    pk = keep(boxes, mail(**NOBODY))
    as_bob.post(f"{URL}{pk}/assign/", {"contact": kenji.pk})
    answer = as_bob.post(f"{URL}{pk}/again/", headers=LIST)
    assert (answer.status_code, "it is in ticket #1 already" in answer["HX-Trigger"]) == (204, True)


def test_the_list_costs_no_more_for_more_mail(
    as_bob: Client, boxes: Workspace, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(20):
        keep(boxes, mail(**{**NOBODY, "message_id": f"<{number}@example.com>"}))
    with django_assert_max_num_queries(10):
        as_bob.get(URL)
