from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"

    def ready(self) -> None:
        from contacts.erasing import keeping, traces  # models are there only now
        from contacts.fieldchanges import Contacts
        from customfields.following import FOLLOWERS

        FOLLOWERS.append(Contacts())
        traces.KEEPERS.append(keeping.Contacts())
