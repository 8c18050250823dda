"""What was imported is found, also where the worker was killed between writing and indexing."""

import threading
from typing import Any

import pytest

from contacts import searching
from contacts.importing import finding, running
from contacts.models import Contact, ContactSearch
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.contacts.importing.conftest import Imports, bring, carry_on

FILE = "Name,E-mail\n" + "".join(f"Person {n},person{n}@acme.example\n" for n in range(7))


def found(target: Workspace, query: str) -> set[str]:
    with workspace(target):
        people = searching.search(Contact.objects.for_workspace(target), target, query)
        return set(people.values_list("name", flat=True))


def test_all_are_found_when_the_import_is_done(acme: Workspace, imports: Imports) -> None:
    imports(FILE)
    assert found(acme, "person") == {f"Person {n}" for n in range(7)}
    assert found(acme, "son5@ac") == {"Person 5"}


def test_what_a_killed_worker_left_out_is_made_up_for(
    acme: Workspace, imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = bring(acme, FILE, run=False)
    monkeypatch.setattr(running, "CHUNK", 3)
    monkeypatch.setattr(finding, "BATCH", 2)
    rounds = iter((False, True))  # it is asked to stop, and dies, after its first chunk
    assert not running.run(acme.pk, one.pk, lambda: next(rounds))
    with workspace(acme):
        ContactSearch.objects.for_workspace(acme).delete()
        assert Contact.objects.for_workspace(acme).count() == 3
    assert found(acme, "person") == set()
    carry_on(one)
    assert found(acme, "person") == {f"Person {n}" for n in range(7)}


@pytest.mark.django_db(transaction=True)
def test_a_thread_of_its_own_does_it_outside_of_tests(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)
    threads: set[str] = set()
    index = searching.index

    def noting(contacts: Any) -> None:
        contacts = list(contacts)
        if contacts:
            threads.add(threading.current_thread().name)
        index(contacts)

    monkeypatch.setattr(finding.searching, "index", noting)
    bring(acme, FILE)
    assert {name.rpartition("_")[0] for name in threads} == {"import-finder"}
    assert found(acme, "person") == {f"Person {n}" for n in range(7)}
