from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from contacts.erasing import traces  # models are there only now
        from tickets import erasing

        traces.KEEPERS.append(erasing.Tickets())
