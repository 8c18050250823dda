"""The threads of an import: the one that writes comes first, and the others compute while it waits for the server."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from contacts.importing.turns import Turns

pytestmark = pytest.mark.django_db


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as one:
        yield one


def test_others_compute_when_nobody_is_first(thread: ThreadPoolExecutor) -> None:
    assert thread.submit(list, Turns().after("abc")).result(timeout=10) == ["a", "b", "c"]


def test_others_wait_for_the_first(thread: ThreadPoolExecutor) -> None:
    turns, done = Turns(), threading.Event()
    with turns.first():
        rows = thread.submit(list, turns.after("abc"))
        rows.add_done_callback(lambda _: done.set())
        assert not done.wait(0.1)
    assert rows.result(timeout=10) == ["a", "b", "c"]


def test_others_compute_while_the_first_waits_for_the_server(thread: ThreadPoolExecutor) -> None:
    turns, done = Turns(), threading.Event()
    with turns.first():
        thread.submit(list, turns.after("abc")).add_done_callback(lambda _: done.set())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.5)")
        assert done.is_set()


def test_others_go_on_after_an_error(thread: ThreadPoolExecutor) -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.first():
        raise ZeroDivisionError
    assert thread.submit(list, turns.after("abc")).result(timeout=10) == ["a", "b", "c"]
