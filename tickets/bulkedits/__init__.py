"""One change to many tickets or conversations, in the way of `contacts.bulkedits`."""
