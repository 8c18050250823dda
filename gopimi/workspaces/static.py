"""Collects the static files when they changed since the last time, which at most starts they didn't."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

# Of the libraries' files, what no page of ours asks for; compressing it took most of the time.
UNUSED = ["redoc*", "htmax*", "htmx-4*", "ext", "mfa"]


def collect() -> None:
    """`collectstatic`, unless it was done for these very files. The mark comes last: what is interrupted is redone."""
    mark = Path(settings.STATIC_ROOT) / ".collected"
    fingerprint = _fingerprint()
    if mark.exists() and mark.read_text() == fingerprint:
        return
    call_command("collectstatic", interactive=False, clear=True, ignore_patterns=UNUSED, verbosity=0)
    mark.write_text(fingerprint)


def _fingerprint() -> str:
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in sorted(finder.list(UNUSED), key=lambda found: found[0]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
