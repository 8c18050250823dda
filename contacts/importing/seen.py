"""Which addresses a file has had already: a million of them in 25 MB."""

from array import array

SMALLEST = 1 << 12  # places; a power of two


class Seen:
    """The first row of each key, by a 64-bit hash of it in open addressing.

    A dict of a million addresses takes 200 MB. Python's hash of a text is SipHash with a key that is new in every
    process, so nobody can make two addresses that it takes for one; by chance it happens in one of thirty million files
    of a million rows.
    """

    def __init__(self) -> None:
        self._count = 0
        self._make(SMALLEST)

    def _make(self, places: int) -> None:
        self._mask = places - 1
        self._hashes = array("q", bytes(8 * places))  # 0 is free
        self._rows = array("I", bytes(4 * places))

    def first(self, key: str, row: int) -> int:
        """The first row that had this key, which is `row` where it is new."""
        return self._put(hash(key) or 1, row)

    def add(self, key: str) -> bool:
        """Whether the key is new."""
        before = self._count
        self.first(key, 0)
        return self._count > before

    def _put(self, mark: int, row: int) -> int:
        hashes, mask = self._hashes, self._mask
        place = mark & mask
        while held := hashes[place]:
            if held == mark:
                return self._rows[place]
            place = (place + 1) & mask
        hashes[place] = mark
        self._rows[place] = row
        self._count += 1
        if 3 * self._count > 2 * mask:
            self._grow()
        return row

    def _grow(self) -> None:
        hashes, rows = self._hashes, self._rows
        self._count = 0
        self._make(2 * (self._mask + 1))
        for mark, row in zip(hashes, rows, strict=True):
            if mark:
                self._put(mark, row)
