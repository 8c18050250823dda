"""Two workspaces: every address × verb with the other's ids is 404, and changes nothing.

A new route with a parameter that isn't in `ids_of`, or a table without rows here, fails: no door stays untried.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from contacts import history, searching
from contacts.models import BulkEdit, ContactTag, Erasure, Import, ImportMade, ImportProblem, ImportRow, Tag, View
from customfields.models import FieldValue, Kind
from gopimi.lib.tenancy import tenant_models, workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import ApiToken, KeptAnswer, Workspace
from organizations.models import Domain
from tests.factories import (
    ContactFactory,
    ConversationFactory,
    FieldFactory,
    MailboxFactory,
    MessageFactory,
    OptionFactory,
    OrganizationFactory,
    TicketFactory,
)
from tickets.models import Attachment, Event, MessageId, RawMail, ThreadEdit, TicketTag

VERBS = ("get", "head", "post", "put", "patch", "delete")
FRAME = "dashboard/<slug:slug>/"


def routes(resolver: URLResolver, prefix: str = "", names: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every route below a resolver: its path as written, and its full name."""
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path, ":".join((*names, entry.name or ""))
        else:
            yield from routes(entry, path, (*names, entry.namespace) if entry.namespace else names)


PAGES = sorted(
    (name, re.findall(r"<(?:\w+:)?(\w+)>", path)) for path, name in routes(get_resolver()) if path.startswith(FRAME)
)
WITH_IDS = [(name, parameters) for name, parameters in PAGES if len(parameters) > 1]


@pytest.fixture
def theirs(globex: Workspace) -> dict[str, Any]:
    """At least one row of Globex in every table, and the parameters of routes that would name it."""
    with workspace(globex):
        Workspace.objects.filter(pk=globex.pk).update(last_ticket_number=76)
        organization = OrganizationFactory(workspace=globex)
        Domain.objects.create(workspace=globex, organization=organization, name="globex.example")
        contact = ContactFactory(workspace=globex, organization=organization)
        searching.index([contact])
        history.record(globex.pk, SYSTEM, [history.Entry(contact.pk, "restored")])
        field = FieldFactory(workspace=globex, kind=Kind.SELECT)
        option = OptionFactory(field=field)
        FieldValue.objects.create(workspace=globex, contact=contact, field=field, kind=Kind.SELECT, option=option)
        tag = Tag.objects.create(workspace=globex, name="theirs")
        ContactTag.objects.create(workspace=globex, contact=contact, tag=tag)
        view = View.objects.create(workspace=globex, table="contacts", name="Theirs", shared=True)
        run = Import.objects.create(
            workspace=globex, actor_kind="system", filename="theirs.csv", encoding="utf-8", status="done"
        )
        ImportRow.objects.create(workspace=globex, run=run, row=2, line=2, cells=["theirs@globex.example"])
        ImportProblem.objects.create(workspace=globex, run=run, row=2, position=0, code="required", reason="Theirs")
        ImportMade.objects.create(workspace=globex, run=run, kind="organization", made_id=organization.pk)
        mailbox = MailboxFactory(workspace=globex)
        ticket = TicketFactory(workspace=globex, contact=contact)
        TicketTag.objects.create(workspace=globex, ticket=ticket, tag=tag)
        conversation = ConversationFactory(workspace=globex, contact=contact)
        raw = RawMail.objects.create(
            workspace=globex, mailbox=mailbox, recipient=mailbox.address, data=b"x", fingerprint=b"x" * 32
        )
        message = MessageFactory(workspace=globex, ticket=ticket, raw_mail=raw, state="failed")
        MessageId.objects.create(workspace=globex, digest=b"y" * 32, message=message)
        attachment = Attachment.objects.create(
            workspace=globex, message=message, filename="theirs.txt", content_type="text/plain", size=1, file="theirs"
        )
        Event.objects.create(workspace=globex, ticket=ticket, what="status", actor_kind="system")
        bulk_edit = BulkEdit.objects.create(
            workspace=globex, actor_kind="system", action="add_tag", value="theirs", contact_ids=[contact.pk], total=1
        )
        thread_edit = ThreadEdit.objects.create(
            workspace=globex, table="tickets", actor_kind="system", action="add_tag", thread_ids=[ticket.pk], total=1
        )
        Erasure.objects.create(workspace=globex, contact_id=0, names=["Theirs"], emails=["gone@globex.example"])
        token, _ = ApiToken.issue(globex, "Theirs", ["contacts:read"])
        KeptAnswer.objects.create(workspace=globex, token=token, key="theirs", path="/", fingerprint="")
    return {  # by the routes' namespace
        "settings": {"token_id": token.pk, "mailbox_id": mailbox.pk, "raw_mail_id": raw.pk, "tag_id": tag.pk},
        "organizations": {"pk": organization.pk},
        "customfields": {"pk": field.pk, "option_pk": option.pk},
        "contacts": {
            "import_pk": run.pk, "pk": contact.pk, "field_pk": field.pk, "property": "email", "view_pk": view.pk,
            "organization_pk": organization.pk, "bulk_edit_pk": bulk_edit.pk, "what": "theirs",
            "deletion": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
        },
        "tickets": {
            "number": ticket.number, "conversation_id": conversation.pk, "contact_id": contact.pk,
            "message_id": message.pk, "signed": attachment.signed, "bulk_edit_pk": thread_edit.pk, "what": "theirs",
        },
    }  # fmt: skip


def address(slug: str, name: str, parameters: list[str], theirs: dict[str, Any]) -> str:
    """The page's address in a workspace, with the other's ids in it."""
    ids = theirs[name.partition(":")[0]] if len(parameters) > 1 else {}
    return reverse(name, kwargs={"slug": slug, **{key: ids[key] for key in parameters if key != "slug"}})


def snapshot(target: Workspace) -> dict[str, list[dict[str, Any]]]:
    with workspace(target):
        return {
            model.__name__: list(model.objects.for_workspace(target).order_by("pk").values())
            for model in tenant_models()
        }


def test_the_other_workspace_has_a_row_in_every_table(globex: Workspace, theirs: dict[str, Any]) -> None:
    empty = [name for name, rows in snapshot(globex).items() if not rows]
    assert not empty, f"make a row of {empty} in the fixture `theirs`"


def test_raw_sql_without_a_workspace_sees_no_row_of_any_table(theirs: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for model in tenant_models():
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(model._meta.db_table)}")
            assert cursor.fetchone() == (0,), model.__name__


@pytest.mark.parametrize(("name", "parameters"), WITH_IDS, ids=[name for name, _ in WITH_IDS])
def test_their_ids_in_my_workspace(
    as_alice: Client, acme: Workspace, globex: Workspace, theirs: dict[str, Any], name: str, parameters: list[str]
) -> None:
    url = address(acme.slug, name, parameters, theirs)
    before = snapshot(globex), snapshot(acme)
    for verb in VERBS:
        answer = getattr(as_alice, verb)(url)
        assert answer.status_code in (404, 405), f"{verb} {url}"
    assert as_alice.get(url).status_code == 404 or as_alice.post(url).status_code == 404
    assert (snapshot(globex), snapshot(acme)) == before


@pytest.mark.parametrize(("name", "parameters"), PAGES, ids=[name for name, _ in PAGES])
def test_their_workspace(
    as_alice: Client, globex: Workspace, theirs: dict[str, Any], name: str, parameters: list[str]
) -> None:
    url = address(globex.slug, name, parameters, theirs)
    before = snapshot(globex)
    for verb in VERBS:
        assert getattr(as_alice, verb)(url).status_code == 404, f"{verb} {url}"
    assert snapshot(globex) == before


@pytest.mark.parametrize(("name", "parameters"), PAGES, ids=[name for name, _ in PAGES])
def test_without_signing_in(
    client: Client, globex: Workspace, theirs: dict[str, Any], name: str, parameters: list[str]
) -> None:
    url = address(globex.slug, name, parameters, theirs)
    for verb in VERBS:
        answer = getattr(client, verb)(url)
        assert answer.status_code == 302, f"{verb} {url}"
        assert answer["Location"].startswith("/accounts/")
