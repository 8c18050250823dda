"""Mail by HTTP: who may bring it, which mailbox it reaches, and what each provider is told."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.tickets.doorways import multipart, path_of, signed, urlencoded
from tests.tickets.mails import mail
from tickets import mailboxes, webhooks
from tickets.models import Mailbox, Message, RawMail

SUPPORT = "support@acme.example"
ODD = mail("Gr\udcfc\udcdfe\n\nbye", subject="\udcff + & % = --cut").replace(b"\n", b"\r\n")  # in no charset


@pytest.fixture
def support(acme: Workspace) -> Mailbox:
    return mailboxes.create(acme, SUPPORT, "ticket")


def basic(credentials: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}


def request(provider: str, secret: str, raw: bytes | None) -> dict[str, Any]:
    """A provider's request; without the raw mail as it sends it when it isn't told to."""
    match provider:
        case "Mailgun":
            return signed(secret, raw)
        case "SendGrid":
            fields = {"email": raw} if raw is not None else {"headers": b"From: dana@example.com", "text": b"Hello"}
            return multipart({**fields, "envelope": b'{"to": ["x@y.example"]}'}) | {
                "headers": basic(f"gopimi:{secret}")
            }
        case _:
            payload = {"From": "dana@example.com"} | ({"RawEmail": raw.decode()} if raw is not None else {})
            return {
                "data": json.dumps(payload), "content_type": "application/json", "headers": basic(f"gopimi:{secret}"),
            }  # fmt: skip


def kept(acme: Workspace) -> list[bytes]:
    with workspace(acme):
        return [bytes(data) for data in RawMail.objects.for_workspace(acme).values_list("data", flat=True)]


PROVIDERS = pytest.mark.parametrize("provider", ["Mailgun", "SendGrid", "Postmark"])


def test_every_mailbox_has_addresses_and_a_secret(support: Mailbox) -> None:
    assert len(support.webhook_secret) == 43
    secret = support.webhook_secret
    urls = [one.url("https://desk.example.com/") for one in webhooks.addresses(support)]
    assert urls == [
        "https://desk.example.com/hooks/mail/mailgun/support@acme.example/mime",
        f"https://gopimi:{secret}@desk.example.com/hooks/mail/sendgrid/support@acme.example/",
        f"https://gopimi:{secret}@desk.example.com/hooks/mail/postmark/support@acme.example/",
    ]


@PROVIDERS
def test_a_mail_is_stored_as_it_was_sent(client: Client, acme: Workspace, support: Mailbox, provider: str) -> None:
    raw = mail("Grüße") if provider == "Postmark" else ODD  # JSON has no bytes
    path, post = path_of(provider, support), request(provider, support.webhook_secret, raw)
    answer = client.post(path, **post)
    assert (answer.status_code, answer.json()["result"], answer.json()["ticket"]) == (200, "ticket_created", 1)
    assert kept(acme) == [raw]
    again = client.post(path, **post)
    assert again.json() == answer.json() | {"result": "duplicate"}
    assert client.head(path).status_code == 200
    assert client.get(path).status_code == 405


@pytest.mark.parametrize("form", [urlencoded, multipart])
def test_mailgun_signs_with_a_key_of_its_own(
    client: Client, acme: Workspace, support: Mailbox, form: Callable[..., Any]
) -> None:
    with workspace(acme):
        Mailbox.objects.for_workspace(acme).update(webhook_signing_key="key-of-the-account")
    path = path_of("Mailgun", support)
    assert client.post(path, **signed(support.webhook_secret, ODD, form=form)).status_code == 403
    assert client.post(path, **signed("key-of-the-account", ODD, form=form)).status_code == 200
    assert kept(acme) == [ODD]


@PROVIDERS
@pytest.mark.parametrize("secret", ["", "guessed"])
def test_a_wrong_secret_opens_nothing(
    client: Client, acme: Workspace, support: Mailbox, caplog: Any, provider: str, secret: str
) -> None:
    answer = client.post(path_of(provider, support), **request(provider, secret, mail()))
    assert answer.status_code == (401 if provider == "Postmark" else 403)
    assert kept(acme) == []
    assert f"{provider}'s hook for 'support@acme.example' answers {answer.status_code}" in caplog.text
    assert support.webhook_secret not in caplog.text + answer.content.decode()


@PROVIDERS
def test_without_any_secret(client: Client, acme: Workspace, support: Mailbox, provider: str) -> None:
    post = request(provider, support.webhook_secret, mail()) | {"headers": {}}
    if provider == "Mailgun":
        post = urlencoded({"body-mime": mail(), "token": "gü".encode(), "timestamp": b"1", "signature": b"x"})
    assert client.post(path_of(provider, support), **post).status_code in (401, 403)
    assert client.post(path_of(provider, support), **urlencoded({"body-mime": mail()})).status_code in (401, 403)
    assert kept(acme) == []


@PROVIDERS
def test_a_secret_opens_its_own_mailbox_alone(
    client: Client, acme: Workspace, globex: Workspace, support: Mailbox, provider: str
) -> None:
    hello, theirs = (
        mailboxes.create(acme, "hello@acme.example", "inbox"),
        mailboxes.create(globex, "x@globex.example", "inbox"),
    )
    for other in (hello, theirs):
        answer = client.post(path_of(provider, other), **request(provider, support.webhook_secret, mail()))
        assert answer.status_code in (401, 403)
    assert kept(acme) == kept(globex) == []


@PROVIDERS
def test_an_unknown_address_is_not_tried_again(client: Client, support: Mailbox, provider: str) -> None:
    path = path_of(provider, support).replace("support", "nobody")
    answer = client.post(path, **request(provider, support.webhook_secret, mail()))
    assert answer.status_code == (403 if provider == "Postmark" else 406)


@PROVIDERS
@pytest.mark.parametrize("where", ["tickets.mailboxes.key_of", "tickets.filing.keep", "tickets.inbound._file"])
def test_the_database_goes_away_and_comes_back(
    client: Client, acme: Workspace, support: Mailbox, monkeypatch: pytest.MonkeyPatch, provider: str, where: str
) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("connection to db.internal failed")

    path, post = path_of(provider, support), request(provider, support.webhook_secret, mail())
    with monkeypatch.context() as patch:
        patch.setattr(where, away)
        answer = client.post(path, **post)
    assert answer.status_code == 503
    assert "db.internal" not in answer.content.decode()
    assert client.post(path, **post).json()["result"] == "ticket_created"
    with workspace(acme):
        assert Message.objects.for_workspace(acme).count() == 1


@PROVIDERS
def test_a_provider_that_sends_no_raw_mail(client: Client, support: Mailbox, provider: str) -> None:
    answer = client.post(path_of(provider, support), **request(provider, support.webhook_secret, None))
    assert answer.status_code == (503 if provider == "SendGrid" else 422)
    words = {"Mailgun": "forward()", "SendGrid": "raw, full MIME", "Postmark": "Include raw email content"}
    assert words[provider] in answer.content.decode()


@pytest.mark.parametrize("data", ["", "[]", '"x"', "{", "[" * 100_000, '{"RawEmail": 1}'])
def test_what_is_no_payload_of_postmarks(client: Client, support: Mailbox, data: str) -> None:
    post = request("Postmark", support.webhook_secret, mail()) | {"data": data}
    assert client.post(path_of("Postmark", support), **post).status_code == 422


@PROVIDERS
def test_what_is_too_large_is_not_tried_again(
    client: Client, acme: Workspace, support: Mailbox, settings: Any, provider: str
) -> None:
    settings.MAIL_MAX_BYTES = 1000
    answer = client.post(path_of(provider, support), **request(provider, support.webhook_secret, mail("x" * 1000)))
    assert answer.status_code == (403 if provider == "Postmark" else 406)
    assert kept(acme) == []


def test_half_a_surrogate_from_postmark(client: Client, acme: Workspace, support: Mailbox) -> None:
    post = request("Postmark", support.webhook_secret, mail()) | {
        "data": json.dumps({"RawEmail": "From: a@b.example\n\n\ud800"})
    }
    assert client.post(path_of("Postmark", support), **post).json()["result"] == "ticket_created"
