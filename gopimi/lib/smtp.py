"""Mail by SMTP that tells two things which Django's own backend keeps to itself: that the connection was lost when the
mail had been handed over, and who was refused while others were taken."""

import smtplib
from typing import Any

from django.core.mail.backends import smtp

AFTER_THE_MAIL = (
    600  # seconds until a server must have answered to a mail (RFC 5321, 4.5.3.2.6): it may look for viruses
)


class Lost(smtplib.SMTPServerDisconnected):
    """The connection was lost after the mail was handed over: the server may have taken it or not."""


class _Telling:
    """What smtplib's clients have in common here. `refused`: address to code and text, of the last mail."""

    refused: dict[str, tuple[int, bytes]]
    sock: Any

    def data(self, msg: Any) -> tuple[int, bytes]:
        if self.sock:
            self.sock.settimeout(AFTER_THE_MAIL)
        try:
            return super().data(msg)  # type: ignore[misc]
        except smtplib.SMTPServerDisconnected as error:
            raise Lost(*error.args) from error

    def sendmail(self, *args: Any, **options: Any) -> dict[str, tuple[int, bytes]]:
        self.refused = {}
        self.refused = super().sendmail(*args, **options)  # type: ignore[misc]
        return self.refused


class Plain(_Telling, smtplib.SMTP):
    pass


class OverTLS(_Telling, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    """Django's. While it is open, `connection.refused` says who the last mail wasn't taken for."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return OverTLS if self.use_ssl else Plain
