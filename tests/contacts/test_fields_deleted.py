"""A field that is deleted takes its history along, in batches like its values."""

import pytest

from contacts.models import Change, Contact
from customfields import removing, tasks
from customfields.models import Field, FieldValue
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from tests.customfields.test_definitions import define


def test_history_goes_in_batches_after_the_values(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)  # the test is in a transaction
    monkeypatch.setattr(removing, "BATCH", 2)
    with workspace(acme):
        field, other = define(acme, "Plan", "text"), define(acme, "Other", "text")
        for number in range(3):
            contact = Contact.objects.for_workspace(acme).add(SYSTEM, email=f"p{number}@kumo.example")
            contact.change(SYSTEM, values={field: "a", other: "a"})
        removing.delete_field(field)

        def left() -> tuple[int, int, int]:
            rows = [model.objects.for_workspace(acme).filter(field_id=field.pk) for model in (FieldValue, Change)]
            return rows[0].count(), rows[1].count(), Field.objects.for_workspace(acme).filter(pk=field.pk).count()

        assert left() == (1, 3, 1)
        tasks.erase_field(acme.pk, field.pk)
        assert left() == (0, 1, 1)
        tasks.erase_field(acme.pk, field.pk)
        assert left() == (0, 0, 0)
        assert Change.objects.for_workspace(acme).filter(field=other).count() == 3
