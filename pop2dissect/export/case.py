"""A result in CASE 1.4 with UCO 1.4, as JSON-LD (https://caseontology.org/), for tools that exchange cases.

A connection is a ``NetworkConnection``, what each end sent its payloads, a user a ``UserAccount``, a message an
``EmailMessage`` that was extracted from the server's stream at a stated range, an attachment a ``File``,
a finding an ``Annotation`` of the connections that it is about. Frames stand in descriptions: UCO has no word for them.
All identifiers follow from the captures' hashes, so the same captures give the same document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.document.facts import login_words
from pop2dissect.document.head import tool
from pop2dissect.document.json_text import Json, to_text
from pop2dissect.export.case_nodes import Node, NodeMaker, time_member
from pop2dissect.export.mail import message_stem, status_of
from pop2dissect.mail import Part
from pop2dissect.patterns import expression
from pop2dissect.session import Direction, Finding, Message, Session
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import frame_list

_UCO = "https://ontology.unifiedcyberontology.org/uco/"
_CONTEXT: Node = {
    "kb": "urn:uuid:",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    **{f"uco-{part}": f"{_UCO}{part}/" for part in ("action", "core", "observable", "tool", "types", "vocabulary")},
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_ADDRESS = expression(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()]+")


class CaseGraph(NodeMaker):
    """Makes the nodes of the graph, session by session."""

    def __init__(self, captures: Sequence[CaptureInfo], sha256: Sequence[str | None], rendering: Rendering) -> None:
        self._captures = captures
        self._sha256 = sha256
        self._rendering = rendering
        names = (digest or info.path for info, digest in zip(captures, sha256, strict=True))
        super().__init__("\n".join(names))
        self._connections: dict[int, Json] = {}
        """References to the connections, by the number of the session."""

    def session(self, session: Session) -> str:
        """Return the nodes of a session, as text, each with a comma and a line end before it."""
        self._connections[session.id] = self._named("connection", session.id)
        return "".join(map(_node_text, self._session_nodes(session)))

    def pieces(self, sessions: Iterable[str], findings: Sequence[Finding]) -> Iterator[str]:
        """Yield the document, piece by piece. ``sessions`` are the texts of :meth:`session`, in order."""
        yield "{\n" + f' "@context": {to_text(_CONTEXT, 1)},\n "@graph": [\n  ' + to_text(self._tool(), 2)
        for index in range(len(self._captures)):
            yield _node_text(self._capture(index))
        yield _node_text(self._action())
        for key in sorted(self._shared):
            yield _node_text(self._shared[key])
        yield from sessions
        for place, finding in enumerate(findings):
            yield _node_text(self._finding(finding, f"spanning {place}", finding.sessions))
        yield "\n ]\n}\n"

    def _session_nodes(self, session: Session) -> Iterator[Node]:
        streams: dict[Direction, Json] = {
            "client": self._named("stream", session.id, "client"),
            "server": self._named("stream", session.id, "server"),
        }
        yield self._connection(session, streams)
        for direction in get_args(Direction):
            stream = session.stream(direction)
            yield {
                **self._named("stream", session.id, direction),
                "@type": "uco-observable:ContentData",
                "uco-core:name": f"what the {direction} of session {session.id} sent",
                "uco-core:hasFacet": [
                    self._content(stream.octets, stream.sha256(), None, "stream", session.id, direction)
                ],
            }
        yield from self._user(session)
        for message in session.messages:
            yield from self._message(session, message)
            for part in message.mail.attachments:
                yield from self._attachment(session, message, part)
        for place, finding in enumerate(session.findings):
            yield self._finding(finding, f"session {session.id} {place}", (session.id,))

    def _connection(self, session: Session, streams: dict[Direction, Json]) -> Node:
        key = ("connection", session.id)
        frames = (
            f"{self._rendering.frame_value(session.first_frame)} to {self._rendering.frame_value(session.last_frame)}"
        )
        return {
            **self._named(*key),
            "@type": "uco-observable:NetworkConnection",
            "uco-core:name": f"session {session.id}",
            "uco-core:description": f"frames {frames}, {session.packets} packets, handshake {session.handshake}, "
            f"login {login_words(session)}, ended: {session.ending}",
            "uco-core:hasFacet": [
                {
                    **self._named("connection facet", *key),
                    "@type": "uco-observable:NetworkConnectionFacet",
                    **time_member("uco-observable:startTime", session.start),
                    **time_member("uco-observable:endTime", session.end),
                    "uco-observable:src": [self._address(session.client.ip)],
                    "uco-observable:dst": [self._address(session.server.ip)],
                    "uco-observable:sourcePort": session.client.port,
                    "uco-observable:destinationPort": session.server.port,
                    "uco-observable:protocols": {
                        **self._named("protocols", *key),
                        "@type": "uco-types:ControlledDictionary",
                        "uco-types:entry": [
                            {
                                **self._named("protocol", layer, *key),
                                "@type": "uco-types:ControlledDictionaryEntry",
                                "uco-types:key": layer,
                                "uco-types:value": name,
                            }
                            for layer, name in (("Transport Layer", "TCP"), ("Application Layer", session.protocol))
                        ],
                    },
                },
                {
                    **self._named("flow facet", *key),
                    "@type": "uco-observable:NetworkFlowFacet",
                    "uco-observable:srcBytes": session.client_stream.octets,
                    "uco-observable:dstBytes": session.server_stream.octets,
                    "uco-observable:srcPayload": streams["client"],
                    "uco-observable:dstPayload": streams["server"],
                },
            ],
        }

    def _user(self, session: Session) -> Iterator[Node]:
        if session.user is None:
            return
        account = self._account(session.server.ip, session.user)
        kind = "Logged_In_As" if session.login == "accepted" else "Tried_To_Log_In_As"
        yield self._relationship(kind, self._connections[session.id], account, "login", session.id)
        if self._rendering.show_passwords and session.password is not None:
            yield {
                **self._named("password", session.id),
                "@type": "uco-observable:UserAccount",
                "uco-core:description": f"what was given as the password of {session.user}, "
                f"login {login_words(session)}",
                "uco-core:hasFacet": [
                    {
                        **self._named("password facet", session.id),
                        "@type": "uco-observable:AccountAuthenticationFacet",
                        "uco-observable:password": session.password,
                    }
                ],
            }

    def _message(self, session: Session, message: Message) -> Iterator[Node]:
        mail = message.mail
        key = ("message", session.id, message.index)
        frames = frame_list(message.frames, self._rendering.several_captures) or "none"
        senders = _ADDRESS.findall(mail.sender or "")
        headers = {"From": mail.sender, "To": mail.recipients, "Date": mail.date}
        entries: list[Json] = [
            {
                **self._named("header", name, *key),
                "@type": "uco-types:DictionaryEntry",
                "uco-types:key": name,
                "uco-types:value": value,
            }
            for name, value in headers.items()
            if value is not None
        ]
        facet: Node = {
            **self._named("message facet", *key),
            "@type": "uco-observable:EmailMessageFacet",
            **({} if mail.subject is None else {"uco-observable:subject": mail.subject}),
            **({} if mail.message_id is None else {"uco-observable:messageID": mail.message_id}),
            **({"uco-observable:from": self._mailbox(senders[0])} if len(senders) == 1 else {}),
            "uco-observable:to": [self._mailbox(one) for one in dict.fromkeys(_ADDRESS.findall(mail.recipients or ""))],
        }
        if entries:
            facet["uco-observable:otherHeaders"] = {
                **self._named("headers", *key),
                "@type": "uco-types:Dictionary",
                "uco-types:entry": entries,
            }
        yield {
            **self._named(*key),
            "@type": "uco-observable:EmailMessage",
            "uco-core:name": f"{message_stem(session, message)}.eml",
            "uco-core:description": f"message {message.index} of session {session.id}, frames {frames}: "
            f"{status_of(message)}, {message.disposition}{', deletion committed' if message.committed else ''}",
            "uco-core:hasFacet": [
                facet,
                self._content(message.octets, message.sha256, "message/rfc822", *key),
            ],
        }
        extent: Node = {
            **self._named("range", *key),
            "@type": "uco-observable:DataRangeFacet",
            "uco-observable:rangeOffset": message.start,
            "uco-observable:rangeSize": message.end - message.start,
        }
        stream = self._named("stream", session.id, "server")
        yield self._relationship("Extracted_From", self._named(*key), stream, *key, facet=extent)

    def _attachment(self, session: Session, message: Message, part: Part) -> Iterator[Node]:
        key = ("attachment", session.id, message.index, part.path)
        yield {
            **self._named(*key),
            "@type": "uco-observable:File",
            "uco-core:description": f"part {part.path} of message {message.index} of session {session.id}",
            "uco-core:hasFacet": [
                {
                    **self._named("file facet", *key),
                    "@type": "uco-observable:FileFacet",
                    **({} if part.filename is None else {"uco-observable:fileName": part.filename}),
                    "uco-observable:sizeInBytes": part.octets,
                },
                self._content(part.octets, part.sha256, part.content_type, *key),
            ],
        }
        target = self._named("message", session.id, message.index)
        yield self._relationship("Attachment_Of", self._named(*key), target, *key)

    def _tool(self) -> Node:
        named = tool()
        return {
            **self._named("tool"),
            "@type": "uco-tool:Tool",
            "uco-core:name": named["name"],
            "uco-tool:toolType": "network forensics",
            "uco-tool:version": named["version"],
        }

    def _capture(self, index: int) -> Node:
        info, digest = self._captures[index], self._sha256[index]
        key = ("capture", index)
        content = [] if digest is None or info.size is None else [self._content(info.size, digest, None, *key)]
        return {
            **self._named(*key),
            "@type": "uco-observable:File",
            "uco-core:description": f"packet capture {index + 1}, {info.format}, {info.packets} packets",
            "uco-core:hasFacet": [
                {
                    **self._named("file facet", *key),
                    "@type": "uco-observable:FileFacet",
                    "uco-observable:filePath": info.path,
                    **({} if info.size is None else {"uco-observable:sizeInBytes": info.size}),
                },
                *content,
            ],
        }

    def _action(self) -> Node:
        return {
            **self._named("dissection"),
            "@type": "case-investigation:InvestigativeAction",
            "uco-core:name": "dissection of packet captures",
            "uco-action:instrument": [self._named("tool")],
            "uco-action:object": [self._named("capture", index) for index in range(len(self._captures))],
            "uco-action:result": [self._connections[number] for number in sorted(self._connections)],
        }

    def _finding(self, finding: Finding, key: str, sessions: Sequence[int]) -> Node:
        frames = frame_list(finding.frames, self._rendering.several_captures) or "none"
        about = [self._connections[number] for number in sessions if number in self._connections]
        return {
            **self._named("finding", key),
            "@type": "uco-core:Annotation",
            "uco-core:name": finding.id,
            "uco-core:description": f"{finding.title}; severity {finding.severity}; frames {frames}",
            "uco-core:statement": [finding.detail],
            "uco-core:tag": [finding.id, finding.severity, *finding.techniques],
            "uco-core:object": about or [self._named("capture", index) for index in range(len(self._captures))],
        }

    def _address(self, ip: str) -> Json:
        version = "IPv6" if ":" in ip else "IPv4"
        return self._share(
            "address",
            ip,
            f"uco-observable:{version}Address",
            {"@type": f"uco-observable:{version}AddressFacet", "uco-observable:addressValue": ip},
        )

    def _mailbox(self, address: str) -> Json:
        facet: Node = {"@type": "uco-observable:EmailAddressFacet", "uco-observable:addressValue": address}
        return self._share("mailbox", address, "uco-observable:EmailAddress", facet)

    def _account(self, server: str, user: str) -> Json:
        facet: Node = {"@type": "uco-observable:DigitalAccountFacet", "uco-observable:accountLogin": [user]}
        return self._share("account", f"{server} {user}", "uco-observable:UserAccount", facet, f"account on {server}")


def _node_text(node: Node) -> str:
    return ",\n  " + to_text(node, 2)
