"""Measure, beside peers and beside the raw floor in the same run: `make bench`, or some parts: `make bench PARTS=api`.

Nothing is asserted: a table is printed.
"""

import sys

from tests.bench import api, imports, mail, table
from tests.bench.desk import set_up

PARTS = {
    "api": api.measure,
    "imports": imports.measure,
    "large-imports": imports.measure_large,
    "mail": mail.measure,
    "table": table.measure,
}


def main(names: list[str]) -> None:
    for name in names or PARTS:
        for measured in PARTS[name]():
            print(f"{measured}\n", flush=True)


if __name__ == "__main__":
    set_up()
    main(sys.argv[1:])
