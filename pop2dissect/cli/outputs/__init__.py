"""What is made of the sessions: on standard output, and in files. :mod:`.declared` lists all of it."""
