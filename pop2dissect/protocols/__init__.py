"""The protocols that are known. What a new one adds here is one line."""

from pop2dissect.protocols import pop1, pop2, pop3
from pop2dissect.protocols.base import Protocol
from pop2dissect.protocols.identify import NONE, UNKNOWN
from pop2dissect.protocols.others import OTHERS

PROTOCOLS: tuple[Protocol, ...] = (
    pop2.PROTOCOL,
    pop1.PROTOCOL,
    pop3.PROTOCOL,
    pop1.AMBIGUOUS,
    *OTHERS,
)


def protocol_of(name: str) -> Protocol:
    """Return the protocol of a name, as sessions have it; one without commands for ``unknown`` and ``none``."""
    for protocol in PROTOCOLS:
        if protocol.name == name:
            return protocol
    return NONE if name == NONE.name else UNKNOWN


def subjects() -> tuple[Protocol, ...]:
    """Return the post office protocols: those whose commands, states and passwords are known."""
    return tuple(protocol for protocol in PROTOCOLS if protocol.is_subject)
