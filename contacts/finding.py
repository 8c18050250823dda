"""Whose address it is: the contact that has it, or a new one, found or made by one statement.

`FIND_OR_MAKE` is parts of a WITH, for a statement of its own (`contacts.querysets`) and for one that does more
(`tickets.filing`).
"""

from typing import Any

from contacts import searching
from gopimi.lib.addresses import Address
from gopimi.workspaces.actor import Actor

# Read from a table `workspace`, in whose id it happens. What is found is kept from being deleted, by a subquery, which
# runs once that table has its row: so that row may be what enters the workspace (`tenancy.entering`). Without an
# organization a new contact joins its domain's. Neither is there where somebody made it since the statement began.
FIND_OR_MAKE = """
known AS (
    SELECT contact.* FROM workspace CROSS JOIN LATERAL (
        SELECT * FROM contacts_contact WHERE workspace_id = workspace.id AND email_key = %(email_key)s FOR KEY SHARE
    ) AS contact
), made AS (
    INSERT INTO contacts_contact
        (workspace_id, name, email, email_key, source, creator_kind, creator_id, organization_id)
    SELECT
        workspace.id, %(name)s, %(email)s, %(email_key)s, %(source)s, %(kind)s, %(actor)s::bigint,
        coalesce(
            %(organization)s::bigint,
            (SELECT organization_id FROM organizations_domain WHERE workspace_id = workspace.id AND name = %(domain)s)
        )
    FROM workspace WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (workspace_id, email_key) DO NOTHING
    RETURNING *
), found_by AS (
    INSERT INTO contacts_contactsearch (workspace_id, contact_id, grams)
    SELECT workspace_id, id, %(grams)s::int[] FROM made
)
"""


def name_of(email: str) -> str:
    """What somebody is called of whom only the address is known: "dana.cole@acme.example" is Dana Cole."""
    local = email.rpartition("@")[0].strip('"').partition("+")[0]
    words = [word for word in local.replace(".", " ").replace("_", " ").replace("-", " ").split() if word]
    return " ".join(word.capitalize() if word.islower() else word for word in words)[:200] or email[:200]


def given(
    workspace_id: int, actor: Actor, address: Address, name: str, source: str, organization_id: int | None = None
) -> dict[str, Any]:
    """The parameters of `FIND_OR_MAKE`. Without a name, a new contact is called by its address."""
    name = name.strip()[:200] or name_of(address.given)
    return {
        "workspace": workspace_id,
        "name": name,
        "email": address.given,
        "email_key": address.key,
        "organization": organization_id,
        "domain": address.domain,
        "source": source,
        "kind": actor.kind,
        "actor": actor.id,
        "grams": searching.literal(workspace_id, name, address.given),
    }
