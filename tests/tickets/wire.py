"""Mails on the way from one mail server to another."""


def in_lines(raw: bytes) -> bytes:
    """The mail as it goes over a wire: each line ends with CRLF, the last one too."""
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"
