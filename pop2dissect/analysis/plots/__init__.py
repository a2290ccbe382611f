"""Pictures of sessions, with matplotlib: each function draws into the Axes that it is given, and returns it.

They read in grey print: what colour says, line style, marker or hatching says too. Each has a caption
below it that says how to read it. Make the figure with ``layout="constrained"``, so that it has room.

>>> import matplotlib.pyplot as plt
>>> from pop2dissect.analysis import plots
>>> figure, ax = plt.subplots(layout="constrained")
>>> plots.gantt(ax, capture.sessions)
"""

from pop2dissect.analysis.optional import need

need("matplotlib", "analysis")

from pop2dissect.analysis.plots.activity import activity  # noqa: E402
from pop2dissect.analysis.plots.at_once import at_once  # noqa: E402
from pop2dissect.analysis.plots.gantt import gantt  # noqa: E402
from pop2dissect.analysis.plots.ladder import ladder  # noqa: E402
from pop2dissect.analysis.plots.latency import latency  # noqa: E402
from pop2dissect.analysis.plots.octets import octets  # noqa: E402
from pop2dissect.analysis.plots.sizes import message_sizes  # noqa: E402
from pop2dissect.analysis.plots.states import state_path  # noqa: E402
from pop2dissect.analysis.plots.users import users_by_servers  # noqa: E402

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
