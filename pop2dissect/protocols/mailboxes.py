"""Names of mailboxes as servers on Unix resolve them: whose a path is, and whether two names can mean the same."""

from __future__ import annotations

import posixpath

from pop2dissect.patterns import expression

SPOOLS = expression(r"/(?:var/spool/mail|var/mail|usr/spool/mail|usr/mail|spool/mail|var/spool/imap/user)/+(.+)")
"""Where Unix systems keep what has come in for each user. RFC 937's example 2 has the third."""

HOMES = expression(r"/(?:(?:[^/]+/+){0,4}?homes?\d*|u\d*|users?\d*|Users|usr/users?)/+(.+)")
"""Where they keep the users' own directories, also below the name of a file server or of an export."""

_SYSTEM = expression(r"/(?:bin|boot|dev|etc|lib|proc|root|sbin|sys)(?:/|$)")
"""Where nothing is a user's own, whatever it is called."""

_REMOTE = expression(r"\*?\{[^}]*\}?")
_OF_USER = expression(r"~([^/\\]*)(?:/|\\|$)")


def is_path(name: str) -> bool:
    """Whether what a reply names is a mailbox, and not only a part of a sentence."""
    return "/" in name or "{" in name or name.upper() == "INBOX"


def without_host(name: str) -> str:
    """Return a mailbox name without a host in braces before it."""
    return _REMOTE.sub("", name, count=1) if name.startswith(("{", "*{")) else name


def means(asked: str, named: str) -> bool:
    """Whether a server's name for a mailbox can be that of the folder that was asked for."""
    if asked == named or asked.upper() == "INBOX":
        return True
    if asked.startswith(("{", "*{")):
        return named.startswith(("{", "*{"))
    tail = _OF_USER.sub("", asked, count=1) if asked.startswith("~") else asked
    tail = tail.strip("/")
    if not tail:
        return False
    if asked.startswith("/"):
        return normal_path(asked) == normal_path(named)
    return named.rstrip("/").endswith(("/" + tail, "}" + tail))


def normal_path(path: str) -> str:
    """Return a path without the steps that lead nowhere, and with one slash for several, also at its begin."""
    normal = posixpath.normpath(path)
    return normal[1:] if normal.startswith("//") else normal


def owner_of(path: str) -> str | None:
    """Return the user whose mailbox or file a path means: in a spool, in a home directory, or by ``~user``.

    None where the path tells nobody. Letters' case is kept.
    """
    of_user = _OF_USER.match(path)
    if of_user is not None:
        return of_user.group(1) or None
    normal = normal_path(path)
    if normal == "/root" or normal.startswith("/root/"):
        return "root"
    for places in (SPOOLS, HOMES):
        match = places.fullmatch(normal)
        if match is not None:
            return _users_part(match.group(1))[0]
    return None


def _users_part(path: str) -> list[str]:
    """Return the parts of a path below a place of users, from the user's on.

    Large sites spread users over directories of their first letters: /var/mail/s/sm/smith, /var/mail/s/m/smith.
    """
    parts = path.split("/")
    while len(parts) > 1 and len(parts[0]) < 3 and any(_begins_with(part, parts[0]) for part in parts[1:3]):
        del parts[0]
    return parts


def _begins_with(name: str, letters: str) -> bool:
    return len(name) > len(letters) and letters in name[:2]


def in_spool(path: str) -> bool:
    """Whether a path lies in a mail spool."""
    return SPOOLS.fullmatch(normal_path(path)) is not None


def is_own(path: str, own_names: frozenset[str]) -> bool:
    """Whether a path means the user's own mailbox or directory."""
    of_user = _OF_USER.match(path)
    if of_user is not None:
        return not of_user.group(1) or of_user.group(1).lower() in own_names
    normal = normal_path(path)
    for places in (SPOOLS, HOMES):
        match = places.fullmatch(normal)
        if match is not None:
            # The second part too: there may be a directory of a department or a disk between.
            return any(part.lower() in own_names for part in _users_part(match.group(1))[:2])
    if _SYSTEM.match(normal):
        return normal.startswith("/root/") and "root" in own_names
    # A place for users that is not known here, such as /data/mail/fred.
    return any(part.lower() in own_names for part in normal.split("/"))
