"""What goes on in the background. Arguments are ids alone, never what a customer wrote."""

from typing import Any

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from contacts.importing import running, undoing

# A worker that is stopped hands the job on at once; one that lost its database comes back to it.
AGAIN = RetryStrategy(max_attempts=20, wait=1, retry_exceptions={JobAborted})


@app.task(name="contacts.run_import", queue="imports", pass_context=True, retry=AGAIN)
def run_import(context: Any, workspace_id: int, import_id: int) -> None:
    """Import a file, or go on where another worker was killed."""
    if not running.run(workspace_id, import_id, context.should_abort):
        raise JobAborted


@app.task(name="contacts.undo_import", queue="imports", pass_context=True, retry=AGAIN)
def undo_import(context: Any, workspace_id: int, import_id: int) -> None:
    """Take back what an import did, or go on with that."""
    if not undoing.undo(workspace_id, import_id, context.should_abort):
        raise JobAborted
