"""The Post Office Protocol of RFC 918 (October 1984), POP2's predecessor on the same port."""

from pop2dissect.protocols.pop1.dissector import dissect
from pop2dissect.protocols.pop1.events import Closed, CommandLine, MessageData, ReplyLine, Turn
from pop2dissect.protocols.pop1.states import ServerState

__all__ = ["Closed", "CommandLine", "MessageData", "ReplyLine", "ServerState", "Turn", "dissect"]
