"""The tags of contacts and tickets, read with them in one statement."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class TagNames(models.Func):
    """The names of a row's tags in their order. A subquery of querysets would be put together anew for every page,
    which takes as long as reading the page."""

    template = """ARRAY(
        SELECT tag.name FROM %(links)s AS link
        JOIN contacts_tag AS tag ON tag.workspace_id = link.workspace_id AND tag.id = link.tag_id
        WHERE (link.workspace_id, link.%(owner)s_id) = (%(expressions)s) ORDER BY tag.name_lower
    )"""
    arity = 2
    output_field = ArrayField(models.TextField())

    @classmethod
    def of(cls, links: type[models.Model], owner: str) -> "TagNames":
        """`links` is the table that puts tags on an `owner`, such as a contact."""
        return cls("workspace_id", "id", links=links._meta.db_table, owner=owner)
