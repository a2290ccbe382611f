"""Pictures of sessions, with matplotlib: each function draws into the Axes that it is given, and returns them.

Sessions are given, or ``capture.tables``; for what starts, ends and logins show also rows of ``tables.sessions``.

Without Axes it makes some, in a figure of pyplot's. Colours are those of the style in force when the Axes were made,
light or dark. They read in grey print: what colour says, line style, marker or hatching says too. Each has a caption
below it that says how to read it. Make a figure of your own with ``layout="constrained"``, so that it has room.
Times are in UTC or in the zone ``tz``, an IANA name.

>>> import pop2dissect
>>> capture = pop2dissect.read("samples/rfc937_normal.pcap")
>>> ax = pop2dissect.plots.gantt(capture.sessions, tz="Europe/Berlin")
>>> ax.get_xlabel()
'time (CET) on 1985-02-18'
"""

from pop2dissect.optional import extra

with extra("analysis"):
    from pop2dissect.plots.activity import activity
    from pop2dissect.plots.at_once import at_once
    from pop2dissect.plots.gantt import gantt
    from pop2dissect.plots.ladder import ladder
    from pop2dissect.plots.latency import latency
    from pop2dissect.plots.octets import octets
    from pop2dissect.plots.sizes import message_sizes
    from pop2dissect.plots.states import state_path
    from pop2dissect.plots.users import users_by_servers

__all__ = [
    "activity",
    "at_once",
    "gantt",
    "ladder",
    "latency",
    "message_sizes",
    "octets",
    "state_path",
    "users_by_servers",
]
