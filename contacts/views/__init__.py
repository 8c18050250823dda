"""The Contacts tab, a contact's own page, and the parts of them that other pages show."""
