"""The catalogs of messages: taken from the code and the templates, and compiled. `make messages` runs it.

No GNU tool is needed: Django turns a template into calls of gettext, and Babel reads those, merges and compiles.
"""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["contacts", "customfields", "gopimi", "organizations", "tickets"]
LOCALE = ROOT / "gopimi" / "locale"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "pgettext_lazy": ((1, "c"), 2),
    "ngettext_lazy": (1, 2),
    "counted": (2, 3),  # gopimi.lib.counting
}
CALL = re.compile(r"\b(?:n?p?gettext|_)\((?:u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\"|, |, ?count)+\)")
BLANK = re.compile(r"\S")


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))
    yield from templates()


def templates() -> Iterator[Path]:
    return iter(sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt")))


def code_of(path: Path) -> str:
    """Python with the calls of gettext that are in a file, on the lines where they stand."""
    text = path.read_text()
    if path.suffix == ".py":
        return text
    return "\n".join("; ".join(CALL.findall(line)) for line in templatize(text).splitlines())


def extracted() -> Catalog:
    """Every message of the code and the templates, with the files that it stands in."""
    catalog = Catalog(fuzzy=False)
    for path in sources():
        found = extract("python", io.BytesIO(code_of(path).encode()), KEYWORDS)
        for _, message, _, context in found:
            catalog.add(message, locations=[(str(path.relative_to(ROOT)), 0)], context=context)
    return catalog


def languages() -> list[str]:
    return sorted(path.parent.parent.name for path in LOCALE.rglob("django.po"))


def po(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    with po(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalog: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def written(catalog: Catalog) -> bytes:
    """As the file holds it: in the order of the messages, without line numbers, so that two changes seldom collide."""
    file = io.BytesIO()
    write_po(file, catalog, width=120, sort_output=True, include_lineno=False, ignore_obsolete=True)
    return file.getvalue()


def update(language: str) -> int:
    """Bring a catalog up to date and compile it; answers how many messages have no translation."""
    catalog, found = read(language), extracted()
    created = catalog.creation_date
    catalog.update(found, no_fuzzy_matching=True, update_creation_date=False)
    catalog.creation_date = created
    po(language).write_bytes(written(catalog))
    po(language).with_suffix(".mo").write_bytes(compiled(read(language)))
    return sum(not message.string or not all(_strings(message.string)) for message in catalog if message.id)


def _strings(string: object) -> tuple[object, ...]:
    return string if isinstance(string, tuple) else (string,)


if __name__ == "__main__":
    left = {language: update(language) for language in languages()}
    for language, number in left.items():
        print(f"{po(language).relative_to(ROOT)}: {f'{number} to translate' if number else 'complete'}")
    sys.exit(any(left.values()))
