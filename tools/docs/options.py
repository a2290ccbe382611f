"""The command line for people, made of its parsers: ``python -m tools.docs.options > docs/options.md``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from pop2dissect.cli import wireshark_parser
from pop2dissect.cli.extract import extract_parser
from pop2dissect.cli.options import parser
from pop2dissect.cli.verify import verify_parser

_HEAD = """\
<!-- Made by: python -m tools.docs.options > docs/options.md -->

# Options

What `--help` says of `pop2dissect`, `pop2dissect extract`, `pop2dissect verify` and `pop2dissect wireshark`.
"""


def describe() -> str:
    """Write the description of all commands as Markdown."""
    parsers = (parser(), extract_parser(), verify_parser(), wireshark_parser())
    return "\n".join([_HEAD, *(line for one in parsers for line in _command(one))])


def _command(one: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## {one.prog}\n"
    yield f"{(one.description or '').strip()}\n"
    usage = one.format_usage().removeprefix("usage: ").splitlines()
    yield "\n".join(["```text", *map(str.strip, usage), "```\n"])
    for group in one._action_groups:
        if group._group_actions:
            yield f"### {(group.title or '').capitalize()} {{: #{_anchor(one, group)} }}\n"
            if group.description:
                yield f"{group.description}\n"
            yield "| | |\n|--|--|"
            yield from (f"| {_names(action)} | {_help(action)} |" for action in group._group_actions)
            yield ""
    if one.epilog:
        yield f"```text\n{one.epilog.strip()}\n```\n"


def _anchor(one: argparse.ArgumentParser, group: argparse._ArgumentGroup) -> str:
    return f"{one.prog} {group.title}".replace(" ", "-").lower()


def _names(action: argparse.Action) -> str:
    """Return how an argument is given."""
    shown = action.metavar if isinstance(action.metavar, str) else None
    if action.choices is not None and shown is None:
        shown = "{" + ",".join(map(str, action.choices)) + "}"
    if not action.option_strings:
        return f"`{shown or action.dest}`"
    takes = "" if action.nargs == 0 else f" {shown or action.dest.upper()}"
    return ", ".join(f"`{name}{takes}`" for name in action.option_strings)


def _help(action: argparse.Action) -> str:
    return (action.help or "").replace("%%", "%").replace("|", "\\|")


if __name__ == "__main__":
    print(describe(), end="")
