import pytest

from gopimi.lib.addresses import InvalidAddress, email_key, normalize


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("Alice@Example.COM", "alice@example.com"),
        (" alice@example.com ", "alice@example.com"),
        ("José@example.com", "josé@example.com"),  # an accent makes it somebody else
        ("x@acmé.com", "x@xn--acm-dma.com"),
        ("bob@localhost", "bob@localhost"),
        ("bob@intern.local", "bob@intern.local"),
        ("bob@shop.test", "bob@shop.test"),
        ('"bob smith"@example.com', '"bob smith"@example.com'),
        ("ΟΔΟΣ@example.com", "οδοσ@example.com"),
    ],
)
def test_key(given: str, key: str) -> None:
    assert email_key(given) == key


@pytest.mark.parametrize(
    "given",
    ["", "alice", "alice@", "@example.com", "a@b@c.com", "a..b@x.com", "a@x\ud800.com", "a@[1.2.3.4]", "a\x00@x.com"],
)
def test_refused(given: str) -> None:
    with pytest.raises(InvalidAddress):
        email_key(given)


def test_stored_as_given() -> None:
    assert normalize("  Alice@Example.com ") == "Alice@Example.com"
