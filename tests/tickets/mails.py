"""Mails for tests, written as a mail program would."""


def mail(body: str = "Hello", **headers: str) -> bytes:
    """A mail of Dana's in raw bytes. A header of None is left out: `mail(message_id=None)`."""
    fields = {
        "from": "Dana Scully <dana@example.com>",
        "to": "support@acme.example",
        "subject": "My order",
        "date": "Mon, 2 Mar 2026 10:00:00 +0100",
        "message_id": "<one@example.com>",
        **headers,
    }
    lines = [f"{name.replace('_', '-').title()}: {value}" for name, value in fields.items() if value is not None]
    return ("\n".join(lines) + f"\n\n{body}\n").encode("utf-8", "surrogateescape")
