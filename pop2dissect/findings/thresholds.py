"""Where the findings draw their lines, and why there."""

from __future__ import annotations

from dataclasses import dataclass

from pop2dissect.limits import Numbers


@dataclass(frozen=True, slots=True)
class Thresholds(Numbers):
    """Every number that decides whether something is a finding. Belongs to the settings of a result."""

    bruteforce_failures: int = 5
    """Refused logins. People give up or ask for help after three or four."""
    bruteforce_passwords: int = 3
    """Different passwords among them. A program with a stale password has one, after a change of it two."""
    bruteforce_seconds: int = 300
    """Within which they lie. UW's server takes three seconds a refusal, so a guesser makes a hundred in that time."""
    slow_failures: int = 20
    """Refused logins of a guesser who takes time. Nobody types their own password wrong so often in a day."""
    slow_passwords: int = 10
    """Different passwords among those."""
    slow_seconds: int = 86_400
    """Within which those lie: a day."""
    slip_failures: int = 8
    """Refused logins up to which passwords may be slips of the finger. Who mistypes more often asks for help."""
    stale_failures: int = 5
    """Refused logins of a program that never learns. Fewer say nothing that auth.failed does not say."""
    spray_users: int = 5
    """Users that one password was tried on. Two or three may share a password, or a machine."""
    spray_passwords: int = 2
    """Passwords of one spray: those who spray take few, so that no account is locked."""
    text_users: int = 3
    """Users that one client was refused as, in words that differ. Two may differ by chance: one of them is locked."""
    enumeration_users: int = 10
    """Users that one client tried. More accounts than a program that polls for a family or an office has."""
    success_failures: int = 3
    """Refused logins before the accepted one. Fewer are a corrected typo."""
    success_passwords: int = 3
    """Different passwords among them: who corrects a typo is right with the second or third."""
    success_seconds: int = 86_400
    """Within which they lie before it. A day: slow guessing stays below every alarm that counts by minutes."""
    weak_length: int = 3
    """Characters of a password that anyone can try all of: 95**3 is less than a million."""
    overlong_fold: int = 256
    """Octets of FOLD's argument, as Snort's rule 1934 has it. The longest name of a file is 255 octets."""
    nop_run: int = 32
    """Octets 0x90 in a row. Sleds are hundreds long; no character set has text of 32 of them."""
    address_repeats: int = 5
    """One 4-octet group in a row, so many times: a return address written over a stack."""
    sweep_folders: int = 5
    """Different folders asked for that were not there. A misconfigured client asks for one, again and again."""
    bulk_messages: int = 20
    """Messages of a folder from which on reading nearly all of it counts as bulk."""
    bulk_percent: int = 90
    """Share of them that was read."""
    headers_messages: int = 5
    """Messages whose headers alone were asked for. Of fewer, who reads by hand reads them all."""
    wipe_messages: int = 5
    """Messages of a folder from which on deleting all of them counts as wiping it."""
    slow_connections: int = 20
    """Connections that one client holds open at once without a login. Programs open one or two."""
    held_seconds: int = 60
    """For so long each. Who types a password is done by then."""
    server_deaths: int = 3
    """Messages that one server broke off. Once may be the network, twice its administrator."""
    scan_servers: int = 10
    """Servers that one source touched without logging in. Health checks watch a few."""
    flood_rate: int = 100
    """Half-open connections to one server that began within one second. A busy server of that time had few a minute."""
