"""Ids in addresses that nobody can guess: signed for one purpose each."""

from django.core.signing import BadSignature, Signer

ATTACHMENTS = Signer(salt="tickets.attachments")
IMAGES = Signer(salt="tickets.images")  # of a message whose remote images are asked for


def signed_id(signer: Signer, signed: str) -> int | None:
    """The id in it; None where the signature doesn't hold."""
    try:
        return int(signer.unsign(signed))
    except BadSignature:
        return None
