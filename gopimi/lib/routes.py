"""Addresses of pages whose parameters are numbers, made of parts: a table has two for each of its rows."""

from functools import lru_cache
from typing import Any

from django.urls import reverse

HIGHEST = 10**18  # stands for a number while the parts are found; digits that no address has by itself


def address(name: str, slug: str, *args: Any) -> str:
    """What `reverse` says of a workspace's page."""
    if any(type(given) is not int for given in args):
        return reverse(name, args=[slug, *args])
    first, *parts = _parts(name, slug, len(args))
    return first + "".join(f"{number}{part}" for number, part in zip(args, parts, strict=True))


@lru_cache(4_096)
def _parts(name: str, slug: str, numbers: int) -> list[str]:
    places = [HIGHEST + number for number in range(numbers)]
    rest = reverse(name, args=[slug, *places])
    parts = []
    for place in places:
        part, _, rest = rest.partition(str(place))
        parts.append(part)
    return [*parts, rest]
