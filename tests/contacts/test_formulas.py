"""Cells that look like formulas, made harmless and taken back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.formulas import harmless, original

CELLS = st.one_of(st.text(), st.text("'=+-@\t\ra", max_size=8))


@given(CELLS)
def test_import_takes_back_what_export_did(cell: str) -> None:
    assert original(harmless(cell)) == cell
    assert harmless(cell)[:1] not in {*"=+-@\t\r"}


@pytest.mark.parametrize(
    ("cell", "exported"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("-5", "'-5"),
        ("@x", "'@x"),
        ("'tis", "'tis"),
        ("''", "''"),
        ("", ""),
        ("a=b", "a=b"),
    ],
)
def test_cells(cell: str, exported: str) -> None:
    assert harmless(cell) == exported
