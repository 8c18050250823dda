"""Search of tickets and conversations by fragments, without extensions, in the way of `contacts.searching`.

The pieces are kept by a trigger here: subjects are written by many doors, mail's single statement and the erasing of a
person among them, and no door may forget them.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from gopimi.lib import statements
from gopimi.lib.tenancy import CompositeForeignKey, TenantModel

# With more candidates than this the rows are looked through in their order.
CAP = 2_000
SHORTEST = 2  # letters of the shortest piece


class ThreadSearch(TenantModel):
    """The hashed pieces of what a thread is found by, its `search_key`: read by a function (`CANDIDATES`), since
    row-level security keeps the planner from using a GIN index."""

    CANDIDATES: str
    workspace = models.ForeignKey(
        "workspaces.Workspace", models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+"
    )
    grams = ArrayField(models.IntegerField())

    class Meta:
        abstract = True

    @classmethod
    def candidates(cls, word: str) -> list[int]:
        """At most CAP + 1 ids of threads of the workspace that is entered, which may have this fragment, folded."""
        return [pk for (pk,) in statements.fetch(f"SELECT {cls.CANDIDATES}(%s, %s)", [word, CAP + 1])]


class TicketSearch(ThreadSearch):
    CANDIDATES = "search_ticket_ids"
    pk = models.CompositePrimaryKey("workspace_id", "ticket_id")
    ticket = CompositeForeignKey("tickets.Ticket", related_name="+")

    class Meta:
        indexes = [GinIndex(fields=["grams"], name="ticket_search_grams", gin_pending_list_limit=1024)]

    def __str__(self) -> str:
        return f"Search of {self.ticket_id}"


class ConversationSearch(ThreadSearch):
    CANDIDATES = "search_conversation_ids"
    pk = models.CompositePrimaryKey("workspace_id", "conversation_id")
    conversation = CompositeForeignKey("tickets.Conversation", related_name="+")

    class Meta:
        indexes = [GinIndex(fields=["grams"], name="conversation_search_grams", gin_pending_list_limit=1024)]

    def __str__(self) -> str:
        return f"Search of {self.conversation_id}"
