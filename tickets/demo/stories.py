"""What the TOML files say: a workspace, and the stories of its tickets and conversations."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Self

HERE = Path(__file__).parent
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
PERSON = re.compile(r"(?P<name>.+?)(?: <(?P<email>.+)>)?")


def read(*names: str) -> dict[str, Any]:
    """All TOML files of these names (a file or a directory) as one; lists of the same key are joined."""
    merged: dict[str, Any] = {}
    for name in names:
        path = HERE / name
        for file in sorted(path.glob("*.toml")) if path.is_dir() else [path]:
            for key, value in tomllib.loads(file.read_text()).items():
                merged[key] = merged[key] + value if isinstance(value, list) and key in merged else value
    return merged


def duration(text: str) -> timedelta:
    """ "1d 3h" or "12m" as a time span."""
    return timedelta(**{UNITS[part[-1]]: int(part[:-1]) for part in text.split()})


def person(text: str) -> tuple[str, str]:
    """Name and address of "Name <address>"; without one the address is empty."""
    match = PERSON.fullmatch(text)
    assert match, text
    return match["name"], match["email"] or ""


@dataclass(frozen=True)
class Step:
    """Somebody writes in a thread or changes it: an agent (`by` the first name), else the customer.

    `assign`, `priority` and `status` are what it becomes; empty is no change.
    """

    after: timedelta | None = None
    by: str = ""
    mail: str = ""
    cc: str = ""
    html: str = ""
    reply: str = ""
    note: str = ""
    files: tuple[str, ...] = ()
    assign: str = ""
    priority: str = ""
    status: str = ""

    @classmethod
    def of(cls, after: str = "", files: Iterable[str] = (), **values: str) -> Self:
        return cls(after=duration(after) if after else None, files=tuple(files), **values)


@dataclass(frozen=True)
class Story:
    """A thread from its first mail on. `last` is how long ago the last step was."""

    subject: str
    name: str
    email: str  # only where the sender isn't a contact
    last: timedelta
    steps: tuple[Step, ...]
    tags: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        name, email = person(told["from"])
        steps = tuple(Step.of(**step) for step in told["thread"])
        return cls(told["subject"], name, email, duration(told["last"]), steps, told.get("tags", []))

    def times(self, now: datetime, random: Random) -> list[datetime]:
        """When each step happened; what the story doesn't say is some minutes after the step before."""
        waits = [step.after or timedelta(minutes=random.randint(3, 25)) for step in self.steps[1:]]
        at = now - self.last - sum(waits, timedelta()) - timedelta(seconds=random.randint(0, 50))
        moments = [at]
        for wait in waits:
            moments.append(moments[-1] + wait)
        return moments
