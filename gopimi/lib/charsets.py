"""Bytes of unknown origin made into text, in one way for mail, uploads and whatever else comes from outside."""

import codecs
import re
from functools import lru_cache

import charset_normalizer

# Names that stand for a larger set in practice, as browsers read them (WHATWG Encoding, 4.2).
SUPERSETS = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932", "euc_kr": "cp949",
}  # fmt: skip
# Python's codecs that aren't character sets of documents; punycode and idna also take quadratic time.
NOT_CHARSETS = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}
# Their bytes are all ASCII, so that a try as UTF-8 would succeed and be wrong.
SEVEN_BIT = ("iso2022", "hz", "utf-7", "utf-16", "utf-32")
# They refuse what isn't theirs; a single-byte charset accepts anything, so UTF-8 is tried before it.
MULTI_BYTE = ("big5", "cp932", "cp949", "cp950", "euc", "gb18030", "johab", "shift_jis")
COMMON = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1256", "koi8_r", "iso8859_2",
    "cp932", "euc_jp", "cp949", "gb18030", "big5hkscs",
]  # fmt: skip
SAMPLE = 64 * 1024  # bytes; a guess over more takes seconds and is no better
# A guess is worth something over this many bytes, or over a word or two of a language that isn't written in Latin.
ENOUGH, A_WORD = 256, 12
LINE_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SURROGATES = re.compile("[\ud800-\udfff]")
C1_CONTROLS = "gopimi.c1_controls"  # how to read what Windows-1252 has no character for, as an error handler of codecs
WINDOWS_1252 = {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xA0)}


@lru_cache(maxsize=256)  # every header of every mail asks
def known(name: str) -> str:
    """The codec to read this charset with, or "" where there is none."""
    try:
        codec = codecs.lookup(name.strip("\"' ").lower())
    except (LookupError, ValueError):
        return ""
    if codec.name.replace("-", "_") in NOT_CHARSETS or not getattr(codec, "_is_text_encoding", True):
        return ""
    return SUPERSETS.get(codec.name, codec.name)


def decode(data: bytes, declared: str = "") -> str:
    """The text of these bytes, whatever they are: never an error, a lone surrogate or a NUL.

    A declared charset that can refuse is believed where it doesn't; then UTF-8, then any declared charset, then a
    guess among the common ones, and Windows-1252 where in doubt.
    """
    charset = known(declared)
    if not data.isascii() or charset.startswith(SEVEN_BIT):
        first = charset if charset.startswith(SEVEN_BIT + MULTI_BYTE) else ""
        for candidate in (first, "utf-8-sig", charset):
            text = _strictly(data, candidate)
            if text is not None:
                return clean(text)
        return clean(_mostly_utf_8(data) or _guess(data))
    return clean(data.decode("ascii"))


def clean(text: str) -> str:
    """The text without what no database and no browser can hold: lone surrogates and NUL."""
    text = text.replace("\x00", "")
    return text if text.isascii() else SURROGATES.sub("\ufffd", text)


def printable(text: str) -> str:
    """One line's text without control characters and what reverses the direction of reading; line breaks are spaces."""
    return CONTROLS.sub("", clean(LINE_BREAKS.sub(" ", text)))


def _strictly(data: bytes, charset: str) -> str | None:
    if charset == "cp1252":
        return _windows_1252(data)
    try:
        return data.decode(charset) if charset else None
    except (UnicodeError, LookupError):
        return None


def _mostly_utf_8(data: bytes) -> str:
    """The text where it is UTF-8 with a few broken places, else ""."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return text if foreign >= 5 * broken else ""


def guess(data: bytes) -> str:
    """The codec of the common charset in which this reads best; Windows-1252 where in doubt."""
    foreign = sum(byte > 0x7F for byte in data[:SAMPLE])
    if len(data) >= ENOUGH or (foreign >= A_WORD and foreign > 0.4 * len(data)):
        matches = charset_normalizer.from_bytes(data[:SAMPLE], cp_isolation=COMMON)
        # Of equally good ones the library takes any: "Lefèvre" is also a good "Lefčvre" of Central Europe.
        ranked = [
            (match.chaos, -match.coherence, COMMON.index(name), name)
            for match in matches
            for name in match.could_be_from_charset
            if name in COMMON
        ]
        return min(ranked, default=(0, 0, 0, "cp1252"))[3]
    return "cp1252"


def _guess(data: bytes) -> str:
    charset = guess(data)
    return _windows_1252(data) if charset == "cp1252" else data.decode(charset, "replace")


def _windows_1252(data: bytes) -> str:
    """As browsers read it: the five bytes that it has no character for are Latin-1's."""
    return data.decode("latin-1").translate(WINDOWS_1252)


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(C1_CONTROLS, _as_latin_1)
