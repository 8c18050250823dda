"""The mail that an agent's reply goes out as: with the mailbox's signature, and below it the mail that it answers."""

from email.utils import formataddr

from django.core.mail import EmailMessage
from django.utils import formats, timezone
from django.utils.translation import gettext_noop

from gopimi.lib import addresses, charsets
from tickets.models import Message

NO_MAILBOX = gettext_noop("This workspace has no mailbox to send from: an admin adds one in Settings.")
NO_RECIPIENT = gettext_noop("Nobody to send it to: the requester has no email address.")
MOST_QUOTED = 200  # lines; below come mails that the reader has already
LONGEST_QUOTED = 20_000  # characters


class CannotSend(ValueError):
    """The message can't become a mail; the text says why and what to do."""


def compose(message: Message) -> EmailMessage:
    """Raises CannotSend."""
    if message.mailbox is None:
        raise CannotSend(NO_MAILBOX)
    if not message.to:
        raise CannotSend(NO_RECIPIENT)
    subject = charsets.printable(message.thread.subject)
    headers = {"Message-ID": f"<{message.message_id}>"}
    if message.in_reply_to:
        headers["In-Reply-To"] = f"<{message.in_reply_to}>"
        headers["References"] = " ".join(f"<{identifier}>" for identifier in message.references.split())
    email = EmailMessage(
        subject=subject if subject.lower().startswith("re:") else f"Re: {subject}",
        body=_body(message, message.mailbox.signature),
        from_email=ascii_address(message.mailbox.address, message.workspace.name),
        to=[ascii_address(message.to)],
        cc=[ascii_address(address) for address in message.cc.split(", ") if address],
        bcc=[ascii_address(address) for address in message.bcc.split(", ") if address],
        headers=headers,
    )
    for attachment in message.attachments.order_by("id"):
        try:
            with attachment.file.open("rb") as file:
                email.attach(attachment.filename, file.read(), attachment.content_type)
        except FileNotFoundError as error:
            raise CannotSend(f"The file {attachment.filename} isn't in the storage any more.") from error
    return email


def answered(message: Message) -> Message | None:
    """The mail that a reply answers: the newest one before it that a person wrote."""
    before = message.thread.messages.exclude(pk=message.pk).filter(
        direction=Message.Direction.INBOUND, created_at__lte=message.created_at
    )
    newest = before.select_related("author_contact").order_by("-created_at", "-id")
    return next((one for one in newest[:20] if not one.is_machines), None)


def ascii_address(address: str, name: str = "") -> str:
    """An address as a header has it. Raises CannotSend, and InvalidAddress."""
    parsed = addresses.parse(address)
    local = parsed.given.rpartition("@")[0]
    if not local.isascii():
        raise CannotSend(f"{address} can't be written to: accents before the @ need a mail server with SMTPUTF8.")
    return formataddr((charsets.printable(name), f"{local}@{parsed.domain}"))


def _body(message: Message, signature: str) -> str:
    parts = [message.body_text]
    if signature.strip():
        parts.append(f"-- \n{signature.strip()}")
    if (before := answered(message)) and before.body_text.strip():
        parts.append(_quoted(before))
    return "\n\n".join(parts)


def _quoted(message: Message) -> str:
    """A mail as mail programs quote it, at most MOST_QUOTED lines."""
    when = formats.date_format(timezone.localtime(message.created_at), "D, j M Y, H:i")
    text = message.body_text.strip()
    lines = text[:LONGEST_QUOTED].splitlines()[:MOST_QUOTED]
    if len("\n".join(lines)) < len("\n".join(text.splitlines())):
        lines.append("[…]")
    marked = [f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in lines]
    zone = timezone.get_current_timezone_name()
    return "\n".join([f"On {when} {zone}, {charsets.printable(message.writer)} wrote:", *marked])
