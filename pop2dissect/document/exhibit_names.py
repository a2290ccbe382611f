"""What exhibits are called, the same in reports and in manifests of exports: ``S3-client``, ``S3-M2``, ``S3-M2-A1``."""

from __future__ import annotations

from pop2dissect.session import Direction, Message, Session


def stream_exhibit(session: Session, direction: Direction) -> str:
    """Name what one end of a session sent."""
    return f"S{session.id}-{direction}"


def message_exhibit(session: Session, message: Message) -> str:
    """Name a message."""
    return f"S{session.id}-M{message.index}"


def attachment_exhibit(session: Session, message: Message, number: int) -> str:
    """Name an attachment, counted from 1 in its message."""
    return f"{message_exhibit(session, message)}-A{number}"
