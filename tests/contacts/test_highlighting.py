"""Search marks what it found, as it found it, and nothing that was searched or stored becomes HTML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.highlighting import highlighter
from contacts.searching import words
from gopimi.lib.folding import fold


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("dana", "Dana Cole", "<mark>Dana</mark> Cole"),
        ("nunez jose", "José Núñez", "<mark>José</mark> <mark>Núñez</mark>"),
        ("an", "Anna Banana", "<mark>An</mark>na B<mark>anan</mark>a"),
        ("cole co", "Dana Cole", "Dana <mark>Cole</mark>"),
        ("ffi", "Oﬃce", "O<mark>ﬃ</mark>ce"),
        ("e", "e\u0301a", "<mark>e</mark>\u0301a"),
        ("<b>", "<b>Org</b>", "<mark>&lt;b&gt;</mark>Org&lt;/b&gt;"),
        ("amp", "R&D", "R&amp;D"),
        (".*", "a.*b", "a<mark>.*</mark>b"),
        ("zzz", "Dana", "Dana"),
        ("  ", "<i>", "&lt;i&gt;"),
    ],
)
def test_what_is_marked(query: str, text: str, expected: str) -> None:
    assert highlighter(query)(text) == expected


@given(st.text(), st.text())
def test_the_text_stays_the_text(query: str, text: str) -> None:
    shown = highlighter(query)(text)
    plain = shown.replace("<mark>", "").replace("</mark>", "")
    assert plain == highlighter("")(text)
    found = any(word in fold(text) for word in words(query))
    assert ("<mark>" in shown) == found
