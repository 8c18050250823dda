"""The same people in one table of typed columns with an index each: the friendliest case for Django's admin."""

from django.db import models


class AnyPerson(models.Model):
    name = models.CharField(max_length=200, db_index=True)
    email = models.CharField(max_length=320, unique=True)
    organization = models.CharField(max_length=200, db_index=True)
    account = models.TextField(db_index=True)
    seats = models.DecimalField(max_digits=30, decimal_places=10, db_index=True)
    renewal = models.DateField(db_index=True)
    plan = models.CharField(max_length=100, db_index=True)
    active = models.BooleanField()
    site = models.TextField()
    billing = models.TextField()
    products = models.TextField()
    tags = models.TextField()
    created_at = models.DateTimeField(db_index=True)
    updated_at = models.DateTimeField(db_index=True)

    class Meta:
        abstract = True
        app_label = "changelist"

    def __str__(self) -> str:
        return self.name


class Person(AnyPerson):
    """One of many."""


class PersonWithFields(Person):
    """The same, for a changelist with other columns."""

    class Meta:
        proxy = True
        app_label = "changelist"


class Someone(AnyPerson):
    """One of few."""
