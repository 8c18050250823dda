"""HTML of mails: inert, and still to be read."""

import pytest

from tickets import mailhtml
from tickets.htmltext import to_text

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<iframe src='https://evil.example'></iframe>",
    "<form action='https://evil.example'><input name=password><button>Sign in</button></form>",
    "<style>body{display:none}</style>",
    "<p style='background:url(https://evil.example)'>x</p>",
    "<link rel=stylesheet href='https://evil.example'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example'>",
    "<object data='https://evil.example'></object><embed src='https://evil.example'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<img src='https://evil.example/pixel.png' alt='\"><script>alert(1)</script>'>",
    "<img srcset='https://evil.example/pixel.png 1x' alt=x>",
    "<video src='https://evil.example' poster='https://evil.example'></video>",
    "<p id=contacts-table class=modal hx-get=/x data-x=1>x</p>",
    "<table background='https://evil.example'><tr><td background='https://evil.example'>x</table>",
    "<!--[if mso]><script>alert(1)</script><![endif]-->",
]


FORBIDDEN = [
    "<script", "onerror", "onload", "javascript:", "data:", "evil.example", "style", "<form", "<input", "hx-", "class=",
    " id=", "<iframe", "<svg", "<meta", "<base",
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_runs_loads_or_pretends(attack: str) -> None:
    safe = mailhtml.sanitize(attack)
    safe = mailhtml.with_pictures(safe, {}).lower()
    assert [word for word in FORBIDDEN if word in safe] == []


@pytest.mark.parametrize("address", ["https://example.com/?a=1&amp;b=2", "http://example.com", "mailto:b@example.com"])
def test_a_link_tells_nothing_and_opens_elsewhere(address: str) -> None:
    assert mailhtml.sanitize(f"<a href='{address}' onclick=x>go</a>") == (
        f'<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">go</a>'
    )


@pytest.mark.parametrize("address", ["/logout", "//evil.example", "contacts/", "cid:x", "ftp://example.com"])
def test_a_link_into_this_site_leads_nowhere(address: str) -> None:
    assert "href" not in mailhtml.sanitize(f"<a href='{address}'>go</a>")


def test_pictures_that_came_along_are_shown_and_remote_ones_are_words() -> None:
    source = (
        "<p><img src='cid:logo@x' alt='Logo'><img src='HTTPS://evil.example/x.png?a=1&b=2' alt='Buy'>"
        "<img src='cid:gone'><img src='data:image/png,x' alt='no'></p>"
    )
    safe = mailhtml.sanitize(source)
    remote = '<img data-src="HTTPS://evil.example/x.png?a=1&amp;b=2" alt="Buy">'
    assert safe == f'<p><img src="cid:logo@x" alt="Logo">{remote}<img src="cid:gone" alt="">no</p>'
    shown = mailhtml.with_pictures(safe, {"logo@x": "/files/1?a=1&b=2"})
    assert shown == '<p><img src="/files/1?a=1&amp;b=2" alt="Logo" loading="lazy">Buyno</p>'


def test_remote_pictures_are_loaded_when_somebody_asks() -> None:
    safe = mailhtml.sanitize("<p><img src='https://example.com/x.png?a=1&b=2' alt='\"><b>Buy' srcset=x onload=y></p>")
    assert mailhtml.has_remote_pictures(safe)
    shown = mailhtml.with_pictures(safe, {}, remote=True)
    assert shown.startswith('<p><img src="https://example.com/x.png?a=1&amp;b=2" alt="&quot;&gt;&lt;b&gt;Buy" ')
    assert 'referrerpolicy="no-referrer"' in shown
    assert not mailhtml.has_remote_pictures(mailhtml.sanitize("<img src=cid:x alt='src=https://example.com'>"))


@pytest.mark.parametrize(
    ("source", "folded"),
    [
        ("<p>a</p><blockquote>b<blockquote>c</blockquote></blockquote>d", "<p>a</p>[b<blockquote>c</blockquote>]d"),
        ("a<blockquote>b</blockquote><blockquote>c</blockquote>", "a[b][c]"),
        ("<div><blockquote>b</blockquote></div>", "<div><blockquote>b</blockquote></div>"),
        ("a</blockquote>", "a"),
        ("", ""),
    ],
)
def test_quotations_are_folded_unless_there_is_nothing_else(source: str, folded: str) -> None:
    expected = folded.replace("[", "[<blockquote>").replace("]", "</blockquote>]")
    assert mailhtml.fold(mailhtml.sanitize(source), ("[", "]"), ("{", "}")) == expected


@pytest.mark.parametrize(
    ("source", "folded"),
    [
        (
            "<p>a</p><div class='gmail_signature menu' id=x>Dana<div>FBI</div></div><div>b</div>",
            '<p>a</p>{<div class="gmail_signature">Dana<div>FBI</div></div>}<div>b</div>',
        ),
        ("a<pre class=moz-signature>-- \nDana</pre>", 'a{<pre class="moz-signature">-- \nDana</pre>}'),
        (
            "a<blockquote>b<div class=gmail_signature>c</div></blockquote>",
            'a[<blockquote>b<div class="gmail_signature">c</div></blockquote>]',
        ),
        ("<div class=gmail_signature>Dana</div>", '<div class="gmail_signature">Dana</div>'),
    ],
)
def test_signatures_are_folded_unless_there_is_nothing_else(source: str, folded: str) -> None:
    assert mailhtml.fold(mailhtml.sanitize(source), ("[", "]"), ("{", "}")) == folded


def test_values_of_attributes_are_no_tags() -> None:
    """What is folded, and which pictures there are, is found by the tags in the text."""
    tags = "<blockquote><img src=https://evil.example></blockquote>"
    safe = mailhtml.sanitize(f"a<a href='https://example.com' title='{tags}'>b</a><blockquote dir='a>b'>c</blockquote>")
    assert mailhtml.fold(safe, ("[", "]"), ("{", "}")).count("[<blockquote") == 1
    assert not mailhtml.has_remote_pictures(safe)


def test_html_that_nobody_wrote_becomes_text_in_good_time() -> None:
    assert mailhtml.sanitize("<div>" * 200_000 + "<script>the end") == "<p>the end</p>"


def test_tables_and_lists_stay() -> None:
    source = '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table><ul><li>b</li></ul>'
    assert mailhtml.sanitize(source) == source


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two<br>three</div>", "one\ntwo\nthree"),
        ("one<br>\n  two   words", "one\ntwo words"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<blockquote>one<br>two</blockquote>", "> one\n> two"),
        ("<pre>a  b\n c</pre>", "a  b\n c"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<a href='https://example.com/x'>here</a>", "here <https://example.com/x>"),
        ("<a href='https://example.com'>example.com</a>", "example.com"),
        ("<a href='mailto:bob@example.com'>bob@example.com</a>", "bob@example.com"),
        ("&lt;b&gt; &amp; &nbsp;&eacute;", "<b> &  é"),
        ("<style>p{}</style><title>t</title>x", "x"),
        ("<p>one <b>two</b> <i>three</i></p>", "one two three"),
        ("<table><tr><td> <p> one </p></td></tr></table><p>&nbsp;</p><p>two", "one\n\ntwo"),
        ("one<br><br>two<div><br>three</div>", "one\n\ntwo\n\nthree"),
        ("one<hr>two", "one\n---\ntwo"),
        ("on Monday:<blockquote>a<blockquote>b</blockquote>c</blockquote>d", "on Monday:\n> a\n> > b\n> c\nd"),
        ("<pre>a\n\n  <b>b</b>\tc</pre>d", "a\n\n  b c\n\nd"),
        (
            "<a href='https://example.com/?a=1&amp;b=2'><h2>one</h2>two &lt;</a>",
            "one\n\ntwo < <https://example.com/?a=1&b=2>",
        ),
        ("<img src='cid:1' alt='a &amp; b'> \x01\x05c", "a & b c"),
        ("", ""),
    ],
)
def test_html_becomes_text(source: str, text: str) -> None:
    assert to_text(mailhtml.sanitize(source)) == text


def test_text_becomes_html() -> None:
    assert mailhtml.from_text("a < b\nc") == "<p>a &lt; b<br>c</p>"
