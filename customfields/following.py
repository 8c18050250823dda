"""What other apps do when a definition changes. They add themselves when they are ready: this app knows none."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from gopimi.lib.tenancy import TenantModel
from gopimi.workspaces.actor import Actor

if TYPE_CHECKING:
    from customfields.models import Field, Option

Changed = tuple[int, "Field", Any, Any]  # contact's id, field, old value, new value


class Follower(Protocol):
    """One app that keeps something about fields."""

    @property
    def going_along(self) -> Sequence[type[TenantModel]]:
        """Tables whose rows of a field go with it, in batches as its values do."""

    def values_changed(self, workspace_id: int, actor: Actor, changes: Iterable[Changed]) -> None:
        """Values became others, or none, since `actor` replaced or deleted an option. The contacts are locked."""

    def relabelled(self, field: "Field", old: str, new: str) -> None:
        """What an option was called is another label now: it was renamed, or another one came in its place."""

    def uses(self, field: "Field", option: "Option | None" = None) -> list[str]:
        """What needs the field, or one option of it, in words for whoever is to archive or delete it."""

    def without_value(self, field: "Field") -> int:
        """How many contacts have no value of the field; those in the trash don't count."""


FOLLOWERS: list[Follower] = []


def uses(field: "Field", option: "Option | None" = None) -> list[str]:
    return [words for follower in FOLLOWERS for words in follower.uses(field, option)]


def without_value(field: "Field") -> int:
    return sum(follower.without_value(field) for follower in FOLLOWERS)
