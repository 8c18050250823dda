"""Contacts put in by address, one or many, each with its own outcome: what `POST /contacts` does."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from contacts.models import Contact
from contacts.querysets import AddressTaken
from contacts.schemas import MOST_AT_ONCE, ContactIn
from contacts.upserting import BatchRefused, OnConflict, Outcome, RowRefused, upsert
from gopimi.lib import problems
from gopimi.lib.inputs import field_errors, invalid, pointer
from gopimi.lib.problems import FieldError, Problem
from gopimi.workspaces.authentication import ApiRequest
from gopimi.workspaces.models import QuotaExceeded

ON_CONFLICT: tuple[OnConflict, ...] = ("error", "update", "skip")
OUTCOMES = ("created", "updated", "skipped", "failed")


def as_problem(error: Exception, at: str = "") -> Problem:
    """What the rules of contacts refuse, as an answer; `at` is the place of the contact in the request's body."""
    if isinstance(error, AddressTaken):
        extra: dict[str, Any] = {"existing_id": error.contact.pk, "in_trash": error.contact.is_trashed}
        return Problem(409, "email-taken", str(error), extra=extra)
    if isinstance(error, QuotaExceeded):
        extra = {"limit": error.limit, "used": error.used, "requested": error.requested}
        return Problem(429, "quota-exceeded", str(error), extra=extra)
    if isinstance(error, RowRefused):
        return invalid([FieldError(f"{at}{PLACES[error.code]}", error.code, str(error))])
    raise error


PLACES = {"duplicate_in_request": "/email", "unknown_organization": "/organization_id"}


@contextmanager
def as_problems() -> Iterator[None]:
    try:
        yield
    except (AddressTaken, QuotaExceeded) as error:
        raise as_problem(error) from error


def put(request: ApiRequest, payload: ContactIn, on_conflict: OnConflict) -> Outcome:
    """Put one in. Raises Problem."""
    (outcome,) = upsert(request.workspace, request.actor, [payload.row()], on_conflict=on_conflict)
    if outcome.error:
        raise as_problem(outcome.error)
    return outcome


def restore(request: ApiRequest, contact_id: int) -> None:
    """Bring one back from the trash. Raises Problem."""
    contacts = Contact.objects.for_workspace(request.workspace).filter(pk=contact_id)
    if contacts.restore(request.actor).left:
        workspace = request.workspace.lock()
        raise as_problem(QuotaExceeded(workspace.contact_quota or 0, workspace.contact_count, 1))


def put_many(request: ApiRequest, items: list[dict[str, Any]], on_conflict: OnConflict, atomic: bool) -> dict[str, Any]:
    """Put many in; answers with a summary and a result for each. Raises Problem for too many, and where `atomic` is
    asked for and one fails."""
    if len(items) > MOST_AT_ONCE:
        detail = f"At most {MOST_AT_ONCE:,} contacts in one request. POST /contact-imports takes more."
        raise Problem(413, "too-many", detail)
    failures: dict[int, Problem] = {}
    rows = {}
    for index, item in enumerate(items):
        try:
            rows[index] = ContactIn.model_validate(item, context={"request": request, "many": True}).row()
        except ValidationError as error:
            failures[index] = invalid(field_errors(error, at=[index]))
    try:
        found = upsert(
            request.workspace,
            request.actor,
            list(rows.values()),
            on_conflict=on_conflict,
            atomic=atomic and not failures,
        )
    except BatchRefused as refused:
        found = refused.outcomes
    outcomes = dict(zip(rows, found, strict=True))
    for index, outcome in outcomes.items():
        if outcome.error:
            failures[index] = as_problem(outcome.error, pointer(index))
    if atomic and failures:
        raise invalid(error for index in sorted(failures) for error in _errors(index, failures[index]))
    results = [
        {"index": index, "status": "failed", "error": problems.document(request, failures[index])}
        if index in failures
        else {"index": index, "status": status_of(outcomes[index]), "id": outcomes[index].contact_id}
        for index in range(len(items))
    ]
    counts = Counter(result["status"] for result in results)
    return {"summary": {status: counts[status] for status in OUTCOMES}, "results": results}


def status_of(outcome: Outcome) -> str:
    """In the API's words, which don't tell an update that changed nothing from others."""
    return "updated" if outcome.status == "unchanged" else outcome.status.value


def _errors(index: int, problem: Problem) -> list[FieldError]:
    return problem.errors or [FieldError(pointer(index, "email"), problem.slug.replace("-", "_"), problem.detail)]
