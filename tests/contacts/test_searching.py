"""Search by fragments: every word somewhere in name, address or organization, without case and accents."""

import pytest

from contacts import searching
from contacts.models import Contact
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory, OrganizationFactory


@pytest.fixture
def people(in_acme: Workspace) -> dict[str, Contact]:
    fathom = OrganizationFactory(workspace=in_acme, name="Fathom Analytics")
    people = {
        "José Ångström": ContactFactory(workspace=in_acme, name="José Ångström", email="jose@kumo.example"),
        "Priya Raman": ContactFactory(workspace=in_acme, name="Priya Raman", email="p@x.example", organization=fathom),
        "100% Sure_": ContactFactory(workspace=in_acme, name="100% Sure_", email="sure@x.example"),
        "Bob": ContactFactory(workspace=in_acme, name="Bob", email="bob@münchen.example"),
    }
    searching.index(people.values())
    return people


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("jose", {"José Ångström"}),
        ("JOSÉ", {"José Ångström"}),
        ("angs", {"José Ångström"}),
        ("ström", {"José Ångström"}),
        ("kumo", {"José Ångström"}),
        ("o", {"José Ångström", "Priya Raman", "Bob"}),  # one letter has no gram; Fathom has an o too
        ("munchen", {"Bob"}),
        ("3", set()),  # in xn--mnchen-3ya, which nobody reads
        ("fathom", {"Priya Raman"}),
        ("raman thom", {"Priya Raman"}),
        ("raman kumo", set()),
        ("0%", {"100% Sure_"}),
        ("e_", {"100% Sure_"}),
        ("", {"José Ångström", "Priya Raman", "100% Sure_", "Bob"}),
        ("nobody", set()),
    ],
)
def test_search(in_acme: Workspace, people: dict, query: str, found: set) -> None:
    contacts = Contact.objects.for_workspace(in_acme)
    assert {contact.name for contact in searching.search(contacts, in_acme, query)} == found


def test_many_candidates_walk_the_table(in_acme: Workspace, people: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "CAP", 0)
    contacts = Contact.objects.for_workspace(in_acme)
    assert [contact.name for contact in searching.search(contacts, in_acme, "raman fath")] == ["Priya Raman"]


def test_hashes_differ_between_workspaces() -> None:
    assert searching.grams(1, "Alice") != searching.grams(2, "Alice")
    assert all(-(2**31) <= gram < 2**31 for gram in searching.grams(1, "Alice", "alice@example.com"))
