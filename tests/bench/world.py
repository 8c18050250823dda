"""Workspaces of made-up people, from few to many, and other workspaces beside them as in life. Made once in a run.

Or once for several, since a million take a while: `make bench-world BENCH_WORLD=dir` makes or completes them in a
directory, and `make bench BENCH_WORLD=dir` begins with a copy of it.
"""

import sys
from functools import cache
from typing import Any

from tests.bench import people, sizes
from tests.bench.clock import KeepAlive
from tests.bench.desk import analyze, set_up


@cache
def workspaces() -> dict[int, Any]:
    """By how many contacts they have."""
    made = {number: _of(f"bench{number}", f"{number:,} contacts", number) for number in sizes.CONTACTS}
    for number in range(sizes.OTHERS):
        _of(f"other{number}", "Other", sizes.OTHERS_EACH)
    analyze()
    return made


def _of(slug: str, name: str, contacts: int) -> Any:
    from gopimi.workspaces.models import Workspace

    target, made = Workspace.objects.get_or_create(slug=slug, defaults={"name": name})
    if made:
        people.fill(target, contacts)
    elif target.contact_count != contacts:
        raise RuntimeError(f"{slug} has {target.contact_count:,} of {contacts:,} contacts: make the world anew.")
    return target


def signed_in(target: Any) -> str:
    """The cookie of a member who is an admin."""
    from django.conf import settings
    from django.test import Client

    from gopimi.workspaces.models import Membership, User

    user, _ = User.objects.get_or_create(email="bench@acme.example", defaults={"name": "Bench"})
    Membership.objects.get_or_create(workspace=target, user=user, defaults={"role": "admin"})
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


class Desk:
    """An agent's connection to a workspace, who posts forms, too; `headers` as Python names."""

    def __init__(self, target: Any, port: int, **headers: str) -> None:
        token = "b" * 32  # any secret does, as long as cookie and form have the same
        cookie = f"{signed_in(target)}; csrftoken={token}"
        headers = {"X_CSRFToken": token, "HX_Request": "true", "Accept_Encoding": "gzip", **headers}
        self.target = target
        self.http = KeepAlive(port, Cookie=cookie, **headers)

    def get(self, name: str, *args: Any, query: str = "") -> Any:
        return self.http.get(f"{self.target.url(name, *args)}?{query}")

    def post(self, name: str, *args: Any, form: str = "") -> Any:
        path = self.target.url(name, *args)
        return self.http.post(path, form.encode(), "application/x-www-form-urlencoded")


if __name__ == "__main__":
    set_up(sys.argv[1])
    workspaces()
