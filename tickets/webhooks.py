"""Mail by HTTP: what Mailgun, SendGrid and Postmark send for a mailbox, to an address of the mailbox's own.

django-anymail checks signatures and passwords. Its reading of mails isn't used: ours keeps the raw bytes, which is why
each provider has to be told to send them. What a provider does with a refusal decides how it is worded in HTTP:

- Mailgun comes again for eight hours, unless it gets 406.
- SendGrid comes again for three days after a 5xx, and throws the mail away after a 4xx.
- Postmark comes again for ten hours, unless it gets 403.
"""

import json
import logging
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.mailgun import MailgunInboundWebhookView
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import path, reverse
from django.utils.translation import gettext_lazy

from gopimi.lib import rawforms
from gopimi.lib.tenancy import workspace
from gopimi.lib.words import Words
from tickets import doors, inbound, mailboxes
from tickets.doors import Outcome
from tickets.models import Mailbox

logger = logging.getLogger(__name__)
USER = "gopimi"  # before the secret, in an address with a password


class Unreadable(ValueError):
    """The request brings no raw mail; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a provider is to send a mailbox's mail. `credentials` is "user:secret", or empty where it signs."""

    provider: str
    path: str
    credentials: str
    hint: Words

    def url(self, root: str) -> str:
        """The address to paste in, with its credentials. `root` is GoPimi's own: "https://desk.example.com"."""
        scheme, host, *_ = urlsplit(root)
        return urlunsplit((scheme, f"{self.credentials}@{host}" if self.credentials else host, self.path, "", ""))


def addresses(mailbox: Mailbox) -> list[Address]:
    """A mailbox's addresses, by provider."""
    return [
        Address(
            provider=hook.esp_name,
            path=reverse(f"hooks:{hook.esp_name.lower()}", args=[mailbox.address]),
            credentials="" if hook.signs else f"{USER}:{mailbox.webhook_secret}",
            hint=hook.hint,
        )
        for hook in (Mailgun, SendGrid, Postmark)
    ]


class Hook(AnymailBaseWebhookView):
    """What the providers have in common. The address names the mailbox, and that mailbox's secret alone opens it."""

    warn_if_no_basic_auth = False  # anymail's setting, for all hooks alike; ours is the mailbox's
    signs = False
    hint: Words = ""
    NEVER = 406  # not to come again
    FORBIDDEN = 403
    UNREADABLE = 422

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        recipient = kwargs["address"]
        try:
            self.admit(_mailbox(recipient))
            raw = self.raw(request)
        except mailboxes.UnknownRecipient as error:
            return self.refuse(recipient, self.NEVER, str(error))
        except inbound.AWAY:
            return self.refuse(recipient, 503, "The database is away, try again later.")
        except AnymailWebhookValidationFailure as error:
            return self.refuse(recipient, self.FORBIDDEN, f"{error}. Compare it with the mailbox's settings.")
        except Unreadable as error:
            return self.refuse(recipient, self.UNREADABLE, f"{error} {self.hint}")
        answer = doors.deliver(raw, recipient)
        match answer.outcome:
            case Outcome.STORED if answer.result:
                return JsonResponse(asdict(answer.result))
            case Outcome.TRY_AGAIN:
                return self.refuse(recipient, 503, "The mail can't be taken in now, try again later.")
            case _:
                return self.refuse(recipient, self.NEVER, answer.text)

    def admit(self, mailbox: Mailbox) -> None:
        """Let in what knows this mailbox's secret."""
        self.basic_auth = [f"{USER}:{mailbox.webhook_secret}"]

    def raw(self, request: HttpRequest) -> bytes:
        """The mail, from whoever may bring it. Raises AnymailWebhookValidationFailure and Unreadable."""
        self.run_validators(request)  # before a stranger's mail is read
        return self.mail_in(request)

    def mail_in(self, request: HttpRequest) -> bytes:
        raise NotImplementedError

    def refuse(self, recipient: str, status: int, why: str) -> HttpResponse:
        logger.warning("%s's hook for %r answers %s: %s", self.esp_name, recipient, status, why)
        headers = {"WWW-Authenticate": 'Basic realm="GoPimi"'} if status == 401 else None
        return HttpResponse(f"{why}\n", status=status, content_type="text/plain; charset=utf-8", headers=headers)


class Mailgun(Hook, MailgunInboundWebhookView):
    """A route's forward(). It signs with a key of the account; until the mailbox has it, the secret stands for it."""

    signs = True
    hint = gettext_lazy(
        "In Mailgun, let a route forward() to this address, not store(): it ends with mime, which asks for raw mail."
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(webhook_signing_key="the mailbox's", **kwargs)

    def admit(self, mailbox: Mailbox) -> None:
        self.webhook_signing_key = (mailbox.webhook_signing_key or mailbox.webhook_secret).encode()

    def raw(self, request: HttpRequest) -> bytes:
        fields = _form(request)
        signature = QueryDict(mutable=True)
        for name in ("timestamp", "token", "signature"):
            if name in fields:
                signature[name] = fields[name].decode("ascii", "replace")
        request.POST = signature  # type: ignore[assignment]  # where anymail looks
        try:
            self.run_validators(request)
        except UnicodeEncodeError as error:
            raise AnymailWebhookValidationFailure("Mailgun webhook called with incorrect signature") from error
        if "body-mime" not in fields:
            raise Unreadable("There is no raw mail in it (body-mime).")
        return fields["body-mime"]


class SendGrid(Hook):
    esp_name = "SendGrid"
    hint = gettext_lazy('In SendGrid, under Settings and Inbound Parse, tick "POST the raw, full MIME message".')
    UNREADABLE = 503  # it throws away what is answered with 4xx

    def mail_in(self, request: HttpRequest) -> bytes:
        fields = _form(request)
        if "email" not in fields:
            raise Unreadable("There is no raw mail in it (email).")
        return fields["email"]


class Postmark(Hook):
    esp_name = "Postmark"
    hint = gettext_lazy(
        'In Postmark, in the settings of the inbound stream, tick "Include raw email content in JSON payload".'
    )
    NEVER, FORBIDDEN = 403, 401  # 403 is what it gives up at

    def mail_in(self, request: HttpRequest) -> bytes:
        try:
            payload = json.loads(_body(request))
        except (ValueError, RecursionError) as error:
            raise Unreadable("It is no JSON.") from error
        if not isinstance(payload, dict) or not isinstance(payload.get("RawEmail"), str):
            raise Unreadable("There is no raw mail in it (RawEmail).")
        return payload["RawEmail"].encode("utf-8", "surrogatepass")


def _mailbox(recipient: str) -> Mailbox:
    """Raises UnknownRecipient."""
    address = mailboxes.find(recipient)
    with workspace(address.workspace):
        return Mailbox.objects.for_workspace(address.workspace).get(pk=address.mailbox_id)


def _form(request: HttpRequest) -> dict[str, bytes]:
    try:
        return rawforms.fields(request.headers.get("Content-Type", ""), _body(request))
    except ValueError as error:
        raise Unreadable(str(error)) from error


def _body(request: HttpRequest) -> bytes:
    """The request's body: a mail may be three times as long in a form's escapes."""
    most = 3 * settings.MAIL_MAX_BYTES + 1024**2
    body = request.read(most + 1)
    if len(body) > most:
        raise Unreadable(f"A mail may have {settings.MAIL_MAX_BYTES // 1024**2} MB at most.")
    return body


app_name = "hooks"
urlpatterns = [
    path("mailgun/<path:address>/mime", Mailgun.as_view(), name="mailgun"),
    path("sendgrid/<path:address>/", SendGrid.as_view(), name="sendgrid"),
    path("postmark/<path:address>/", Postmark.as_view(), name="postmark"),
]
