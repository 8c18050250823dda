from collections.abc import Callable

import pytest
from hypothesis import example, settings
from hypothesis import given as made_up
from hypothesis import strategies as st

from gopimi.lib import addresses
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


LETTERS = st.text("aZ9_!#$%&'*+/=?^`{|}~.-@\"\\ (),:;<>[]\x7fé", max_size=12)
PIECES = st.one_of(
    LETTERS,
    st.sampled_from(
        ["a", "dana.cole", "x" * 63, "x" * 64, "x" * 65, "xn--acm-dma", "ab--c", "postmaster", "abuse", "a."]
    ),
)


@made_up(st.lists(PIECES, max_size=3), st.lists(PIECES, max_size=6))
@example(["a"], [".".join(["x" * 63] * 3) + ".example"])
@example(["x" * 64], [".".join(["y" * 61] * 3) + ".abc"])
@settings(max_examples=2_000, deadline=None)
def test_the_short_way_says_what_the_library_says(local: list[str], domain: list[str]) -> None:
    text = "".join(local) + "@" + ".".join(domain)

    def judged(parse: Callable[[str], object]) -> object:
        try:
            return parse(text.strip())
        except InvalidAddress:
            return None

    assert judged(addresses.parse) == judged(addresses._parse)
