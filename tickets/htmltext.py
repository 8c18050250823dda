"""What people read of a mail's HTML, as plain text.

The source is what the cleaner makes (`mailhtml.sanitize`): tags are well formed, with values in double quotes.
"""

import html
import re

REST = r'[^>"]*(?:"[^"]*"[^>"]*)*>'  # of a tag, behind its name
# Tags that say nothing about lines aren't looked at one by one: there are thousands.
SILENT = re.compile(
    r"</?(?:abbr|b|bdi|bdo|big|cite|code|del|dfn|em|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|tbody|tfoot"
    rf"|thead|tt|u|var|wbr)\b{REST}|</t[dh]>"
)
PIECE = re.compile(rf"<(/?[a-z0-9]+)({REST})|([^<]+)")
ADDRESS = re.compile(r' href="([^"]*)"')
ALTERNATIVE = re.compile(r' alt="([^"]*)"')
WHITE = re.compile(r"[ \t\n\r\f]+")
BLOCKS = frozenset({
    "address", "blockquote", "caption", "center", "dd", "div", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "table", "tr", "ul",
})  # fmt: skip
SPACED = frozenset({"p", "ul", "ol", "dl", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})
DEEPEST = 20  # marks of quotation before a line


def to_text(safe: str) -> str:
    """Sanitized HTML in plain text: lists with dashes, quotations with ">", links with their address."""
    reader = _Reader()
    for piece in PIECE.finditer(SILENT.sub("", safe)):
        tag, attributes, text = piece.groups()
        if text is None:
            reader.meet(tag, attributes)
        else:
            reader.read(html.unescape(text) if "&" in text else text)
    return reader.text()


class _Reader:
    """Lines of text. The one in hand is a list of pieces, since it may be very long; `filled` if it isn't blank."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.filled = False
        self.quotes = self.preformatted = 0
        self.link, self.link_start = "", 0

    def meet(self, tag: str, attributes: str) -> None:
        """A tag, with a slash before its name where it ends something."""
        if (block := tag.removeprefix("/")) in BLOCKS:
            self._end_block(block)
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
        if self.preformatted:
            *lines, rest = text.split("\n")
            for line in lines:
                self._add(line)
                self._end_line()
            self._add(rest)
            return
        text = WHITE.sub(" ", text)
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

    def _end_block(self, tag: str) -> None:
        if self.filled:
            self._end_line()
        elif self.line:
            self.line, self.link_start = [], 0
        if tag in SPACED and self.lines and self.lines[-1].strip("> "):
            self.lines.append("> " * min(self.quotes, DEEPEST))

    def _end_line(self) -> None:
        self.lines.append("> " * min(self.quotes, DEEPEST) + "".join(self.line).rstrip())
        self.line, self.link_start, self.filled = [], 0, False


def _value(attribute: re.Pattern[str], attributes: str) -> str:
    found = attribute.search(attributes)
    return html.unescape(found[1]) if found else ""
