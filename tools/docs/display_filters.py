"""Makes the reference of display filters from what the plugin registers.

``python -m tools.docs.display_filters > docs/display_filters.md``
"""

from __future__ import annotations

import subprocess

from pop2dissect.wireshark.install import plugin_path

_TYPES = {
    "FT_NONE": "present or not",
    "FT_STRING": "text",
    "FT_BYTES": "octets",
    "FT_BOOLEAN": "yes or no",
    "FT_UINT32": "number",
    "FT_FRAMENUM": "frame number",
    "FT_RELATIVE_TIME": "seconds",
}

_HEAD = """\
# Display filters of the POP2 plugin

Made from the plugin by `python -m tools.docs.display_filters`; do not edit.

Examples:

| filter | shows |
|---|---|
| `pop2.auth.failed` | refused logins |
| `pop2.user == "smith"` | logins as a user |
| `pop2.command == "ACKD"` | deletions |
| `pop2.mailbox contains "/etc/"` | system files asked for |
| `pop2.data.octets > 100000` | big messages |
| `pop2.reply.kind == "error"` | errors |
| `pop2.time > 2` | slow answers |
| `pop2.protocol.length_mismatch` | messages of another length than announced |
| `pop2.data.missing > 0` | messages that the capture has not whole |

"""


def registered_fields() -> list[tuple[str, str, str, str]]:
    """Return name, type, title and description of each field, as tshark lists them, sorted by name."""
    listing = subprocess.run(
        ["tshark", "-G", "fields", "-X", f"lua_script:{plugin_path()}"],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    found = []
    for line in listing.stdout.splitlines():
        columns = line.split("\t")
        if columns[0] == "F" and columns[4:5] == ["pop2"]:
            found.append((columns[2], columns[3], columns[1], columns[7] if len(columns) > 7 else ""))
    return sorted(found)


def markdown() -> str:
    """Return the reference as Markdown."""
    registered = registered_fields()
    fields = [field for field in registered if field[3]]
    experts = [field for field in registered if not field[3]]  # Wireshark gives these no description
    lines = ["## Fields", "", "| field | type | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {_TYPES[kind]} | {title}: {text} |" for name, kind, title, text in fields]
    lines += ["", "## Expert information", "", "| filter | raised when |", "|---|---|"]
    lines += [f"| `{name}` | {title} |" for name, _, title, _ in experts]
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
