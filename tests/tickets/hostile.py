"""Mails that were made to hurt. `python -m tests.tickets.hostile` reads each in a process of its own and prints its size,
the time to know it again and to read it, and how much memory that took.

Each is a function, so that only one is in memory at a time.
"""

# ruff: noqa: E501
import base64
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable

FROM = b"From: Dana <dana@example.com>\r\nMessage-ID: <one@example.com>\r\n"
MB = 1024 * 1024
MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n"


def lines(size: int, width: int = 76) -> bytes:
    """Base64 in lines."""
    line = base64.b64encode(b"\xab" * (width * 3 // 4)) + b"\r\n"
    return line * (size // len(line))


def nested(depth: int, boundary: Callable[[int], bytes], kind: bytes = b"multipart/mixed") -> bytes:
    opened = b"".join(
        b"Content-Type: " + kind + b"; boundary=" + boundary(level) + b"\r\n\r\n--" + boundary(level) + b"\r\n"
        for level in range(depth)
    )
    return FROM + opened + b"\r\nHello"


def html(content: bytes) -> bytes:
    return FROM + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + content


def attached(data: bytes, headers: bytes = b"") -> bytes:
    return (
        FROM + MIXED + b"\r\n--b\r\n\r\nHello\r\n--b\r\nContent-Type: application/pdf; name=x.pdf\r\n" + headers
        + b"\r\n" + data + b"\r\n--b--\r\n"
    )  # fmt: skip


BASE64 = b"Content-Transfer-Encoding: base64\r\n"
HOSTILE: dict[str, Callable[[], bytes]] = {
    "a million header lines": lambda: FROM + b"X: y\r\n" * 1_000_000 + b"\r\nHello",
    "a million lines that are no header": lambda: FROM + b"xxxx\r\n" * 1_000_000 + b"Subject: x\r\n\r\nHello",
    "a million folds": lambda: FROM + b"Subject: x\r\n" + b" y\r\n" * 1_000_000 + b"\r\nHello",
    "a header of 10 MB": lambda: FROM + b"Subject: " + b"x" * 10 * MB + b"\r\n\r\nHello",
    "a header of 50 MB": lambda: FROM + b"X-Long: " + b"x" * 49 * MB + b"\r\n\r\nHello",
    "a Content-Type of 10 MB": lambda: FROM + b"Content-Type: text/plain" + b"; a=b" * 2 * MB + b"\r\n\r\nHello",
    "a Content-Type of quotes": lambda: FROM + b'Content-Type: text/plain; a="' + b'\\"' * 5 * MB + b"\r\n\r\nHello",
    "parameters in a million pieces": lambda: FROM + b"Content-Type: text/plain"
    + b"".join(b"; name*%d*=x" % n for n in range(1_000_000)) + b"\r\n\r\nHello",
    "100,000 parts": lambda: FROM + MIXED + b"\r\n" + b"--b\r\n\r\nx\r\n" * 100_000 + b"--b--",
    "10,000 files": lambda: FROM + MIXED + b"\r\n" + b"--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n" * 10_000,
    "a part of a million headers": lambda: FROM + MIXED + b"\r\n--b\r\n" + b"X: y\r\n" * 1_000_000 + b"\r\nx\r\n--b--",
    "10,000 levels": lambda: nested(10_000, lambda level: b"b%d" % level),
    "10,000 levels of one boundary": lambda: nested(10_000, lambda _: b"b"),
    "500 levels over many lines": lambda: nested(500, lambda level: b"b%d" % level) + b"\r\n--x" * 500_000,
    "10,000 mails in mails": lambda: FROM + b"Content-Type: message/rfc822\r\n\r\n" * 10_000 + b"Hello",
    "a boundary of 5 MB": lambda: FROM + b"Content-Type: multipart/mixed; boundary=" + b"b" * 5 * MB + b"\r\n\r\n--b\r\n",
    "a boundary of patterns": lambda: FROM + b'Content-Type: multipart/mixed; boundary="(a+)+$"\r\n\r\n--' + b"a" * 5 * MB,
    "lines that nearly are boundaries": lambda: FROM + MIXED + b"\r\n--b\r\n\r\n" + b"--bb\r\n-- b\r\n" * 500_000,
    "no boundary": lambda: FROM + b"Content-Type: multipart/mixed\r\n\r\n" + b"--\r\n" * 1_000_000,
    "encoded words": lambda: FROM + b"Subject: " + b"=?utf-8?q?=41?= " * 600_000 + b"\r\n\r\nHello",
    "encoded words without end": lambda: FROM + b"Subject: " + b"=?utf-8?q?" * 1_000_000 + b"\r\n\r\nHello",
    "encoded words in From": lambda: b"From: " + b"=?utf-8?b?PGFAYi5jPg==?= " * 400_000 + b"\r\n\r\nHello",
    "a From of brackets": lambda: b"From: " + b"<" * 5 * MB + b"\r\n\r\nHello",
    "a From of comments": lambda: b"From: a@b.example " + b"(" * 5 * MB + b"\r\n\r\nHello",
    "100,000 authors": lambda: b"From: " + b", ".join(b"a%d@example.com" % n for n in range(100_000)) + b"\r\n\r\nHi",
    "100,000 From headers": lambda: b"From: a@example.com\r\n" * 100_000 + b"\r\nHello",
    "100,000 recipients": lambda: FROM + b"To: " + b", ".join(b"<a%d@x.example>" % n for n in range(100_000)) + b"\r\n\r\nHi",
    "a million references": lambda: FROM + b"References: " + b"".join(b"<%d@x>\r\n " % n for n in range(1_000_000)) + b"x\r\n\r\nHi",
    "a body of 50 MB": lambda: FROM + b"\r\n" + (b"x" * 76 + b"\r\n") * (50 * MB // 78 - 10),
    "a body of 50 MB in short lines": lambda: FROM + b"\r\n" + b"x\n" * (25 * MB - 100),
    "a body of 50 MB in one line": lambda: FROM + b"\r\n" + b"x" * (50 * MB - 100),
    "a body of 50 MB of bytes": lambda: FROM + b"\r\n" + bytes(range(128, 256)) * (50 * MB // 128 - 100),
    "a file of 50 MB": lambda: attached(lines(50 * MB - 500), BASE64),
    "a file of 50 MB in one line": lambda: attached(b"qqqq" * (50 * MB // 4 - 500), BASE64),
    "a file of 50 MB, quoted": lambda: attached(b"=AB" * (50 * MB // 3 - 500), b"Content-Transfer-Encoding: quoted-printable\r\n"),
    "a file of 50 MB, uuencoded": lambda: attached(
        b"begin 644 x\n" + (b"M" + b"x" * 60 + b"\n") * (49 * MB // 62) + b"`\nend\n", b"Content-Transfer-Encoding: x-uuencode\r\n"),
    "a file of 50 MB that is no base64": lambda: attached(b"*" * (50 * MB - 500), BASE64),
    "a mail of 50 MB in a mail": lambda: FROM + b"Content-Type: message/rfc822\r\n\r\n" + attached(lines(50 * MB - 900), BASE64),
    "HTML of 20 MB": lambda: html(b"<p>Hello <b>you</b></p>\n" * (20 * MB // 24)),
    "HTML of 50 MB": lambda: html(b"<p>Hello <b>you</b></p>\n" * (50 * MB // 24 - 100)),
    "HTML, a million levels": lambda: html(b"<div>" * 1_000_000),
    "HTML, 2,900 levels, again and again": lambda: html((b"<div>" * 2900 + b"x" + b"</div>" * 2900) * 100),
    "HTML, a million attributes": lambda: html(b"<a" + b"".join(b" a%d=x" % n for n in range(1_000_000)) + b">"),
    "HTML, formatting that never ends": lambda: html(b"<b><i><a href=x><p>" * 20_000),
    "HTML, tables in tables": lambda: html(b"<table><tr><td>" * 20_000),
    "HTML, angles": lambda: html(b"<" * 20 * MB),
    "HTML, comments": lambda: html(b"<!--" * 2 * MB),
    "HTML, entities": lambda: html(b"&amp;lt;" * 2 * MB),
    "HTML, quotations": lambda: html(b"<blockquote>x" * 2_500 + b"</blockquote>" * 2_500),
    "HTML, pictures": lambda: html(b'<img src="cid:x" alt="y">' * 400_000),
    "many HTML parts": lambda: FROM + MIXED + b"\r\n" + b"--b\r\nContent-Type: text/html\r\n\r\n<p>x\r\n" * 20_000,
    "UTF-7": lambda: FROM + b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + b"+AGE-" * 2 * MB,
    "an unknown charset": lambda: FROM + b"Content-Type: text/plain; charset=" + b"x" * MB + b"\r\n\r\n\xff" + b"\xfe" * MB,
    "every charset in a header": lambda: FROM + b"Subject: " + b"".join(b"=?x%d?b?/w==?= " % n for n in range(100_000)) + b"\r\n\r\nHi",
    "NULs": lambda: FROM + b"Subject: \0\r\n\r\n" + b"\0" * 20 * MB,
    "blank lines": lambda: b"\r\n" * 10 * MB + FROM + b"\r\nHello",
    "carriage returns": lambda: FROM + b"\r\n" + b"\r" * 20 * MB,
    "a report of message ids": lambda: FROM + b"Auto-Submitted: auto-replied\r\n\r\n" + b"Message-ID: <a@b>\r\n" * 1_000_000,
}  # fmt: skip


def measure(name: str) -> None:
    """Read one mail and print what that took; memory is what the process needed beyond the mail itself."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gopimi.settings")
    django.setup()
    from tests.tickets.mails import mail
    from tickets import inbound, mailparse

    mailparse.parse(mail())
    raw = HOSTILE[name]()
    before = peak()
    started = time.perf_counter()
    inbound.fingerprint(raw)
    marked = time.perf_counter()
    try:
        became = "a message" if mailparse.parse(raw).sender else "nobody's"
    except Exception as error:  # noqa: BLE001 -- told
        became = f"{type(error).__name__}: {error}"
    took = time.perf_counter() - marked
    size, known, more = len(raw) / MB, marked - started, peak() - before
    print(f"{size:5.1f} MB  {known:5.2f} s  {took:5.2f} s  {more:4.0f} MB more  {name}: {became[:150]}", flush=True)


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        for each in HOSTILE:
            subprocess.run([sys.executable, "-m", __spec__.name, each], check=False)
