"""What people read of a mail's HTML, as plain text.

The source is what the cleaner makes (`mailhtml.sanitize`): tags are well formed, with values in double quotes in which
there is no < and no >.
"""

import html
import re

# Tags that say nothing about lines aren't looked at one by one: there are thousands.
SILENT = re.compile(
    r"</?(?:abbr|b|bdi|bdo|big|cite|code|del|dfn|em|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|tbody|tfoot"
    r"|thead|tt|u|var|wbr)\b[^>]*>|</t[dh]>"
)
TAG = re.compile(r"<([^>]*)>")
ADDRESS = re.compile(r'\bhref="([^"]*)"')
ALTERNATIVE = re.compile(r'\balt="([^"]*)"')
WHITE = str.maketrans("\t\n\r\f", "    ")
SPACES = re.compile("  +")
BLOCKS = frozenset({
    "address", "blockquote", "caption", "center", "dd", "div", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "table", "tr", "ul",
})  # fmt: skip
SPECIAL = frozenset({
    "a", "/a", "blockquote", "/blockquote", "br", "hr", "img", "li", "pre", "/pre", "td", "th",
})  # fmt: skip
SPACED = frozenset({"p", "ul", "ol", "dl", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})
DEEPEST = 20  # marks of quotation before a line


def to_text(safe: str) -> str:
    """Sanitized HTML in plain text: lists with dashes, quotations with ">", links with their address."""
    reader = _Reader(tidied="<pre" not in safe)
    spoken = SILENT.sub("", safe)
    pieces = TAG.split(_tidy(spoken) if reader.tidied else spoken)
    reader.read(pieces[0])
    for tag, text in zip(pieces[1::2], pieces[2::2], strict=True):
        reader.meet(tag)
        if text:
            reader.read(text)
    return reader.text()


class _Reader:
    """Lines of text. The one in hand is a list of pieces, since it may be very long; `filled` if it isn't blank.

    `tidied` if there are no two spaces and no line ends in the source.
    """

    def __init__(self, *, tidied: bool) -> None:
        self.tidied = tidied
        self.lines: list[str] = []
        self.line: list[str] = []
        self.filled = False
        self.quotes = self.preformatted = 0
        self.link, self.link_start = "", 0

    def meet(self, inside: str) -> None:
        """What is inside of a tag, with a slash before its name where it ends something."""
        tag, _, attributes = inside.partition(" ")
        if (block := tag.removeprefix("/")) in BLOCKS:
            if self.filled:
                self._end_line()
            elif self.line:
                self.line, self.link_start = [], 0
            if block in SPACED and self.lines and self.lines[-1].strip("> "):
                self.lines.append("> " * min(self.quotes, DEEPEST))
        if tag not in SPECIAL:
            return
        match tag:
            case "td" | "th" if self.line:
                self._add(" ")
            case "a":
                self.link, self.link_start = _value(ADDRESS, attributes), len(self.line)
            case "/a":
                self._end_link()
            case "br":
                self._end_line()
            case "li":
                self._add("- ")
            case "hr":
                self._add("---")
                self._end_line()
            case "img":
                self._add(_value(ALTERNATIVE, attributes))
            case "blockquote":
                self.quotes += 1
            case "/blockquote":
                self.quotes = max(0, self.quotes - 1)
            case "pre":
                self.preformatted += 1
            case "/pre":
                self.preformatted = max(0, self.preformatted - 1)

    def read(self, text: str) -> None:
        if "&" in text:
            text = html.unescape(text)
        if self.preformatted:
            *lines, rest = text.split("\n")
            for line in lines:
                self._add(line)
                self._end_line()
            self._add(rest)
            return
        text = text if self.tidied else _tidy(text)
        after_space = not self.line or self.line[-1].endswith(" ")
        self._add(text.lstrip(" ") if after_space else text)

    def text(self) -> str:
        if self.filled:
            self._end_line()
        lines = "\n".join(line.rstrip() for line in self.lines).replace("\xa0", " ")
        return re.sub(r"\n{3,}", "\n\n", lines).strip()

    def _add(self, text: str) -> None:
        self.line.append(text)
        self.filled = self.filled or bool(text and not text.isspace())

    def _end_link(self) -> None:
        label = "".join(self.line[self.link_start :]).strip()
        address = self.link.removeprefix("mailto:")
        if address and label and address.rstrip("/") not in (label, f"https://{label}", f"http://{label}"):
            self.line.append(f" <{address}>")
        self.link = ""

    def _end_line(self) -> None:
        self.lines.append("> " * min(self.quotes, DEEPEST) + "".join(self.line).rstrip())
        self.line, self.link_start, self.filled = [], 0, False


def _value(attribute: re.Pattern[str], attributes: str) -> str:
    found = attribute.search(attributes)
    return html.unescape(found[1]) if found else ""


def _tidy(text: str) -> str:
    """With one space for every white space, as browsers show it."""
    return SPACES.sub(" ", text.translate(WHITE))
