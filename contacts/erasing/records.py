"""Who was erased, kept only until the last copy of what they were called is gone."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from gopimi.lib.tenancy import TenantModel


class Erasure(TenantModel):
    """A person who was erased, and whose name and addresses are still to be looked for in other rows and in files.

    `at` is when: whoever has the address since then is another contact, whose traces stay. The row of the contact
    itself may be gone, so `contact_id` is no foreign key.
    """

    contact_id = models.BigIntegerField()
    names = ArrayField(models.TextField())  # also former ones
    emails = ArrayField(models.TextField())  # as they are written, and as `email_key` has them
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["workspace", "id"], name="erasure_waiting")]

    def __str__(self) -> str:
        return f"Erasure of {self.contact_id}"
