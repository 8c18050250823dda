import pytest

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace


@pytest.fixture
def people(acme: Workspace) -> list[Contact]:
    """Six contacts, every second of them tagged."""
    with workspace(acme):
        contacts = Contact.objects.for_workspace(acme)
        return [
            contacts.add(SYSTEM, email=f"p{n}@kumo.example", name=f"Person {n}", tags=["vip"] * (n % 2))
            for n in range(6)
        ]
