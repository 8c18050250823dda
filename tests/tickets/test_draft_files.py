"""Files for a reply are part of its draft: there again, nobody else's, and sent once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.conftest import signed_in
from tests.tickets.test_drafts import kept, post, thread, url
from tickets import attachments, drafts
from tickets.models import Attachment, Draft, DraftFile, Message, Ticket

__all__ = ["thread"]  # a fixture


def upload(client: Client, thread: Any, name: str = "log.txt", data: bytes = b"smoke") -> Any:
    return post(client, thread, "draft_files", file=SimpleUploadedFile(name, data, "text/plain"))


def files(client: Client, thread: Any) -> list[DraftFile]:
    """Those that the reply box shows."""
    return [one["row"] for one in client.get(url(thread, "detail")).context["page"].files]


def names(client: Client, thread: Any) -> list[str]:
    return [file.filename for file in files(client, thread)]


def address(thread: Any, name: str, file: DraftFile) -> str:
    base = url(thread, "draft_files")
    return f"{base}{file.pk}/" if name == "file" else f"{base}{file.pk}/remove/"


def stored() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def reply(client: Client, thread: Any, *sent: DraftFile, **values: Any) -> Any:
    given = {"kind": "reply", "body": "Here.", "kept": [file.pk for file in sent], **values}
    return client.post(url(thread, "reply"), given, headers={"HX-Request": "true", "HX-Target": "thread"})


def test_a_file_is_there_again(as_bob: Client, thread: Any) -> None:
    answer = upload(as_bob, thread)
    assert answer.status_code == 200
    assert 'aria-label="Remove log.txt"' in answer.content.decode()
    upload(as_bob, thread, "../more.txt", b"more")
    page = as_bob.get(url(thread, "detail")).content.decode()
    assert "Draft saved" in page
    assert names(as_bob, thread) == ["log.txt", "more.txt"]
    first = files(as_bob, thread)[0]
    assert first.size == 5
    answer = as_bob.get(address(thread, "file", first))
    assert b"".join(answer.streaming_content) == b"smoke"  # type: ignore[attr-defined]
    assert answer["Content-Disposition"] == 'attachment; filename="log.txt"'
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_text_and_files_leave_each_other_alone(as_bob: Client, thread: Any) -> None:
    post(as_bob, thread, "draft", kind="note", body="Careful")
    upload(as_bob, thread)
    assert as_bob.get(url(thread, "detail")).context["page"].reply["body"].value() == "Careful"
    answer = post(as_bob, thread, "draft", kind="note", body="")
    assert "Draft saved" in answer.content.decode(), "there is a file still"
    post(as_bob, thread, "draft", kind="reply", body="Dear Dana")
    assert names(as_bob, thread) == ["log.txt"]


def test_it_is_nobody_elses(as_bob: Client, as_alice: Client, thread: Any) -> None:
    upload(as_bob, thread)
    (file,) = files(as_bob, thread)
    assert "log.txt" not in as_alice.get(url(thread, "detail")).content.decode()
    assert as_alice.get(address(thread, "file", file)).status_code == 404
    upload(as_alice, thread, "hers.txt")
    assert as_alice.get(address(thread, "file", file)).status_code == 404
    as_alice.post(address(thread, "remove", file))
    answer = reply(as_alice, thread, file)
    assert answer.status_code == 422
    assert "isn&#x27;t there any more" in answer.content.decode()
    assert names(as_bob, thread) == ["log.txt"]
    with workspace(thread.workspace):
        assert not Attachment.objects.for_workspace(thread.workspace).exists()


def test_it_is_of_one_thread(as_bob: Client, thread: Any, acme: Workspace) -> None:
    upload(as_bob, thread)
    (file,) = files(as_bob, thread)
    with workspace(acme):
        other = Ticket.objects.for_workspace(acme).create(number=99, subject="Other", contact_id=thread.contact_id)
    assert as_bob.get(address(other, "file", file)).status_code == 404
    assert reply(as_bob, other, file).status_code == 422


def test_left_out_again(as_bob: Client, thread: Any, acme: Workspace) -> None:
    upload(as_bob, thread)
    upload(as_bob, thread, "more.txt")
    first, second = files(as_bob, thread)
    answer = as_bob.post(address(thread, "remove", first), headers={"HX-Request": "true"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert as_bob.get(address(thread, "file", first)).status_code == 404
    assert as_bob.post(address(thread, "remove", second)).status_code == 302, "without JavaScript"
    assert names(as_bob, thread) == []
    assert "Draft saved" not in post(as_bob, thread, "draft", kind="reply", body="").content.decode()
    assert kept(thread) == 0
    tidy(acme)
    assert stored() == []


def test_sent_once_with_the_reply(as_bob: Client, thread: Any, acme: Workspace) -> None:
    upload(as_bob, thread)
    upload(as_bob, thread, "unseen.txt")  # in another tab: this page doesn't show it
    file = files(as_bob, thread)[0]
    more = SimpleUploadedFile("more.txt", b"more", "text/plain")
    assert reply(as_bob, thread, file, attachments=[more]).status_code == 200
    assert reply(as_bob, thread, file).status_code == 422, "sent twice"
    with workspace(acme):
        message = Message.objects.for_workspace(acme).get(direction="outbound")
        assert [(one.filename, one.size) for one in message.attachments.order_by("pk")] == [
            ("log.txt", 5),
            ("more.txt", 4),
        ]
        with message.attachments.get(filename="log.txt").file.open("rb") as content:
            assert content.read() == b"smoke"
    assert kept(thread) == 0
    tidy(acme)
    assert len(stored()) == 2, "what was sent stays"


@pytest.mark.django_db(transaction=True)
def test_sent_twice_at_the_same_time(acme: Workspace, bob: User, thread: Any) -> None:
    client = signed_in(bob)
    upload(client, thread)
    (file,) = files(client, thread)
    both = Barrier(2)

    def send(_: int) -> int:
        own = signed_in(bob)
        both.wait()
        try:
            return int(reply(own, thread, file).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, range(2))) == [200, 422]
    with workspace(acme):
        assert Attachment.objects.for_workspace(acme).count() == 1


def test_discarded_and_taken_back(as_bob: Client, thread: Any) -> None:
    upload(as_bob, thread)
    (file,) = files(as_bob, thread)
    post(as_bob, thread, "discard_draft")
    assert names(as_bob, thread) == []
    assert as_bob.get(address(thread, "file", file)).status_code == 404
    post(as_bob, thread, "restore_draft")
    assert names(as_bob, thread) == ["log.txt"]


def test_what_was_discarded_does_not_come_back_with_the_next(as_bob: Client, thread: Any, acme: Workspace) -> None:
    post(as_bob, thread, "draft", kind="note", body="Old", cc="erin@")
    upload(as_bob, thread)
    post(as_bob, thread, "discard_draft")
    upload(as_bob, thread, "new.txt")
    post(as_bob, thread, "restore_draft")
    assert names(as_bob, thread) == ["new.txt"]
    assert not as_bob.get(url(thread, "detail")).context["page"].reply["body"].value()
    tidy(acme)
    assert len(stored()) == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"x" * (attachments.MOST_BYTES - 4), "20 MB in all"), (b"", "The submitted file is empty")],
    ids=["large", "empty"],
)
def test_one_that_cannot_be_attached_is_refused(as_bob: Client, thread: Any, data: bytes, said: str) -> None:
    upload(as_bob, thread)
    answer = upload(as_bob, thread, "big.bin", data)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "<b>big.bin</b>" in text
    assert said in text
    assert names(as_bob, thread) == ["log.txt"]
    assert len(stored()) == 1


def test_nothing_is_no_file(as_bob: Client, thread: Any) -> None:
    assert post(as_bob, thread, "draft_files").status_code == 422
    assert kept(thread) == 0


def test_there_is_a_most(as_bob: Client, thread: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MOST_FILES", 1)
    upload(as_bob, thread)
    answer = upload(as_bob, thread, "more.txt")
    assert answer.status_code == 422
    assert "A message can have 1 attachments" in answer.content.decode()


def test_with_files_of_the_form_they_have_20_mb_in_all(as_bob: Client, thread: Any) -> None:
    upload(as_bob, thread)
    (file,) = files(as_bob, thread)
    big = SimpleUploadedFile("big.bin", b"x" * (attachments.MOST_BYTES - 4))
    answer = reply(as_bob, thread, file, attachments=[big])
    assert answer.status_code == 422
    assert "20 MB in all" in answer.content.decode()
    assert names(as_bob, thread) == ["log.txt"]


def test_files_of_a_member_who_left_go(as_bob: Client, bob: User, thread: Any, acme: Workspace) -> None:
    upload(as_bob, thread)
    bob.memberships.get().delete()
    tidy(acme)
    assert stored() == []


def test_files_that_nobody_goes_on_with_go(as_bob: Client, thread: Any, acme: Workspace) -> None:
    post(as_bob, thread, "draft", kind="reply", body="Dear Dana")
    upload(as_bob, thread)
    long_ago = timezone.now() - drafts.FILES_KEPT - timedelta(days=1)
    with workspace(acme):
        Draft.objects.for_workspace(acme).update(updated_at=long_ago)
    upload(as_bob, thread, "more.txt")
    tidy(acme)
    assert names(as_bob, thread) == ["log.txt", "more.txt"], "somebody goes on with it"
    with workspace(acme):
        Draft.objects.for_workspace(acme).update(updated_at=long_ago)
    tidy(acme)
    assert names(as_bob, thread) == []
    assert stored() == []
    assert as_bob.get(url(thread, "detail")).context["page"].reply["body"].value() == "Dear Dana"


def tidy(acme: Workspace) -> None:
    with workspace(acme):
        drafts.tidy(acme.pk)
