"""The OpenAPI document: what django-ninja makes of the operations, and what every operation of ours has in common."""

import re
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from pydantic import BaseModel, ConfigDict, Field

from gopimi.lib.problems import CONTENT_TYPE

TIMES = {"created_at": "2026-11-27T09:30:00Z", "updated_at": "2026-11-27T09:30:00Z"}  # of examples
Moment = Annotated[datetime, Field(description="ISO 8601, in UTC with `Z`")]


class Output(BaseModel):
    """What an operation answers with. It describes the answer; the answer itself is written without it."""

    model_config = ConfigDict(extra="forbid")


def example(**members: Any) -> ConfigDict:
    """The `model_config` of an output with an example of it, for the document."""
    return ConfigDict(json_schema_extra={"example": members})


class ErrorOut(Output):
    pointer: str = Field(description="Where in the body (RFC 6901), or the parameter's name")
    code: str
    detail: str


class ProblemOut(BaseModel):
    """A problem document (RFC 9457). `type` says which it is; some types have members of their own."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[ErrorOut] = []


PROBLEM = {"schema": {"$ref": "#/components/schemas/ProblemOut"}}
ALWAYS = (400, 401, 403, 429)
WITH_BODY = (409, 413, 415, 422)
CONDITIONAL = {"If-Match": 412, "If-None-Match": 304}


def header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    """A header of a request as OpenAPI describes it."""
    schema = {"type": "string", **schema}
    return {"in": "header", "name": name, "required": False, "description": description, "schema": schema}


LONGEST_KEY = 255
KEY_LETTERS = "^[ -~]+$"
IDEMPOTENCY_KEY = header(
    "Idempotency-Key",
    "The same key with the same body is done once in 24 hours; again, it gets the same answer",
    minLength=1,
    maxLength=LONGEST_KEY,
    pattern=KEY_LETTERS,
)


class Reference(OpenAPISchema):
    """Adds the errors that an operation can answer with, its token's scope, and where a body is an error, its type."""

    def operation_details(self, operation: Operation) -> dict[str, Any]:
        details = super().operation_details(operation)
        statuses = set(ALWAYS)
        if "{" in operation.path:
            statuses.add(404)
        if "requestBody" in details:
            statuses.update(WITH_BODY)
        if "POST" in operation.methods:
            statuses.update((409, 422))
            details["parameters"].append(IDEMPOTENCY_KEY)
        for parameter in details["parameters"]:
            if parameter["in"] == "path":
                parameter["example"] = "plan" if parameter["schema"]["type"] == "string" else 7
        headers = {parameter["name"] for parameter in details["parameters"]}
        statuses.update(status for name, status in CONDITIONAL.items() if name in headers)
        for status in statuses.difference(details["responses"]):
            details["responses"][status] = {"description": HTTPStatus(status).phrase}
        for status, response in details["responses"].items():
            if status >= 400:
                response["content"] = {CONTENT_TYPE: PROBLEM}
        return details

    def operation_security(self, operation: Operation) -> list[dict[str, Any]] | None:
        super().operation_security(operation)  # notes the scheme
        return [{type(auth).__name__: [auth.scope]} for auth in operation.auth_callbacks]  # type: ignore[attr-defined]

    def get_components(self) -> dict[str, Any]:
        components = super().get_components()
        problem = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
        self.add_schema_definitions({**problem.pop("$defs"), "ProblemOut": problem})
        return components


def operation_id(view: Any) -> str:
    """`list_contacts` is listContacts, as generators of clients like it."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), view.__name__)
