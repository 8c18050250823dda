"""Files of unknown origin: read as they are meant, or refused with line and reason."""

import codecs
import csv
import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.importing import files
from contacts.importing.files import Unreadable, Written, detect, outline, read

TEXT = "Name;E-Mail;Größe\r\nJosé Müller;j@x.example;1,5\r\n\r\nAnna;a@x.example;2\r\n"


def rows(content: bytes, written: Written | None = None) -> list[list[str]]:
    file = io.BytesIO(content)
    return [record.cells for record in read(file, written or detect(file))]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("utf-16"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-32"), "utf-32-le"),
        (TEXT.encode("cp1252"), "cp1252"),
    ],
)
def test_encodings(content: bytes, encoding: str) -> None:
    assert detect(io.BytesIO(content)) == Written(encoding, ";")
    assert rows(content) == [
        ["Name", "E-Mail", "Größe"],
        ["José Müller", "j@x.example", "1,5"],
        ["Anna", "a@x.example", "2"],
    ]


@pytest.mark.parametrize(
    ("lines", "encoding"),
    [
        ("Chloé Marchand\nFrançois Lefèvre\nZoë Bézier\n", "cp1252"),
        ("Łukasz Wiśniewski\nMałgorzata Dąbrowska\nŻaneta Kozłowska\n", "cp1250"),
        ("Мария Иванова\nПётр Петров\n", "cp1251"),
        ("山田太郎\n佐藤花子\n", "cp932"),
        ("It costs 5 € – “fine”\n", "cp1252"),
    ],
)
def test_legacy_encodings(lines: str, encoding: str) -> None:
    content = f"name\n{lines * 8}".encode(encoding)
    assert rows(content)[1:] == [[line] for line in (lines * 8).splitlines()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    content = delimiter.join(["name", "amount, or so; or", "c"]) + "\n"
    content = content.replace("amount, or so; or", '"amount, or so; or"') + "".join(
        f'"A | {n}"{delimiter}"1,5"{delimiter}x\n' for n in range(9)
    )
    assert detect(io.BytesIO(content.encode())).delimiter == delimiter


def test_decimal_commas_are_no_delimiters() -> None:
    assert rows(b"name;amount\nA;1,5\nB;2,5\n")[1] == ["A", "1,5"]


def test_what_excel_writes_in_front() -> None:
    assert rows(b"sep=;\r\na;b\r\n1;2,3\r\n") == [["a", "b"], ["1", "2,3"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    content = f'a,b{end}1,"x{end}y"{end}{end}   {end}2,{end}'
    file = io.BytesIO(content.encode())
    assert [tuple(record) for record in read(file, detect(file))] == [
        (1, 1, ["a", "b"]),
        (2, 2, ["1", f"x{end}y"]),
        (5, 6, ["2", ""]),
    ]


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (b"", None, "empty"),
        (codecs.BOM_UTF8, None, "empty"),
        (b" \n\n", None, "empty"),
        (b"\n,,\na,b,c\n", 2, "no_header"),
        (bytes(range(256)) * 9, None, "binary"),
        (b"PK\x03\x04 and so on", None, "binary"),
        (b'a,b\n1,2\n3,"4\n5,6\n', 3, "unclosed_quote"),
        (b'a,b\n1,"2" x\n', 2, "misplaced_quote"),
        (b'a,b\n1,2\n3,"' + b"x\n" * 600_000 + b'"\n', 3, "cell_too_long"),
        (b"a,b\n1," + b"x" * 1_100_000, 2, "line_too_long"),
        (b",".join([b"a"] * 1_001), 1, "too_many_columns"),
    ],
)
def test_what_can_t_be_read(content: bytes, line: int | None, code: str) -> None:
    with pytest.raises(Unreadable) as error:
        outline(io.BytesIO(content), detect(io.BytesIO(content)))
    assert (error.value.line, error.value.code) == (line, code)
    assert error.value.reason


def test_another_encoding_than_was_said() -> None:
    content = b"a,b\n" + b"x,y\n" * 5_000 + "é,è\n".encode("cp1252")
    with pytest.raises(Unreadable) as error:
        outline(io.BytesIO(content), Written("utf-8", ","))
    assert (error.value.line, error.value.code) == (5_002, "wrong_encoding")
    with pytest.raises(Unreadable) as error:
        outline(io.BytesIO(content), Written("ascii", ","))
    assert (error.value.line, error.value.code) == (5_002, "wrong_encoding")


def test_one_broken_byte_doesn_t_change_the_encoding() -> None:
    content = "name\n" + "Zoë\n" * 9
    found = rows(content.encode() + b"Jos\xe9\n")
    assert found[1] == ["Zoë"]
    assert found[-1] == ["Jos\udce9"]  # no text: the row fails


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)


@given(st.lists(st.lists(CELL, min_size=2, max_size=4), max_size=6), st.sampled_from(files.DELIMITERS))
@settings(max_examples=300, deadline=None)
def test_what_the_csv_module_writes_is_read(cells: list[list[str]], delimiter: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([["a", "b"], *cells])
    assert rows(text.getvalue().encode(), Written("utf-8", delimiter))[1:] == cells


@given(st.binary(max_size=300), st.sampled_from([b"", b"a,b\n", b'a,"b\n', codecs.BOM_UTF16_LE, codecs.BOM_UTF8]))
@settings(max_examples=500, deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes, start: bytes) -> None:
    file = io.BytesIO(start + content)
    try:
        written = detect(file)
        told = outline(file, written)
    except Unreadable:
        return
    assert sum(1 for _ in read(file, written)) == told.rows + 1


def test_memory_doesn_t_grow_with_the_file() -> None:
    class Endless(io.RawIOBase):
        """60 MB of rows that are nowhere."""

        def __init__(self) -> None:
            self.at = 0

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:
            self.at = offset
            return offset

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            size = min(len(buffer), 60_000_000 - self.at)
            row = b"dana.cole@acme.example,Dana,Acme,x\n"
            start = self.at % len(row)
            buffer[:size] = (row * (size // len(row) + 2))[start : start + size]
            self.at += size
            return size

    tracemalloc.start()
    assert outline(Endless(), Written("utf-8", ",")).rows > 1_000_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000
