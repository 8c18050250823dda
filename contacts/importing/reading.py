"""Reading ahead: a thread reads and judges the next rows while the database is busy with the present ones."""

import gc
import sys
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from contacts.importing import files
from contacts.importing.files import Record, Written
from contacts.importing.plans import Parsed, Plan
from contacts.importing.records import Import
from contacts.importing.seen import Seen
from contacts.importing.turns import Turns

AHEAD = 2  # chunks
FEW = 500  # rows
TURN = 0.0005  # seconds
OBJECTS = 100_000
Corrections = Mapping[int, Sequence[str]]  # cells by row


def ahead(
    file: Any, one: Import, plan: Plan, corrections: Corrections, size: int, turns: Turns
) -> Generator[list[Parsed], None, None]:
    """The file's rows in chunks of at most `size`, from where the import stands. Raises Unreadable.

    A row of `corrections` has those cells instead of the file's.
    """
    chunks = _chunks(file, one, plan, corrections, size, turns)
    with hurried(), ThreadPoolExecutor(1, "import-reader") as thread:
        coming = deque(thread.submit(next, chunks, None) for _ in range(AHEAD))
        while (chunk := coming.popleft().result()) is not None:
            coming.append(thread.submit(next, chunks, None))
            yield chunk


@contextmanager
def hurried() -> Iterator[None]:
    """Settings of the interpreter for the time of an import.

    By default a thread that computes lets the others go on every 5 ms: too seldom beside one that talks to the
    database, and waits for its turn after every answer. And the search for cycles, of which rows have none, starts
    after every 700 objects: it took a quarter of the time.
    """
    turn, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(TURN)
    gc.set_threshold(OBJECTS, *threshold[1:])
    try:
        yield
    finally:
        sys.setswitchinterval(turn)
        gc.set_threshold(*threshold)


def sizes(rows: int, most: int) -> Iterator[int]:
    """How many rows each chunk has: few at last, so that search, a chunk behind, is soon done, too.

    Not at first: for as long as its connection lasts, or until the tables are analyzed, PostgreSQL checks foreign keys
    by the plan that was right for the first rows, and for few that is reading the whole table.
    """
    few = min(FEW, most)
    while True:
        size = min(most, max(few, rows // 2))
        yield size
        rows -= size


def _chunks(
    file: Any, one: Import, plan: Plan, corrections: Corrections, size: int, turns: Turns
) -> Generator[list[Parsed], None, None]:
    """Rows that are done with are read too, for the addresses that they have taken: the second row of one address
    fails, whatever became of the first. So a file repaired later imports like one that was right from the start."""
    seen = Seen()
    done = one.position
    records = files.read(file, Written(one.encoding, one.delimiter))
    next(records, None)  # the header
    chunk: list[Parsed] = []
    wanted = sizes(one.rows - done, size)
    limit = next(wanted)
    for record in turns.after(records):
        if record.row in corrections:
            record = Record(record.row, record.line, list(corrections[record.row]))
        if record.row <= done:
            if key := plan.key(record):
                seen.first(key, record.row)
            continue
        parsed = plan.parse(record)
        if parsed.email is not None and (first := seen.first(parsed.email.key, record.row)) != record.row:
            plan.refuse_double(parsed, first)
        chunk.append(parsed)
        if len(chunk) == limit:
            yield chunk
            chunk, limit = [], next(wanted)
    if chunk:
        yield chunk
