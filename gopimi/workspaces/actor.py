"""Who does something: said with every change, and shown in the history."""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy


class ActorKind(models.TextChoices):
    AGENT = "agent", gettext_lazy("Agent")
    API = "api", gettext_lazy("API token")
    EMAIL = "email", gettext_lazy("Email")
    IMPORT = "import", gettext_lazy("Import")
    SYSTEM = "system", "GoPimi"


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is the user's, the token's or the import's; None for mail and for GoPimi itself."""

    kind: ActorKind
    id: int | None = None
    name: str = ""

    @classmethod
    def agent(cls, user: Any) -> "Actor":
        return cls(ActorKind.AGENT, user.pk, user.display_name)

    @classmethod
    def api(cls, token: Any) -> "Actor":
        return cls(ActorKind.API, token.pk, token.name)


EMAIL = Actor(ActorKind.EMAIL)
SYSTEM = Actor(ActorKind.SYSTEM)
