"""Many contacts at once: every rule by name, and several batches at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from contacts import history, searching
from contacts.models import Change, Contact, ContactSearch, ContactTag, Tag
from contacts.querysets import AddressTaken
from contacts.upserting import (
    Batch,
    BatchRefused,
    DuplicateInRequest,
    Outcome,
    Row,
    Status,
    UnknownOrganization,
    upsert,
)
from customfields.models import FieldValue, Kind
from gopimi.lib.addresses import parse
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM, Actor
from gopimi.workspaces.models import QuotaExceeded, User, Workspace
from organizations.models import Domain, Organization
from tests.factories import ContactFactory, FieldFactory, OrganizationFactory


@pytest.fixture
def actor(alice: User) -> Actor:
    return Actor.agent(alice)


@pytest.fixture
def send(in_acme: Workspace, actor: Actor) -> Callable[..., list[Outcome]]:
    def send(*rows: Row, **options: Any) -> list[Outcome]:
        return upsert(in_acme, actor, rows, **options)

    return send


def row(email: str, **given: Any) -> Row:
    return Row(parse(email), **given)


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [str(outcome.status) for outcome in outcomes]


def contact(outcome: Outcome) -> Contact:
    return Contact._base_manager.get(pk=outcome.contact_id)


def log(of: Contact) -> list[tuple]:
    return [(change.what, change.old, change.new) for change in reversed(history.story(of, 100)[0])]


def test_created(send: Callable[..., list[Outcome]], in_acme: Workspace) -> None:
    field = FieldFactory(workspace=in_acme, kind=Kind.NUMBER)
    outcomes = send(
        row("Dana@Example.com", name="Dana Cole", organization="Fathom", tags=["vip"], values={field: Decimal("1.50")}),
        row("ed.cole@example.com", organization="FATHOM", tags=["VIP", "beta"]),
    )
    dana, ed = map(contact, outcomes)
    assert statuses(outcomes) == ["created", "created"]
    assert (dana.email, dana.email_key, dana.name, dana.source) == (
        "Dana@Example.com", "dana@example.com", "Dana Cole", "api",
    )  # fmt: skip
    assert (ed.name, ed.organization, ed.organization.contact_count) == ("Ed Cole", dana.organization, 2)
    assert [tag.name for tag in ed.tags.all()] == ["beta", "vip"]
    assert str(dana.field_values.get().number_value) == "1.50"
    assert log(dana) == log(ed) == [("created", None, None)]
    assert set(searching.search(Contact.objects.for_workspace(in_acme), in_acme, "col")) == {dana, ed}
    in_acme.refresh_from_db()
    assert in_acme.contact_count == 2


def test_joins_the_organization_of_its_domain(send: Callable[..., list[Outcome]], in_acme: Workspace) -> None:
    fathom, kumo = (OrganizationFactory(workspace=in_acme, name=name) for name in ("Fathom", "Kumo"))
    Domain.objects.create(workspace=in_acme, organization=fathom, name="fathom.example")
    outcomes = send(row("priya@Fathom.example"), row("omar@fathom.example", organization=kumo.pk))
    assert [contact(outcome).organization for outcome in outcomes] == [fathom, kumo]


def test_an_address_twice_fails_at_its_second_place(send: Callable[..., list[Outcome]]) -> None:
    outcomes = send(row("dana@example.com", name="First"), row("DANA@example.com", name="Second"))
    assert statuses(outcomes) == ["created", "failed"]
    assert contact(outcomes[0]).name == "First"
    assert isinstance(outcomes[1].error, DuplicateInRequest)
    assert (outcomes[1].error.code, outcomes[1].error.index) == ("duplicate_in_request", 0)


def test_a_taken_address_is_an_error(send: Callable[..., list[Outcome]], in_acme: Workspace) -> None:
    dana = ContactFactory(workspace=in_acme, email="dana@example.com", name="Dana")
    outcomes = send(row("Dana@example.com", name="Other", organization="New", tags=["new"]), row("ed@example.com"))
    assert statuses(outcomes) == ["failed", "created"]
    assert isinstance(outcomes[0].error, AddressTaken)
    assert outcomes[0].error.contact == dana
    assert not Organization.objects.for_workspace(in_acme).exists()
    assert not Tag.objects.for_workspace(in_acme).exists()


def test_update_merges(send: Callable[..., list[Outcome]], in_acme: Workspace) -> None:
    plan, note = (FieldFactory(workspace=in_acme) for _ in range(2))
    (made,) = send(row("dana@example.com", name="Dana", tags=["vip"], values={plan: "gold", note: "old"}))
    (outcome,) = send(
        row("Dana@EXAMPLE.com", organization="Fathom", tags=None, values={note: None, plan: "gold"}),
        on_conflict="update",
    )
    dana = contact(outcome)
    assert outcome == Outcome(Status.UPDATED, made.contact_id)
    assert (dana.name, dana.email, dana.organization.name) == ("Dana", "dana@example.com", "Fathom")
    assert {value.text_value for value in dana.field_values.all()} == {"gold"}
    assert log(dana) == [
        ("created", None, None),
        ("organization", None, "Fathom"),
        ("field", "old", None),
        ("tags", "vip", ""),
    ]


def test_fill_takes_nothing_away(send: Callable[..., list[Outcome]], in_acme: Workspace) -> None:
    plan, note = (FieldFactory(workspace=in_acme) for _ in range(2))
    send(row("dana@example.com", name="Dana", tags=["vip"], values={plan: "gold"}))
    (outcome,) = send(
        row("dana@example.com", name="Other", organization="Fathom", tags=["beta"], values={plan: "free", note: "new"}),
        on_conflict="fill",
    )
    dana = contact(outcome)
    assert (dana.name, dana.organization.name) == ("Dana", "Fathom")
    assert [tag.name for tag in dana.tags.all()] == ["vip"]
    assert {value.text_value for value in dana.field_values.all()} == {"gold", "new"}
    assert not Tag.objects.for_workspace(in_acme).filter(name="beta").exists()


def test_skip(send: Callable[..., list[Outcome]], in_acme: Workspace) -> None:
    dana = ContactFactory(workspace=in_acme, email="dana@example.com", name="Dana")
    (outcome,) = send(row("dana@example.com", name="Other", organization="Fathom"), on_conflict="skip")
    assert outcome == Outcome(Status.SKIPPED, dana.pk)
    assert not Organization.objects.for_workspace(in_acme).exists()


@pytest.mark.parametrize("on_conflict", ["update", "fill", "skip"])
def test_the_trash_is_brought_back(
    send: Callable[..., list[Outcome]], in_acme: Workspace, actor: Actor, on_conflict: str
) -> None:
    dana = ContactFactory(workspace=in_acme, email="dana@example.com", name="Dana")
    Contact.objects.for_workspace(in_acme).trash(actor)
    (outcome,) = send(row("dana@example.com"), on_conflict=on_conflict)
    dana.refresh_from_db()
    assert (outcome.status, dana.deleted_at, dana.deletion, dana.deleted_by) == ("created", None, None, None)
    assert [what for what, *_ in log(dana)] == ["created", "deleted", "restored"]


def test_the_trash_keeps_its_addresses(send: Callable[..., list[Outcome]], in_acme: Workspace, actor: Actor) -> None:
    ContactFactory(workspace=in_acme, email="dana@example.com")
    Contact.objects.for_workspace(in_acme).trash(actor)
    (outcome,) = send(row("dana@example.com"))
    assert isinstance(outcome.error, AddressTaken)
    assert outcome.error.contact.is_trashed


def test_what_fits_the_quota_is_created_in_order(
    send: Callable[..., list[Outcome]], in_acme: Workspace, actor: Actor
) -> None:
    _, trashed = (ContactFactory(workspace=in_acme, email=f"{name}@example.com") for name in ("old", "trashed"))
    Contact.objects.for_workspace(in_acme).filter(pk=trashed.pk).trash(actor)
    Workspace.objects.filter(pk=in_acme.pk).update(contact_quota=3)
    outcomes = send(
        row("z@example.com"), row("old@example.com", name="Old"), row("trashed@example.com"),
        row("a@example.com", organization="New"), row("old2@example.com"),
        on_conflict="update",
    )  # fmt: skip
    assert statuses(outcomes) == ["created", "updated", "created", "failed", "failed"]
    error = outcomes[3].error
    assert isinstance(error, QuotaExceeded)
    assert (error.limit, error.used, error.requested) == (3, 3, 1)
    assert not Organization.objects.for_workspace(in_acme).exists()


def test_an_unknown_organization(send: Callable[..., list[Outcome]], globex: Workspace) -> None:
    with workspace(globex):
        theirs = OrganizationFactory(workspace=globex)
    outcomes = send(row("dana@example.com", organization=theirs.pk), row("ed@example.com", organization=2**40))
    assert all(isinstance(outcome.error, UnknownOrganization) for outcome in outcomes)
    assert len({str(outcome.error) for outcome in outcomes}) == 1


def test_atomic(send: Callable[..., list[Outcome]], in_acme: Workspace) -> None:
    ContactFactory(workspace=in_acme, email="dana@example.com")
    with pytest.raises(BatchRefused, match="1 of 2 rows") as refused:
        send(row("ed@example.com", organization="Fathom", tags=["vip"]), row("dana@example.com"), atomic=True)
    assert [outcome.error is None for outcome in refused.value.outcomes] == [True, False]
    assert Contact.objects.for_workspace(in_acme).count() == 1
    assert not Organization.objects.for_workspace(in_acme).exists()
    assert statuses(send(row("ed@example.com"), atomic=True)) == ["created"]


def test_nothing_at_all(send: Callable[..., list[Outcome]]) -> None:
    assert send() == []


def test_the_second_time_writes_nothing(
    send: Callable[..., list[Outcome]], in_acme: Workspace, django_assert_max_num_queries: Any
) -> None:
    field = FieldFactory(workspace=in_acme, kind=Kind.NUMBER)
    rows = [
        row(f"p{n}@example.com", name=f"P {n}", organization="Fathom", tags=["vip"], values={field: Decimal(n)})
        for n in range(50)
    ]
    send(*rows)
    tables = [model._meta.db_table for model in (Contact, ContactSearch, ContactTag, FieldValue, Change, Organization)]
    rows_as_stored = "SELECT ctid, xmin, xmax, t.* FROM {} AS t ORDER BY ctid"
    with connection.cursor() as cursor:

        def stored() -> list[Any]:
            return [cursor.execute(rows_as_stored.format(table)) and cursor.fetchall() for table in tables]

        before = stored()
        with django_assert_max_num_queries(12) as queries:
            again = send(*rows, on_conflict="update")
        assert {outcome.status for outcome in again} == {Status.UNCHANGED}
        assert stored() == before
    assert not [query["sql"] for query in queries if query["sql"].strip().startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_handful_of_queries(
    send: Callable[..., list[Outcome]], in_acme: Workspace, django_assert_max_num_queries: Any
) -> None:
    fields = [FieldFactory(workspace=in_acme) for _ in range(3)]
    rows = [
        row(f"p{n}@example.com", organization=f"O {n % 7}", tags=[f"t{n % 5}"], values=dict.fromkeys(fields, f"v{n}"))
        for n in range(300)
    ]
    with django_assert_max_num_queries(25):
        send(*rows)
    changed = [
        row(f"p{n}@example.com", organization=f"O {n % 9}", tags=["x"], values=dict.fromkeys(fields, f"w{n}"))
        for n in range(300)
    ]
    with django_assert_max_num_queries(35):
        outcomes = send(*changed, on_conflict="update")
    assert {outcome.status for outcome in outcomes} == {Status.UPDATED}


# Several at once, in transactions of their own


def in_threads(jobs: list[Callable[[], Any]]) -> list[Any]:
    def run(job: Callable[[], Any]) -> Any:
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, job) for job in jobs]]


@pytest.mark.django_db(transaction=True)
def test_overlapping_batches_and_mail_at_once(acme: Workspace) -> None:
    emails = [f"p{n}@example.com" for n in range(60)]

    def batch(start: int, step: int) -> Callable[[], list[Outcome]]:
        def run() -> list[Outcome]:
            outcomes = []
            for shift in range(4):
                order = emails[start + shift :: step] or emails
                with workspace(acme):
                    rows = [row(email, organization=f"O {n % 5}", tags=[f"t{n % 3}"]) for n, email in enumerate(order)]
                    outcomes += upsert(acme, SYSTEM, rows, on_conflict="update")
            return outcomes

        return run

    def mail() -> None:
        for email in reversed(emails):
            with workspace(acme):
                Contact.objects.for_workspace(acme).by_mail(email)

    def edit() -> None:
        for email in emails[::3]:
            with workspace(acme):
                found = Contact.objects.for_workspace(acme).filter(email_key=email).first()
                if found:
                    organization = Organization.objects.for_workspace(acme).named("O 4")
                    found.change(SYSTEM, {"name": "Edited", "organization": organization}, tags=["t2", "t1"])

    *_, first, second = in_threads([mail, edit, batch(0, 1), batch(-1, -1)])
    assert all(outcome.error is None for outcome in first + second)
    with workspace(acme):
        contacts = Contact.objects.for_workspace(acme)
        assert sorted(contacts.values_list("email_key", flat=True)) == sorted(emails)
        for organization in Organization.objects.for_workspace(acme):
            assert organization.contact_count == contacts.filter(organization=organization).count()
    acme.refresh_from_db()
    assert acme.contact_count == 60


@pytest.mark.django_db(transaction=True)
def test_ten_places_for_five_batches(acme: Workspace) -> None:
    Workspace.objects.filter(pk=acme.pk).update(contact_quota=10)

    def batch(who: int) -> Callable[[], list[Outcome]]:
        def run() -> list[Outcome]:
            outcomes = []
            for turn in range(3):
                with workspace(acme):
                    rows = [row(f"p{who}-{turn}-{n}@example.com") for n in range(3)]
                    outcomes += upsert(acme, SYSTEM, rows)
            return outcomes

        return run

    outcomes = [outcome for batch in in_threads([batch(who) for who in range(5)]) for outcome in batch]
    assert len(outcomes) == 45
    assert statuses(outcomes).count("created") == 10
    with workspace(acme):
        assert Contact.objects.for_workspace(acme).count() == 10


@pytest.mark.django_db(transaction=True)
def test_an_address_that_is_taken_meanwhile(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address changes between the batch's look and its write, by a writer that doesn't take the workspace's lock as
    `Contact.change` does: the row is judged anew."""
    with workspace(acme):
        dana = ContactFactory(workspace=acme, email="dana@example.com", name="Dana")
    judge = Batch._judge

    def change() -> None:
        with workspace(acme):
            itself = Contact.objects.for_workspace(acme).filter(pk=dana.pk)
            itself.update(email="ed@example.com", email_key="ed@example.com")

    def and_meanwhile(batch: Any, pending: Any) -> Any:
        drafts = judge(batch, pending)
        if len(pending) == 2:
            in_threads([change])
        return drafts

    monkeypatch.setattr(Batch, "_judge", and_meanwhile)
    rows = [row("ed@example.com", name="Ed"), row("flo@example.com")]
    with workspace(acme):
        outcomes = upsert(acme, SYSTEM, rows, on_conflict="update")
        assert statuses(outcomes) == ["updated", "created"]
        assert outcomes[0].contact_id == dana.pk
        assert Contact.objects.for_workspace(acme).get(pk=dana.pk).name == "Ed"
