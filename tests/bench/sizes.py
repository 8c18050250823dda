"""How much is measured: `make bench` takes half an hour, `make bench-quick` a few minutes with less of everything."""

import os

QUICK = bool(os.environ.get("BENCH_QUICK"))
CONTACTS = [1_000, 5_000, 20_000] if QUICK else [1_000, 10_000, 100_000, 1_000_000]  # of the workspaces of `world`
FEW, MANY = CONTACTS[0], CONTACTS[-1]
OTHERS, OTHERS_EACH = (10, 100) if QUICK else (200, 500)  # workspaces beside, and their contacts
IMPORTED = 10_000 if QUICK else 100_000  # rows of a file, beside its peers
TURNS = 1 if QUICK else 3  # of what takes long
IMPORTED_FEW, IMPORTED_MANY = (5_000, 20_000) if QUICK else (10_000, 1_000_000)
DELETED, DELETED_MANY = (2_000, 10_000) if QUICK else (10_000, 500_000)
EDITORS = 5 if QUICK else 20
