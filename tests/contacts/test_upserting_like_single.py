"""The bulk path does to the tables what the single path does, row by row: random batches through both."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts import searching
from contacts.models import Change, Contact, ContactSearch, Tag
from contacts.querysets import AddressTaken
from contacts.upserting import UNSET, DuplicateInRequest, Row, UnknownOrganization, upsert
from customfields.models import Field, Kind
from gopimi.lib.addresses import parse
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM, Actor
from gopimi.workspaces.models import QuotaExceeded, Workspace
from organizations.models import Domain, Organization
from tests.factories import FieldFactory, OptionFactory, OrganizationFactory

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PRESENT = ["ann@one.example", "cy@two.example", "Zoë@two.example"]
EMAILS = [*PRESENT, "Ann@ONE.example", "zoë@Two.example", "bob@one.example", "dee@tést.example"]
ORGANIZATIONS = ["One", "ONE", "Two", "İx"]
TAGS = ["vip", "VIP", " beta  test ", "ΟΔΟΣ"]
VALUES: dict[str, list[Any]] = {
    "text": ["a", "b", "Ä"],
    "number": [Decimal("1"), Decimal("1.0"), Decimal("-2.50"), Decimal("0")],
    "date": [date(2026, 1, 2), date(2027, 3, 4)],
    "boolean": [True, False],
    "select": ["Free", "Pro"],
    "several": [("Red",), ("Red", "Blue"), ("Green",)],
}
KINDS = dict(
    zip(VALUES, (Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.BOOLEAN, Kind.SELECT, Kind.MULTIPLE_SELECT), strict=True)
)
OPTIONS = {"select": ["Free", "Pro"], "several": ["Red", "Green", "Blue"]}

values = st.fixed_dictionaries({}, optional={key: st.sampled_from([None, *given]) for key, given in VALUES.items()})
wishes = st.fixed_dictionaries(
    {"email": st.sampled_from(EMAILS), "values": values},
    optional={
        "name": st.sampled_from([None, "", " ", "Ann", "Zoë B"]),
        "organization": st.sampled_from([None, "", "#1", "#404", *ORGANIZATIONS]),
        "tags": st.none() | st.lists(st.sampled_from(TAGS), max_size=3),
    },
)
present = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["", "Ann", "Old"]),
        "organization": st.sampled_from([None, "One"]),
        "tags": st.lists(st.sampled_from(TAGS), max_size=2),
        "values": values,
        "trashed": st.booleans(),
    }
)


class World:
    """A workspace as an example wants it. Two of them are equal but for their ids."""

    def __init__(self, name: str, people: dict[str, dict[str, Any]], room: int | None) -> None:
        self.workspace = Workspace.objects.create(name=name, slug=f"{name.lower()}-world")
        self.contacts = Contact.objects.for_workspace(self.workspace)
        self.organizations = Organization.objects.for_workspace(self.workspace)
        with workspace(self.workspace):
            self.fields = {
                key: FieldFactory(workspace=self.workspace, key=key, kind=kind) for key, kind in KINDS.items()
            }
            for key, labels in OPTIONS.items():
                for position, label in enumerate(labels):
                    OptionFactory(field=self.fields[key], label=label, position=position)
            self.one = OrganizationFactory(workspace=self.workspace, name="One")
            Domain.objects.create(workspace=self.workspace, organization=self.one, name="one.example")
            for email, person in people.items():
                self._add(email, person)
            self.contacts.update(created_at=LONG_AGO, updated_at=LONG_AGO)
        self.workspace.refresh_from_db()
        if room is not None:
            self.workspace.contact_quota = self.workspace.contact_count + room
            self.workspace.save()

    def _add(self, email: str, person: dict[str, Any]) -> None:
        added = self.contacts.add(
            SYSTEM, email=email, name="x", tags=person["tags"], values=self.values({**person["values"]})
        )
        organization = self.one if person["organization"] else None
        self.contacts.filter(pk=added.pk).update(name=person["name"], organization=organization)
        searching.index(self.contacts.filter(pk=added.pk))
        if person["trashed"]:
            self.contacts.filter(pk=added.pk).trash(SYSTEM)

    def values(self, given: dict[str, Any]) -> dict[Field, Any]:
        return {self.fields[key]: self._value(self.fields[key], value) for key, value in given.items()}

    def _value(self, field: Field, value: Any) -> Any:
        if field.key not in OPTIONS:
            return value
        return field.type.parse_json(field, list(value) if isinstance(value, tuple) else value)

    def row(self, wish: dict[str, Any]) -> Row:
        given = {key: value for key, value in wish.items() if key in ("name", "organization", "tags")}
        if given.get("organization") == "#1":
            given["organization"] = self.one.pk
        if given.get("organization") == "#404":
            given["organization"] = self.one.pk + 1_000_000
        return Row(parse(wish["email"]), values=self.values(wish["values"]), **given)

    def seen(self) -> dict[str, Any]:
        """All that the tables hold, without ids and times, in the order of the ids."""
        by_id = {field.pk: key for key, field in self.fields.items()}
        target = self.workspace
        for found in ContactSearch.objects.for_workspace(target).select_related("contact"):
            assert found.grams == searching.grams(target.pk, found.contact.name, found.contact.email)
        self.workspace.refresh_from_db()
        return {
            "used": self.workspace.contact_count,
            "organizations": sorted(self.organizations.values_list("name", "contact_count")),
            "tags": sorted(Tag.objects.for_workspace(target).values_list("name", flat=True)),
            "indexed": ContactSearch.objects.for_workspace(target).count(),
            "contacts": [
                {
                    "properties": (one.name, one.email, one.email_key, one.source, one.creator_kind, one.creator_id),
                    "organization": one.organization and one.organization.name,
                    "trashed": (one.is_trashed, one.deletion is None),
                    "touched": one.updated_at > LONG_AGO,
                    "tags": sorted(tag.name for tag in one.tags.all()),
                    "values": sorted(
                        (by_id[value.field_id], value.kind, str(value.number_value), value.text_value or "",
                         str(value.date_value), str(value.boolean_value), value.option.label if value.option else "")
                        for value in one.field_values.select_related("option")
                    ),
                    "history": [
                        (change.what, by_id.get(change.field_id), change.old, change.new, change.actor_kind)
                        for change in Change.objects.for_workspace(target).filter(contact=one).order_by("id")
                    ],
                }
                for one in self.contacts.order_by("id").select_related("organization")
            ],
        }  # fmt: skip


def one_by_one(world: World, actor: Actor, rows: list[Row], on_conflict: str) -> list[tuple[str, str]]:
    """What `upsert` does, in the plainest way over the single path."""
    seen: set[str] = set()
    outcomes = []
    for each in rows:
        try:
            with transaction.atomic():
                if each.email.key in seen:
                    raise DuplicateInRequest(0)
                seen.add(each.email.key)
                outcomes.append((_one(world, actor, each, on_conflict), ""))
        except (AddressTaken, QuotaExceeded, DuplicateInRequest, UnknownOrganization) as error:
            outcomes.append(("failed", str(error)))
    return outcomes


def _one(world: World, actor: Actor, each: Row, on_conflict: str) -> str:
    def organization() -> Organization | None:
        if isinstance(each.organization, str) and each.organization:
            return world.organizations.named(each.organization)
        return world.organizations.get(pk=each.organization) if isinstance(each.organization, int) else None

    if isinstance(each.organization, int) and not world.organizations.filter(pk=each.organization).exists():
        raise UnknownOrganization
    there = world.contacts.filter(email_key=each.email.key).first()
    if there is None:
        world.contacts.add(
            actor,
            email=each.email.given,
            name="" if each.name in (UNSET, None) else each.name,
            organization=organization(),
            source="import",
            tags=() if each.tags in (UNSET, None) else each.tags,
            values={field: value for field, value in each.values.items() if value is not None},
        )
        return "created"
    if on_conflict == "error":
        raise AddressTaken(there)
    restored = there.is_trashed
    if restored and world.contacts.filter(pk=there.pk).restore(actor).left:
        now = Workspace.objects.get(pk=world.workspace.pk)
        raise QuotaExceeded(now.contact_quota, now.contact_count, 1)
    properties, tags, written = {}, None, dict(each.values)
    blank = on_conflict == "fill"
    if on_conflict == "skip":
        return "created" if restored else "skipped"
    if each.name is not UNSET and not (blank and (there.name or not each.name)):
        properties["name"] = each.name or ""
    if each.organization is not UNSET and not (blank and there.organization):
        made = organization()
        if made or not blank:
            properties["organization"] = made
    if each.tags is not UNSET and not (blank and there.tags.exists()):
        tags = each.tags or []
    if blank:
        held = {value.field_id for value in there.field_values.all()}
        written = {field: value for field, value in written.items() if value is not None and field.pk not in held}
    changed = there.change(actor, properties, written, tags)
    return "created" if restored else "updated" if changed else "unchanged"


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.fixed_dictionaries({}, optional=dict.fromkeys(PRESENT, present)),
    room=st.none() | st.integers(0, 3),
    wanted=st.lists(wishes, max_size=6),
    on_conflict=st.sampled_from(["error", "update", "fill", "skip"]),
)
def test_the_bulk_path_is_the_single_path(db: None, people: Any, room: Any, wanted: Any, on_conflict: Any) -> None:
    with undone():
        bulk, single = World("Bulk", people, room), World("Single", people, room)
        actor = Actor(SYSTEM.kind)
        with workspace(bulk.workspace):
            outcomes = upsert(
                bulk.workspace, actor, [bulk.row(wish) for wish in wanted], on_conflict=on_conflict, source="import"
            )
            by_bulk = bulk.seen()
        with workspace(single.workspace):
            expected = one_by_one(single, actor, [single.row(wish) for wish in wanted], on_conflict)
            by_single = single.seen()
        assert [(outcome.status, str(outcome.error or "")) for outcome in outcomes] == expected
        assert by_bulk == by_single
