"""Mailboxes: their addresses, of which each leads to one, and what becomes of one that isn't wanted any more."""

import pytest

from gopimi.lib.addresses import InvalidAddress
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory, TicketFactory
from tests.tickets.mails import mail
from tickets import mailboxes, outbound
from tickets.inbound import receive
from tickets.models import Mailbox, Message, Ticket

SUPPORT, HELP, HELLO = "support@acme.example", "help@acme.example", "hello@acme.example"


@pytest.fixture
def support(acme: Workspace) -> Mailbox:
    return mailboxes.create(acme, SUPPORT, "ticket", others=[HELP])


def leads(address: str) -> int | None:
    """The mailbox that an address leads to."""
    try:
        return mailboxes.find(address).mailbox_id
    except mailboxes.UnknownRecipient:
        return None


def test_its_own_and_other_addresses_lead_to_it(support: Mailbox) -> None:
    assert leads(SUPPORT) == leads("Help@ACME.example") == support.pk
    assert mailboxes.leading(support).others == [HELP]


def test_other_addresses_are_replaced(acme: Workspace, support: Mailbox) -> None:
    with workspace(acme):
        mailboxes.lead(support, [HELLO, "Support@acme.example"])
    assert (leads(HELP), leads(HELLO), leads(SUPPORT)) == (None, support.pk, support.pk)


@pytest.mark.parametrize("address", [HELP, "HELP@acme.example", SUPPORT])
def test_an_address_leads_to_one_mailbox_of_the_installation(
    acme: Workspace, globex: Workspace, support: Mailbox, address: str
) -> None:
    with pytest.raises(mailboxes.AddressInUse):
        mailboxes.create(globex, address, "inbox")
    with pytest.raises(mailboxes.AddressInUse) as taken:
        mailboxes.create(globex, "hello@globex.example", "inbox", others=["new@globex.example", address])
    assert taken.value.address == address
    with workspace(globex):
        assert not Mailbox.objects.for_workspace(globex).exists()
    assert leads("new@globex.example") is None


def test_a_broken_address_changes_nothing(acme: Workspace, support: Mailbox) -> None:
    with workspace(acme), pytest.raises(InvalidAddress):
        mailboxes.lead(support, [HELLO, "nonsense"])
    assert (leads(HELP), leads(HELLO)) == (support.pk, None)


def test_a_stopped_one_keeps_everything_and_takes_no_more(acme: Workspace, support: Mailbox) -> None:
    receive(mail(), SUPPORT)
    with workspace(acme):
        mailboxes.stop(support)
        assert Ticket.objects.for_workspace(acme).get().mailbox_id == support.pk
    for address in (SUPPORT, HELP):
        with pytest.raises(mailboxes.UnknownRecipient):
            receive(mail(), address)
    with workspace(acme):
        mailboxes.lead(support, [])
    assert receive(mail(message_id="<2@example.com>"), SUPPORT).result == "ticket_created"


def test_an_unused_one_is_deleted(acme: Workspace, support: Mailbox) -> None:
    with workspace(acme):
        mailboxes.delete(support)
        assert not Mailbox.objects.for_workspace(acme).exists()
    assert (leads(SUPPORT), leads(HELP)) == (None, None)


def test_one_with_mail_is_not_deleted(acme: Workspace, support: Mailbox) -> None:
    receive(mail(), SUPPORT)
    with workspace(acme), pytest.raises(mailboxes.InUse):
        mailboxes.delete(support)
    assert leads(HELP) == support.pk


def test_mail_that_comes_while_one_is_deleted_keeps_it(
    acme: Workspace, support: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(mail(), SUPPORT)
    monkeypatch.setattr(mailboxes, "is_unused", lambda mailbox: mailbox.pk > 0)
    with workspace(acme), pytest.raises(mailboxes.InUse):
        mailboxes.delete(support)
    assert leads(HELP) == support.pk


def test_replies_go_out_from_a_mailbox_that_takes_the_answer(acme: Workspace, support: Mailbox, bob: User) -> None:
    inbox = mailboxes.create(acme, HELLO, "inbox")
    with workspace(acme):
        ticket = TicketFactory(workspace=acme, contact=ContactFactory(workspace=acme), mailbox=support)
        by_hand = TicketFactory(workspace=acme, contact=ticket.contact)
        assert [mailboxes.answering(one) for one in (ticket, by_hand)] == [support, support]
        mailboxes.stop(support)
        assert [mailboxes.answering(one) for one in (ticket, by_hand)] == [inbox, inbox]
        second = mailboxes.create(acme, "second@acme.example", "ticket")
        assert mailboxes.answering(ticket) == second
        outbound.reply(ticket, Actor.agent(bob), "Hello")
        assert Message.objects.for_workspace(acme).get().mailbox_id == second.pk
        mailboxes.stop(inbox)
        mailboxes.stop(second)
        assert mailboxes.answering(ticket) == support, "where none takes mail, the thread's own"


def test_the_list_says_what_came_in(acme: Workspace, globex: Workspace, support: Mailbox) -> None:
    mailboxes.create(globex, "theirs@globex.example", "inbox")
    mailboxes.create(acme, HELLO, "inbox")
    receive(mail(), HELP)
    receive(mail(message_id="<2@example.com>"), SUPPORT)
    with workspace(acme):
        first, second = mailboxes.listed(acme)
    assert (first.mailbox.address, first.others, first.receiving) == (HELLO, [], True)
    assert (first.mailbox.recent, first.mailbox.last_mail) == (0, None)
    assert (second.mailbox.address, second.others, second.mailbox.recent) == (SUPPORT, [HELP], 2)
    assert second.mailbox.last_mail is not None


def test_a_new_secret_is_another(acme: Workspace, support: Mailbox) -> None:
    before = support.webhook_secret
    with workspace(acme):
        mailboxes.renew_secret(support)
        support.refresh_from_db()
    assert before != support.webhook_secret
    assert len(support.webhook_secret) > 40
