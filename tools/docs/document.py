"""The JSON document for people, made of its schema: ``python -m tools.docs.document > docs/document.md``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from pop2dissect import document

Schema: TypeAlias = dict[str, Any]

_HEAD = """\
<!-- Made by: python -m tools.docs.document > docs/document.md -->

# The JSON document

`pop2dissect --json` and `Capture.to_json()` write one document, `--jsonl` a `session` a line. It is described by
[schema.json](../pop2dissect/document/schema.json) (JSON Schema 2020-12), of which this page is made. Every field is
always there; *null* stands for what is not known or does not apply.
"""


def schema() -> Schema:
    """Return the schema of the document."""
    made: Schema = json.loads(Path(document.__file__).with_name("schema.json").read_text(encoding="utf-8"))
    return made


def describe() -> str:
    """Write the description of the document as Markdown."""
    return "\n".join([_HEAD, *_lines(schema())])


def _lines(whole: Schema) -> Iterator[str]:
    yield from _section("document", whole)
    simple = {name: one for name, one in whole["$defs"].items() if "properties" not in one}
    for name, one in whole["$defs"].items():
        if name not in simple:
            yield from _section(name, one)
    yield "## Simple types\n\n| name | type | meaning |\n|--|--|--|"
    for name, one in simple.items():
        yield f'| <a id="{name}"></a>`{name}` | {_kind(one)} | {_meaning(one)} |'
    yield ""


def _section(name: str, one: Schema) -> Iterator[str]:
    yield f'## <a id="{name}"></a>{name}\n'
    if said := _meaning(one):
        yield f"{said[0].upper()}{said[1:]}.\n"
    yield "| field | type | meaning |\n|--|--|--|"
    yield from _fields(one, "")
    yield ""


def _fields(one: Schema, above: str) -> Iterator[str]:
    """Yield the fields of an object, and those of the objects in it that have no name of their own."""
    for name, field in one.get("properties", {}).items():
        path = f"{above}{name}"
        yield f"| `{path}` | {_kind(field)} | {_meaning(field)} |"
        for inner, suffix in _objects(field):
            yield from _fields(inner, f"{path}{suffix}.")


def _objects(field: Schema) -> Iterator[tuple[Schema, str]]:
    """Yield the objects that a field has, and what stands behind its name where it has them in a list."""
    if "properties" in field:
        yield field, ""
    for choice in field.get("oneOf", ()):
        yield from _objects(choice)
    if isinstance(items := field.get("items"), dict):
        yield from ((inner, f"[]{suffix}") for inner, suffix in _objects(items))


def _kind(field: Schema) -> str:
    """Return of what type a field is, in words."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "oneOf" in field:
        return " or ".join(map(_kind, field["oneOf"]))
    if "enum" in field:
        return ", ".join("*null*" if value is None else f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "prefixItems" in field:
        return f"list of {', '.join(map(_kind, field['prefixItems']))}"
    if isinstance(field.get("items"), dict):
        return f"list of {_kind(field['items'])}"
    if isinstance(field.get("additionalProperties"), dict):
        return f"object of {_kind(field['additionalProperties'])} by name"
    kinds = field.get("type", "anything")
    said = " or ".join("*null*" if kind == "null" else kind for kind in ([kinds] if isinstance(kinds, str) else kinds))
    bounds = [f"{word} {field[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in field]
    return f"{said} {' '.join(bounds)}".rstrip()


def _meaning(field: Schema) -> str:
    return str(field.get("description") or field.get("title", "")).replace("|", "\\|")


if __name__ == "__main__":
    print(describe(), end="")
