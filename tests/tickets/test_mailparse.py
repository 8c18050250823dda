"""Mails as they really come: odd, broken, and still to be read."""

import pytest

from tests.tickets.mails import mail
from tickets.mailaddresses import people
from tickets.mailparse import Mail, mend, parse


def named(header: str) -> list[tuple[str, str]]:
    return [(person.name, person.email) for person in people(header)]


@pytest.mark.parametrize(
    ("header", "name", "email"),
    [
        ("dana@example.com", "", "dana@example.com"),
        ("Dana Scully <dana@example.com>", "Dana Scully", "dana@example.com"),
        ('"Scully, Dana" <dana@example.com>', "Scully, Dana", "dana@example.com"),
        ("Scully, Dana <dana@example.com>", "Scully, Dana", "dana@example.com"),
        (r'"Dana \"Starbuck\" Scully" <dana@example.com>', 'Dana "Starbuck" Scully', "dana@example.com"),
        ("dana@example.com (Dana Scully)", "Dana Scully", "dana@example.com"),
        ("dana@example.com (Dana (the doctor) Scully)", "Dana (the doctor) Scully", "dana@example.com"),
        ("Bob @ Acme <dana@example.com>", "Bob @ Acme", "dana@example.com"),
        ("<dana@example.com>", "", "dana@example.com"),
        ("dana@example.com <dana@example.com>", "", "dana@example.com"),
        ("Dana Scully dana@example.com", "Dana Scully", "dana@example.com"),
        ("Dana Scully <dana@example.com", "Dana Scully", "dana@example.com"),
        ("Dana Scully <dana@example.com.>", "Dana Scully", "dana@example.com"),
        ("Dana Scully <mailto:dana@example.com>", "Dana Scully", "dana@example.com"),
        ("Dana Scully < dana @ example.com >", "Dana Scully", "dana@example.com"),
        ("Dana(doctor) <dana(at work)@example.com(home)>", "Dana", "dana@example.com"),
        ("<@relay.example,@other.example:dana@example.com>", "", "dana@example.com"),
        ("Agents: Dana Scully <dana@example.com>;", "Dana Scully", "dana@example.com"),
        ('"dana scully"@example.com', "", '"dana scully"@example.com'),
        ("dana.o'hara@example.com", "", "dana.o'hara@example.com"),
        ("Dana <dana@localhost>", "Dana", "dana@localhost"),
        ("Jöhn <jöhn@mächine.example>", "Jöhn", "jöhn@mächine.example"),
        ("=?utf-8?Q?Dana_Scully=2C_MD?= <dana@example.com>", "Dana Scully, MD", "dana@example.com"),
        ('"=?iso-8859-1?B?SvhybiBTdPh5bGVu?=" <dana@example.com>', "Jørn Støylen", "dana@example.com"),
        ("=?utf-8?Q?Dana_<dana=40example.com>?=", "Dana", "dana@example.com"),
    ],
)
def test_a_sender_is_read(header: str, name: str, email: str) -> None:
    assert named(header) == [(name, email)]


@pytest.mark.parametrize("header", ["", "Dana", "<>", "MAILER DAEMON <>", "@", "dana@", "(((((", '"', "a" * 100_000])
def test_nobody_is_named(header: str) -> None:
    assert people(header) == []


def test_lists_and_groups_are_taken_apart() -> None:
    header = 'Dana <dana@example.com>, "Mulder, Fox" <fox@example.com>, Gunmen: b@lone.example, f@lone.example;'
    assert [email for _, email in named(header)] == [
        "dana@example.com", "fox@example.com", "b@lone.example", "f@lone.example",
    ]  # fmt: skip
    assert named("dana@example.com, DANA@example.com") == [("", "dana@example.com")]


@pytest.mark.parametrize(
    ("headers", "email", "header"),
    [
        ({}, "dana@example.com", "From"),
        ({"reply_to": "fox@example.com"}, "dana@example.com", "From"),
        ({"from": "undisclosed", "sender": "fox@example.com"}, "fox@example.com", "Sender"),
        ({"from": None, "reply_to": "fox@example.com"}, "fox@example.com", "Reply-To"),
        ({"from": "a@x.example, b@x.example", "sender": "b@x.example"}, "b@x.example", "Sender"),
        ({"from": "a@x.example, b@x.example"}, "a@x.example", "From"),
    ],
)
def test_the_sender_comes_from_the_first_header_that_names_one_person(
    headers: dict[str, str], email: str, header: str
) -> None:
    found = parse(mail(**headers))
    assert found.sender is not None
    assert (found.sender.email, found.sender_header) == (email, header)


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"plain", "plain"),
        (b"folded\n\tover  two lines", "folded over two lines"),
        (b"=?utf-8?B?SsO8cmdlbg==?=", "Jürgen"),
        (b"=?utf-8?B?SsO8cmdlbg?=", "Jürgen"),  # no padding
        (b"=?UTF-8*de?q?J=C3=BCrgen?=", "Jürgen"),
        (b"=?utf-8?q?J=C3?= =?utf-8?q?=BCrgen?=", "Jürgen"),  # one letter split between two words
        (b"=?utf-8?q?one?= two =?utf-8?q?three?=", "one two three"),
        (b"=?utf-8?q?with spaces in it?=", "with spaces in it"),
        (b"=?none?B?VEVTVA=?=", "TEST"),
        (b"=?iso-2022-jp?B?GyRCJF4kXyRgGyhC?=", "まみむ"),
        (b"=?utf-8?q?J=FCrgen?=", "Jürgen"),  # not UTF-8 at all
        (b"=?iso-8859-1?q?J=C3=BCrgen?=", "Jürgen"),  # UTF-8 in truth
        ("Jürgen".encode(), "Jürgen"),
        ("Jürgen".encode("latin-1"), "Jürgen"),
        (b"=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
        (b"a=?utf-8?q?b=00c?=\x00d", "abcd"),
        (b"=?utf-8?B?7aCA?=", "í €"),  # a lone surrogate
        (b"=?unicode_escape?q?=5Cud800?=", "\\ud800"),
        (b"line =?utf-8?q?one=0ABcc:_x=40example.com?=", "line one Bcc: x@example.com"),
    ],
)
def test_a_subject_is_repaired(raw: bytes, subject: str) -> None:
    found = parse(b"From: dana@example.com\nSubject: " + raw + b"\n\nHello")
    assert found.subject == subject


def test_the_bodys_charset_helps_to_read_a_raw_header() -> None:
    raw = 'From: dana@example.com\nSubject: Привет\nContent-Type: text/plain; charset="koi8-r"\n\nДобрый день'
    found = parse(raw.encode("koi8-r"))
    assert (found.subject, found.text) == ("Привет", "Добрый день")


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("utf-8", "Grüße".encode(), "Grüße"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("utf-8", "Grüße".encode("latin-1"), "Grüße"),
        ("iso-8859-1", b"\x93quoted\x94", "“quoted”"),
        ("x-unknown", "Grüße".encode("cp1252"), "Grüße"),
        ("gb2312", "请问我的订单".encode("gb18030"), "请问我的订单"),
        ("utf-16", "Grüße".encode("utf-16"), "Grüße"),
        ("iso-2022-jp", "まみむめも".encode("iso-2022-jp"), "まみむめも"),
        ("hex", b"\xfc", "ü"),
        ("punycode", b"\xfc", "ü"),
        ("utf-8\x00", b"\xfc", "ü"),
        ("utf-8", "Привет, где мой заказ? ".encode() * 3 + b"\xff", "Привет, где мой заказ? " * 3 + "\ufffd"),
        ("x-unknown", "Здравствуйте, где мой заказ?".encode("cp1251"), "Здравствуйте, где мой заказ?"),
    ],
)
def test_a_body_is_read_in_the_charset_that_it_is_in(charset: str, data: bytes, text: str) -> None:
    head = f'From: dana@example.com\nContent-Type: text/plain; charset="{charset}"\nContent-Transfer-Encoding: 8bit\n\n'
    assert parse(head.encode() + data).text == text


def multipart(kind: str, *parts: str) -> bytes:
    body = "".join(f"--x\n{part}\n" for part in parts) + "--x--"
    return mail(body, mime_version="1.0", content_type=f"multipart/{kind}; boundary=x")


PLAIN = "Content-Type: text/plain\n\nplain words"
HTML = "Content-Type: text/html\n\n<p>rich <b>words</b></p>"
PDF = 'Content-Type: application/pdf; name="bill.pdf"\nContent-Transfer-Encoding: base64\n\nJVBERg=='


def test_the_plain_alternative_is_the_text_and_the_rich_one_the_html() -> None:
    found = parse(multipart("alternative", PLAIN, HTML))
    assert (found.text, found.html) == ("plain words", "<p>rich <b>words</b></p>")


def test_text_comes_from_html_where_there_is_no_plain_part() -> None:
    assert parse(multipart("alternative", HTML)).text == "rich words"
    assert parse(multipart("alternative", "Content-Type: text/plain\n\n ", HTML)).text == "rich words"


def test_parts_one_after_another_are_all_read() -> None:
    found = parse(multipart("mixed", PLAIN, HTML, PDF, "Content-Type: text/plain\n\n-- the list's footer"))
    assert found.text == "plain words\n\nrich words\n\n-- the list's footer"
    assert found.html.startswith("<p>plain words</p>\n<p>rich <b>words</b></p>")
    assert [(file.name, file.content_type, file.data) for file in found.files] == [
        ("bill.pdf", "application/pdf", b"%PDF")
    ]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('filename="bill.pdf"', "bill.pdf"),
        ("filename==?utf-8?q?R=C3=A9sum=C3=A9.pdf?=", "Résumé.pdf"),
        ("filename*=utf-8''R%C3%A9sum%C3%A9.pdf", "Résumé.pdf"),
        ("filename*0*=utf-8''R%C3%A9su; filename*1*=m%C3%A9.pdf", "Résumé.pdf"),
        ("filename*=nonsense''R%E9sum%E9.pdf", "Résumé.pdf"),
        ('filename="Résumé.pdf"', "Résumé.pdf"),
    ],
)
def test_an_attachments_name_is_read(disposition: str, name: str) -> None:
    part = f"Content-Type: application/pdf\nContent-Disposition: attachment; {disposition}\n\nx"
    assert [file.name for file in parse(multipart("mixed", PLAIN, part)).files] == [name]


def test_a_forwarded_mail_is_an_attachment() -> None:
    forwarded = "Content-Type: message/rfc822\n\nFrom: fox@example.com\nSubject: Trust no one\n\nThe truth is out there"
    found = parse(multipart("mixed", PLAIN, forwarded))
    assert found.text == "plain words"
    [file] = found.files
    assert file.data == b"From: fox@example.com\nSubject: Trust no one\n\nThe truth is out there"


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\nFrom: dana@example.com\r\nSubject: x\r\n\r\nHello",
        b"\xef\xbb\xbfFrom: dana@example.com\nSubject: x\n\nHello",
        b"From dana Mon Mar  2 10:00:00 2026\nFrom: dana@example.com\nSubject: x\n\nHello",
        b"Received: by x\nquite Delivered-To: y\nFrom: dana@example.com\nSubject: x\n\nHello",
        b"From : dana@example.com\nSubject : x\n\nHello",
        b"From: dana@example.com\rSubject: x\r\rHello",
        b"Received: by x\rquite wrong\nFrom: dana@example.com\nSubject: x\n\nHello",
    ],
)
def test_a_header_is_read_to_its_end(raw: bytes) -> None:
    found = parse(raw)
    assert (found.sender and found.sender.email, found.subject, found.text) == ("dana@example.com", "x", "Hello")


def test_a_sound_mail_is_not_mended() -> None:
    assert mend(mail("Note: this\nis: the body")) == mail("Note: this\nis: the body")
    assert parse(b"From: dana@example.com\nHello there\nsee https://example.com").text.startswith("Hello there")


def nested(depth: int) -> bytes:
    head = "".join(f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(depth))
    return ("From: dana@example.com\n" + head + "\nthe innermost").encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 1000,
        bytes(range(256)) * 20,
        b"From: dana@example.com\nContent-Type: multipart/mixed\n\nno boundary",
        b"From: dana@example.com\nContent-Type: multipart/mixed; boundary=\n\n--\n",
        b"From: dana@example.com\nContent-Type: multipart/mixed; boundary*0*=x; boundary*=y\n\nbody",
        b"From: dana@example.com\nContent-Type: text/plain; charset*=\x00''x; charset*1=y\n\nbody",
        b"From: dana@example.com\nContent-Type: /\nContent-Transfer-Encoding: base64\n\n!!!!=",
        b"From: dana@example.com\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n#####\n",
        b"Date: Mon, 99 Foo 99999 99:99:99 +9999\nMessage-ID:\nReferences: <<>><\n\n",
        b"\xff\xfe: \xff\n\xff",
        nested(60),
        nested(2000),
    ],
    ids=range(13),
)
def test_nothing_in_a_mail_raises(raw: bytes) -> None:
    found = parse(raw)
    assert isinstance(found, Mail)
    for text in (found.subject, found.text, found.html, found.message_id, found.from_text):
        assert "\x00" not in text
        text.encode()  # no lone surrogate


def test_parts_nested_too_deep_are_kept_as_text() -> None:
    assert "the innermost" in parse(nested(60)).text
    assert "the innermost" in parse(nested(2000)).text


def test_ids_are_read_with_and_without_brackets() -> None:
    found = parse(
        mail(
            message_id="one@example.com",
            in_reply_to='Your message of "Monday" <two@example.com>',
            references="<three@example.com>\n\t<four\n @example.com> <five@example.com>",
        )
    )
    assert found.message_id == "one@example.com"
    assert found.in_reply_to == ["two@example.com"]
    assert found.references == ["three@example.com", "four@example.com", "five@example.com"]


REPORT = 'multipart/report; report-type=delivery-status; boundary="x"'


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"auto_submitted": "auto-replied"}, "Auto-Submitted: auto-replied"),
        ({"auto_submitted": "auto-generated (rejected)"}, "Auto-Submitted: auto-generated"),
        ({"auto_submitted": "Auto-Replied; owner-email=x@example.com"}, "Auto-Submitted: auto-replied"),
        ({"content_type": REPORT}, "Content-Type: multipart/report"),
        ({"content_type": "message/disposition-notification"}, "Content-Type: message/disposition-notification"),
        ({"return_path": "<>"}, "An empty return path"),
        ({"x_autoreply": "yes"}, "X-Autoreply"),
        ({"x_auto_response": "yes", "x_autorespond": "re: My order"}, "X-Autorespond"),
        ({"precedence": "auto_reply"}, "Precedence: auto_reply"),
        ({"x_failed_recipients": "fox@example.com"}, "X-Failed-Recipients"),
        ({"from": "Mail Delivery System <MAILER-DAEMON@mx.example>"}, "From a mail server (MAILER-DAEMON)"),
    ],
)
def test_a_machines_mail_is_known(headers: dict[str, str], why: str) -> None:
    assert parse(mail(**headers)).automatic == why


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"auto_submitted": "no"},
        {"auto_submitted": ""},
        {"return_path": "<dana@example.com>"},
        {"precedence": "list", "list_id": "<fans.example.com>", "list_unsubscribe": "<mailto:x@example.com>"},
        {"precedence": "bulk"},
        {"x_auto_response_suppress": "All"},
        {"x_autoreply": "no"},
        {"subject": "Automatic reply: Out of office"},
        {"from": "Postmaster <postmaster@example.com>"},
    ],
)
def test_a_persons_mail_is_not_taken_for_a_machines(headers: dict[str, str]) -> None:
    assert parse(mail(**headers)).automatic == ""


def test_a_report_names_the_mail_that_it_is_about() -> None:
    returned = "Content-Type: message/rfc822\n\nFrom: support@acme.example\nMessage-ID: <ours@acme.example>\n\nHi"
    body = f"--x\n{PLAIN}\n--x\n{returned}\n--x--"
    assert parse(mail(body, content_type=REPORT)).about == ["ours@acme.example"]
    assert parse(mail("Message-ID: <ours@acme.example>")).about == []
