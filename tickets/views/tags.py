"""Settings > Tags, for admins: how many contacts and tickets have each, renamed, merged and deleted."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from contacts import inputs
from contacts.models import Tag
from gopimi.lib import htmx
from gopimi.lib.keyset import BadCursor, Key, paginate
from gopimi.workspaces import toasts
from gopimi.workspaces.permissions import admin_required
from tickets import tagging

PAGE = 50
ORDER = [Key("name_lower"), Key("id")]
LONGEST = Tag._meta.get_field("name").max_length or 0


class RenameForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"), error_messages={"required": gettext_lazy("Give the tag a name.")}
    )

    def __init__(self, data: Any, *, tag: Tag) -> None:
        super().__init__(data, auto_id="tag-%s", initial={"name": tag.name})
        attributes = {"class": "input", "autocomplete": "off", "maxlength": LONGEST, "autofocus": True}
        self.fields["name"].widget.attrs = attributes

    def clean_name(self) -> str:
        return inputs.line(self.cleaned_data["name"], LONGEST)


class MergeForm(forms.Form):
    into = forms.CharField(
        label=gettext_lazy("Merge into"), error_messages={"required": gettext_lazy("Choose the tag that stays.")}
    )

    def __init__(self, data: Any, *, tag: Tag, into: str) -> None:
        super().__init__(data, auto_id="tag-%s", initial={"into": into})
        self.others = Tag.objects.for_workspace(tag.workspace_id).exclude(pk=tag.pk)
        widget = inputs.tag_select(self.others, self.data.get("into", into))
        widget.attrs["aria-label"] = gettext("Merge into")
        self.fields["into"].widget = widget

    def clean_into(self) -> Tag:
        name = " ".join(self.cleaned_data["into"].replace("\x00", "").split())
        tag = self.others.filter(pk__in=self.others.ids_by_name([name]).values()).first()
        if tag is None:
            raise forms.ValidationError(gettext("There is no other tag “{name}”.").format(name=name), code="unknown")
        return tag


@admin_required
@require_GET
def tags(request: Any) -> HttpResponse:
    query = " ".join(request.GET.get("q", "").replace("\x00", "").split())
    found = tagging.listed(request.workspace, query)
    try:
        page = paginate(found, ORDER, PAGE, request.GET.get("cursor"))
    except BadCursor:
        page = paginate(found, ORDER, PAGE)
    matching = Tag.objects.for_workspace(request.workspace).filter(pk__in=found.order_by().values("pk"))
    context = {"page": page, "query": query, "counted": tagging.COUNTED, "total": matching.count()}
    return htmx.page(request, "settings/tags.html", context, fragments={"tags": "settings/_tags.html"})


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: Any, tag_id: int) -> HttpResponse:
    """Where another tag has the name, the way to merge the two is offered."""
    tag = _find(request, tag_id)
    form = RenameForm(request.POST if request.method == "POST" else None, tag=tag)
    other = None
    if form.is_valid():
        try:
            tagging.rename(tag, form.cleaned_data["name"])
            return _done(
                request, gettext("{name} is called {new} now").format(name=tag.name, new=form.cleaned_data["name"])
            )
        except tagging.NameTaken as error:
            form.add_error("name", str(error))
            other = error.tag
    return _dialog(
        request,
        "settings/_rename_tag.html",
        gettext("Rename {name}").format(name=tag),
        {"tag": tag, "form": form, "other": other},
    )


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: Any, tag_id: int) -> HttpResponse:
    tag = _find(request, tag_id)
    data = request.POST if request.method == "POST" else None
    form = MergeForm(data, tag=tag, into=request.GET.get("into", ""))
    if form.is_valid():
        into = form.cleaned_data["into"]
        done = tagging.merge(tag, into)
        said = gettext("{name} was merged into {other}") if done else gettext("{name} is being merged")
        return _done(request, said.format(name=tag.name, other=into.name))
    context = {"tag": tag, "form": form, **tagging.counts(tag)}
    return _dialog(request, "settings/_merge_tag.html", gettext("Merge {name}").format(name=tag), context)


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: Any, tag_id: int) -> HttpResponse:
    """With the number of contacts and tickets first."""
    tag = _find(request, tag_id)
    if request.method == "POST":
        said = gettext("{name} deleted") if tagging.delete(tag) else gettext("{name} is being deleted")
        return _done(request, said.format(name=tag.name))
    return _dialog(
        request,
        "settings/_delete_tag.html",
        gettext("Delete {name}").format(name=tag),
        {"tag": tag, **tagging.counts(tag)},
    )


def _find(request: Any, tag_id: int) -> Tag:
    return get_object_or_404(Tag.objects.for_workspace(request.workspace), pk=tag_id)


def _done(request: Any, text: str) -> HttpResponse:
    return toasts.done(request, request.workspace.url("settings:tags"), text, tags_changed=True)


def _dialog(request: Any, template: str, heading: str, context: dict[str, Any]) -> HttpResponse:
    form = context.get("form")
    context["back"] = request.workspace.url("settings:tags")
    return htmx.dialog(request, template, heading, context, status=422 if form and form.errors else 200)
