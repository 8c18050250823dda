"""Contacts purged from the trash, and people erased on request: gone for good, with what other rows say of them."""
