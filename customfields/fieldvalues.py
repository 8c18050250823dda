"""Typed values of contacts in rows."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast, Left

from customfields.kinds import Kind
from customfields.parsing import TEXT_LENGTH
from customfields.querysets import ValueQuerySet
from gopimi.lib.folding import Fold, key_field
from gopimi.lib.tenancy import CompositeForeignKey, TenantModel


class NumericField(models.DecimalField):
    """PostgreSQL's `numeric` without a scale: a number is kept exactly as it was given."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 1000, "decimal_places": 500, **options})

    def db_type(self, connection: Any) -> str:
        return "numeric"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return self.to_python(value)  # as given: DecimalField would round to decimal_places


VALUE_COLUMNS = ("text_value", "number_value", "date_value", "boolean_value", "option")


def _only(column: str) -> Q:
    return Q(**{f"{name}__isnull": name != column for name in VALUE_COLUMNS})


def _value_index(column: str, *then: str) -> models.Index:
    return models.Index(
        fields=["workspace", "field", column, *then, "contact"],
        name=f"value_{column.removesuffix('_value')}",
        condition=Q(**{f"{column}__isnull": False}),
    )


class FieldValue(TenantModel):
    """One value of one contact, in the column of its type; a multiple select has a row for each chosen option.

    `value_key` is 0, or the option's id in a multiple select. Filters and sorts go over `text_key`, `number_key`, the
    date, the boolean and the option: only their comparisons are leakproof, so only they can use an index.
    """

    pk = models.CompositePrimaryKey("workspace_id", "contact_id", "field_id", "value_key")
    workspace = models.ForeignKey(
        "workspaces.Workspace", models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+"
    )
    contact = CompositeForeignKey("contacts.Contact", related_name="field_values")
    field = CompositeForeignKey("customfields.Field", related_name="values")
    value_key = models.BigIntegerField(default=0, db_default=0)
    kind = models.SmallIntegerField()
    option = CompositeForeignKey("customfields.Option", null=True, blank=True, related_name="values")
    number_value = NumericField(null=True, blank=True)
    date_value = models.DateField(null=True, blank=True)
    boolean_value = models.BooleanField(null=True, blank=True)
    text_value = models.CharField(max_length=TEXT_LENGTH, null=True, blank=True)
    number_key = models.GeneratedField(
        expression=Cast("number_value", models.FloatField()), output_field=models.FloatField(null=True), db_persist=True
    )
    text_key = models.GeneratedField(
        expression=Left(Fold("text_value"), 200), output_field=key_field(null=True), db_persist=True
    )

    objects = ValueQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="value_typed",
                condition=(Q(kind__in=[Kind.TEXT, Kind.URL, Kind.EMAIL]) & _only("text_value") & ~Q(text_value=""))
                | (Q(kind=Kind.NUMBER) & _only("number_value"))
                | (Q(kind=Kind.DATE) & _only("date_value"))
                | (Q(kind__in=[Kind.SELECT, Kind.MULTIPLE_SELECT]) & _only("option"))
                | (Q(kind=Kind.BOOLEAN) & _only("boolean_value")),
            ),
            models.CheckConstraint(
                name="value_key_is_option",
                condition=Q(kind=Kind.MULTIPLE_SELECT, value_key=F("option"))
                | (~Q(kind=Kind.MULTIPLE_SELECT) & Q(value_key=0)),
            ),
        ]
        indexes = [
            *(_value_index(column) for column in ("text_key", "date_value", "boolean_value", "option")),
            _value_index("number_key", "number_value"),  # the order of numbers that have one key
        ]

    def __str__(self) -> str:
        return f"{self.field_id} of {self.contact_id}"
