"""Bytes of unknown origin."""

import pytest

from gopimi.lib.charsets import clean, decode, known, printable

GERMAN, RUSSIAN, JAPANESE = "Grüße aus Köln", "Здравствуйте, где мой заказ?", "注文について質問があります"


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (GERMAN, "utf-8"), (GERMAN, "iso-8859-1"), (GERMAN, "utf-16"), (RUSSIAN, "koi8-r"), (RUSSIAN, "windows-1251"),
        (JAPANESE, "shift_jis"), (JAPANESE, "iso-2022-jp"), (JAPANESE, "euc-jp"),
    ],
)  # fmt: skip
def test_a_declared_charset_is_believed_where_it_can_be(text: str, charset: str) -> None:
    assert decode(text.encode(charset), charset) == text


@pytest.mark.parametrize("declared", ["", "us-ascii", "iso-8859-1", "shift_jis", "x-unknown", "\x00", "utf-8"])
def test_utf_8_is_known_whatever_is_declared(declared: str) -> None:
    assert decode(f"{GERMAN}, {RUSSIAN}".encode(), declared) == f"{GERMAN}, {RUSSIAN}"


def test_western_text_is_windows_1252_where_in_doubt() -> None:
    assert decode("“Grüße”".encode("cp1252")) == "“Grüße”"
    assert decode(bytes(range(0x80, 0xA0)), "iso-8859-1")[:2] == "€\x81"


def test_a_longer_text_of_another_script_is_guessed() -> None:
    assert decode((RUSSIAN * 10).encode("cp1251")) == RUSSIAN * 10


@pytest.mark.parametrize("name", ["hex", "rot13", "idna", "punycode", "unicode_escape", "undefined", "", "nonsense"])
def test_what_is_no_charset_is_not_used(name: str) -> None:
    assert known(name) == ""
    assert decode(b"\xfc", name) == "ü"


@pytest.mark.parametrize("data", [b"\x00", b"+2AA-", b"\xed\xa0\x80", bytes(range(256))])
@pytest.mark.parametrize("charset", ["", "utf-7", "utf-8", "utf-16", "cesu-8", "gb18030"])
def test_no_text_holds_what_a_database_cannot(data: bytes, charset: str) -> None:
    text = decode(data, charset)
    assert "\x00" not in text
    text.encode()


def test_clean_and_printable() -> None:
    assert clean("a\x00b\ud800c") == "ab\ufffdc"
    assert printable("one\r\ntwo\t\x1b[31mthree\u202e") == "one two [31mthree"
