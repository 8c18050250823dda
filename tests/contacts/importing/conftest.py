"""Imports of files that a test writes down."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile

from contacts.importing import running, starting
from contacts.importing.records import COUNTS, Import
from contacts.models import Contact, ImportProblem
from customfields.models import Field
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace

Imports = Callable[..., Import]


def bring(
    target: Workspace, content: str | bytes, *, run: bool = True, dry_run: bool = False, **settings: Any
) -> Import:
    """Import a file's content as a worker would, or only queue it."""
    data = content.encode() if isinstance(content, str) else content
    with workspace(target):
        one = starting.receive(target, SYSTEM, ContentFile(data), "people.csv", **settings)
        starting.start(one, dry_run=dry_run)
    if run:
        carry_on(one)
    return one


def carry_on(one: Import) -> None:
    """What the worker does with a queued import."""
    assert running.run(one.workspace_id, one.pk)
    with workspace(one.workspace_id):
        one.refresh_from_db()


@pytest.fixture
def imports(acme: Workspace) -> Imports:
    def make(content: str | bytes, **options: Any) -> Import:
        return bring(acme, content, **options)

    return make


def counts(one: Import) -> tuple[int, ...]:
    """created, updated, unchanged, skipped, failed"""
    assert sum(one.counts.values()) == one.processed
    return tuple(getattr(one, name) for name in COUNTS)


def problems(one: Import) -> list[tuple[int, str, str]]:
    """Row, column and code of each."""
    with workspace(one.workspace_id):
        found = ImportProblem.objects.for_workspace(one.workspace_id).filter(run=one).order_by("row", "position")
        return list(found.values_list("row", "column", "code"))


def people(target: Workspace) -> dict[str | None, str]:
    """The names of contacts outside of the trash by address."""
    with workspace(target):
        return dict(Contact.objects.for_workspace(target).alive().values_list("email", "name"))


@pytest.fixture
def plan_and_since(acme: Workspace) -> tuple[Field, Field, Field]:
    """The fields Plan (Free, Pro), Since (a date) and Amount."""
    with workspace(acme):
        fields = Field.objects.for_workspace(acme)
        return (
            fields.define(label="Plan", type="select", options=["Free", "Pro"]),
            fields.define(label="Since", type="date"),
            fields.define(label="Amount", type="number"),
        )
