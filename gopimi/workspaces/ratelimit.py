"""How many requests a token may make in a minute, counted in PostgreSQL for all processes together."""

import time
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.http import HttpResponse

from gopimi.workspaces.models import ApiToken

COUNT = """
    INSERT INTO workspaces_tokenuse AS used (token_id, minute, count) VALUES (%s, %s, 1)
    ON CONFLICT (token_id) DO UPDATE SET
        count = CASE WHEN used.minute = EXCLUDED.minute THEN used.count + 1 ELSE 1 END, minute = EXCLUDED.minute
    RETURNING count
"""


@dataclass(frozen=True)
class Allowance:
    """What is left of this minute; `reset` is in seconds."""

    limit: int
    used: int
    reset: int

    @property
    def exceeded(self) -> bool:
        return self.used > self.limit

    def note(self, response: HttpResponse) -> HttpResponse:
        response["RateLimit-Limit"] = str(self.limit)
        response["RateLimit-Remaining"] = str(max(0, self.limit - self.used))
        response["RateLimit-Reset"] = str(self.reset)
        return response


def spend(token: ApiToken) -> Allowance | None:
    """Count a request of this token; None where there is no limit (GOPIMI_API_RATE=0)."""
    if not settings.API_RATE:
        return None
    minute, second = divmod(int(time.time()), 60)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [token.pk, minute])
        return Allowance(settings.API_RATE, cursor.fetchone()[0], 60 - second)
