"""Two workspaces: every address × verb with the other's ids is 404, and changes nothing.

A new route with a parameter that isn't in `theirs`, or a table without rows here, fails: no door stays untried. And
within a workspace: every address × verb that is an admin's answers an agent with 403, and changes nothing. A new page
under Settings or Custom fields is an admin's unless it is named in AGENTS_TOO; elsewhere it is the other way round.
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
from gopimi.workspaces import invitations
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import ApiToken, Invitation, KeptAnswer, Membership, User, Workspace, new_slug
from organizations.models import Domain
from tests.conftest import signed_in
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
from tickets.models import Attachment, Draft, DraftFile, Event, MessageId, RawMail, Seen, ThreadEdit, TicketTag, Viewing

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

ADMINS_SECTIONS = {"settings", "customfields"}
AGENTS_TOO = {
    "settings:profile",
    "settings:workspace", "settings:leave",
    "settings:held", "settings:held_mail", "settings:held_download", "settings:try_again",
    "settings:try_all_again", "settings:assign_held",
}  # fmt: skip
ADMINS_ONLY = {"contacts:purge", "contacts:erase"}
BY_ROW = {"contacts:view", "contacts:view_delete"}  # one's own view is anybody's, a shared one an admin's


def is_admins(name: str) -> bool:
    return name in ADMINS_ONLY or (name.partition(":")[0] in ADMINS_SECTIONS and name not in AGENTS_TOO)


ADMINS = [(name, parameters) for name, parameters in PAGES if is_admins(name)]
AGENTS = [(name, parameters) for name, parameters in PAGES if not is_admins(name) and name not in BY_ROW]


@pytest.fixture
def theirs(globex: Workspace, charlie: User) -> dict[str, Any]:
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
        about = {"workspace": globex, "user": charlie, "ticket": ticket}
        draft = Draft.objects.create(**about, kind="reply", body="Theirs")
        file = {"filename": "theirs.txt", "content_type": "text/plain", "size": 1, "file": "theirs"}
        draft_file = DraftFile.objects.create(workspace=globex, draft=draft, **file)
        attachment = Attachment.objects.create(workspace=globex, message=message, **file)
        Seen.objects.create(**about, state=ticket.created_at)
        Viewing.objects.create(**about, at=ticket.created_at)
        Event.objects.create(workspace=globex, ticket=ticket, what="status", new="open", actor_kind="system")
        bulk_edit = BulkEdit.objects.create(
            workspace=globex, actor_kind="system", action="add_tag", value="theirs", contact_ids=[contact.pk], total=1
        )
        thread_edit = ThreadEdit.objects.create(
            workspace=globex, table="tickets", actor_kind="system", action="add_tag", thread_ids=[ticket.pk], total=1
        )
        Erasure.objects.create(workspace=globex, contact_id=0, names=["Theirs"], emails=["gone@globex.example"])
        token, _ = ApiToken.issue(globex, "Theirs", ["contacts:read"])
        KeptAnswer.objects.create(workspace=globex, token=token, key="theirs", path="/", fingerprint="")
        invitation = invitations.invite(globex, "erin@globex.example", "agent", charlie, "https://desk.example")
    return {  # by the routes' namespace
        "settings": {
            "token_id": token.pk, "mailbox_id": mailbox.pk, "raw_mail_id": raw.pk, "tag_id": tag.pk,
            "membership_id": charlie.memberships.get().pk, "invitation_id": invitation.pk,
        },
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
            "file_id": draft_file.pk,
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
        } | {
            model.__name__: list(model._default_manager.filter(workspace=target).order_by("pk").values())
            for model in (ApiToken, Invitation, Membership)  # global tables
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


@pytest.fixture
def as_agent(globex: Workspace) -> Client:
    """Of the workspace that the rows of `theirs` are in."""
    user = User.objects.create_user(f"{new_slug()}@globex.example", "password", name="Gus")
    user.memberships.create(workspace=globex)
    return signed_in(user)


def test_the_names_are_those_of_pages() -> None:
    assert {name for name, _ in PAGES} >= AGENTS_TOO | ADMINS_ONLY | BY_ROW


@pytest.mark.parametrize(("name", "parameters"), ADMINS, ids=[name for name, _ in ADMINS])
def test_an_admins_page(
    as_agent: Client,
    globex: Workspace,
    theirs: dict[str, Any],
    name: str,
    parameters: list[str],
) -> None:
    url = address(globex.slug, name, parameters, theirs)
    before = snapshot(globex)
    for verb in VERBS:
        assert getattr(as_agent, verb)(url).status_code == 403, f"{verb} {url}"
    assert snapshot(globex) == before


@pytest.mark.parametrize(("name", "parameters"), AGENTS, ids=[name for name, _ in AGENTS])
def test_an_agents_page(
    as_agent: Client,
    globex: Workspace,
    theirs: dict[str, Any],
    name: str,
    parameters: list[str],
) -> None:
    assert as_agent.get(address(globex.slug, name, parameters, theirs)).status_code != 403
