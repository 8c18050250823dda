"""Icons and colours of statuses and priorities. What they mean always stands beside them in words."""

from tickets.models import Priority, Status

# Icon, the badge's colour, the icon's colour where it stands alone
STATUSES: dict[str, tuple[str, str, str]] = {
    Status.OPEN: ("circle-dot", "accent", ""),
    Status.PENDING: ("clock", "amber", "warn"),
    Status.RESOLVED: ("circle-check", "green", ""),
    Status.CLOSED: ("archive", "", ""),
}
PRIORITIES: dict[int, tuple[str, str]] = {
    Priority.LOW: ("chevron-down", ""),
    Priority.NORMAL: ("equal", ""),
    Priority.HIGH: ("chevrons-up", "warn"),
    Priority.URGENT: ("flame", "err"),
}
