"""How fields, options and values are found, defined, put in order and removed. Raises as in `rules.py`."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils.translation import gettext

from customfields import rules
from customfields.keys import is_key, key_from
from gopimi.lib.folding import lower
from gopimi.lib.refusals import Refusals, flag, refuse
from gopimi.lib.tenancy import TenantQuerySet
from gopimi.workspaces.models import Workspace

if TYPE_CHECKING:
    from customfields.models import Field, Option


class OrderedQuerySet(TenantQuerySet):
    """Rows with a place in a list, that are archived before they are deleted."""

    def known(self) -> Self:
        """Active and archived ones: a deleted one is gone at once, even while its values are still being removed."""
        return self.filter(deleted_at__isnull=True).order_by("position", "id")

    def active(self) -> Self:
        """Those that pages, forms and the API show, in their order."""
        return self.known().filter(archived_at__isnull=True)

    def archived(self) -> Self:
        return self.known().filter(archived_at__isnull=False)

    def lock(self) -> None:
        """One admin defines at a time in a workspace, so that what was checked still holds when it is written."""
        Workspace(pk=self.workspace_id).lock()

    def next_position(self) -> int:
        last = self.known().aggregate(last=Max("position"))["last"]
        return 0 if last is None else last + 1

    @transaction.atomic
    def reorder(self, ids: Sequence[int]) -> None:
        """Put the rows with these ids first, in this order. Raises ValidationError."""
        self.lock()
        rows = rules.ordered(list(self.known()), ids)
        list(
            self.known().order_by("id").select_for_update(no_key=True).values_list("id")
        )  # in one order, as everywhere
        moved = [row for position, row in enumerate(rows) if row.position != position]
        for position, row in enumerate(rows):
            row.position = position
        self.bulk_update(moved, ["position"])


class FieldQuerySet(OrderedQuerySet):
    def with_options(self) -> Self:
        """With `choices` loaded, in one query for all fields."""
        return self.prefetch_related("options")

    def free_label(self, text: Any, but: "Field | None" = None) -> str:
        """The label, cleaned; refused where another active field has it, without regard to case."""
        label = rules.label("label", text)
        others = self.active().filter(label_lower=lower(label)).exclude(pk=but.pk if but else None)
        if others.exists():
            raise refuse("label", "taken", gettext("There is a field called “{label}” already.").format(label=label))
        return label

    def free_key(self, key: Any, label: str) -> str:
        """The key, or one made from the label where it is None or empty."""
        taken = set(self.values_list("key", flat=True))
        if key is None or key == "":
            return key_from(label, taken)
        if not isinstance(key, str) or not is_key(key):
            shape = gettext("Use a to z, 0 to 9 and single underscores, a letter first, at most 63 characters.")
            raise refuse("key", "invalid_key", shape)
        if key in taken:
            raise refuse(
                "key", "taken", gettext("The key {key} is in use, maybe by an archived field.").format(key=key)
            )
        return key

    @transaction.atomic
    def define(
        self,
        *,
        label: Any,
        type: Any,
        key: Any = None,
        multiple: Any = False,
        featured: Any = False,
        required: Any = False,
        help_text: Any = "",
        options: Iterable[Any] = (),
    ) -> "Field":
        """Make a field, with the labels of its options, at the end of the list. All that is refused comes at once."""
        self.lock()
        refusals = Refusals()
        multiple = bool(refusals.attempt(flag, "multiple", multiple))
        kind = refusals.attempt(rules.type_of, type, multiple)
        labels = refusals.attempt(rules.option_labels, options, kind)
        checked = {
            "label": refusals.attempt(self.free_label, label),
            "key": refusals.attempt(self.free_key, key, label if isinstance(label, str) else ""),
            "featured": refusals.attempt(flag, "featured", featured),
            "required": refusals.attempt(flag, "required", required),
            "help_text": refusals.attempt(rules.help_text, help_text),
        }
        refusals.check()
        field = self.create(kind=kind.kind, position=self.next_position(), **checked)
        for position, text in enumerate(labels):
            field.options.create(workspace_id=field.workspace_id, label=text, position=position)
        return field


class OptionQuerySet(OrderedQuerySet):
    def free_label(self, text: Any, but: "Option | None" = None) -> str:
        """The label, cleaned; refused where another option of the field has it, an archived one too."""
        label = rules.label("label", text)
        others = self.known().filter(label_lower=lower(label)).exclude(pk=but.pk if but else None)
        if others.exists():
            said = (
                gettext("There is “{label}” already.")
                if others.active().exists()
                else gettext("There is “{label}” among the archived options; bring it back instead.")
            )
            raise refuse("label", "taken", said.format(label=label))
        return label

    def leaving(self) -> Self:
        """Those that are gone as soon as nobody has them any more."""
        return self.filter(Q(deleted_at__isnull=False) | Q(replaced_by__isnull=False))


class ValueQuerySet(TenantQuerySet):
    def contacts_by(self, column: str) -> dict[int, int]:
        """How many contacts have a value, by "field_id" or by "option_id"."""
        rows = self.order_by().values_list(column).annotate(contacts=Count("contact_id", distinct=True))
        return dict(rows)
