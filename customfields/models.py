"""What a workspace wants to know about its contacts: definitions, options of selects, and typed values in rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext

from customfields import rules
from customfields.fieldvalues import FieldValue, NumericField
from customfields.following import FOLLOWERS
from customfields.querysets import FieldQuerySet, OptionQuerySet, ValueQuerySet
from customfields.types import TYPES, FieldType, Kind
from gopimi.lib.folding import Lower, key_field, lower
from gopimi.lib.refusals import Refusals, flag, refuse
from gopimi.lib.tenancy import CompositeForeignKey, TenantModel

__all__ = ["Field", "FieldValue", "Kind", "NumericField", "Option"]

FORMER = 50  # labels that an option had before, which are remembered


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

    def formerly(self, label: str) -> "Option | None":
        """The option that was called so once, or that has come in the place of one called so."""
        wanted = lower(label)
        return next((option for option in self.choices if wanted in option.former_labels), None)

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
        self.lock()
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

    def lock(self) -> None:
        """One admin changes it at a time. Raises ValidationError where somebody has deleted it."""
        self.siblings.lock()
        if not self.siblings.known().filter(pk=self.pk).exists():
            raise refuse("field", "gone", gettext("{label} was deleted in the meantime.").format(label=self.label))

    def close(self) -> None:
        """Nobody writes a value of it until the transaction ends: who is at it is waited for, who comes waits."""
        list(self.siblings.filter(pk=self.pk).select_for_update().values_list("pk"))

    @transaction.atomic
    def archive(self) -> None:
        """Hide it everywhere; its values are kept. Raises ValidationError."""
        self.lock()
        self.close()
        self._write(archived_at=self.archived_at or timezone.now())

    @transaction.atomic
    def restore(self) -> None:
        """Bring it back from the archive. Raises ValidationError where its label was given to another meanwhile."""
        self.lock()
        self.siblings.free_label(self.label, but=self)
        self._write(archived_at=None)

    def hide(self, key: str) -> None:
        """It is deleted, but for what is still to be taken out; another one may have its key and label."""
        self._write(deleted_at=timezone.now(), key=key)

    @transaction.atomic
    def add_option(self, label: Any) -> "Option":
        """A new option at the end. Raises ValidationError."""
        if not self.type.has_options:
            raise refuse("label", "not_select", gettext("Only a select has options."))
        self.lock()
        self.touch()
        return self.own_options.create(
            field=self, label=self.own_options.free_label(label), position=self.own_options.next_position()
        )

    @transaction.atomic
    def arrange_options(self, rows: Sequence[tuple[int | None, str]]) -> None:
        """The active options as one form gives them, in order: (id, label), new ones without id.

        Options that somebody has added in the meantime follow at the end. Raises ValidationError.
        """
        self.lock()
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
                (refused,) = error.error_dict.values()
                raise refuse(
                    "options",
                    refused[0].code or "",
                    gettext("Option {number}: {error}").format(number=number, error=error.messages[0]),
                ) from error
            ids.append(pk)
        self.own_options.reorder(ids)

    def touch(self) -> None:
        """Its options change: forget those that were loaded, and say when. It comes first, since it locks the field's
        row (`customfields.removing` says in which order all lock)."""
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
    # In lower case, the last ones first, with those of options in whose place it came: for filters kept by label.
    former_labels = ArrayField(models.TextField(), default=list, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    # While its values, `to_move` of them at first, become another option's in the background; then it goes.
    replaced_by = CompositeForeignKey("self", null=True, blank=True, editable=False, related_name="+")
    to_move = models.PositiveIntegerField(default=0, db_default=0, editable=False)
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
        indexes = [
            models.Index(
                fields=["workspace", "field", "replaced_by"],
                name="option_replaced_by",
                condition=Q(replaced_by__isnull=False),
            )
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

    def lock(self) -> None:
        """Take it as it is now, and let nobody else change it. Raises ValidationError where it was deleted, and while
        its values become another option's."""
        self.field.lock()
        now = self.siblings.known().filter(pk=self.pk).first()
        if now is None:
            raise refuse("option", "gone", gettext("“{label}” was deleted in the meantime.").format(label=self.label))
        if now.replaced_by_id is not None:
            raise refuse(
                "option",
                "being_replaced",
                gettext("“{label}” is being replaced. It goes when that is done.").format(label=now.label),
            )
        for name in ("label", "former_labels", "archived_at"):
            setattr(self, name, getattr(now, name))

    @transaction.atomic
    def rename(self, label: Any) -> None:
        """Values point to the option, so none of them is touched. Raises ValidationError."""
        self.lock()
        new, old = self.siblings.free_label(label, but=self), self.label
        if new != old:
            self._write(label=new, former_labels=self._former([old], but=new))
            self._tell_relabelled(old)

    def leave(self, other: "Option | None", number: int, now: datetime) -> None:
        """It goes: hidden at once, or archived until the `number` of values are the other's, which filters by its label
        mean from now on."""
        if other is None:
            self._write(deleted_at=now)
            return
        self._write(archived_at=self.archived_at or now, replaced_by=other, to_move=number)
        other._write(former_labels=other._former([self.label, *self.former_labels], but=other.label))
        other._tell_relabelled(self.label)

    def _former(self, labels: Sequence[str], but: str) -> list[str]:
        known = dict.fromkeys([*map(lower, labels), *self.former_labels])
        known.pop(lower(but), None)
        return list(known)[:FORMER]

    def _tell_relabelled(self, old: str) -> None:
        for follower in FOLLOWERS:
            follower.relabelled(self.field, old, self.label)

    @transaction.atomic
    def archive(self) -> None:
        """It can't be chosen any more; who has it keeps it. Raises ValidationError."""
        self.lock()
        self.field.close()
        self._write(archived_at=self.archived_at or timezone.now())

    @transaction.atomic
    def restore(self) -> None:
        """It can be chosen again. Raises ValidationError."""
        self.lock()
        self._write(archived_at=None)
