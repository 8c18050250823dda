"""How organizations are found and made. What is refused is a ValidationError by attribute (`gopimi.lib.refusals`)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext

from gopimi.lib import addresses
from gopimi.lib.folding import fold
from gopimi.lib.naming import NamedQuerySet
from gopimi.lib.refusals import Refusals, name, refuse
from gopimi.workspaces.models import Workspace
from organizations.freemail import FREE_MAIL

if TYPE_CHECKING:
    from organizations.models import Organization

NAME_LENGTH = 200


def domain_name(text: Any) -> str:
    """A mail domain as it is compared: lower case, IDNA ASCII, judged like an address's. Raises ValidationError."""
    shown = text.strip() if isinstance(text, str) else text
    try:
        domain = addresses.parse(f"x@{shown.removeprefix('@')}").domain if isinstance(shown, str) else ""
    except addresses.InvalidAddress:
        domain = ""
    if not domain:
        raise refuse(
            "domains",
            "invalid_domain",
            gettext("{shown} isn't a mail domain. Give one such as acme.com.").format(shown=shown),
        )
    if domain in FREE_MAIL:
        raise refuse(
            "domains",
            "free_mail",
            gettext("{domain} is a free-mail provider and can't be a domain here.").format(domain=domain),
        )
    return domain


class OrganizationQuerySet(NamedQuerySet):
    def lock(self) -> None:
        """One at a time in a workspace, so that what was checked still holds when it is written."""
        Workspace(pk=self.workspace_id).lock()

    def named(self, name: str) -> "Organization":
        """The organization with this name, without regard to case, made where it is new."""
        known = self.ids_by_name([name])
        if not known:
            self.lock()
            known = self.find_or_make([name])
        return self.get(pk=known[name])  # type: ignore[return-value]

    def search(self, query: str) -> Self:
        """Those that have every word of the query in their name or in one of their domains."""
        found = self
        for word in dict.fromkeys(fold(query).split()):
            all_here = type(self)(self.model).for_workspace(self.workspace_id)
            by_domain = all_here.filter(pk=OuterRef("pk"), domains__name__contains=word)
            found = found.filter(Q(name_key__contains=word) | Exists(by_domain))
        return found

    def offered(self, query: str, most: int) -> list["Organization"]:
        """Those to choose from for what is typed, whose name begins so first."""
        found = self.search(query).order_by("name_key", "id")
        first: list[Organization] = list(found.filter(name_key__startswith=fold(query.strip()))[:most])  # type: ignore[arg-type]
        rest = found.exclude(pk__in=[organization.pk for organization in first])[: most - len(first)]
        return [*first, *rest]  # type: ignore[list-item]

    def free_name(self, text: Any, but: "Organization | None" = None) -> str:
        """The name, cleaned; refused where another one has it."""
        cleaned = name("name", text, NAME_LENGTH)
        taken_by = self.ids_by_name([cleaned]).get(cleaned)
        if taken_by and (but is None or taken_by != but.pk):
            raise refuse(
                "name",
                "taken",
                gettext("There is an organization called “{name}” already.").format(name=self.get(pk=taken_by)),
            )
        return cleaned

    def free_domains(self, texts: Any, but: "Organization | None" = None) -> list[str]:
        """The domains, each once; refused where another organization has one."""
        if not isinstance(texts, list | tuple):
            raise refuse("domains", "invalid_type", gettext("Give an array of domains."))
        domains = list(dict.fromkeys(domain_name(text) for text in texts))
        others = self.filter(domains__name__in=domains).exclude(pk=but.pk if but else None)
        for domain, owner in others.values_list("domains__name", "name"):
            if domain in domains:
                raise refuse(
                    "domains",
                    "taken",
                    gettext("{domain} is a domain of “{owner}” already.").format(domain=domain, owner=owner),
                )
        return domains

    @transaction.atomic
    def define(self, *, name: Any, domains: Iterable[Any] = ()) -> "Organization":
        """Make one. All that is refused comes at once."""
        self.lock()
        refusals = Refusals()
        cleaned = refusals.attempt(self.free_name, name)
        names = refusals.attempt(self.free_domains, domains)
        refusals.check()
        organization = self.create(name=cleaned)
        organization.set_domains(names)
        return organization
