"""What agents and admins do to many contacts, and what others notice of it meanwhile.

The worker of the jobs runs beside one web server, as in life; a colleague's table of another workspace is asked for
again and again.
"""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from tests.bench import sizes, world
from tests.bench.desk import ROOT, serving
from tests.bench.tables import Measured

ROUNDS = 40
PATIENCE = 1_800  # seconds that work in the background may take


def measure() -> Iterator[Measured]:
    many = world.workspaces()[sizes.MANY]
    colleague = world.workspaces()[sizes.CONTACTS[-2]]
    with serving() as port, _worker():
        yield from _deletions(*_desks(many, colleague, port))
        with serving(workers=2) as both:  # as `make run` does it
            yield from _editors(many, both)
        yield from _field(*_desks(many, colleague, port))


def _desks(target: Any, colleague: Any, port: int) -> tuple[world.Desk, world.Desk]:
    """New connections: the server closes those that were idle for a while."""
    return world.Desk(target, port), world.Desk(colleague, port, HX_Target="contacts-table")


@contextmanager
def _worker() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _deletions(desk: world.Desk, other: world.Desk) -> Iterator[Measured]:
    usual = _of_others(other, lambda turn: turn >= ROUNDS)
    few, few_done = _delete(desk, sizes.DELETED)
    undo, undone = _undo(desk)
    answered, done, meanwhile = _beside(other, lambda: _delete(desk, sizes.DELETED_MANY))
    back, back_done, meanwhile_back = _beside(other, lambda: _undo(desk))
    yield Measured(
        "Bulk delete and Undo, as an agent does it; a colleague's table meanwhile (at most twice its usual time)",
        {
            f"delete {sizes.DELETED:,}: until the answer (at most 2 s)": few,
            f"delete {sizes.DELETED:,}: until all are in the trash": few_done,
            f"Undo {sizes.DELETED:,}: until the answer (at most 2 s)": undo,
            f"Undo {sizes.DELETED:,}: until all are back": undone,
            f"delete {sizes.DELETED_MANY:,}: until the answer": answered,
            f"delete {sizes.DELETED_MANY:,}: until all are in the trash": done,
            f"Undo {sizes.DELETED_MANY:,}: until the answer": back,
            f"Undo {sizes.DELETED_MANY:,}: until all are back": back_done,
            "the colleague's table, usually": usual,
            "while many are deleted": meanwhile,
            "while many come back": meanwhile_back,
        },
        {"while many are deleted": meanwhile / usual, "while many come back": meanwhile_back / usual},
    )


def _field(desk: world.Desk, other: world.Desk) -> Iterator[Measured]:
    from customfields.models import Field, FieldValue
    from gopimi.lib.tenancy import workspace

    with workspace(desk.target):
        field = Field.objects.for_workspace(desk.target).get(label="Billing")
        values = FieldValue.objects.for_workspace(desk.target).filter(field=field).count()

    def delete() -> tuple[float, float]:
        desk.post("customfields:archive", field.pk)
        began = time.perf_counter()
        desk.post("customfields:delete", field.pk, form=urlencode({"confirm": field.key}))
        answered = time.perf_counter() - began
        _wait(desk.target, lambda: not Field.objects.for_workspace(desk.target).filter(pk=field.pk).exists())
        return answered, time.perf_counter() - began

    usual = _of_others(other, lambda turn: turn >= ROUNDS)
    answered, done, meanwhile = _beside(other, delete)
    yield Measured(
        f"Delete a custom field with {values:,} values; a colleague's table meanwhile (at most twice its usual time)",
        {
            "until the answer": answered, "until all values are gone": done,
            "the colleague's table, usually": usual, "while the values go": meanwhile,
        },
        {"while the values go": meanwhile / usual},
    )  # fmt: skip


def _editors(target: Any, port: int) -> Iterator[Measured]:
    """One agent alone, then many at once, each changing the number of contacts of their own."""
    from contacts.models import Contact
    from customfields.models import Field
    from gopimi.lib.tenancy import workspace

    with workspace(target):
        field = Field.objects.for_workspace(target).get(label="Seats")
        ids = list(Contact.objects.for_workspace(target).order_by("pk").values_list("pk", flat=True)[: sizes.EDITORS])

    def edit(contact_id: int, pause: float) -> list[float]:
        desk, taken = world.Desk(target, port, HX_Target=f"field-{field.pk}"), []
        for turn in range(ROUNDS):
            began = time.perf_counter()
            desk.post("contacts:field", contact_id, field.pk, form=urlencode({"value": turn}))
            taken.append(time.perf_counter() - began)
            time.sleep(pause)
        return taken[1:]

    idle = statistics.median(edit(ids[0], 0))
    taken: list[float] = []
    # Each edits something every second: people read, too.
    threads = [threading.Thread(target=lambda pk=pk: taken.extend(edit(pk, 1))) for pk in ids]
    for number, thread in enumerate(threads):
        thread.start()
        time.sleep(1 / len(threads) * (number % 3))
    for thread in threads:
        thread.join()
    slow = statistics.quantiles(taken, n=20)[-1]
    yield Measured(
        f"Edit one value inline, at {sizes.MANY:,} contacts",
        {"one agent alone": idle, f"{sizes.EDITORS} at once, each every second: the slowest 5 % begin at": slow},
        {"of the median of one alone (at most 3)": slow / idle},
    )


def _delete(desk: world.Desk, number: int) -> tuple[float, float]:
    """Seconds until the answer, and until all are in the trash. About so many are found by a range of numbers."""
    below = number / sizes.MANY * 1_000_003 / 100
    form = urlencode({"all": "on", "query": f"cf_seats__lt={below:.2f}", "confirmed": "on"})
    began = time.perf_counter()
    desk.post("contacts:delete", form=form)
    answered = time.perf_counter() - began
    _wait(desk.target, lambda: not _last(desk.target).is_active)
    return answered, time.perf_counter() - began


def _undo(desk: world.Desk) -> tuple[float, float]:
    pk = _wait(desk.target, lambda: _last(desk.target).pk)
    began = time.perf_counter()
    desk.post("contacts:bulk_undo", pk)
    answered = time.perf_counter() - began
    _wait(desk.target, lambda: not _last(desk.target).is_active)
    return answered, time.perf_counter() - began


def _last(target: Any) -> Any:
    from contacts.bulkedits.records import BulkEdit

    return BulkEdit.objects.for_workspace(target).order_by("-pk")[0]


def _wait(target: Any, answer: Callable[[], Any]) -> Any:
    from gopimi.lib.tenancy import workspace

    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with workspace(target):
            if found := answer():
                return found
        time.sleep(0.05)
    raise TimeoutError(f"It isn't done after {PATIENCE} seconds.")


def _beside(other: world.Desk, work: Callable[[], tuple[float, float]]) -> tuple[float, float, float]:
    """What the work says, and the median of a colleague's table meanwhile."""
    done = threading.Event()
    found: list[float] = []
    watching = threading.Thread(target=lambda: found.append(_of_others(other, lambda _: done.is_set())))
    watching.start()
    try:
        answered, finished = work()
    finally:
        done.set()
        watching.join()
    return answered, finished, found[0]


def _of_others(other: world.Desk, is_over: Callable[[int], bool]) -> float:
    taken = []
    turn = 0
    while not is_over(turn):
        began = time.perf_counter()
        other.get("contacts:list")
        taken.append(time.perf_counter() - began)
        turn += 1
        time.sleep(0.05)
    return statistics.median(taken)
