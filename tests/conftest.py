"""Every test runs as the application's restricted role, on a database that the owner's role made."""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import override_settings, setup_databases, teardown_databases
from django.utils import timezone

from gopimi.lib.roles import as_owner
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Membership, Role, User, Workspace
from tests.installation import Installation
from tests.longer import LONGER

# Any example is slow now and then, on a busy machine: speed is for the bench. The suite tries the same examples each
# time, so that it fails by what was changed; LONGER than that they are new ones.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=LONGER <= 1)
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: Any,
    django_db_keepdb: bool,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    with django_db_blocker.unblock(), as_owner(connection):
        configuration = setup_databases(verbosity=0, interactive=False, keepdb=django_db_keepdb)
        with connection.cursor() as cursor:  # tests with real transactions empty the tables between them
            role = connection.ops.quote_name(settings.DATABASE_ROLE)
            cursor.execute(f"GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO {role}")
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:  # threads of live servers may have left theirs
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()"
        )
    with django_db_blocker.unblock(), as_owner(connection):
        teardown_databases(configuration, verbosity=0)


@pytest.fixture(autouse=True)
def files_in_a_folder_of_their_own(tmp_path: Any) -> Iterator[None]:
    with override_settings(MEDIA_ROOT=str(tmp_path / "uploads")):  # the storage hears of it, unlike of a patch
        yield


def member(target: Workspace, name: str, role: str) -> User:
    """A person who works in this workspace, with the password "password"."""
    user = User.objects.create_user(f"{name.lower()}@{target.slug}.example", "password", name=name)
    Membership.objects.create(workspace=target, user=user, role=role, last_seen_at=timezone.now())
    return user


@pytest.fixture
def acme(db: None) -> Workspace:
    """The workspace that a test is about."""
    return Workspace.objects.create(name="Acme", slug="acme2345")


@pytest.fixture
def globex(db: None) -> Workspace:
    """Another workspace, which nothing of Acme's may reach."""
    return Workspace.objects.create(name="Globex", slug="globex23")


@pytest.fixture
def alice(acme: Workspace) -> User:
    """An admin of Acme."""
    return member(acme, "Alice", Role.ADMIN)


@pytest.fixture
def bob(acme: Workspace) -> User:
    """An agent of Acme."""
    return member(acme, "Bob", Role.AGENT)


@pytest.fixture
def charlie(globex: Workspace) -> User:
    """An admin of Globex, a stranger to Acme."""
    return member(globex, "Charlie", Role.ADMIN)


@pytest.fixture
def in_acme(acme: Workspace) -> Iterator[Workspace]:
    """Inside Acme: its rows are seen, and what is created belongs to it."""
    with workspace(acme):
        yield acme


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def as_alice(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    return signed_in(bob)


@pytest.fixture
def as_charlie(charlie: User) -> Client:
    return signed_in(charlie)


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A migrated one beside the tests' database; it has a workspace already, so that no demo is loaded."""
    one = Installation(tmp_path_factory.mktemp("installation"))
    one.manage("migrate", "--verbosity=0")
    one.manage(
        "createworkspace", "Acme", "--slug=acme", "--admin-email=alice@acme.example", "--admin-password=password"
    )
    return one
