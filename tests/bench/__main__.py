"""Measure, beside peers and beside the raw floor in the same run: `make bench`, or some parts: `make bench PARTS=api`.

Nothing is asserted: tables are printed, and written into the benchmark page.
"""

import sys

from tests.bench import api, imports, live, mail, page, sizes, table, tickets
from tests.bench.desk import set_up

PARTS = {
    "api": api.measure,
    "imports": imports.measure,
    "large-imports": imports.measure_large,
    "mail": mail.measure,
    "table": table.measure,
    "tickets": tickets.measure,
    "live": live.measure,
}


def main(names: list[str]) -> None:
    for name in names or PARTS:
        found = []
        for measured in PARTS[name]():
            print(f"{measured}\n", flush=True)
            found.append(measured)
        if not sizes.QUICK:
            page.write(name, found, list(PARTS))


if __name__ == "__main__":
    set_up()
    main(sys.argv[1:])
