"""Several processes that live and die together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 15  # seconds between asking a process to stop and killing it
PAUSE = 0.1  # seconds between two looks at the processes
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Stopped(BaseException):
    """The user or the system asked for the end. No `Exception`: nothing on the way may take it for a mistake."""


@contextmanager
def stoppable() -> Iterator[None]:
    """In this block Ctrl-C, SIGTERM and SIGHUP raise `Stopped`, so that what is open is closed on the way out."""

    def stop(number: int, frame: FrameType | None) -> None:
        ignore_stop_signals()  # a second Ctrl-C must not interrupt the tidying up
        raise Stopped

    previous = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def ignore_stop_signals() -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


class Supervisor:
    """Starts commands, watches them, and stops all of them when one ends."""

    def __init__(self, commands: Mapping[str, Sequence[str]]) -> None:
        self.commands = commands
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, healthy: Callable[[], bool], on_healthy: Callable[[], None]) -> str:
        """Run until a child ends and return a sentence about it; `Stopped` comes through. No child outlives this call.

        `healthy` is asked until it says yes for the first time, then `on_healthy` is called.
        """
        told = False
        try:
            for name, command in self.commands.items():
                self.children[name] = self._start(command)
            while True:
                for name, child in self.children.items():
                    if child.poll() is not None:
                        return f"The {name} process ended ({_how(child.returncode)})."
                if not told and healthy():
                    told = True
                    on_healthy()
                time.sleep(PAUSE)
        finally:
            self._stop()

    def _start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C in the terminal reaches this process alone, which then stops the others in order.
        return subprocess.Popen(command, start_new_session=True, preexec_fn=_die_with_parent())

    def _stop(self) -> None:
        ignore_stop_signals()
        for child in self.children.values():
            child.terminate()
        deadline = time.monotonic() + GRACE
        for child in self.children.values():
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux the kernel stops a child whose parent was killed (prctl(2)); elsewhere it must be stopped by hand."""
    if sys.platform != "linux":
        return None
    library, parent = ctypes.CDLL(None), os.getpid()

    def ask_kernel() -> None:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask_kernel


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
