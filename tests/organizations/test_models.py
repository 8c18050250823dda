"""Names and domains are unique in the workspace, and judged in one way."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from organizations.models import Organization
from tests.factories import ContactFactory


def define(target: Workspace, name: Any, domains: Any = ()) -> Organization:
    return Organization.objects.for_workspace(target).define(name=name, domains=domains)


def codes(refused: Any) -> dict[str, list[str]]:
    return {name: [error.code for error in errors] for name, errors in refused.value.error_dict.items()}


def test_domains_are_kept_as_idna_in_lower_case(in_acme: Workspace) -> None:
    made = define(in_acme, "  Hafen &\tSöhne ", ["Hafen.Example", "@münchen.example", "hafen.example"])
    assert (made.name, made.domain_names) == ("Hafen & Söhne", ["hafen.example", "xn--mnchen-3ya.example"])
    contacts = Contact.objects.for_workspace(in_acme)
    assert contacts.add(SYSTEM, email="alice@münchen.example").organization == made
    assert contacts.add(SYSTEM, email="bob@other.example").organization is None


@pytest.mark.parametrize(
    ("name", "domains", "expected"),
    [
        ("", [], {"name": ["required"]}),
        ("ACME", [], {"name": ["taken"]}),
        ("x" * 201, [], {"name": ["too_long"]}),
        ("a\x00b", [], {"name": ["invalid_character"]}),
        (None, "acme.test", {"name": ["invalid_type"], "domains": ["invalid_type"]}),
        ("New", ["acme.example"], {"domains": ["taken"]}),
        ("New", ["GMail.com"], {"domains": ["free_mail"]}),
        ("New", ["dana@new.example"], {"domains": ["invalid_domain"]}),
        ("New", ["a b"], {"domains": ["invalid_domain"]}),
        ("New", [3], {"domains": ["invalid_domain"]}),
        ("New", [""], {"domains": ["invalid_domain"]}),
        ("acme", ["gmail.com"], {"name": ["taken"], "domains": ["free_mail"]}),
    ],
)
def test_what_is_refused_comes_at_once(in_acme: Workspace, name: Any, domains: Any, expected: dict[str, Any]) -> None:
    define(in_acme, "Acme", ["acme.example"])
    with pytest.raises(ValidationError) as refused:
        define(in_acme, name, domains)
    assert codes(refused) == expected


def test_a_change_touches_only_what_is_given(in_acme: Workspace) -> None:
    acme = define(in_acme, "Acme", ["acme.example", "acme.test"])
    kept = acme.domains.get(name="acme.test").pk
    acme.change(domains=["acme.test", "new.example"])
    assert acme.name == "Acme"
    assert acme.domains.get(name="acme.test").pk == kept
    acme.change(name="ACME")
    assert acme.domain_names == ["acme.test", "new.example"]
    define(in_acme, "Globex")
    with pytest.raises(ValidationError):
        acme.change(name="globex")


def test_two_workspaces_share_neither_names_nor_domains(acme: Workspace, globex: Workspace) -> None:
    for target in (acme, globex):
        with workspace(target):
            define(target, "Initech", ["initech.example"])


@pytest.mark.parametrize(
    ("query", "found"), [("SOHNE", "h"), ("fathom-d", "f"), ("fathom anal", "f"), ("%", ""), ("", "fh")]
)
def test_search_looks_at_names_and_domains(in_acme: Workspace, query: str, found: str) -> None:
    define(in_acme, "Fathom Analytics", ["fathom-data.example"])
    define(in_acme, "Hafen & Söhne", ["hafen.example"])
    rows = Organization.objects.for_workspace(in_acme).search(query).order_by("name_key")
    assert "".join(row.name[0].lower() for row in rows) == found


def test_contacts_outlive_their_organization(in_acme: Workspace) -> None:
    acme = define(in_acme, "Acme", ["acme.example"])
    dana = ContactFactory(workspace=in_acme, organization=acme)
    acme.delete()
    assert Contact.objects.for_workspace(in_acme).get(pk=dana.pk).organization_id is None
