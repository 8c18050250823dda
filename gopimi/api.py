"""The REST API: every app's router under /api/v1, one shape of errors, and the OpenAPI document."""

from functools import cache
from pathlib import Path
from typing import Any

from csp.decorators import csp_update
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError

from contacts.api import router as contacts
from contacts.importing.api import router as imports
from customfields.api import router as custom_fields
from customfields.values import Outdated
from gopimi.lib import problems
from gopimi.lib.inputs import StrictParser, field_errors, invalid, refused
from gopimi.lib.problems import Problem
from gopimi.lib.reference import Reference, operation_id
from gopimi.workspaces.api import router as workspaces
from organizations.api import router as organizations
from tickets.api import inbox
from tickets.api import router as tickets

# Swagger UI draws its arrows from addresses of data:.
read_in_a_browser = csp_update({"img-src": ["data:"]})
NOT_FOUND = "There is nothing here. It may have been deleted, or it is in another workspace."


class Api(NinjaAPI):
    """Raises what ninja finds wrong with parameters and bodies as our problems."""

    def validation_error_from_error_contexts(self, error_contexts: Any) -> Any:
        errors = []
        for context in error_contexts:
            if context.model.__ninja_param_source__ == "path":
                return Http404()
            depth = 1 if context.model.__ninja_param_source__ == "body" else 0
            errors += field_errors(context.pydantic_validation_error, depth)
        return invalid(errors)

    def get_openapi_operation_id(self, operation: Any) -> str:
        return operation_id(operation.view_func)

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> Reference:
        return _reference(self, path_prefix if path_prefix is not None else self.get_root_path(path_params or {}))


@cache
def _reference(api: Api, path_prefix: str) -> Reference:
    return Reference(api, path_prefix)


api = Api(
    title="GoPimi API",
    version="1",
    description=(Path(__file__).parent / "reference.md").read_text(),
    docs_decorator=read_in_a_browser,
    urls_namespace="api",
    parser=StrictParser(),
)
for router in (contacts, imports, organizations, custom_fields, tickets, inbox, workspaces):
    api.add_router("", router)


@api.exception_handler(Problem)
def problem(request: HttpRequest, error: Problem) -> HttpResponse:
    return problems.render(request, error)


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja wraps what the parser of bodies raises."""
    cause = error.__cause__
    return problems.render(request, cause if isinstance(cause, Problem) else Problem(error.status_code))


@api.exception_handler(RequestDataTooBig)
def too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problems.render(request, Problem(413, detail="The body is larger than 20 MB."))


@api.exception_handler(ValidationError)
def rule(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problems.render(request, refused(error))


@api.exception_handler(IntegrityError)
def at_the_same_moment(request: HttpRequest, error: IntegrityError) -> HttpResponse:
    """The database holds what was checked before: somebody else was faster."""
    detail = "Somebody else changed this at the same moment. Nothing was written; try it again."
    return problems.render(request, Problem(409, detail=detail))


@api.exception_handler(Outdated)
def outdated(request: HttpRequest, error: Outdated) -> HttpResponse:
    return problems.render(request, Problem(409, detail=str(error)))


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problems.render(request, Problem(404, detail=NOT_FOUND))


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:
    """For every other address under /api/."""
    return problems.render(request, Problem(404, detail=NOT_FOUND))
