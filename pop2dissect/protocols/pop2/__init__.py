"""The Post Office Protocol, version 2 (RFC 937), as specified and as really spoken."""

from pop2dissect.protocols.pop2.dissector import dissect
from pop2dissect.protocols.pop2.events import Closed, CommandLine, MessageData, ReplyLine, Turn

__all__ = ["Closed", "CommandLine", "MessageData", "ReplyLine", "Turn", "dissect"]
