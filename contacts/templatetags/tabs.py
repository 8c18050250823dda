"""The numbers beside the tabs of the Contacts page."""

from typing import Any

from django import template

from customfields.models import Field
from gopimi.lib.counting import capped_counts
from gopimi.lib.figures import figure
from organizations.models import Organization

register = template.Library()
CAP = 10_000


@register.simple_tag(takes_context=True)
def tab_counts(context: Any) -> dict[str, str]:
    """Organizations and active fields; "10,000+" where counting all would be dear."""
    workspace = context["request"].workspace
    organizations = Organization.objects.for_workspace(workspace)
    fields = Field.objects.for_workspace(workspace).active()
    counts = capped_counts(workspace, CAP, organizations=organizations, fields=fields)
    return {
        name: figure(CAP) + "+" if count > CAP else figure(count) if count else "" for name, count in counts.items()
    }
