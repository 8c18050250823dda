"""What a workspace wants to know about its contacts: definitions, options of selects, and typed values in rows."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Cast, Left, Now
from django.utils import timezone
from django.utils.functional import cached_property
from procrastinate.contrib.django import app as jobs

from customfields import querysets, rules
from customfields.keys import key_from
from customfields.parsing import TEXT_LENGTH
from customfields.querysets import FieldQuerySet, OptionQuerySet, ValueQuerySet
from customfields.types import TYPES, FieldType, Kind
from gopimi.lib.folding import Fold, Lower, key_field, lower
from gopimi.lib.refusals import Refusals, flag, refuse
from gopimi.lib.tenancy import CompositeForeignKey, TenantModel

# Tables of other apps whose rows of a field go with it, in batches as its values do; apps add theirs.
GO_ALONG: list[type[TenantModel]] = []


class Field(TenantModel):
    """A custom field's definition. `type` in the API and on pages is the name of its kind's class in `types.py`."""

    kind = models.SmallIntegerField(choices=Kind, editable=False)
    key = models.CharField(max_length=63, editable=False)
    label = models.CharField(max_length=100)
    label_lower = models.GeneratedField(expression=Lower("label"), output_field=key_field(), db_persist=True)
    help_text = models.CharField(max_length=300, blank=True, db_default="", default="")
    featured = models.BooleanField(default=False, db_default=False)
    required = models.BooleanField(default=False, db_default=False)
    position = models.PositiveIntegerField(default=0, db_default=0)
    archived_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = FieldQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="field_workspace_id"),
            models.UniqueConstraint(fields=["workspace", "id", "kind"], name="field_workspace_id_kind"),
            models.UniqueConstraint(fields=["workspace", "key"], name="field_key_unique"),
            models.UniqueConstraint(
                fields=["workspace", "label_lower"],
                condition=Q(archived_at__isnull=True, deleted_at__isnull=True),
                name="field_label_unique",
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="field_kind_known"),
            models.CheckConstraint(condition=~Q(label=""), name="field_label_not_empty"),
            models.CheckConstraint(condition=Q(key__regex=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"), name="field_key_shape"),
        ]

    def __str__(self) -> str:
        return self.label

    def __hash__(self) -> int:
        """As Django's own, in a tenth of the time: an import's values are kept by their fields."""
        return hash(self.id)

    @property
    def type(self) -> FieldType:
        """What knows how to parse, show, store and filter this field's values."""
        return TYPES[self.kind]

    @property
    def version(self) -> str:
        """Changes with every change of the definition or its options."""
        return self.updated_at.isoformat()

    @property
    def multiple(self) -> bool:
        return self.type.multiple

    @cached_property
    def choices(self) -> "list[Option]":
        """The options that aren't deleted, archived ones too, in their order."""
        known = [option for option in self.options.all() if option.deleted_at is None]
        return sorted(known, key=lambda option: (option.position, option.pk))

    @cached_property
    def _options(self) -> "dict[int | str, Option]":
        by_id: dict[int | str, Option] = {option.pk: option for option in self.choices}
        return by_id | {lower(option.label): option for option in self.choices}

    def option(self, given: int | str | None) -> "Option | None":
        """The option with this id, or with this label without regard to case."""
        return self._options.get(lower(given) if isinstance(given, str) else given)  # type: ignore[arg-type]

    def pretended_option(self, label: Any) -> "Option":
        """An option as `add_option` would make it, known to this object alone. Raises ValidationError."""
        label = rules.label("label", label)
        number = -1 - sum(option.pk < 0 for option in self.choices)
        last = self.choices[-1].position if self.choices else -1
        option = Option(
            pk=number, workspace_id=self.workspace_id, field=self, label=label, position=last + 1, archived_at=None
        )
        self.know(option)
        return option

    def know(self, option: "Option") -> None:
        """Take an option for one of this field's, until they are loaded anew."""
        self.__dict__["choices"] = [*self.choices, option]
        self.__dict__.pop("_options", None)

    @property
    def siblings(self) -> FieldQuerySet:
        """All fields of the workspace."""
        return Field.objects.for_workspace(self.workspace_id)

    @property
    def own_options(self) -> OptionQuerySet:
        return Option.objects.for_workspace(self.workspace_id).filter(field=self)

    @property
    def own_values(self) -> ValueQuerySet:
        return FieldValue.objects.for_workspace(self.workspace_id).filter(field=self)

    def contacts_with_value(self) -> int:
        """What deleting the field would take away."""
        return self.own_values.contacts_by("field_id").get(self.pk, 0)

    @transaction.atomic
    def change(self, **given: Any) -> None:
        """Change label, help text, featured or required, those that are given. Raises ValidationError."""
        self.siblings.lock()
        refusals = Refusals()
        checks = {
            "label": lambda text: self.siblings.free_label(text, but=self),
            "help_text": rules.help_text,
            "featured": lambda value: flag("featured", value),
            "required": lambda value: flag("required", value),
        }
        checked = {name: refusals.attempt(checks[name], value) for name, value in given.items()}
        refusals.check()
        self._write(**checked)

    def _write(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        self.updated_at = timezone.now()
        self.save(update_fields=[*values, "updated_at"])

    def archive(self) -> None:
        """Hide it everywhere; its values are kept."""
        self._write(archived_at=self.archived_at or timezone.now())

    @transaction.atomic
    def restore(self) -> None:
        """Bring it back from the archive. Raises ValidationError where its label was given to another meanwhile."""
        self.siblings.lock()
        self.siblings.free_label(self.label, but=self)
        self._write(archived_at=None)

    @transaction.atomic
    def remove(self) -> None:
        """Delete it for good: hidden at once, its values go in batches, and its key and label are free again."""
        self.siblings.lock()
        taken = set(self.siblings.values_list("key", flat=True))
        self._write(deleted_at=timezone.now(), key=key_from(f"deleted {self.pk}", taken))
        self.erase()

    def erase(self) -> None:
        """Delete a batch of a deleted field's values, then of what goes along, and leave the rest to a job; the field
        goes last."""
        if self.own_values.erase() and all(self._erase_along(model) for model in GO_ALONG):
            self.delete()
        else:
            jobs.configure_task("customfields.erase_field").defer(workspace_id=self.workspace_id, field_id=self.pk)

    def _erase_along(self, model: Any) -> bool:
        rows = model.objects.for_workspace(self.workspace_id).filter(field=self)
        ids = list(rows.values_list("pk", flat=True)[: querysets.BATCH])
        rows.filter(pk__in=ids).delete()
        return len(ids) < querysets.BATCH

    @transaction.atomic
    def add_option(self, label: Any) -> "Option":
        """A new option at the end. Raises ValidationError."""
        if not self.type.has_options:
            raise refuse("label", "not_select", "Only a select has options.")
        self.siblings.lock()
        self.touch()
        return self.own_options.create(
            field=self, label=self.own_options.free_label(label), position=self.own_options.next_position()
        )

    @transaction.atomic
    def arrange_options(self, rows: Sequence[tuple[int | None, str]]) -> None:
        """The active options as one form gives them, in order: (id, label), new ones without id.

        Options that somebody has added in the meantime follow at the end. Raises ValidationError.
        """
        self.siblings.lock()
        self.touch()
        active = {option.pk: option for option in self.own_options.active()}
        ids = []
        for number, (pk, label) in enumerate(rows, start=1):
            try:
                if pk is None:
                    pk = self.add_option(label).pk
                elif pk in active and active[pk].label != label:
                    active[pk].rename(label)
            except ValidationError as error:
                message = f"Option {number}: {error.messages[0]}"
                raise refuse("options", error.error_dict["label"][0].code or "", message) from error
            ids.append(pk)
        self.own_options.reorder(ids)

    def touch(self) -> None:
        """Its options change: forget those that were loaded, and say when.

        It comes first, since it locks the field's row: whoever changes options or values of a field takes the field
        before them, as its deletion does, so that no two ever wait for each other.
        """
        for name in ("choices", "_options"):
            self.__dict__.pop(name, None)
        getattr(self, "_prefetched_objects_cache", {}).pop("options", None)
        self._write()


class Option(TenantModel):
    """A choice of a select field. Values point to its id, so renaming it touches none of them."""

    field = CompositeForeignKey(Field, related_name="options")
    label = models.CharField(max_length=100)
    label_lower = models.GeneratedField(expression=Lower("label"), output_field=key_field(), db_persist=True)
    position = models.PositiveIntegerField(default=0, db_default=0)
    archived_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OptionQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "field", "id"], name="option_workspace_field_id"),
            models.UniqueConstraint(
                fields=["workspace", "field", "label_lower"],
                condition=Q(deleted_at__isnull=True),
                name="option_label_unique",
            ),
            models.CheckConstraint(condition=~Q(label=""), name="option_label_not_empty"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label_json(self) -> str:
        return orjson.dumps(self.label).decode()

    @property
    def siblings(self) -> OptionQuerySet:
        return self.field.own_options

    @property
    def own_values(self) -> ValueQuerySet:
        return self.field.own_values.filter(option=self)

    def contacts_with_value(self) -> int:
        """What removing it would take away."""
        return self.own_values.count()

    def _write(self, **values: Any) -> None:
        self.field.touch()
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=list(values))

    @transaction.atomic
    def rename(self, label: Any) -> None:
        """Values point to the option, so none of them is touched. Raises ValidationError."""
        self.siblings.lock()
        self._write(label=self.siblings.free_label(label, but=self))

    def archive(self) -> None:
        """It can't be chosen any more; who has it keeps it."""
        self._write(archived_at=self.archived_at or timezone.now())

    def restore(self) -> None:
        self._write(archived_at=None)

    @transaction.atomic
    def remove(self, replace_with: "Option | None" = None) -> None:
        """Delete it for good; its values go too, or are given another option of the same field."""
        if replace_with is not None and (replace_with.field_id != self.field_id or replace_with == self):
            raise refuse("replace_with", "invalid_choice", "Give another option of the same field.")
        self._write(deleted_at=timezone.now())
        self.erase(replace_with)

    def erase(self, replace_with: "Option | None" = None) -> None:
        """Delete or move a batch of a deleted option's values, and leave the rest to a job; the option goes last."""
        finished = self.own_values.move(replace_with) if replace_with else self.own_values.erase()
        if finished:
            self.delete()
            return
        jobs.configure_task("customfields.erase_option").defer(
            workspace_id=self.workspace_id, option_id=self.pk, replace_with=replace_with.pk if replace_with else None
        )


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
    field = CompositeForeignKey(Field, related_name="values")
    value_key = models.BigIntegerField(default=0, db_default=0)
    kind = models.SmallIntegerField()
    option = CompositeForeignKey(Option, null=True, blank=True, related_name="values")
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
