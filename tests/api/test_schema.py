"""Requests made up from the OpenAPI document: no 500, no answer that it hasn't, nothing accepted that it forbids."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.files.base import ContentFile
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from gopimi.api import api
from gopimi.workspaces.models import ApiToken, Scope, Workspace
from tests.api.conftest import Program


@pytest.fixture
def known(program: Callable[..., Program], acme: Workspace) -> dict[str, Any]:
    """Ids that are there, so that more is tried than 404."""
    caller = program(acme)
    contact = caller.post("/contacts", {"email": "dana@acme.example"}).json()
    field = caller.post("/custom-fields", {"label": "Plan", "type": "select", "options": ["Free", "Pro"]}).json()
    ticket = caller.post("/tickets", {"subject": "Help", "body": "Me", "contact_id": contact["id"]}).json()
    upload = {"file": ContentFile(b"mail\n", "none.csv"), "mapping": '{"mail": "email"}'}
    return {
        "import_id": caller.upload("/contact-imports", upload).json()["id"],
        "contact_id": contact["id"],
        "field_id": field["id"],
        "option_id": field["options"][0]["id"],
        "key": "plan",
        "number": ticket["number"],
        "organization_id": caller.post("/organizations", {"name": "Acme"}).json()["id"],
        "conversation_id": caller.post("/conversations", {"subject": "Hello", "body": "You"}).json()["id"],
    }


@pytest.fixture
def one_connection(known: dict[str, Any]) -> Iterator[None]:
    """The server closes its connection between requests, and with it the test's transaction: not here.

    After `known`, since Django's own client puts the signals back.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


made_up = schemathesis.openapi.from_dict(json.loads(json.dumps(api.get_openapi_schema())))
made_up.app = get_wsgi_application()


@made_up.parametrize()
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_requests_made_up_from_the_schema(
    case: Case, acme: Workspace, known: dict[str, Any], one_connection: None
) -> None:
    if case.meta.generation.mode.is_positive:
        case.path_parameters.update({name: known[name] for name in case.path_parameters.keys() & known.keys()})
    _, secret = ApiToken.issue(acme, "Made up", list(Scope.values))
    # A request may be right and still be refused for what is stored: a label that is taken, an id that isn't there.
    case.call_and_validate(headers={"Authorization": f"Bearer {secret}"}, excluded_checks=[positive_data_acceptance])
