"""Addresses of pages whose parameters are numbers, made of parts: a table has two for each of its rows."""

from functools import lru_cache
from typing import Any

from django.urls import reverse

HIGHEST = 10**18  # stands for a number while the parts are found; digits that no address has by itself


def address(name: str, slug: str, *args: Any) -> str:
    """What `reverse` says of a workspace's page."""
    for given in args:
        if type(given) is not int:
            return reverse(name, args=[slug, *args])
    return _pattern(name, slug, len(args)) % args


@lru_cache(4_096)
def _pattern(name: str, slug: str, numbers: int) -> str:
    places = [HIGHEST + number for number in range(numbers)]
    pattern = reverse(name, args=[slug, *places]).replace("%", "%%")
    for place in places:
        pattern = pattern.replace(str(place), "%d", 1)
    return pattern
