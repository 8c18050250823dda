"""The customers of a demo workspace: fields, organizations, contacts with values and tags, and their history."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from contacts import searching
from contacts.models import Change, Contact, ContactTag, Source, Tag
from customfields import values as field_values
from customfields.models import Field
from gopimi.lib import addresses
from gopimi.lib.folding import fold
from gopimi.workspaces.actor import EMAIL, Actor, ActorKind
from gopimi.workspaces.models import ApiToken, Scope, User, Workspace
from organizations.models import Domain, Organization
from tickets.demo.stories import person

# Letters that have no accent to put aside, and what no address has.
PLAIN = str.maketrans({"ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "đ": "d", "ı": "i", "’": "", "'": "", " ": ""})
TAGS = ["vip", "beta", "newsletter", "partner", "renewal-q1"]
IMPORTS = [timedelta(days=412, hours=3), timedelta(days=203, hours=7), timedelta(days=61, hours=5)]
EDITED = {"seats", "renewal", "plan", "products", "dpa_signed", "build"}  # what had another value before
# How long ago somebody was last changed, at most: minutes for some, months for others.
AGES = [timedelta(minutes=50), timedelta(hours=9), timedelta(days=6), timedelta(days=45), timedelta(days=200)]


class People:
    """Draws and writes the customers of one workspace, the same ones each time."""

    def __init__(self, workspace: Workspace, told: dict[str, Any], agents: list[User], now: datetime) -> None:
        self.workspace, self.told, self.agents, self.now = workspace, told, agents, now
        self.random = Random(f"people of {workspace.slug}")  # noqa: S311  drawn for looks
        self.individuals = told.get("individuals", {"domains": [], "people": []})
        self.emails: set[str] = set()
        self.names: set[str] = set()

    def load(self, asked: dict[str, datetime]) -> dict[str, Contact]:
        """Write all of them and answer with the contacts by name. `asked` has when somebody wrote first, by name."""
        self.token, _ = ApiToken.issue(self.workspace, "CRM sync", [Scope.CONTACTS_WRITE], self.agents[0])
        fields = self.load_fields()
        organizations = self.load_organizations()
        contacts = sorted(self.draw_contacts(organizations, asked), key=lambda contact: contact.created_at)
        silent = [contact for contact in contacts if contact.name not in asked]
        trashed = self.random.sample(silent, self.told.get("trashed", 0))
        self.put_into_trash(trashed)
        for contact in contacts:
            by = self.creator(contact)
            contact.creator_kind, contact.creator_id = by.kind, by.id
        Contact.objects.bulk_create(contacts)
        searching.index(contacts)
        values = self.draw_values(contacts, fields)
        field_values.write_many(self.workspace.pk, values)
        self.load_tags(contacts)
        self.load_history(contacts, values)
        return {contact.name: contact for contact in contacts}

    def load_fields(self) -> list[Field]:
        for told in self.told["field"]:
            definition = {name: value for name, value in told.items() if name != "examples"}
            Field.objects.for_workspace(self.workspace).define(**definition)
        return field_values.fields_of(self.workspace)

    def load_organizations(self) -> dict[str, Organization]:
        founded = [self.now - timedelta(days=self.random.randint(420, 900)) for _ in self.told["organization"]]
        organizations = Organization.objects.bulk_create(
            Organization(workspace=self.workspace, name=told["name"], created_at=at, updated_at=at)
            for told, at in zip(self.told["organization"], sorted(founded), strict=True)
        )
        Domain.objects.bulk_create(
            Domain(workspace=self.workspace, organization=organization, name=addresses.parse(f"x@{domain}").domain)
            for organization, told in zip(organizations, self.told["organization"], strict=True)
            for domain in told["domains"]
        )
        return {organization.name: organization for organization in organizations}

    def draw_contacts(self, organizations: dict[str, Organization], asked: dict[str, datetime]) -> Iterator[Contact]:
        """Those whom the files name, then others until there are as many as the file says."""
        named_groups = [(organizations[told["name"]], told) for told in self.told["organization"]]
        groups = [*named_groups, (None, self.individuals)]
        for organization, told in groups:
            for text in told["people"]:
                name, email = person(text)
                yield self.contact(name, email or self.address(name, told["domains"][0]), organization, asked.get(name))
        sizes = [told.get("seats", 200) ** 0.5 for _, told in groups]
        while len(self.names) < self.told["contacts"] + self.told.get("trashed", 0):
            organization, told = self.random.choices(groups, sizes)[0]
            pool = self.told["names"][told.get("language") or self.random.choice(list(self.told["names"]))]
            name = f"{self.random.choice(pool['first'])} {self.random.choice(pool['last'])}"
            if told["domains"] and name not in self.names:
                yield self.contact(name, self.address(name, self.random.choice(told["domains"])), organization, None)

    def contact(self, name: str, email: str, organization: Organization | None, asked: datetime | None) -> Contact:
        source = self.random.choices([Source.IMPORT, Source.API, Source.MANUAL], [6, 2, 2])[0]
        created = self.now - timedelta(minutes=self.random.randint(40 * 1440, 400 * 1440))
        if asked and (organization is None or self.random.random() < 0.4):
            source, created = Source.EMAIL, asked
        elif source == Source.IMPORT:
            created = self.now - self.random.choice(IMPORTS)
        edited = self.now - self.random.choices(AGES, [1, 2, 4, 6, 6])[0] * self.random.random()
        self.names.add(name)
        self.emails.add(email)
        return Contact(
            workspace=self.workspace,
            organization=organization,
            name=name,
            email=email,
            email_key=addresses.email_key(email),
            source=source,
            created_at=created,
            updated_at=max(created, edited) if self.random.random() < 0.6 else created,
        )

    def address(self, name: str, domain: str) -> str:
        """An address of this name that nobody has yet."""
        local = ".".join(part.translate(PLAIN) for part in fold(name).split(" ", 1))
        email, number = f"{local}@{domain}", 2
        while email in self.emails:
            email, number = f"{local}{number}@{domain}", number + 1
        return email

    def put_into_trash(self, contacts: list[Contact]) -> None:
        """Two one by one, the others together, as by a selection in the table."""
        together = self.deletion()
        for place, contact in enumerate(contacts):
            contact.updated_at = contact.created_at
            contact.deletion = self.deletion() if place < 2 else together
            contact.deleted_at = self.now - (timedelta(days=2 + 9 * place) if place < 2 else timedelta(days=6, hours=3))
            contact.deleted_by = self.agents[place % 2]

    def deletion(self) -> uuid.UUID:
        return uuid.UUID(int=self.random.getrandbits(128), version=4)

    def draw_values(self, contacts: list[Contact], fields: list[Field]) -> dict[int, dict[Field, Any]]:
        """What is known: an organization's people share it; of those who came by mail it's less."""
        facts = {told["name"]: self.facts(told) for told in self.told["organization"]}
        examples = {told["key"]: told.get("examples") for told in self.told["field"]}
        values: dict[int, dict[Field, Any]] = {}
        for contact in contacts:
            known = facts[contact.organization.name] if contact.organization else self.individuals.get("values", {})
            chance = 0.6 if contact.source == Source.EMAIL else 0.9
            values[contact.pk] = {}
            for field in fields:
                text = known.get(field.key) or self.random.choice(examples[field.key] or [""])
                if text and (field.required or self.random.random() < chance):
                    values[contact.pk][field] = field.type.parse_text(field, text)
        return values

    def facts(self, told: dict[str, Any]) -> dict[str, Any]:
        """The texts of an organization's values by the field's key."""
        domain = addresses.parse(f"x@{told['domains'][0]}").domain
        slug = fold(told["domains"][0]).partition(".")[0].translate(PLAIN)
        large = told.get("seats", 0) >= 40
        products: list[str] = next((field["options"] for field in self.told["field"] if field["key"] == "products"), [])
        return {
            "account_id": f"{slug}-prod" if large else f"{slug}-{self.random.randint(1, 9):02}",
            "seats": str(told.get("seats", "")),
            "renewal": (self.now.date() + timedelta(days=self.random.randint(-10, 380))).isoformat(),
            "plan": told.get("plan", ""),
            "products": self.random.sample(products, min(len(products), self.random.randint(2, 4) if large else 1)),
            "dpa_signed": "yes" if large or self.random.random() < 0.4 else "no",
            "crm_record": f"https://crm.example/a/{self.random.randint(10_000, 99_999)}",
            "billing_email": f"billing@{domain}" if self.random.random() < 0.6 else "",
            "region": told.get("region", ""),
        } | told.get("values", {})

    def load_tags(self, contacts: list[Contact]) -> None:
        tags = Tag.objects.for_workspace(self.workspace).named(TAGS)
        ContactTag.objects.bulk_create(
            ContactTag(workspace=self.workspace, contact=contact, tag=tag)
            for contact in contacts
            if self.random.random() < 0.35
            for tag in self.random.sample(tags, self.random.choice([1, 1, 2]))
        )

    def load_history(self, contacts: list[Contact], values: dict[int, dict[Field, Any]]) -> None:
        """The last edits of some, and who was deleted."""
        changes: list[Change] = []
        for contact in contacts:
            if contact.updated_at > contact.created_at:
                changes += self.edits(contact, values)
            if contact.deleted_at:
                by = Actor.agent(contact.deleted_by)
                changes.append(self.change(contact, contact.deleted_at, by, "deleted"))
        Change.objects.bulk_create(sorted(changes, key=lambda change: change.at))

    def edits(self, contact: Contact, values: dict[int, dict[Field, Any]]) -> Iterator[Change]:
        """Some fields that got their value, or had another contact's before; the last one when it was updated."""
        known = values[contact.pk]
        fields = self.random.sample(list(known), min(len(known), self.random.choice([1, 1, 2, 3])))
        span = contact.updated_at - contact.created_at
        for place, field in enumerate(reversed(fields)):
            new = field.type.to_text(known[field])
            other = values[self.random.choice(list(values))].get(field)
            old = field.type.to_text(other) if other is not None and field.key in EDITED else new
            before = None if old == new else old
            at = contact.updated_at - span * place * self.random.uniform(0.05, 0.3)
            by = Actor.agent(self.random.choice(self.agents))
            yield self.change(contact, at, by, "field", field=field, old=before, new=new)

    def creator(self, contact: Contact) -> Actor:
        return {
            Source.EMAIL: EMAIL,
            Source.API: Actor.api(self.token),
            Source.IMPORT: Actor(ActorKind.IMPORT),
            Source.MANUAL: Actor.agent(self.random.choice(self.agents)),
        }[Source(contact.source)]

    def change(self, contact: Contact, at: datetime, by: Actor, what: str, **values: Any) -> Change:
        return Change(
            workspace=self.workspace, contact=contact, at=at, what=what, actor_kind=by.kind, actor_id=by.id, **values
        )
