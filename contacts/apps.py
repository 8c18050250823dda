from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"

    def ready(self) -> None:
        from contacts.erasing import keeping, traces  # models are there only now
        from contacts.models import Change
        from customfields.models import GO_ALONG

        GO_ALONG.append(Change)
        traces.KEEPERS.append(keeping.Contacts())
