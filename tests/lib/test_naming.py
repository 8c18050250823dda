"""Rows that people call by name, found or made without regard to case."""

from gopimi.workspaces.models import Workspace
from organizations.models import Organization
from tests.factories import OrganizationFactory


def test_found_or_made(in_acme: Workspace) -> None:
    organizations = Organization.objects.for_workspace(in_acme)
    fathom = OrganizationFactory(workspace=in_acme, name="Fathom")
    ids = organizations.find_or_make(["FATHOM", "Kumo", "KUMO", "İstanbul", "ΟΔΟΣ", "fathom"])
    assert ids["FATHOM"] == ids["fathom"] == fathom.pk
    assert ids["Kumo"] == ids["KUMO"]
    assert {row.name for row in organizations} == {"Fathom", "Kumo", "İstanbul", "ΟΔΟΣ"}
    assert organizations.find_or_make(["istanbul", "οδοσ"]).keys() == {"istanbul", "οδοσ"}
    assert organizations.count() == 4


def test_only_asked(in_acme: Workspace) -> None:
    organizations = Organization.objects.for_workspace(in_acme)
    assert organizations.ids_by_name(["Fathom"]) == organizations.ids_by_name([]) == {}
    assert not organizations.exists()


def test_anothers_workspace(in_acme: Workspace, globex: Workspace) -> None:
    fathom = Organization.objects.for_workspace(in_acme).named("Fathom")
    assert Organization.objects.for_workspace(in_acme).named("fathom") == fathom
    assert Organization.objects.for_workspace(globex).ids_by_name(["Fathom"]) == {}
