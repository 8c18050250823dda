"""What every page's frame shows: the workspace, and the others that one can switch to."""

from typing import Any

from django.utils.functional import SimpleLazyObject

from gopimi.workspaces.models import Workspace

# Where a page stands in the rail, by its URL's namespace. A view says so itself where that isn't enough.
SECTIONS = {"contacts": "contacts", "customfields": "contacts", "organizations": "contacts", "settings": "settings"}


def shell(request: Any) -> dict[str, Any]:
    workspace = getattr(request, "workspace", None)
    if workspace is None:
        return {}
    return {
        "workspace": workspace,
        "section": SECTIONS.get(request.resolver_match.namespace, "tickets"),
        "membership": request.membership,
        # Asked for only where the frame is drawn, not for a fragment.
        "my_workspaces": SimpleLazyObject(
            lambda: Workspace.objects.filter(memberships__user=request.user).order_by("name")
        ),
    }
