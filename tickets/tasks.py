"""What goes on in the background. Arguments are ids alone, never what a customer wrote."""

from procrastinate.contrib.django import app

from tickets import outbound


@app.task(name="tickets.send")
def send(workspace_id: int, message_id: int) -> None:
    """Mail a reply. Done twice, it sends once."""
    outbound.deliver(workspace_id, message_id)
