"""Sessions as Django keeps them, read by a statement that the server plans once (`gopimi.workspaces.signedin`)."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session

from gopimi.lib import statements

SESSION = f"""
SELECT {statements.columns(Session, "session")} FROM django_session AS session
WHERE session_key = %s::text AND expire_date > statement_timestamp()
"""  # noqa: S608


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        if self.session_key:
            for row in statements.fetch(SESSION, [self.session_key]):
                return statements.instance(Session, row)  # type: ignore[no-any-return]
        self._session_key = None
        return None
