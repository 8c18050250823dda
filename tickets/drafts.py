"""Replies and notes that members have begun, with the files for them: each their own, one for a thread, until it is
sent or thrown away."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject, Now
from django.utils import timezone
from django.utils.translation import gettext

from tickets import attachments
from tickets.attention import Draft, DraftFile
from tickets.forms import KINDS

WRITTEN = ("others", "cc", "bcc", "body")  # without them there is nothing to keep
KEPT = timedelta(days=1)  # what was thrown away
FILES_KEPT = timedelta(days=90)  # in a draft that nobody goes on with


class DraftForm(forms.Form):
    """The form of a reply as far as it is filled in: what isn't right yet is kept as well."""

    kind = forms.ChoiceField(choices=KINDS)
    others = forms.Field(required=False, widget=forms.MultipleHiddenInput)
    cc = forms.CharField(required=False, max_length=20_000, strip=False)
    bcc = forms.CharField(required=False, max_length=20_000, strip=False)
    body = forms.CharField(required=False, max_length=1_000_000, strip=False)

    def clean_others(self) -> str:
        return ", ".join(self.cleaned_data["others"] or [])[:20_000].replace("\0", "")


class FileForm(forms.Form):
    """One more file for a draft."""

    file = forms.FileField()

    def __init__(self, draft: Draft, data: Any, files: Any) -> None:
        super().__init__(data, files)
        self.draft = draft

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        sizes = [file.size, *self.draft.files.values_list("size", flat=True)]
        if len(sizes) > attachments.MOST_FILES:
            most = attachments.MOST_FILES
            raise forms.ValidationError(gettext("A message can have {most} attachments.").format(most=most))
        if sum(sizes) > attachments.MOST_BYTES:
            raise forms.ValidationError(attachments.TOO_LARGE, code="too_large")
        return file

    def save(self) -> DraftFile:
        file, workspace_id = self.cleaned_data["file"], self.draft.workspace_id
        Draft.objects.for_workspace(workspace_id).filter(pk=self.draft.pk).update(updated_at=Now())
        stored = attachments.store(workspace_id, file, file.name, file.content_type or "")
        return DraftFile.objects.for_workspace(workspace_id).create(draft=self.draft, **stored)


def told(threads: QuerySet, user: Any) -> QuerySet:
    """The threads with their `draft`, in the same statement: what the member has begun, as `DraftForm` has it."""
    rows = Draft.objects.for_workspace(threads.workspace_id).filter(user=user, discarded=False)  # type: ignore[attr-defined]
    columns = {name: name for name in ("id", "kind", *WRITTEN)}
    own = rows.filter(**{threads.model.called(): OuterRef("pk")})
    return threads.annotate(draft=Subquery(own.values(written=JSONObject(**columns))))


def initial(draft: dict[str, str] | None) -> dict[str, Any]:
    """What the form of a reply begins with."""
    if draft is None:
        return {}
    return {**draft, "others": [address for address in draft["others"].split(", ") if address]}


@transaction.atomic
def begin(thread: Any, user: Any) -> Draft:
    """What somebody writes in a thread, its row locked: files and text come at the same time. What was thrown away
    before goes for good."""
    _own(thread, user).filter(discarded=True).delete()
    return _all(thread).select_for_update().get_or_create({"kind": "reply"}, user=user, **{thread.called(): thread})[0]


@transaction.atomic
def save(thread: Any, user: Any, written: dict[str, str]) -> bool:
    """Keep what somebody is writing; False where that is nothing, and nothing is kept."""
    if not any(written[name].strip() for name in WRITTEN):
        begun = _own(thread, user).select_for_update().first()
        if begun is None or not begun.files.exists():
            forget(thread, user)
            return False
    draft = begin(thread, user)
    _all(thread).filter(pk=draft.pk).update(**written, updated_at=Now())
    return True


def files(thread: Any, user: Any) -> QuerySet[DraftFile]:
    """The files of a member's draft that isn't thrown away, as they were added."""
    kept = DraftFile.objects.for_workspace(thread.workspace_id)
    own = {f"draft__{thread.called()}": thread, "draft__user": user, "draft__discarded": False}
    return kept.filter(**own).order_by("pk")


def remove(thread: Any, user: Any, file_id: int) -> None:
    """Leave a file out of the draft, if it is there."""
    files(thread, user).filter(pk=file_id).update(draft=None)


def discard(thread: Any, user: Any, discarded: bool = True) -> bool:
    """Throw a draft away, or take that back; whether there was one."""
    found = _own(thread, user).filter(discarded=not discarded)
    return bool(found.update(discarded=discarded, updated_at=Now()))


def forget(thread: Any, user: Any) -> None:
    """It was sent, or all of it was deleted again."""
    _own(thread, user).delete()


def tidy(workspace_id: int) -> None:
    """Delete what was thrown away some time ago, and files that are no draft's, or of one that nobody goes on with."""
    now = timezone.now()
    Draft.objects.for_workspace(workspace_id).filter(discarded=True, updated_at__lt=now - KEPT).delete()
    kept = DraftFile.objects.for_workspace(workspace_id)
    attachments.delete(kept.filter(Q(draft=None) | Q(draft__updated_at__lt=now - FILES_KEPT)))


def _all(thread: Any) -> Any:
    return Draft.objects.for_workspace(thread.workspace_id)


def _own(thread: Any, user: Any) -> Any:
    return _all(thread).filter(user=user, **{thread.called(): thread})
