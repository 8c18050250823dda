"""Texts for people that are said in the reader's language only when they are shown: at import there is no reader.

To the database, to JSON and to what a worker does they are no `str`: say `str(words)` there.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise as Words
else:
    Words = str
