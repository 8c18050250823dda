"""The pages of tickets as agents open them: the list with few and with many, and a ticket with a long thread."""

import gzip
from collections.abc import Iterator
from typing import Any

from tests.bench import people, sizes, world
from tests.bench.clock import in_turns
from tests.bench.desk import analyze, owner, serving
from tests.bench.tables import Measured

ROUNDS = 15
CONTACTS, MESSAGES, MORE_FIELDS = 500, 100, 2  # fields beside the eight that people have
ASKED = {
    "the list": "", "open": "status=open", "mine": "assignee=me", "urgent": "priority=urgent",
    "unassigned": "assignee=none", "tagged": "tag=often", "of some days": "created_at__gte=2000-01-01",
    "search of a rare word": "q=zyxor", "search of a frequent word": "q=invoice",
    "search of what all have": "q=question", "search of two words": "q=invoice+question",
    "search of a fragment": "q=oi", "search among open ones": "q=invoice&status=open",
    "sorted by priority": "sort=-priority", "sorted by number": "sort=number",
}  # fmt: skip
TICKETS = """
INSERT INTO tickets_ticket
    (workspace_id, number, subject, status, priority, contact_id, mailbox_id, created_at, updated_at)
SELECT %(workspace)s, n,
    (ARRAY['Invoice', 'Export', 'Webhook', 'Printer', 'Login'])[1 + n %% 5]
        || CASE WHEN n %% 9973 = 0 THEN ' zyxorite' ELSE ' question ' END || n,
    (ARRAY['open', 'pending', 'closed', 'closed', 'closed'])[1 + n %% 5], 1 + n %% 4,
    (%(contacts)s::bigint[])[1 + n %% cardinality(%(contacts)s::bigint[])], %(mailbox)s,
    now() - n * interval '1 minute', now() - n * interval '1 minute'
FROM generate_series(1, %(number)s) AS n
"""
TAGS = """
WITH tag AS (INSERT INTO contacts_tag (workspace_id, name) VALUES (%(workspace)s, 'often') RETURNING workspace_id, id)
INSERT INTO tickets_tickettag (workspace_id, ticket_id, tag_id)
SELECT ticket.workspace_id, ticket.id, tag.id FROM tickets_ticket AS ticket JOIN tag USING (workspace_id)
WHERE ticket.number %% 3 = 0
"""
# One for each ticket, and the thread that is read: all of them for the first.
MESSAGES_OF = """
INSERT INTO tickets_message (workspace_id, ticket_id, direction, state, failure, author_type, author_contact_id,
    author_name, author_email, "to", cc, bcc, tries, body_text, body_html, message_id, in_reply_to, "references",
    attribution, mailbox_id)
SELECT workspace_id, id, 'inbound', 'received', '', 'contact', contact_id, 'Alice', 'alice@bench.example',
    'support@bench.example', '', '', 0, repeat('The printer says nothing. ', 20), '', '', '', '', '', mailbox_id
FROM tickets_ticket, generate_series(1, CASE WHEN number = 1 THEN %(messages)s ELSE 1 END)
WHERE workspace_id = %(workspace)s
"""


def measure() -> Iterator[Measured]:
    targets = {number: _workspace(number) for number in sizes.TICKETS}
    analyze()
    with serving() as port:
        desks = {number: world.Desk(target, port) for number, target in targets.items()}
        yield _lists(desks)
        yield _thread(desks[sizes.TICKETS[0]])


def _workspace(number: int) -> Any:
    from contacts.models import Contact
    from customfields.models import Field
    from gopimi.lib.tenancy import workspace
    from gopimi.workspaces.models import Workspace
    from tickets import mailboxes
    from tickets.models import Mailbox

    target = Workspace.objects.create(name=f"{number:,} tickets", slug=f"tickets{number}")
    people.fill(target, CONTACTS)
    mailbox = mailboxes.create(target, f"support@tickets{number}.example", Mailbox.Purpose.TICKET)
    with workspace(target):
        contacts = list(Contact.objects.for_workspace(target).values_list("pk", flat=True))
        for more in range(MORE_FIELDS):
            Field.objects.for_workspace(target).define(label=f"More {more}", type="text")
    given = {"workspace": target.pk, "contacts": contacts, "mailbox": mailbox.pk, "number": number}
    with owner() as cursor:
        cursor.execute(TICKETS, given)
        cursor.execute(TAGS, given)
        cursor.execute(MESSAGES_OF, {"workspace": target.pk, "messages": MESSAGES})
        cursor.execute("UPDATE workspaces_workspace SET last_ticket_number = %s WHERE id = %s", [number, target.pk])
    return target


def _lists(desks: dict[int, world.Desk]) -> Measured:
    few, many = sizes.TICKETS
    times = {}
    for asked, query in ASKED.items():
        ways = {
            str(number): lambda desk=desk, query=query: desk.get("tickets:list", query=query)
            for number, desk in desks.items()
        }
        times[asked] = in_turns(ways, ROUNDS)
    return Measured(
        f"The ticket list at {many:,} tickets; its time over that at {few:,} (at most 1.5)",
        {asked: taken[str(many)] for asked, taken in times.items()},
        {asked: taken[str(many)] / taken[str(few)] for asked, taken in times.items()},
    )


def _thread(desk: world.Desk) -> Measured:
    taken = in_turns({"the page": lambda: desk.get("tickets:detail", 1)}, ROUNDS)
    body = desk.get("tickets:detail", 1).body
    return Measured(
        f"A ticket with {MESSAGES} messages and {len(people.LABELS) + MORE_FIELDS} fields",
        taken,
        {},
        {
            "statements (at most 15)": str(_statements(desk.target)),
            "bytes": f"{len(gzip.decompress(body)):,}",
            "and as they are sent (at most 40 KB)": f"{len(body):,}",
        },
    )


def _statements(target: Any) -> int:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from gopimi.workspaces.models import User

    client = Client(SERVER_NAME="localhost", HTTP_HX_REQUEST="true")
    client.force_login(User.objects.get(email="bench@acme.example"))
    client.get(target.url("tickets:detail", 1))  # notes when the member was last seen
    with CaptureQueriesContext(connection) as statements:
        client.get(target.url("tickets:detail", 1))
    return sum(not one["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")) for one in statements)
