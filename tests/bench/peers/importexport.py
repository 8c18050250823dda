"""django-import-export with `use_bulk=True`: the same contacts with their values in typed columns of their own."""

import time
from collections.abc import Sequence
from typing import Any

import tablib
from django.db import connection, models
from django.db.models import Index
from import_export import fields, resources, widgets

from gopimi.lib.roles import as_owner

LABEL = "bench"


class Company(models.Model):
    name = models.CharField(max_length=200, unique=True)

    class Meta:
        app_label = LABEL

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    email = models.CharField(max_length=320, unique=True)
    name = models.CharField(max_length=200)
    company = models.ForeignKey(Company, models.SET_NULL, null=True)
    account = models.TextField(null=True)
    amount = models.DecimalField(max_digits=30, decimal_places=10, null=True)
    since = models.DateField(null=True)
    plan = models.CharField(max_length=100, null=True)

    class Meta:
        app_label = LABEL
        indexes = [Index(fields=[name]) for name in ("name", "account", "amount", "since", "plan")]

    def __str__(self) -> str:
        return self.name


class CompanyWidget(widgets.ForeignKeyWidget):
    """Makes the organization where it is new, as its documentation shows."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        return Company.objects.get_or_create(name=value)[0] if value else None


class PersonResource(resources.ModelResource):
    company = fields.Field("company", "company", CompanyWidget(Company, "name"))

    class Meta:
        model = Person
        import_id_fields = ["email"]
        fields = ["email", "name", "company", "account", "amount", "since", "plan"]
        use_bulk = True
        batch_size = 1000
        skip_diff = True


def seconds(people: Sequence[tuple[Any, ...]]) -> float:
    headers = ["name", "email", "company", "account", "amount", "since", "plan"]
    rows = tablib.Dataset(*[tuple(map(str, one)) for one in people], headers=headers)
    with as_owner(connection):
        with connection.schema_editor() as editor:
            editor.create_model(Company)
            editor.create_model(Person)
        began = time.perf_counter()
        PersonResource().import_data(rows, raise_errors=True)
        taken = time.perf_counter() - began
        assert Person.objects.count() == len(people)
        with connection.schema_editor() as editor:
            editor.delete_model(Person)
            editor.delete_model(Company)
    return taken
