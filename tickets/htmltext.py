"""What people read of a mail's HTML, as plain text.

The source is what the cleaner makes (`mailhtml.sanitize`): tags are well formed, with values in double quotes in which
there is no < and no >. Newsletters have thousands of tags, so each becomes a mark of a letter or two, and what is left
to be done is done line by line.
"""

import html
import re

TAG = re.compile(r"<([^>]*)>")
PREFORMATTED = re.compile(r"(<pre\b[^>]*>)(.*?)</pre>", re.DOTALL)
ADDRESS = re.compile(r'\bhref="([^"]*)"')
ALTERNATIVE = re.compile(r'\balt="([^"]*)"')
WHITE = "\t\n\r\f\v"
# Each is the end of a line, then what ended it; a line end alone is a <br>.
BLOCK, SPACED, QUOTE, UNQUOTE = "\n\x01", "\n\x02", "\n\x03", "\n\x04"
LINK, LABEL, LINKED = "\x05", "\x06", "\x07"  # before its address, before what it is called, and after that
SPACE = "\x08"  # one that stays, in preformatted text
LINKS = re.compile(f"{LINK}([^{LABEL}]*){LABEL}([^{LINKED}]*){LINKED}")
SPACED_TAGS = "p ul ol dl table pre h1 h2 h3 h4 h5 h6"
BLOCK_TAGS = "address caption center dd div dt figcaption figure li tr"
SILENT_TAGS = "b em i span strong tbody /td /th"  # the frequent ones; others are told by being none of these
MARKS = {
    **{slash + tag: "" for tag in SILENT_TAGS.split() for slash in ("", "/")},
    **{slash + tag: BLOCK for tag in BLOCK_TAGS.split() for slash in ("", "/")},
    **{slash + tag: SPACED for tag in SPACED_TAGS.split() for slash in ("", "/")},
    "blockquote": QUOTE,
    "/blockquote": UNQUOTE,
    "li": f"{BLOCK}- ",
    "hr": f"{BLOCK}---\n",
    "br": "\n",
    "td": " ",
    "th": " ",
    "/a": LINKED,
}
DEEPEST = 20  # marks of quotation before a line


def to_text(safe: str) -> str:
    """Sanitized HTML in plain text: lists with dashes, quotations with ">", links with their address."""
    pieces = TAG.split(_plain(safe))
    pieces[1::2] = [MARKS[tag] if tag in MARKS else _mark(tag) for tag in pieces[1::2]]
    text = "".join(pieces)
    if LINK in text:
        text = LINKS.sub(_linked, text)
    while "  " in text:
        text = text.replace("  ", " ")
    text = "\n".join(_lines(html.unescape(text).split("\n")))
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.replace(SPACE, " ").replace("\xa0", " ").strip()


def _plain(safe: str) -> str:
    """The source with one kind of white space, as browsers see it, and without what is a mark here."""
    for mark in "\x01\x02\x03\x04\x05\x06\x07\x08":
        safe = safe.replace(mark, "")
    if "<pre" in safe:
        safe = PREFORMATTED.sub(lambda found: f"{found[1]}{_kept(found[2])}</pre>", safe)
    for white in WHITE:
        safe = safe.replace(white, " ")
    return safe


def _kept(preformatted: str) -> str:
    """Preformatted text whose spaces and line ends stay, and whose tags don't matter."""
    pieces = TAG.split(preformatted)
    pieces[::2] = [text.replace("\n", "<br>").replace(" ", SPACE) for text in pieces[::2]]
    pieces[1::2] = [f"<{tag}>" for tag in pieces[1::2]]
    return "".join(pieces)


def _mark(inside: str) -> str:
    """Of a tag that may have attributes."""
    tag, _, attributes = inside.partition(" ")
    if tag == "a":
        return f"{LINK}{_value(ADDRESS, attributes)}{LABEL}"
    return _value(ALTERNATIVE, attributes) if tag == "img" else MARKS.get(tag, "")


def _value(attribute: re.Pattern[str], attributes: str) -> str:
    found = attribute.search(attributes)
    return found[1] if found else ""


def _linked(link: re.Match[str]) -> str:
    """The label, and after it the address unless the label says it."""
    address, label = link[1].removeprefix("mailto:"), link[2].rpartition("\n")[2].strip(" \x01\x02\x03\x04")
    told = not label or address.rstrip("/") in (label, f"https://{label}", f"http://{label}")
    return link[2] if told or not address else f"{link[2]} <{address}>"


def _lines(marked: list[str]) -> list[str]:
    """The lines as people read them, of lines that begin with what ended the one before."""
    lines: list[str] = []
    line, quotes = marked[0].lstrip(" "), ""
    for following in marked[1:]:
        mark = "\n" + following[:1]
        if mark not in (BLOCK, SPACED, QUOTE, UNQUOTE):
            lines.append((quotes + line).rstrip())
            line = following.lstrip(" ")
            continue
        if line and not line.isspace():
            lines.append((quotes + line).rstrip())
        if mark == SPACED and lines and lines[-1].strip("> "):
            lines.append(quotes.rstrip())
        elif mark == QUOTE and len(quotes) < 2 * DEEPEST:
            quotes += "> "
        elif mark == UNQUOTE:
            quotes = quotes[2:]
        line = following[1:].lstrip(" ")
    return [*lines, (quotes + line).rstrip()] if line and not line.isspace() else lines
