"""Several names in one cell, and back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gopimi.lib.text import InvalidText, join, one_line, split


def line(text: str) -> str:
    """The text as one line that is kept as it is; another one where it can't be."""
    try:
        return one_line(text) or "'"
    except InvalidText:
        return '";'


NAMES = st.one_of(st.text(), st.text("ab;,\"' ")).map(line)


@settings(deadline=None)
@given(st.lists(NAMES))
def test_what_was_joined_is_split_into_the_same(names: list[str]) -> None:
    assert split(join(names)) == names


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("vip", ["vip"]),
        ("vip, gold", ["vip", "gold"]),
        ("vip\ngold", ["vip", "gold"]),
        ("vip, gold; silver ;", ["vip, gold", "silver ", ""]),
        ('"a;b"', ["a;b"]),
        ("", []),
        (" , ", ["", ""]),
    ],
)
def test_what_people_write(cell: str, names: list[str]) -> None:
    assert split(cell) == names


def test_a_cell_beyond_what_csv_reads() -> None:
    with pytest.raises(InvalidText):
        split("x" * 1_000_001)
