"""How times are taken: side by side in one run, in turns, and by medians."""

import socket
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


def in_turns(ways: Mapping[str, Callable[[], object]], rounds: int, each: int = 1) -> dict[str, float]:
    """The median seconds of each way. They take turns, `each` runs at a time, so that what else the machine does
    falls on all of them; the first turn warms up and doesn't count."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            for _ in range(each):
                began = time.perf_counter()
                way()
                if turn:
                    times[name].append(time.perf_counter() - began)
    return {name: statistics.median(taken) for name, taken in times.items()}


@dataclass
class Answer:
    status: int
    headers: bytes
    body: bytes


class KeepAlive:
    """One HTTP/1.1 connection that asks again and again. It does so little that the server's time is what counts."""

    def __init__(self, port: int, **headers: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
        self.head = f"Host: localhost:{port}\r\n{''.join(lines)}".encode()

    def get(self, path: str) -> Answer:
        return self._ask(b"GET %s HTTP/1.1\r\n%s\r\n" % (path.encode(), self.head))

    def post(self, path: str, body: bytes, content_type: str = "application/json") -> Answer:
        head = b"POST %s HTTP/1.1\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
        return self._ask(head % (path.encode(), self.head, content_type.encode(), len(body)) + body)

    def _ask(self, request: bytes) -> Answer:
        self.socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        _, _, length = head.lower().partition(b"content-length:")
        wanted = int(length.split(b"\r\n", 1)[0] or 0)  # an answer without content doesn't say how long it is
        parts = [body]
        while sum(map(len, parts)) < wanted:
            parts.append(self._more())
        answer = Answer(int(head.split(b" ", 2)[1]), head, b"".join(parts))
        if answer.status >= 400:
            raise RuntimeError(f"The server answered {head!r} {answer.body[:500]!r}")
        return answer

    def _more(self) -> bytes:
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError("The server closed the connection.")
        return part
