"""Forms read as bytes: nothing in them is changed."""

from urllib.parse import quote_from_bytes

import pytest

from gopimi.lib import rawforms

EVERY_BYTE = bytes(range(256)) * 5000  # more than is unquoted at once
URLENCODED = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("value", [b"", b"a&b=c+d%20", b"\xff\r\n", EVERY_BYTE])
def test_an_urlencoded_form(value: bytes) -> None:
    body = b"name=x&empty=&value=" + quote_from_bytes(value).encode() + b"&plus=a+b"
    assert rawforms.fields(f"{URLENCODED}; charset=utf-8", body) == {
        "name": b"x", "empty": b"", "value": value, "plus": b"a b",
    }  # fmt: skip


@pytest.mark.parametrize("shift", range(4))
def test_escapes_are_not_cut_in_two(shift: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rawforms, "SLICE", 5)
    assert rawforms.fields(URLENCODED, b"v=" + b"x" * shift + b"%41%42%zz%%%") == {"v": b"x" * shift + b"AB%zz%%%"}


def multipart(*parts: bytes) -> bytes:
    return b"".join(b"--cut\r\n" + part + b"\r\n" for part in parts) + b"--cut--\r\n"


@pytest.mark.parametrize("value", [b"", b"\r\n", b"x--cut", b"\r\n\r\n--cu\r\n", EVERY_BYTE])
def test_a_multipart_form(value: bytes) -> None:
    body = multipart(
        b'Content-Disposition: form-data; name="one"\r\n\r\n1',
        b'Content-Type: text/plain\r\nContent-Disposition: form-data; filename="f"; name="value"\r\n\r\n' + value,
        b"Content-Disposition: form-data; filename=x\r\n\r\nno name",
        b'Content-Disposition: form-data; name="last"\r\n\r\nz',
    )
    assert rawforms.fields('multipart/form-data; boundary="cut"', body) == {"one": b"1", "value": value, "last": b"z"}


def test_a_form_that_is_cut_off_has_what_came_whole() -> None:
    body = multipart(b'Content-Disposition: form-data; name="one"\r\n\r\n1') + b'--cut\r\nname="x"\r\n\r\nhal'
    assert rawforms.fields("multipart/form-data; boundary=cut", body) == {"one": b"1"}
    assert rawforms.fields("multipart/form-data; boundary=cut", b"") == {}


def test_fields_without_number_are_not_looked_for() -> None:
    assert len(rawforms.fields(URLENCODED, b"".join(b"%d=&" % number for number in range(10_000)))) <= 501
    many = multipart(*[b'Content-Disposition: form-data; name="%d"\r\n\r\n' % number for number in range(1000)])
    assert len(rawforms.fields("multipart/form-data; boundary=cut", many)) == 500


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data", "text/plain; boundary=cut"])
def test_what_is_no_form(content_type: str) -> None:
    with pytest.raises(ValueError, match="is no form"):
        rawforms.fields(content_type, b"a=b")
