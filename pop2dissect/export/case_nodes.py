"""The nodes that a CASE/UCO graph is made of, and their identifiers."""

from __future__ import annotations

from typing import TypeAlias
from uuid import NAMESPACE_URL, uuid5

from pop2dissect.document.json_text import Json, Object
from pop2dissect.text.values import rfc3339

Node: TypeAlias = Object

_TIMES = range(-(10**9) * 62_135_596_800, 10**9 * 253_402_300_800)
"""Years 1 to 9999, in ns: the times that every reader of xsd:dateTime knows."""


class NodeMaker:
    """Makes nodes whose identifiers follow from ``evidence`` and from what they are."""

    def __init__(self, evidence: str) -> None:
        self._namespace = uuid5(NAMESPACE_URL, f"urn:pop2dissect:{evidence}")
        self._shared: dict[str, Node] = {}
        """Addresses and accounts, by what they are."""

    def _named(self, *key: Json) -> Node:
        """Return the identifier that a key stands for: the beginning of a node, or a reference to it."""
        return {"@id": f"kb:{uuid5(self._namespace, ' '.join(map(str, key)))}"}

    def _share(self, kind: str, key: str, node_type: str, facet: Node, description: str | None = None) -> Json:
        """Refer to a node that several sessions may share."""
        node: Node = {**self._named(kind, key), "@type": node_type}
        if description is not None:
            node["uco-core:description"] = description
        node["uco-core:hasFacet"] = [{**self._named(f"{kind} facet", key), **facet}]
        self._shared[f"{kind} {key}"] = node
        return self._named(kind, key)

    def _content(self, octets: Json, sha256: Json, mime_type: Json, *key: Json) -> Node:
        return {
            **self._named("content", *key),
            "@type": "uco-observable:ContentDataFacet",
            "uco-observable:sizeInBytes": octets,
            **({} if mime_type is None else {"uco-observable:mimeType": mime_type}),
            "uco-observable:hash": [
                {
                    **self._named("hash", *key),
                    "@type": "uco-types:Hash",
                    "uco-types:hashMethod": "SHA256",
                    "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": sha256},
                }
            ],
        }

    def _relationship(self, kind: str, source: Json, target: Json, *key: Json, facet: Node | None = None) -> Node:
        return {
            **self._named("relationship", kind, *key),
            "@type": "uco-observable:ObservableRelationship",
            "uco-core:kindOfRelationship": kind,
            "uco-core:isDirectional": True,
            "uco-core:source": [source],
            "uco-core:target": target,
            **({} if facet is None else {"uco-core:hasFacet": [facet]}),
        }


def time_member(name: str, time: int) -> Node:
    """Return a member that is a time in ns; none for a time that readers of xsd:dateTime may not know."""
    return {name: {"@type": "xsd:dateTime", "@value": rfc3339(time)}} if time in _TIMES else {}
