"""The attachments of the stories: texts and tables from `files.toml`, pictures drawn here."""

import struct
import zlib
from random import Random
from typing import Any

from django.core.files.base import ContentFile

CONTENT_TYPES = {"txt": "text/plain", "csv": "text/csv", "png": "image/png"}
TOPICS = ["Access control", "Backups", "Encryption", "Incidents", "Staff", "Suppliers", "Development", "Premises"]
QUESTIONS = [
    "Is there a written policy, and when was it last reviewed?",
    "Who is responsible, and who stands in for them?",
    "How is it tested, and how often?",
    "What happened in the last 24 months?",
    "Does it also apply to subcontractors?",
]
WIDTH, HEIGHT = 480, 270
WHITE, PALE, GREY = b"\xff\xff\xff", b"\xf4\xf4\xf6", b"\xcf\xd0\xd8"
INK, RED, BLUE = b"\x3a\x3d\x4a", b"\xd9\x46\x4a", b"\x3b\x55\xe6"


def make(name: str, told: dict[str, Any], random: Random) -> tuple[str, ContentFile]:
    """The content type and the file of this name."""
    suffix = name.rpartition(".")[2]
    data = picture(name, random) if suffix == "png" else text(told[name], random).encode()
    return CONTENT_TYPES[suffix], ContentFile(data, name)


def text(told: dict[str, Any], random: Random) -> str:
    lines = [
        told.get("line", "").format(
            n=n + 1,
            key=f"01HF{random.getrandbits(60):015X}",
            time=f"{n // 60:02}:{n % 60:02}:{random.randint(0, 59):02}",
            attempt=1 + n % 2,
            status=random.choice([200, 200, 200, 502]),
            topic=TOPICS[n // 23 % len(TOPICS)],
            question=QUESTIONS[n % len(QUESTIONS)],
        )
        for n in range(told.get("count", 0))
    ]
    return told["text"] + "".join(f"{line}\n" for line in lines)


def picture(name: str, random: Random) -> bytes:
    """A PNG: a graph of bars, or a rough screenshot with something red in it."""
    rows = [bytearray(WHITE * WIDTH) for _ in range(HEIGHT)]

    def box(x: int, y: int, width: int, height: int, colour: bytes) -> None:
        for row in rows[y : y + height]:
            row[x * 3 : (x + width) * 3] = colour * width

    if "graph" in name:
        for n in range(24):
            height = random.randint(8, 40) if n < 15 else random.randint(90, 220)
            box(24 + n * 18, HEIGHT - 24 - height, 12, height, BLUE if n < 15 else RED)
        box(20, HEIGHT - 24, WIDTH - 40, 2, INK)
    else:
        box(0, 0, WIDTH, 28, GREY)
        box(0, 28, 110, HEIGHT - 28, PALE)
        box(130, 44, WIDTH - 150, 34, RED)
        for n in range(6):
            box(14, 48 + n * 22, random.randint(40, 80), 7, GREY)
            box(130, 98 + n * 26, random.randint(160, 320), 8, GREY)
    return png(rows)


def png(rows: list[bytearray]) -> bytes:
    """An image of 8-bit RGB rows as PNG (W3C PNG, 5: signature and chunks; each row begins with filter type 0)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
