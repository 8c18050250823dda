"""A mail's HTML made safe to show.

What is stored has no style, script or form, and links that tell nothing about where they were opened. Pictures that
came with the mail stay as `cid:` and get their address when they are shown; remote ones stay as `data-src`, which loads
nothing, until somebody asks for them (`with_pictures`).
"""

import html
import re
from collections.abc import Mapping

import nh3

from tickets.htmltext import to_text

TAGS = {
    "a", "abbr", "address", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "dd",
    "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img",
    "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "wbr",
}  # fmt: skip
ATTRIBUTES = {
    "*": {"dir"},
    "a": {"href", "title"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
# These go with what is in them.
UNREAD = {"script", "style", "title", "template", "noscript", "object", "svg", "math", "select", "textarea"}
CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    clean_content_tags=UNREAD,
    url_schemes={"http", "https", "mailto", "cid"},
    url_relative="deny",  # it would lead into this site
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
    # What mail programs mark a signature with. No class of ours is among them.
    allowed_classes={tag: {"gmail_signature", "moz-signature", "protonmail_signature_block"} for tag in ("div", "pre")},
    strip_comments=True,
)
DEEPEST_ELEMENT = 3000
TAG = re.compile(r"<[^<>]*>?")
# Those that may stay open aren't counted.
NESTING = re.compile(
    r"<(/?)(?!(?:p|li|dd|dt|td|th|tr|thead|tbody|tfoot|colgroup|col|option|br|hr|img|input|meta|link|area|base|wbr)\b)[a-z]",
    re.IGNORECASE,
)
# In what the cleaner made every tag is well formed, and every value in double quotes with its < and > escaped.
IMAGE = re.compile(r"<img[^>]*>")
INWARD_LINK = re.compile(r' href="\s*[cC][iI][dD]:[^"]*"')  # to a part of the mail: only pictures are shown from there
SOURCE = re.compile(r' src="cid:([^"]*)"')
REMOTE = re.compile(r' (?:data-)?src="(https?://[^"]*)"', re.IGNORECASE)
FOLDABLE = re.compile(r"<(/?)(blockquote|div|pre)\b([^>]*)>")
ALTERNATIVE = re.compile(r' alt="([^"]*)"')


def sanitize(source: str) -> str:
    """HTML that is safe inside a page, whatever is in the source. Well formed; no remote address is loaded by it."""
    if _is_too_deep(source):  # nobody wrote it, and it would take minutes
        return from_text(TAG.sub(" ", source))
    return IMAGE.sub(_image, INWARD_LINK.sub("", CLEANER.clean(source))).strip()


def _is_too_deep(source: str) -> bool:
    depth = 0
    if source.count("<") - source.count("</") <= DEEPEST_ELEMENT:  # not even if none of them were closed
        return False
    for tag in NESTING.finditer(source):
        depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > DEEPEST_ELEMENT:
            return True
    return False


def _image(tag: re.Match[str]) -> str:
    text = _alternative(tag)
    if source := SOURCE.search(tag[0]):
        return f'<img src="cid:{source[1]}" alt="{text}">'
    if remote := REMOTE.search(tag[0]):
        return f'<img data-src="{remote[1]}" alt="{text}">'
    return text.replace('"', "&quot;")


def _alternative(tag: re.Match[str]) -> str:
    alternative = ALTERNATIVE.search(tag[0])
    return alternative[1] if alternative else ""


def has_remote_pictures(safe: str) -> bool:
    return any(REMOTE.search(tag) for tag in IMAGE.findall(safe))


def with_pictures(safe: str, addresses: Mapping[str, str], remote: bool = False) -> str:
    """Sanitized HTML with each `cid:` picture at the address of its Content-ID, and the others as their text. With
    `remote` those from elsewhere are loaded: their servers learn that the mail is being read."""

    def shown(tag: re.Match[str]) -> str:
        source, elsewhere = SOURCE.search(tag[0]), REMOTE.search(tag[0])
        address = addresses.get(html.unescape(source[1])) if source else None
        if address:
            return f'<img src="{html.escape(address)}" alt="{_alternative(tag)}" loading="lazy">'
        if elsewhere and remote:
            return f'<img src="{elsewhere[1]}" alt="{_alternative(tag)}" loading="lazy" referrerpolicy="no-referrer">'
        return _alternative(tag)

    return IMAGE.sub(shown, safe)


def fold(safe: str, quotation: tuple[str, str], signature: tuple[str, str]) -> str:
    """Sanitized HTML with each outermost quotation and signature between what opens and closes it, unless there is
    nothing else."""
    parts: list[str] = []
    outside: list[str] = []
    depth = place = 0
    folded, (opening, closing) = "", quotation
    for tag in FOLDABLE.finditer(safe):
        ends, name, attributes = bool(tag[1]), tag[2], tag[3]
        if not folded and not ends and (name == "blockquote" or " class=" in attributes):
            folded, depth = name, 0
            opening, closing = quotation if name == "blockquote" else signature
            outside.append(safe[place : tag.start()])
            parts += [outside[-1], opening]
            place = tag.start()
        if name == folded:
            depth += -1 if ends else 1
            if depth == 0:
                parts += [safe[place : tag.end()], closing]
                place, folded = tag.end(), ""
    rest = safe[place:]
    return "".join([*parts, rest]) if parts and to_text("".join([*outside, rest])) else safe


def from_text(text: str) -> str:
    """Plain text as HTML, for a place between parts that are HTML."""
    return f"<p>{html.escape(text.strip()).replace(chr(10), '<br>')}</p>"
