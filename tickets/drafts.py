"""Replies and notes that members have begun: each their own, one for a thread, until it is sent or thrown away."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject, Now
from django.utils import timezone

from tickets.attention import Draft
from tickets.forms import KINDS

WRITTEN = ("others", "cc", "bcc", "body")  # without them there is nothing to keep
KEPT = timedelta(days=1)  # what was thrown away


class DraftForm(forms.Form):
    """The form of a reply as far as it is filled in: what isn't right yet is kept as well."""

    kind = forms.ChoiceField(choices=KINDS)
    others = forms.Field(required=False, widget=forms.MultipleHiddenInput)
    cc = forms.CharField(required=False, max_length=20_000, strip=False)
    bcc = forms.CharField(required=False, max_length=20_000, strip=False)
    body = forms.CharField(required=False, max_length=1_000_000, strip=False)

    def clean_others(self) -> str:
        return ", ".join(self.cleaned_data["others"] or [])[:20_000].replace("\0", "")


def told(threads: QuerySet, user: Any) -> QuerySet:
    """The threads with their `draft`, in the same statement: what the member has begun, as `DraftForm` has it."""
    rows = Draft.objects.for_workspace(threads.workspace_id).filter(user=user, discarded=False)  # type: ignore[attr-defined]
    columns = {name: name for name in ("kind", *WRITTEN)}
    own = rows.filter(**{threads.model.called(): OuterRef("pk")})
    return threads.annotate(draft=Subquery(own.values(written=JSONObject(**columns))))


def initial(draft: dict[str, str] | None) -> dict[str, Any]:
    """What the form of a reply begins with."""
    if draft is None:
        return {}
    return {**draft, "others": [address for address in draft["others"].split(", ") if address]}


def save(thread: Any, user: Any, written: dict[str, str]) -> bool:
    """Keep what somebody is writing; False where that is nothing, and nothing is kept."""
    if not any(written[name].strip() for name in WRITTEN):
        forget(thread, user)
        return False
    values = {**written, "discarded": False}
    draft, made = _all(thread).get_or_create(values, user=user, **{thread.called(): thread})
    if not made:
        _all(thread).filter(pk=draft.pk).update(**values, updated_at=Now())
    return True


def discard(thread: Any, user: Any, discarded: bool = True) -> bool:
    """Throw a draft away, or take that back; whether there was one."""
    found = _own(thread, user).filter(discarded=not discarded)
    return bool(found.update(discarded=discarded, updated_at=Now()))


def forget(thread: Any, user: Any) -> None:
    """It was sent, or all of it was deleted again."""
    _own(thread, user).delete()


def tidy(workspace_id: int) -> None:
    """Delete what was thrown away some time ago."""
    rows = Draft.objects.for_workspace(workspace_id)
    rows.filter(discarded=True, updated_at__lt=timezone.now() - KEPT).delete()


def _all(thread: Any) -> Any:
    return Draft.objects.for_workspace(thread.workspace_id)


def _own(thread: Any, user: Any) -> Any:
    return _all(thread).filter(user=user, **{thread.called(): thread})
