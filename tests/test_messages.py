"""Every text can be said in every language, and German has them all (CONTRIBUTING.md, Texts)."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.template.base import Lexer, TokenType

from tests import messages

# What is the same in all languages.
NAMES = {"GoPimi", "G", "Postfix", "Exim"}
# Elements whose text is for machines, and attributes that are for people.
RAW = {"code", "kbd", "pre", "script", "style"}
TOLD = {"alt", "aria-label", "data-placeholder", "hx-confirm", "label", "placeholder", "title"}
SILENT = {"url", "page_url", "static", "icon", "load", "extends", "for", "if", "elif", "translate", "blocktranslate"}
ATTRIBUTE = re.compile(r"""([a-z-]+)="([^"]*)"|\bdata-[a-z-]+""")
WORD = re.compile(r"[^\W\d_]{2,}")
LITERAL = re.compile(r"""_\("[^"]*"\)|_\('[^']*'\)|"([^"]*)"|'([^']*)'""")  # what is marked, or the text of what isn't
SENTENCE = re.compile(r"[A-Z(].*[a-z]|[a-z]+ [a-z]+")  # what a literal in a tag looks like that people read
PLACE = re.compile(r"%\(\w+\)s|%%|\{\w+\}|</?\w+[^>]*>")
WHAT_TO_DO = (
    'write {% translate "…" %}, {% blocktranslate %}…{% endblocktranslate %} or _("…") around it, run `make messages`, '
    "and say it in German in gopimi/locale/de/LC_MESSAGES/django.po"
)


class Reader(HTMLParser):
    """Collects the texts that people see or hear, each with its line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.inside: list[str] = []
        self.texts: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in RAW:
            self.inside.append(tag)
        self.texts += [(self.getpos()[0], value or "") for name, value in attrs if name in TOLD]

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if self.inside:
            return
        line = self.getpos()[0]
        # A template may be some attributes of another's element.
        self.texts += [(line, value) for name, value in ATTRIBUTE.findall(data) if name in TOLD]
        self.texts.append((line, ATTRIBUTE.sub("", data)))


def unmarked(text: str) -> Iterator[tuple[int, str]]:
    """What a template says by itself in one language, with its line."""
    html, ending = "", ""
    for token in Lexer(text).tokenize():
        word = token.contents.split()[0] if token.contents.split() else ""
        blank = "\n" * token.contents.count("\n")
        if ending:
            html += blank
            ending = "" if token.token_type == TokenType.BLOCK and word == ending else ending
        elif token.token_type == TokenType.TEXT:
            html += token.contents
        else:
            html += blank or " " * (token.token_type == TokenType.BLOCK)
            if token.token_type == TokenType.BLOCK and word in ("blocktranslate", "comment"):
                ending = f"end{word}"
            elif token.token_type != TokenType.COMMENT and word not in SILENT:
                yield from ((token.lineno or 0, literal) for literal in _literals(token.contents))
    reader = Reader()
    reader.feed(html)
    yield from ((line, " ".join(said.split())) for line, said in reader.texts if set(WORD.findall(said)) - NAMES)


def _literals(tag: str) -> Iterator[str]:
    for double, single in LITERAL.findall(tag):
        literal = double or single
        if SENTENCE.search(literal) and not re.search(r"[/.]\w|[-_]\w+ ", literal):
            yield literal


def name(path: Path) -> str:
    return str(path.relative_to(messages.ROOT))


@pytest.mark.parametrize("path", list(messages.templates()), ids=name)
def test_a_template_says_nothing_in_one_language_alone(path: Path) -> None:
    found = [f"{name(path)}:{line}: {said}" for line, said in unmarked(path.read_text())]
    assert not found, "\n".join([*found, f"In each of these {WHAT_TO_DO}."])


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<p>{% translate "Hello" %}</p>', []),
        ("<p>{% blocktranslate %}Hello {{ name }}{% endblocktranslate %}</p>", []),
        ('<input placeholder="Name">', ["Name"]),
        ('<a{% if on %} aria-current="page"{% endif %}>{% if on %}On{% endif %}</a>', ["On"]),
        ('{% include "a/_b.html" with label="Next page" symbol="chevron-right" %}', ["Next page"]),
        ('{% include "a/_b.html" with label=_("Next page") %}', []),
        ('{% block search %}placeholder="Search" aria-label="{% translate "Search" %}"{% endblock %}', ["Search"]),
        ('<td>{{ when|default:"Never" }}</td>', ["Never"]),
        ("<code>manage.py run</code><kbd>Ctrl</kbd> 12 · <b>{{ name }}</b>", []),
        ("{# Enter saves #}{% comment %}Why.{% endcomment %}", []),
    ],
)
def test_texts_of_a_template_are_found(template: str, found: list[str]) -> None:
    assert [said for _, said in unmarked(template)] == found


def test_messages_of_templates_and_code_are_found() -> None:
    found = messages.extracted()
    assert found.get("Search contacts")  # {% translate %} in an attribute
    assert found.get("%(n)s contact").id == ("%(n)s contact", "%(n)s contacts")  # type: ignore[union-attr]
    assert found.get("Open", context="verb")
    assert found.get("{number} contact").id == ("{number} contact", "{number} contacts")  # type: ignore[union-attr]
    assert found.get("Never")  # _("…") in a filter
    assert found.get("j M", context="date format")


@pytest.fixture(params=messages.languages())
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def catalog(language: str) -> Catalog:
    return messages.read(language)


def test_every_message_is_translated(language: str, catalog: Catalog) -> None:
    found = messages.extracted()
    known = {(message.context, message.id): message for message in catalog if message.id}
    wanted = {(message.context, message.id) for message in found if message.id}
    missing = [key for key in wanted if key not in known or not all(_strings(known[key].string))]
    fuzzy = [key for key, message in known.items() if message.fuzzy]
    assert not missing + fuzzy, f"Run `make messages`, then say these in {language}: {missing + fuzzy}"
    assert set(known) == wanted, "Run `make messages`: some messages aren't used any more"


def test_the_compiled_catalog_is_the_written_one(language: str, catalog: Catalog) -> None:
    kept = messages.po(language).with_suffix(".mo").read_bytes()
    assert kept == messages.compiled(catalog), "Run `make messages`"


def test_translations_keep_places_and_markup(catalog: Catalog) -> None:
    wrong = []
    for message in catalog:
        originals = _strings(message.id) if message.id else ()
        for string in _strings(message.string):
            places = [sorted(set(PLACE.findall(str(original)))) for original in originals]
            if places and sorted(set(PLACE.findall(str(string)))) not in places:
                wrong.append(string)
            elif originals and ('"' in str(string)) != ('"' in "".join(map(str, originals))):
                wrong.append(string)  # it may stand in an attribute
    assert wrong == []


def _strings(string: object) -> tuple[object, ...]:
    return string if isinstance(string, tuple) else (string,)
