"""Rows sent as arrays arrive as they were."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gopimi.lib import arrays

ROWS = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1),
        st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.just("NULL"),
        st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=3),
        st.none() | st.dates(),
        st.none() | st.booleans(),
    ),
    max_size=5,
)
ECHO = """
SELECT a, b, c, d, e FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::date[], %s::boolean[]) WITH ORDINALITY
    AS given (a, b, c, d, e, position) ORDER BY position
"""


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_what_is_sent_arrives(db: None, rows: list[tuple[Any, ...]]) -> None:
    assert arrays.execute(ECHO, [], rows) == rows
