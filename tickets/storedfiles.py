"""A file in the storage, as a row has it."""

from django.db import models
from django.db.models.functions import Now

from gopimi.lib.tenancy import TenantModel


class StoredFile(TenantModel):
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    file = models.FileField(upload_to="attachments", max_length=300)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.filename
