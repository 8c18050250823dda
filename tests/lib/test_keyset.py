"""Keyset paging: every row once, in the list's order, forwards and backwards, with empty values last."""

import random

import pytest
from django.db.models import Q

from contacts.models import Contact
from gopimi.lib.keyset import BadCursor, Key, paginate
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory, OrganizationFactory

ORDERS = [
    [Key("name_key"), Key("id")],
    [Key("name_key", descending=True), Key("id", descending=True)],
    [Key("created_at", descending=True), Key("id", descending=True)],
    [Key("organization_id", empty=Q(organization__isnull=True)), Key("id")],
    [Key("organization_id", descending=True, empty=Q(organization__isnull=True)), Key("id", descending=True)],
]


@pytest.fixture
def crowd(in_acme: Workspace) -> Workspace:
    dice = random.Random(7)
    organizations = [OrganizationFactory(workspace=in_acme) for _ in range(3)]
    for _ in range(23):
        ContactFactory(workspace=in_acme, name=dice.choice("ABC"), organization=dice.choice([*organizations, None]))
    return in_acme


def expected(contacts: list[Contact], keys: list[Key]) -> list[int]:
    """The slow, obvious order: sorted by the last key first, empty values last whatever the direction."""
    for key in reversed(keys):
        filled = [contact for contact in contacts if getattr(contact, key.name) is not None]
        empty = [contact for contact in contacts if getattr(contact, key.name) is None]
        contacts = sorted(filled, key=lambda contact: getattr(contact, key.name), reverse=key.descending) + empty
    return [contact.pk for contact in contacts]


@pytest.mark.parametrize("keys", ORDERS, ids=lambda keys: f"{keys[0].name}{'-' if keys[0].descending else ''}")
@pytest.mark.parametrize("limit", [1, 4, 23, 50])
def test_there_and_back(crowd: Workspace, keys: list[Key], limit: int) -> None:
    contacts = Contact.objects.for_workspace(crowd)
    everybody = expected(list(contacts.order_by("id")), keys)

    seen, cursor, pages = [], None, []
    while True:
        page = paginate(contacts, keys, limit, cursor)
        pages.append([row.pk for row in page.rows])
        seen += pages[-1]
        if page.next is None:
            break
        cursor = page.next
    assert seen == everybody

    back = [pages[-1]]
    while page.previous is not None:
        page = paginate(contacts, keys, limit, page.previous)
        back.insert(0, [row.pk for row in page.rows])
    assert back == pages


def test_rows_that_come_and_go_move_nobody_else(crowd: Workspace) -> None:
    contacts, keys = Contact.objects.for_workspace(crowd), ORDERS[0]
    everybody = [row.pk for row in contacts.order_by("name_key", "id")]
    first = paginate(contacts, keys, 10)
    ContactFactory(workspace=crowd, name="0 before all")
    contacts.filter(pk=first.rows[-1].pk).delete()
    rest = paginate(contacts, keys, 50, first.next)
    assert [row.pk for row in rest.rows] == everybody[10:]


@pytest.mark.parametrize("cursor", ["x", "", "bm9uc2Vuc2U", "WzAsWyJpZCJdLFsxXV0", "é", "W10"])
def test_a_cursor_that_is_not_ours(crowd: Workspace, cursor: str) -> None:
    contacts = Contact.objects.for_workspace(crowd)
    if cursor == "":
        assert len(paginate(contacts, ORDERS[0], 5, cursor).rows) == 5
        return
    with pytest.raises(BadCursor):
        paginate(contacts, ORDERS[0], 5, cursor)


def test_a_cursor_of_another_order(crowd: Workspace) -> None:
    contacts = Contact.objects.for_workspace(crowd)
    cursor = paginate(contacts, ORDERS[0], 5).next
    with pytest.raises(BadCursor):
        paginate(contacts, ORDERS[1], 5, cursor)
