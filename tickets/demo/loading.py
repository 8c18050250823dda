"""Writing the two demo workspaces, in one transaction."""

from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction

from contacts.models import View
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Membership, User, Workspace
from tickets.attention import Seen
from tickets.demo.people import People
from tickets.demo.stories import read
from tickets.demo.threads import Threads
from tickets.models import Conversation, Ticket

PASSWORD = "gopimi-demo"  # noqa: S105  known to everybody: the command refuses any database but the embedded one
SEEN = timedelta(hours=3)
SLUGS = {"acme": "acmedemo", "lab": "acmetest"}


def exists() -> bool:
    return Workspace.objects.filter(slug__in=SLUGS.values()).exists()


@transaction.atomic
def load(now: datetime) -> list[Workspace]:
    """Write both workspaces as they would look at this time."""
    password = make_password(PASSWORD)  # one for all: making it is slow on purpose
    return [load_workspace(folder, slug, now, password) for folder, slug in SLUGS.items()]


def load_workspace(folder: str, slug: str, now: datetime, password: str) -> Workspace:
    told = {**read(folder), "names": read("names.toml")}
    founded = now - timedelta(days=905)
    demo = Workspace.objects.create(name=told["name"], slug=slug, created_at=founded)
    agents = []
    for place, member in enumerate(told["member"]):
        email = f"{member['name'].split()[0].lower()}@acme.example"
        user, _ = User.objects.get_or_create(
            email=email, defaults={"name": member["name"], "password": password, "date_joined": founded}
        )
        seen = now - timedelta(minutes=7 + 50 * place**2)
        Membership.objects.create(workspace=demo, user=user, role=member["role"], last_seen_at=seen, created_at=founded)
        agents.append(user)
    with workspace(demo):
        for place, view in enumerate(told.get("view", [])):
            View.objects.create(workspace=demo, owner=agents[0], shared=True, position=place, **view)
        # Who looks at the lists first finds some that are new, not all that there is.
        kinds = (Ticket.called(), Conversation.called())
        seen_all = [Seen(workspace=demo, user=one, all_of=kind, state=now - SEEN) for one in agents for kind in kinds]
        Seen.objects.bulk_create(seen_all)
        threads = Threads(demo, told, agents, now)
        threads.load(People(demo, told, agents, now).load(threads.asked()))
    return demo
