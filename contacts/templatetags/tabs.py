"""The numbers beside the tabs of the Contacts page."""

from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma

from customfields.models import Field
from organizations.models import Organization

register = template.Library()
CAP = 10_000


@register.simple_tag(takes_context=True)
def tab_counts(context: Any) -> dict[str, str]:
    """Organizations and active fields; "10,000+" where counting all would be dear."""
    workspace = context["request"].workspace
    organizations = Organization.objects.for_workspace(workspace).order_by()[: CAP + 1].count()
    fields = Field.objects.for_workspace(workspace).active().count()
    return {
        "organizations": f"{CAP:,}+" if organizations > CAP else intcomma(organizations) if organizations else "",
        "fields": intcomma(fields) if fields else "",
    }
