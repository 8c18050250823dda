"""One change to many contacts: selected, made in batches, shown as it goes on, taken back."""
