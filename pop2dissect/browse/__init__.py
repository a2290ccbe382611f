"""A capture in panes on a terminal: what happened, sessions, lines, fields and octets.

``book.py``, ``outline.py``, ``details.py`` and ``octets.py`` are what is shown, and know no widget; ``rows.py`` is the
one widget through which text reaches the terminal, and makes it harmless; ``app.py`` puts both together.
"""
