# `make run` and `make test` do all the set-up that they need: python3 (3.11 or newer, with venv) and make are enough.
PYTHON ?= python3
WORKERS ?= 2
TESTS ?=
MINUTES ?= 5
PARTS ?=
UV := .venv/bin/uv
COMPILE := $(UV) pip compile -q --generate-hashes --universal --python-version 3.11 --no-header

.PHONY: help run test check format messages setup setup-dev chromium lock corpus corpus-csv kills bench bench-world bench-quick fuzz

help:
	@echo "make run                serve GoPimi on http://127.0.0.1:8000 (PORT, GOPIMI_DATA_DIR)"
	@echo "make test               run every test, in a browser too (TESTS=path, WORKERS=2)"
	@echo "make check              lint, types, migrations, the rules of the house"
	@echo "make format             let ruff format the code"
	@echo "make messages           take the texts out of code and templates into the catalogs, and compile them"
	@echo "make bench              measure, beside peers and the raw floor, and write docs/benchmarks.md (PARTS=\"api\")"
	@echo "make bench-quick        the same with less of everything, in a few minutes; nothing is written"
	@echo "make bench-world        make the data of a bench once for several (BENCH_WORLD=dir, of make bench too)"
	@echo "make lock               write requirements/*.txt anew from requirements/*.in"
	@echo "make fuzz               try requests made up from the API's document (MINUTES=5)"
	@echo "make corpus CORPUS=dir  receive every mail of a corpus and compare with its manifest"
	@echo "make corpus-csv CORPUS=dir  import every CSV file of a corpus and compare the counts with the database"
	@echo "make kills              kill the worker of an import five times and compare with an unbroken run"

run: setup
	@.venv/bin/python manage.py run

test: setup-dev chromium
	.venv/bin/pytest -n $(WORKERS) $(TESTS)

check: setup-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	.venv/bin/python manage.py makemigrations --check --dry-run
	.venv/bin/pytest tests/test_house.py

format: setup-dev
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

# Exit 1 while a message has no translation.
messages: setup-dev
	.venv/bin/python -m tests.messages

corpus: setup-dev
	.venv/bin/python -m tests.corpus $(CORPUS)

corpus-csv: setup-dev
	.venv/bin/python -m tests.corpus_csv $(CORPUS)

kills: setup-dev
	.venv/bin/python -m tests.import_kills

bench: .venv/installed-bench
	.venv/bin/python -m tests.bench $(PARTS)

bench-world: .venv/installed-bench
	.venv/bin/python -m tests.bench.world $(BENCH_WORLD)

bench-quick: .venv/installed-bench
	BENCH_QUICK=1 .venv/bin/python -m tests.bench $(PARTS)

fuzz: setup-dev
	.venv/bin/python -m tests.fuzz $(MINUTES)

# The browser that tests drive: found, or installed.
chromium: setup-dev
	@.venv/bin/python -m tests.browser.chromium

# Installed anew when a lock changed, and only then.
setup: .venv/installed-run
setup-dev: .venv/installed-dev

.venv/installed-run: requirements/run.txt $(UV)
	$(UV) pip install -q --python .venv/bin/python --require-hashes -r requirements/run.txt
	@touch $@

.venv/installed-dev: requirements/dev.txt $(UV)
	$(UV) pip install -q --python .venv/bin/python --require-hashes -r requirements/dev.txt
	@touch $@ .venv/installed-run

.venv/installed-bench: requirements/bench.txt $(UV)
	$(UV) pip install -q --python .venv/bin/python --require-hashes -r requirements/bench.txt
	@touch $@ .venv/installed-run

$(UV): requirements/tools.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'GoPimi needs Python 3.11 or newer as $(PYTHON). Name another: make run PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo '$(PYTHON) comes without venv. On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/tools.txt
	@touch $@

lock: $(UV)
	$(COMPILE) requirements/tools.in -o requirements/tools.txt
	$(COMPILE) requirements/run.in -o requirements/run.txt
	$(COMPILE) requirements/dev.in -o requirements/dev.txt
	$(COMPILE) requirements/bench.in -o requirements/bench.txt -c requirements/run.txt
