"""The three walls between workspaces, seen from the database."""

import pytest
from django.db import DatabaseError, connection, transaction

from contacts.models import Contact
from gopimi.lib.tenancy import NoWorkspace, tenant_models, workspace
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory, OrganizationFactory


def test_tests_run_as_the_restricted_role(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)


@pytest.mark.parametrize("model", tenant_models(), ids=lambda model: model.__name__)
def test_every_workspace_table_is_protected_for_all_verbs(db: None, model: type) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_security_active(%s)", [table])
        assert cursor.fetchone() == (True,)
        cursor.execute("SELECT cmd FROM pg_policies WHERE tablename = %s", [table])
        assert cursor.fetchall() == [("ALL",)]


def test_a_query_without_a_workspace_raises(acme: Workspace) -> None:
    with workspace(acme), pytest.raises(NoWorkspace):
        Contact.objects.count()
    with workspace(acme), pytest.raises(NoWorkspace):
        list(Contact.objects.filter(name="Dana"))


def test_raw_sql_without_a_workspace_sees_no_rows(acme: Workspace) -> None:
    with workspace(acme):
        ContactFactory(workspace=acme)
        assert Contact.objects.for_workspace(acme).count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM contacts_contact")
        assert cursor.fetchone() == (0,)


def test_a_row_cannot_be_written_into_another_workspace(acme: Workspace, globex: Workspace) -> None:
    with workspace(acme), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        ContactFactory(workspace=globex)


def test_a_row_cannot_point_into_another_workspace(acme: Workspace, globex: Workspace) -> None:
    with workspace(globex):
        theirs = OrganizationFactory(workspace=globex)
    with workspace(acme), pytest.raises(DatabaseError, match="foreign key"), transaction.atomic():
        ContactFactory(workspace=acme, organization_id=theirs.pk)


def test_workspaces_nest(acme: Workspace, globex: Workspace) -> None:
    with workspace(acme):
        ContactFactory(workspace=acme)
        with workspace(globex):
            assert Contact.objects.for_workspace(globex).count() == 0
        assert Contact.objects.for_workspace(acme).count() == 1


def test_counters_follow_the_contacts(acme: Workspace) -> None:
    with workspace(acme):
        organization = OrganizationFactory(workspace=acme)
        contact = ContactFactory(workspace=acme, organization=organization)
        ContactFactory(workspace=acme)
        acme.refresh_from_db()
        organization.refresh_from_db()
        assert (acme.contact_count, organization.contact_count) == (2, 1)
        contact.delete()
        acme.refresh_from_db()
        organization.refresh_from_db()
        assert (acme.contact_count, organization.contact_count) == (1, 0)
