"""What commands take: each function reads one argument, and says in words what is wrong with it."""

from argparse import ArgumentTypeError

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email, validate_slug

from gopimi.workspaces.models import Scope, Workspace

LARGEST = 2**31 - 1  # of an integer column
LONGEST_NAME = 200  # characters, of a workspace and of a token


def name(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_NAME or not text.isprintable():
        raise ArgumentTypeError(f"a name of 1 to {LONGEST_NAME} characters, please.")
    return text.strip()


def slug(text: str) -> str:
    try:
        validate_slug(text)
    except ValidationError as error:
        raise ArgumentTypeError(f"{text!r}: letters, digits, hyphens and underscores only.") from error
    longest = Workspace._meta.get_field("slug").max_length or 0
    if len(text) > longest:
        raise ArgumentTypeError(f"{text!r} is longer than {longest} characters.")
    return text


def email(text: str) -> str:
    """An address to sign in with; judged like the sign-in form does, or it could be made and never used."""
    try:
        validate_email(text)
    except ValidationError as error:
        raise ArgumentTypeError(f"{text!r} isn't an email address.") from error
    return text


def quota(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > LARGEST:
        raise ArgumentTypeError(f"{text!r} isn't a number of contacts.")
    return int(text)


def scopes(text: str) -> list[str]:
    wanted = [scope.strip() for scope in text.split(",") if scope.strip()]
    unknown = [scope for scope in wanted if scope not in Scope.values]
    if unknown or not wanted:
        raise ArgumentTypeError(f"{', '.join(unknown) or 'nothing'} given; there are {', '.join(Scope.values)}.")
    return list(dict.fromkeys(wanted))


def workspace(slug: str) -> Workspace:
    found = Workspace.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no workspace with the slug {slug}.")
    return found
