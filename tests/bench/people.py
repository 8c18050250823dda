"""Made-up contacts with eight custom fields, the same for all that is measured: person number n is always the same."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

PLANS = ["Free", "Basic", "Pro", "Enterprise"]
REGIONS = ["North", "South", "East", "West", "Overseas"]
PRODUCTS = ["API", "Import", "Webhooks"]
ORGANIZATIONS = 2_000
CHUNK = 5_000
FIRST = ["Ada", "Bruno", "Chiara", "Dana", "Emil", "Farida", "Goran", "Hanna", "Ilse", "Jonas", "Kemal", "Lena", "Mara"]
LAST = ["Acker", "Berger", "Castro", "Dubois", "Eriksen", "Fischer", "Gruber", "Holm", "Ivanov", "Jansen", "Keller"]
ENDS = ["", "a", "berg", "er", "ev", "fort", "ini", "lund", "mann", "ova", "quist", "sen", "son", "stein", "wright"]
RARE = 9_973  # every so many people are called otherwise
LABELS = {
    "Account": "text", "Seats": "number", "Renewal": "date", "Plan": "select", "Active": "boolean", "Site": "url",
    "Billing": "email", "Products": "select",
}  # fmt: skip


class Person(NamedTuple):
    name: str
    email: str
    organization: str
    account: str
    seats: Decimal
    renewal: date
    plan: str
    active: bool
    site: str
    billing: str
    products: list[str]


def person(n: int) -> Person:
    mixed = n * 7_919 % 1_000_003
    last = f"{LAST[mixed % len(LAST)]}{ENDS[mixed // 11 % len(ENDS)]}"
    name = "Zyxo Rarebit" if n % RARE == 0 else f"{FIRST[mixed % len(FIRST)]} {last}"
    plan = PLANS[3] if mixed % 100 == 55 else PLANS[0]  # one in a hundred is Enterprise
    return Person(
        name, f"{name.split()[0].lower()}.{n}@d{mixed % 977}.example", f"Organization {mixed % ORGANIZATIONS}",
        f"ACC-{mixed}", Decimal(mixed) / 100, date(2020, 1, 1) + timedelta(mixed % 2_500),
        PLANS[1] if mixed % 10 < 3 else plan, mixed % 3 == 0, f"https://d{mixed % 977}.example/{n}",
        f"billing.{mixed}@d{mixed % 977}.example", [PRODUCTS[mixed % 3], *PRODUCTS[:1][: mixed % 2]],
    )  # fmt: skip


def fill(target: Any, people: int) -> None:
    """Give a workspace the fields and so many of the contacts, as an import makes them."""
    from contacts.upserting import Row, upsert
    from customfields import values
    from customfields.models import Field
    from gopimi.lib.addresses import parse
    from gopimi.lib.tenancy import workspace
    from gopimi.workspaces.actor import SYSTEM

    options = {"Plan": PLANS, "Products": PRODUCTS}
    with workspace(target):
        for label, kind in LABELS.items():
            more = {"options": options[label]} if label in options else {}
            Field.objects.for_workspace(target).define(label=label, type=kind, multiple=label == "Products", **more)
        account, seats, renewal, plan, active, site, billing, products = values.fields_of(target)
    plans = {option.label: option for option in plan.choices}
    kinds = {option.label: option for option in products.choices}
    for numbers in _chunks(people):
        rows = [
            Row(
                parse(one.email), one.name, one.organization,
                values={
                    account: one.account, seats: one.seats, renewal: one.renewal, plan: plans[one.plan],
                    active: one.active, site: one.site, billing: one.billing,
                    products: [kinds[label] for label in dict.fromkeys(one.products)],
                },
            )
            for one in map(person, numbers)
        ]  # fmt: skip
        with workspace(target, lazily=True):
            upsert(target, SYSTEM, rows, source="import")


def _chunks(people: int) -> Iterator[range]:
    for first in range(1, people + 1, CHUNK):
        yield range(first, min(first + CHUNK, people + 1))
