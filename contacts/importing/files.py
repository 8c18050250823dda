"""CSV files of unknown origin: in which encoding and with which delimiter they are written, and what rows they hold.

Nothing here reads a file as a whole into memory. What can't be read raises `Unreadable`, and nothing else does.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from django.utils.translation import gettext, gettext_lazy

from contacts import formulas
from gopimi.lib import charsets
from gopimi.lib.figures import figure
from gopimi.lib.words import Words

MOST_BYTES = 200 * 1024 * 1024
SAMPLE = 256 * 1024  # bytes by which encoding and delimiter are found
BLOCK = 1024 * 1024
LONGEST = 1_000_000  # characters of a line, and of a cell
DELIMITERS = (",", ";", "\t", "|")
MOST_COLUMNS = 1_000
UTF_8 = "utf-8"
# For people to choose from; others that Python knows are read too.
ENCODINGS = {
    UTF_8: "UTF-8",
    "utf-16-le": "UTF-16 (little-endian)",
    "utf-16-be": "UTF-16 (big-endian)",
    "cp1252": gettext_lazy("Windows-1252 (Western European)"),
    "cp1250": gettext_lazy("Windows-1250 (Central European)"),
    "cp1251": gettext_lazy("Windows-1251 (Cyrillic)"),
    "cp1253": gettext_lazy("Windows-1253 (Greek)"),
    "cp1254": gettext_lazy("Windows-1254 (Turkish)"),
    "cp1256": gettext_lazy("Windows-1256 (Arabic)"),
    "iso8859_2": gettext_lazy("ISO 8859-2 (Central European)"),
    "koi8_r": gettext_lazy("KOI8-R (Cyrillic)"),
    "mac_roman": gettext_lazy("Mac Roman"),
    "cp932": gettext_lazy("Shift JIS (Japanese)"),
    "euc_jp": gettext_lazy("EUC-JP (Japanese)"),
    "gb18030": gettext_lazy("GB 18030 (Chinese)"),
    "big5hkscs": gettext_lazy("Big5 (Chinese)"),
    "cp949": gettext_lazy("EUC-KR (Korean)"),
}
MARKS = [  # the longer first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
]  # fmt: skip
SIGNATURES = {
    b"PK\x03\x04": gettext_lazy("This is a zip file or an Excel workbook (.xlsx). Save it as CSV and upload that."),
    b"\xd0\xcf\x11\xe0": gettext_lazy("This is an Excel workbook (.xls). Save it as CSV and upload that."),
    b"%PDF": gettext_lazy("This is a PDF. Export the table as CSV and upload that."),
    b"\x1f\x8b": gettext_lazy("This is a compressed file. Unpack it and upload what is in it."),
}
BINARY = bytes(set(range(0x20)) - set(b"\t\n\r\f\v\x1a\x1b"))  # bytes that no text of one byte a character has
SEPARATOR_LINE = re.compile(r'"?sep=([,;|\t])"?\s*')  # Excel's own first line
REASONS = {
    "unexpected end of data": (
        "unclosed_quote",
        gettext_lazy("A quotation mark opens a cell here, and none closes it before the end of the file."),
    ),
    "expected after": (
        "misplaced_quote",
        gettext_lazy(
            "A quotation mark ends a cell here, but neither the separator nor the end of the line follows. Inside of a "
            "quoted cell, double it."
        ),
    ),
    "field larger than field limit": (
        "cell_too_long",
        gettext_lazy("A cell that begins here has more than {most} characters. Maybe a quotation mark isn't closed."),
    ),
}

csv.field_size_limit(LONGEST)  # for the whole process: the default of 131,072 is a limit of Python's, not of ours


class Unreadable(Exception):
    """The file as a whole can't be read. `line` is of the file, from 1, None where it is none in particular; `code` is
    for programs, `reason` for people."""

    def __init__(self, line: int | None, code: str, reason: Words) -> None:
        said = gettext("Line {line}: {reason}").format(line=figure(line), reason=reason) if line else str(reason)
        super().__init__(said)
        self.line, self.code, self.reason = line, code, str(reason)

    def as_problem(self) -> dict[str, Any]:
        """As an import keeps it."""
        return {"line": self.line, "code": self.code, "reason": self.reason}


class Record(NamedTuple):
    """A row of the file: its number as a spreadsheet counts (blank lines too, from 1), the line on which it begins, and
    its cells as they stand there."""

    row: int
    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Written:
    """How a file is written."""

    encoding: str
    delimiter: str


# How it is written


def detect(file: Any) -> Written:
    """Find encoding and delimiter of a binary file that can seek. Raises Unreadable for what is no text at all."""
    encoding = find_encoding(file)
    return Written(encoding, find_delimiter(file, encoding))


def find_encoding(file: Any) -> str:
    """By its byte order mark, else UTF-8 where it is that, else a guess, Windows-1252 where in doubt."""
    file.seek(0)
    sample = file.read(SAMPLE)
    if not sample.strip():
        raise Unreadable(None, "empty", gettext("The file is empty."))
    for mark, encoding in MARKS:
        if sample.startswith(mark):
            return encoding
    if wide := _wide(sample):
        return wide
    _require_text(sample)
    foreign, broken = _judge_utf_8(file)
    if foreign >= 5 * broken:
        return UTF_8  # with a few broken places: the rows that have them fail, and say so
    return _guess(file, sample)


def find_delimiter(file: Any, encoding: str) -> str:
    """That by which most of the first rows have as many cells as the header; a comma where there is but one column."""
    file.seek(0)
    sample = file.read(SAMPLE)
    text = sample.decode(encoding, "replace").lstrip("\ufeff")
    if said := SEPARATOR_LINE.fullmatch(text.split("\n", 1)[0]):
        return said[1]
    if len(sample) == SAMPLE:
        text = text[: text.rfind("\n") + 1] or text
    return max(DELIMITERS, key=lambda delimiter: _fit(text, delimiter))


def _fit(text: str, delimiter: str) -> tuple[float, int]:
    """How well a delimiter cuts these rows: the share of them that are as wide as the header, and how wide it is."""
    widths = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                widths.append(len(row))
            if len(widths) == 200:
                break
    except csv.Error:
        return 0, 0
    if not widths or widths[0] == 1:
        return 0, 0
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]


def _wide(sample: bytes) -> str:
    """UTF-16 without a byte order mark: every other byte of ASCII's delimiters and line ends is NUL."""
    zeros = sample.count(0)
    if zeros < 2 or len(sample) < 4:
        return ""
    for encoding, high in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        low = sample[0::2] if encoding == "utf-16-le" else sample[1::2]
        if high.count(0) > 20 * low.count(0) and high.count(0) > len(high) // 20:
            return encoding
    return ""


def _require_text(sample: bytes) -> None:
    for signature, reason in SIGNATURES.items():
        if sample.startswith(signature):
            raise Unreadable(None, "binary", reason)
    controls = len(sample) - len(sample.translate(None, BINARY))
    if controls > len(sample) // 20 + 1:
        raise Unreadable(None, "binary", gettext("This isn't a text file. Export the table as CSV and upload that."))


def _judge_utf_8(file: Any) -> tuple[int, int]:
    """How many characters beyond ASCII the file has when read as UTF-8, and how many of its bytes are broken then."""
    decoder = codecs.getincrementaldecoder(UTF_8)("surrogateescape")
    foreign = broken = 0
    file.seek(0)
    while block := file.read(BLOCK):
        text = decoder.decode(block)
        if not text.isascii():
            foreign += len(text) - len(text.encode("ascii", "ignore"))
            broken += len(charsets.SURROGATES.findall(text))
    broken += len(decoder.decode(b"", True))
    return foreign - broken, broken


def _guess(file: Any, sample: bytes) -> str:
    """A common encoding in which the whole file can be read."""
    telling = b"\n".join(line for line in sample.splitlines() if not line.isascii())
    guess = charsets.guess(telling)
    if guess != "cp1252":
        try:
            for _ in _blocks(file, guess):
                pass
        except Unreadable:
            return "cp1252"
    return guess


# What it holds


def read(file: Any, written: Written) -> Iterator[Record]:
    """The rows of a binary file that can seek, the header first, without blank lines. Raises Unreadable on the way."""
    file.seek(0)
    errors = {UTF_8: "surrogateescape", "cp1252": charsets.C1_CONTROLS}.get(written.encoding, "strict")
    text = io.TextIOWrapper(file, written.encoding, errors, newline="")
    rows = csv.reader(_lines(text), delimiter=written.delimiter, strict=True)
    number = line = 0
    try:
        for number, cells in enumerate(rows, start=1):
            if cells and (len(cells) > 1 or not cells[0].isspace()) and not _is_preamble(number, cells, written):
                yield Record(number, line + 1, cells)
            line = rows.line_num
    except csv.Error as error:
        raise _unreadable(error, line + 1) from error
    except UnicodeError as error:
        raise Unreadable(_line_of_bad_byte(file, written.encoding), "wrong_encoding", _not(written.encoding)) from error
    finally:
        if not file.closed:  # it is the caller's, and stays open
            text.detach()


@dataclass(frozen=True, slots=True)
class Outline:
    """What a file has: its columns' headers, tidied, and how many rows below them."""

    headers: list[str]
    rows: int


def outline(file: Any, written: Written) -> Outline:
    """Read the file to its end, as a run does, so that one that breaks off half-way is refused before it begins.

    Raises Unreadable, also where there is no header.
    """
    if written.encoding == UTF_8:
        foreign, broken = _judge_utf_8(file)
        if foreign < 5 * broken:
            raise Unreadable(_line_of_bad_byte(file, UTF_8), "wrong_encoding", _not(UTF_8))
    records = read(file, written)
    headers = _headers(next(records, None))
    return Outline(headers, sum(1 for _ in records))


@dataclass(frozen=True, slots=True)
class Head:
    """A file's headers and first rows, and what keeps the next one from being read."""

    headers: list[str]
    records: list[Record]
    problem: Unreadable | None


def head(file: Any, written: Written, rows: int) -> Head:
    """Read so many rows. Raises Unreadable where there is no header to be read."""
    reading = read(file, written)
    headers = _headers(next(reading, None))
    records: list[Record] = []
    problem = None
    try:
        records.extend(islice(reading, rows))
    except Unreadable as error:
        problem = error
    return Head(headers, records, problem)


def tidied(header: str) -> str:
    """A header as it is shown and compared: one line without spaces around it or twice."""
    return " ".join(charsets.clean(header).split())


def _headers(record: Record | None) -> list[str]:
    if record is None:
        raise Unreadable(None, "empty", gettext("The file is empty."))
    headers = [tidied(formulas.original(cell)) for cell in record.cells]
    if not any(headers):
        raise Unreadable(record.line, "no_header", gettext("The first row holds the columns' names, but it is empty."))
    if len(headers) > MOST_COLUMNS:
        raise Unreadable(
            record.line,
            "too_many_columns",
            gettext("At most {most} columns can be read.").format(most=figure(MOST_COLUMNS)),
        )
    return headers


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(LONGEST):
        number += 1
        if number == 1:
            line = line.removeprefix("\ufeff")
        if len(line) >= LONGEST and line[-1] not in "\r\n":
            reason = gettext("This line has more than {most} characters. Is it a CSV file?").format(
                most=figure(LONGEST)
            )
            raise Unreadable(number, "line_too_long", reason)
        yield line


def _is_preamble(number: int, cells: list[str], written: Written) -> bool:
    return number == 1 and bool(SEPARATOR_LINE.fullmatch(written.delimiter.join(cells)))


def _unreadable(error: csv.Error, line: int) -> Unreadable:
    for words, (code, reason) in REASONS.items():
        if words in str(error):
            return Unreadable(line, code, reason.format(most=figure(LONGEST)))
    return Unreadable(line, "unreadable", gettext("This line can't be read: {error}.").format(error=error))


def _not(encoding: str) -> str:
    name = ENCODINGS.get(encoding, encoding)
    return gettext("This line has bytes that aren't {name}. Choose another encoding.").format(name=name)


def _blocks(file: Any, encoding: str) -> Iterator[str]:
    """The file's text in parts. Raises Unreadable."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    file.seek(0)
    try:
        while block := file.read(BLOCK):
            text = decoder.decode(block)
            lines += text.count("\n")
            yield text
        decoder.decode(b"", True)
    except UnicodeDecodeError as error:
        lines += error.object[: error.start].decode(encoding, "ignore").count("\n")
        raise Unreadable(lines, "wrong_encoding", _not(encoding)) from error


def _line_of_bad_byte(file: Any, encoding: str) -> int | None:
    try:
        for _ in _blocks(file, encoding):
            pass
    except Unreadable as error:
        return error.line
    return None
