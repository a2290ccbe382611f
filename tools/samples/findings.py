"""Make, in this folder, two captures for each finding: one that raises it, and a near miss that does not.

    python tools/samples/findings.py [FOLDER]

Every run writes the same octets. Nothing here was recorded: addresses are those for documentation
(RFC 5737), names, passwords and mail are made up, and no machine code in it does anything. Needs dpkt.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple, Self, TypeAlias

from tests.support.conversation import MILLISECOND, START, Conversation, Packet
from tests.support.wire import save

CLIENT = "192.0.2.10"
SERVER = "192.0.2.109"
GREETING = "+ POP2 dog-house.example 2007f.75 server ready"
SAYONARA = "+ Sayonara"
BAD_LOGIN = b"- Bad login\r\n+ Sayonara\r\n"

Said: TypeAlias = "str | bytes | None"
"""A line without its end, or octets as they are, or nothing."""
Turn: TypeAlias = tuple[Said, Said]
"""What the client says, and what the server answers."""
Ending: TypeAlias = Literal["quit", "client", "server", "reset", "crash", "open"]


def octets(said: Said) -> bytes:
    """Return what was said as it goes over the wire."""
    if said is None:
        return b""
    return said if isinstance(said, bytes) else said.encode() + b"\r\n"


class Net:
    """A network: sessions one after another, ten seconds apart unless told otherwise."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self._number = 0
        self._at = 0.0

    def session(
        self,
        *turns: Turn,
        client: str = CLIENT,
        server: str = SERVER,
        port: int = 109,
        greeting: Said = GREETING,
        after: float = 10,
        end: Ending = "quit",
    ) -> Self:
        """Hold a session; ``after`` seconds after the one before it began."""
        talk = self._call(client, server, port, after).handshake()
        if greeting is not None:
            talk.server(octets(greeting))
        for command, reply in turns:
            if command is not None:
                talk.client(octets(command))
            if reply is not None:
                talk.server(octets(reply))
        if end == "quit":
            talk.client(b"QUIT\r\n").server(octets(SAYONARA)).close("server")
        elif end == "reset":
            talk.reset("client")
        elif end == "crash":
            talk.reset("server")
        elif end != "open":
            talk.close(end)
        return self.take(talk)

    def call(self, client: str = CLIENT, server: str = SERVER, *, after: float = 10) -> Conversation:
        """Return a connection to be filled by hand; :meth:`take` it afterwards."""
        return self._call(client, server, 109, after)

    def take(self, talk: Conversation) -> Self:
        """Put the packets of a conversation on the wire."""
        self.packets = sorted([*self.packets, *talk.packets], key=lambda packet: packet.time)
        return self

    def _call(self, client: str, server: str, port: int, after: float) -> Conversation:
        self._number += 1
        self._at += after if self._number > 1 else 0
        start = START + int(self._at * 1000) * MILLISECOND
        return Conversation((client, 40000 + self._number), (server, port), start=start, seed=self._number)


def login(user: str = "fred", password: str = "lantern-7", messages: int = 2) -> Turn:
    """Log in, and be let in."""
    return f"HELO {user} {password}", f"#{messages} messages in /var/mail/{user}"


def refused(user: str = "fred", password: str = "lantern-6") -> Turn:
    """Log in, and be refused as UW's server does."""
    return f"HELO {user} {password}", BAD_LOGIN


def fold(name: str, reply: str) -> Turn:
    """Ask for a folder."""
    return f"FOLD {name}", reply


def mail(subject: str = "Lunch", text: bytes = b"At noon, by the door.\r\n") -> bytes:
    """Write a mail."""
    return b"From: wilma@quarry.example\r\nSubject: " + subject.encode() + b"\r\n\r\n" + text


def read(letter: bytes, number: int = 1, acknowledge: str | None = "ACKS", announced: int | None = None) -> list[Turn]:
    """Read a message, and acknowledge it."""
    said = announced if announced is not None else len(letter)
    turns: list[Turn] = [(f"READ {number}", f"={said} characters in message {number}"), ("RETR", letter)]
    return [*turns, (acknowledge, "=0 No more messages")] if acknowledge else turns


def read_all(messages: int, acknowledge: str = "ACKS") -> list[Turn]:
    """Read so many messages, from the first on."""
    return [turn for number in range(1, messages + 1) for turn in read(mail(f"No. {number}"), number, acknowledge)]


PASSWORDS = ("rain-1", "rain-2", "snow-3", "sun-4", "wind-5", "fog-6", "hail-7", "ice-8", "dew-9", "mist-10")
USERS = ("ada", "bert", "cleo", "dora", "egon", "flora", "greta", "hugo", "ines", "jakob")

# What the public exploit for CVE-1999-0920 sends has this shape: a sled, code, a shell's path, and an address
# again and again. The "code" here is the octets of Snort rule 284, and no program.
CODE = b"\xeb,[\x89\xd9\x80\xc1\x069\xd9|\x07\x80\x01" + b"/bin/sh"
EXPLOIT = b"FOLD " + b"\x90" * 700 + CODE + b"\x10\xf0\xff\xbf" * 70 + b"\r\n"


# The logins ----------------------------------------------------------------------------------------


def cleartext() -> Net:
    """A login."""
    return Net().session(login())


def no_login() -> Net:
    """Only QUIT: no password crossed."""
    return Net().session()


def failed() -> Net:
    """A wrong password."""
    return Net().session(refused(), end="server")


def no_password() -> Net:
    """HELO without a password: an error of syntax, and no guess."""
    return Net().session(("HELO fred", b"- Missing user or password\r\n+ Sayonara\r\n"), end="server")


def brute_force() -> Net:
    """Five passwords in twenty seconds, each on its own connection."""
    net = Net()
    for password in PASSWORDS[:5]:
        net.session(refused(password=password), after=4, end="server")
    return net


def slow_tries() -> Net:
    """Five passwords, but more than 300 seconds from the first to the last."""
    net = Net()
    for password in PASSWORDS[:5]:
        net.session(refused(password=password), after=80, end="server")
    return net


def stale() -> Net:
    """A program that polls every minute with a password that was changed."""
    net = Net()
    for _ in range(6):
        net.session(refused(), after=60, end="server")
    return net


def stale_corrected() -> Net:
    """The same, until somebody corrects it after four polls."""
    net = Net()
    for _ in range(4):
        net.session(refused(), after=60, end="server")
    return net.session(login(), after=60)


def spray() -> Net:
    """One password for five users."""
    net = Net()
    for user in USERS[:5]:
        net.session(refused(user, "spring85"), after=4, end="server")
    return net


def shared_password() -> Net:
    """Five users behind one address have the same password, and all are let in."""
    net = Net()
    for user in USERS[:5]:
        net.session(login(user, "spring85"), after=4)
    return net


def user_enum() -> Net:
    """Ten users, none of whom there is."""
    net = Net()
    for user, password in zip(USERS, PASSWORDS, strict=True):
        net.session(refused(user, password), after=4, end="server")
    return net


def many_accounts() -> Net:
    """A program polls ten accounts; the password of one has changed."""
    net = Net().session(refused(USERS[0], PASSWORDS[0]), end="server")
    for user, password in zip(USERS[1:], PASSWORDS[1:], strict=True):
        net.session(login(user, password), after=4)
    return net


def guessed() -> Net:
    """The fourth password is right."""
    net = Net()
    for password in PASSWORDS[:3]:
        net.session(refused(password=password), after=4, end="server")
    return net.session(login(password=PASSWORDS[3]), after=4)


def typo() -> Net:
    """A typo, another, and then right."""
    net = Net()
    for password in ("lantern-8", "lantetn-7"):
        net.session(refused(password=password), after=4, end="server")
    return net.session(login(), after=4)


def weak() -> Net:
    """User and password are the same."""
    return Net().session(login("guest", "guest"))


def weak_refused() -> Net:
    """So they are here, but the server does not take it: it is not that account's password."""
    return Net().session(refused("guest", "guest"), end="server")


def proxy_helo() -> Net:
    """UW's way to log in elsewhere."""
    return Net().session(login("imap.quarry.example:fred"))


def decnet() -> Net:
    """A user as DECnet names them."""
    return Net().session(login("GRAVEL::FRED"))


# The folders ---------------------------------------------------------------------------------------


def remote() -> Net:
    """A mailbox on another host."""
    return Net().session(login(), fold("{imap.quarry.example}INBOX", "#3 messages in {imap.quarry.example}INBOX"))


def braces() -> Net:
    """Braces in the name of a folder."""
    return Net().session(login(), fold("plans{2}", "#3 messages in /home/fred/plans{2}"))


def rsh_arg() -> Net:
    """An option for ssh in the place of a host (CVE-2018-19518)."""
    return Net().session(login(), fold("{x -oProxyCommand=id}INBOX", "#0 messages in <none>"))


def remote_with_switches() -> Net:
    """A host with a hyphen and an o, a port, switches, and a blank inside quotation marks."""
    name = '{mail-out.example:143/imap/user="fred stone"}INBOX'
    return Net().session(login(), fold(name, f"#0 messages in {name}"))


def absolute() -> Net:
    """A path that has nothing to do with mail."""
    return Net().session(login(), fold("/usr/share/plans", "#0 messages in <none>"))


def rfc937_example_2() -> Net:
    """RFC 937's own example 2: the user's own mailbox by its path."""
    return Net().session(
        ("HELO smith secret", "#35 messages"),
        ("FOLD /usr/spool/mail/smith", "#27 messages"),
        *read(mail(), 27),
        greeting="+ POP2 ISI-VAXA.ARPA server here",
    )


def traversal() -> Net:
    """Up, and down again elsewhere."""
    return Net().session(login(), fold("../wilma/plans", "#0 messages in <none>"))


def dots() -> Net:
    """Dots in a name, and the user's own directory by ~."""
    return Net().session(
        login(),
        fold("~/mail/so..what", "#1 messages in /home/fred/mail/so..what"),
        fold("~fred/mail/v1.2", "#1 messages in /home/fred/mail/v1.2"),
    )


def sensitive() -> Net:
    """The file of users."""
    return Net().session(login(), fold("/etc/passwd", "#1 messages in /etc/passwd"))


def folder_named_passwd() -> Net:
    """A folder of mails about passwords."""
    return Net().session(login(), fold("mail/passwd", "#4 messages in /home/fred/mail/passwd"))


def read_confirmed() -> Net:
    """The file of users, read: UW's server makes its path the Subject (BID 1484)."""
    return Net().session(
        login(),
        fold("/etc/passwd", "#1 messages in /etc/passwd"),
        *read(mail("/etc/passwd", b"root:*:0:0:Charlie &:/root:/bin/sh\r\n")),
    )


def mail_about_passwd() -> Net:
    """A mail about it."""
    return Net().session(login(), fold("archive", "#1 messages in /home/fred/archive"), *read(mail("/etc/passwd")))


def probe_sweep() -> Net:
    """Five folders that are not there, in two sessions."""
    return (
        Net()
        .session(login(), *(fold(f"secret{number}", "#0 messages in <none>") for number in range(3)))
        .session(login(), *(fold(f"hidden{number}", "#2 messages in /var/mail/fred") for number in range(2)))
    )


def empty_folders() -> Net:
    """A client looks into each of its folders; they are there, and empty."""
    names = ("drafts", "sent", "trash", "junk", "later", "outbox")
    return Net().session(login(), *(fold(name, f"#0 messages in /home/fred/{name}") for name in names))


def other_user() -> Net:
    """The mail of somebody else."""
    return Net().session(login(), fold("~wilma/mail/plans", "#3 messages in /home/wilma/mail/plans"))


def own_by_path() -> Net:
    """One's own mail, by its path below the directory of a department."""
    return Net().session(login(), fold("/home/quarry/fred/plans", "#3 messages in /home/quarry/fred/plans"))


# The exploits --------------------------------------------------------------------------------------


def overlong() -> Net:
    """A name of 256 octets."""
    return Net().session(login(), fold("a/" * 128, "#2 messages in /var/mail/fred"))


def long_name() -> Net:
    """A name of 255 octets, the longest that a file can have."""
    return Net().session(login(), fold("a" * 255, "#2 messages in /var/mail/fred"))


def nop_sled() -> Net:
    """What surrounds machine code; the server takes it for a name."""
    return Net().session(login(), (EXPLOIT.replace(CODE, b""), "#2 messages in /var/mail/fred"))


def repeated_letters() -> Net:
    """A folder in Cyrillic with the same letters again and again; a sled in a mail."""
    return Net().session(
        login(),
        fold("п" * 40, "#1 messages in /var/mail/fred"),
        *read(mail(text=b"\x90" * 100 + b"\x10\xf0\xff\xbf" * 20)),
    )


def shellcode() -> Net:
    """Machine code in a command."""
    return Net().session(login(), (b"FOLD " + CODE + b"\r\n", "#2 messages in /var/mail/fred"))


def shell_as_folder() -> Net:
    """The path of a shell and no more, which is a file and no code; the code is in a mail."""
    return Net().session(login(), fold("/bin/sh", "#0 messages in <none>"), *read(mail(text=CODE + b"\r\n")))


def post_shell() -> Net:
    """CVE-1999-0920, and it worked: commands of a shell on the same connection."""
    return Net().session(
        ("HELO quarry.example:fred lantern-7", "#2 messages in {quarry.example/imap}INBOX"),
        (EXPLOIT, None),
        (b"id; uname -a\n", b"uid=0(root) gid=0(root)\nLinux dog-house 2.0.36 i586\n"),
        (b"cat /etc/shadow\n", b"root:$1$xyz:10500:0:::::\n"),
        greeting="+ POP2 dog-house.example v4.46 server ready",
        end="client",
    )


def survived() -> Net:
    """The same, but the server says that there is no such mailbox, and the client goes on by the protocol."""
    return Net().session(login(), (EXPLOIT, "#2 messages in /var/mail/fred"), *read(mail()))


def crash() -> Net:
    """An overlong name, and the server is gone."""
    return Net().session(login(), (EXPLOIT, None), end="crash")


def closed_politely() -> Net:
    """An overlong name, and the server says goodbye, as UW's does."""
    return Net().session(login(), (EXPLOIT, SAYONARA), end="server")


# The protocol --------------------------------------------------------------------------------------


def wrong_state() -> Net:
    """RETR without READ."""
    return Net().session(login(), ("RETR", "- Bogus or out of sequence command"), end="server")


def read_twice() -> Net:
    """READ after READ, which RFC 937 allows."""
    return Net().session(login(), ("READ 1", "=5 characters in message 1"), *read(mail(), 2))


def unknown_command() -> Net:
    """A command of POP3."""
    return Net().session(login(), ("STAT", "- Bogus or out of sequence command"), end="server")


def small_letters() -> Net:
    """Keywords in small letters."""
    return Net().session(
        ("helo fred lantern-7", "#2 messages in /var/mail/fred"), ("read 1", "=5 characters in message 1")
    )


def syntax() -> Net:
    """A number that is none."""
    return Net().session(login(), ("READ 2junk", "=5 characters in message 2"))


def two_blanks() -> Net:
    """Two blanks, as in RFC 937's example 2."""
    return Net().session(login(), ("READ  2", "=5 characters in message 2"))


def pre_greeting() -> Net:
    """The client does not wait for the greeting."""
    net = Net()
    talk = net.call().handshake().client(b"HELO fred lantern-7\r\n").server(octets(GREETING))
    return net.take(
        talk.server(b"#2 messages in /var/mail/fred\r\n").client(b"QUIT\r\n").server(b"+ bye\r\n").close("server")
    )


def pipelining() -> Net:
    """Two commands at once."""
    return Net().session(login(), ("READ 1\r\nREAD 2", "=5 characters in message 1\r\n=7 characters in message 2"))


def in_pieces() -> Net:
    """A command in two segments, as popclient writes it."""
    net = Net()
    talk = net.call().handshake().server(octets(GREETING)).client(b"QUIT").client(b"\r\n").server(octets(SAYONARA))
    return net.take(talk.close("server"))


def too_long() -> Net:
    """A message that is longer than announced."""
    return Net().session(login(), *read(mail(), announced=len(mail()) - 20))


def lost_part() -> Net:
    """A message of which the capture lacks a segment."""
    net = Net().session(login(), *read(mail(text=b"All work and no play.\r\n" * 200)))
    full = [packet for packet in net.packets if len(packet.payload) == 1460]
    net.packets.remove(full[1])
    return net


def reply_injection() -> Net:
    """A second reply that nobody asked for."""
    return Net().session(login(), ("READ 1", "=5 characters in message 1\r\n=9999 characters in message 1"))


def error_and_farewell() -> Net:
    """UW's two lines to one error."""
    reply = b"- Invalid message number given to READ\r\n+ Sayonara\r\n"
    return Net().session(login(), ("READ 99", reply), end="server")


def bare_lf() -> Net:
    """A line that ends as in Unix."""
    return Net().session(login(), (b"READ 1\n", "=5 characters in message 1"))


def bare_lf_in_mail() -> Net:
    """Such lines in a mail."""
    return Net().session(login(), *read(mail(text=b"one\ntwo\n")))


def long_line() -> Net:
    """A password of 600 characters."""
    return Net().session(refused(password="x" * 600), end="server")


def longest_line() -> Net:
    """A line of exactly 512 octets with its end."""
    return Net().session(refused(password="x" * (512 - len("HELO fred \r\n"))), end="server")


def non_ascii() -> Net:
    """A folder in German."""
    return Net().session(login(), fold("Entwürfe", "#1 messages in /var/mail/fred"))


def non_ascii_mail() -> Net:
    """A mail in German."""
    return Net().session(login(), *read(mail(text="Grüße\r\n".encode())))


def terminal_escape() -> Net:
    """A greeting that clears the screen."""
    return Net().session(login(), greeting="+ POP2 dog-house.example \x1b[2J server ready")


def escape_in_mail() -> Net:
    """A mail that does."""
    return Net().session(login(), *read(mail(text=b"\x1b[2J\r\n")))


# The mail ------------------------------------------------------------------------------------------


def bulk_read() -> Net:
    """A folder of twenty messages read by one who also looked around."""
    return Net().session(login(messages=20), *read_all(20), fold("/etc/passwd", "#1 messages in /etc/passwd"))


def new_mail() -> Net:
    """Twenty messages read by one who did nothing else."""
    return Net().session(login(messages=20), *read_all(20))


def mass_delete() -> Net:
    """A guessed password; then all is deleted."""
    net = guessed()
    return net.session(login(password=PASSWORDS[3], messages=5), *read_all(5, "ACKD"))


def delete_some() -> Net:
    """Four of five are deleted, after a guessed password."""
    net = guessed()
    return net.session(login(password=PASSWORDS[3], messages=5), *read_all(4, "ACKD"))


def uncommitted() -> Net:
    """ACKD, and the connection ends."""
    return Net().session(login(), *read(mail(), acknowledge="ACKD"), end="client")


def committed_unheard() -> Net:
    """ACKD, QUIT, and the client is gone before the farewell, as popclient is."""
    net = Net()
    talk = net.call().handshake().server(octets(GREETING))
    for command, reply in (login(), *read(mail(), acknowledge="ACKD")):
        talk.client(octets(command)).server(octets(reply))
    return net.take(talk.client(b"QUIT\r\n", fin=True).server(octets(SAYONARA)).reset("client"))


# The servers ---------------------------------------------------------------------------------------


def banner_grab() -> Net:
    """The greeting is enough."""
    return Net().session(end="client")


def capture_ends() -> Net:
    """The capture ends after the greeting: what followed is not known."""
    return Net().session(end="open")


def scan() -> Net:
    """Ten servers, on which nothing listens."""
    return _knock(10)


def few_servers() -> Net:
    """Nine of them."""
    return _knock(9)


def _knock(servers: int) -> Net:
    net = Net()
    for number in range(servers):
        net.take(net.call(server=f"198.51.100.{number + 1}", after=0.05).refused())
    return net


def syn_flood() -> Net:
    """A hundred connections from as many addresses in a second, none of which is completed."""
    return _flood(0.009)


def slow_flood() -> Net:
    """As many in ten seconds."""
    return _flood(0.1)


def _flood(apart: float) -> Net:
    net = Net()
    for number in range(100):
        talk = net.call(client=f"203.0.113.{number + 1}", after=apart).handshake()
        net.packets += talk.packets[:2]
    net.packets.sort(key=lambda packet: packet.time)
    return net


def ssh() -> Net:
    """A secure shell out of the way."""
    return Net().session(("SSH-2.0-dropbear", b"\0\0\1\x4c" + b"\x14" * 64), greeting="SSH-2.0-dropbear", end="client")


def rfc918() -> Net:
    """The predecessor, which has the same port."""
    return Net().session(
        ("USER fred", "+OK"),
        ("PASS lantern-7", "+OK"),
        ("RETR mbox", "#0 octets"),
        ("QUIT", "+OK"),
        greeting="+OK POP server",
        end="server",
    )


def elsewhere() -> Net:
    """POP2 on port 10109."""
    return Net().session(login(), port=10109)


def vulnerable() -> Net:
    """Version 4.46, which gives out any file."""
    return Net().session(login(), greeting="+ POP2 dog-house.example v4.46 server ready")


def corrected_version() -> Net:
    """Version 4.56."""
    return Net().session(login(), greeting="+ POP2 dog-house.example v4.56 server ready")


def conflict() -> Net:
    """A forged copy of a reply, just before the real one."""
    net = retransmission()
    copies = [place for place, packet in enumerate(net.packets) if packet.mark == "retransmission"]
    packet = net.packets[copies[0]]
    net.packets[copies[0]] = replace(packet, payload=packet.payload.replace(b"#2", b"#7"), mark="forged")
    return net


def retransmission() -> Net:
    """The same octets twice."""
    net = Net().session(login())
    place = next(place for place, packet in enumerate(net.packets) if packet.payload.startswith(b"#2"))
    packet = net.packets[place]
    copy = replace(packet, time=packet.time + MILLISECOND // 10, mark="retransmission")
    net.packets.insert(place + 1, copy)
    return net


class Case(NamedTuple):
    """What raises a finding, and what does not."""

    raises: Callable[[], Net]
    near_miss: Callable[[], Net]


CASES: dict[str, Case] = {
    "auth.cleartext": Case(cleartext, no_login),
    "auth.failed": Case(failed, no_password),
    "auth.bruteforce": Case(brute_force, slow_tries),
    "auth.retry_stale": Case(stale, stale_corrected),
    "auth.spray": Case(spray, shared_password),
    "auth.user_enum": Case(user_enum, many_accounts),
    "auth.success_after_fail": Case(guessed, typo),
    "auth.weak": Case(weak, weak_refused),
    "proxy.helo": Case(proxy_helo, decnet),
    "proxy.fold_remote": Case(remote, braces),
    "exploit.rsh_arg": Case(rsh_arg, remote_with_switches),
    "file.absolute": Case(absolute, rfc937_example_2),
    "file.traversal": Case(traversal, dots),
    "file.sensitive": Case(sensitive, folder_named_passwd),
    "file.read_confirmed": Case(read_confirmed, mail_about_passwd),
    "file.probe_sweep": Case(probe_sweep, empty_folders),
    "exploit.overlong": Case(overlong, long_name),
    "exploit.nop_sled": Case(nop_sled, repeated_letters),
    "exploit.shellcode": Case(shellcode, shell_as_folder),
    "exploit.post_shell": Case(post_shell, survived),
    "exploit.crash": Case(crash, closed_politely),
    "protocol.state": Case(wrong_state, read_twice),
    "protocol.unknown_command": Case(unknown_command, small_letters),
    "protocol.syntax": Case(syntax, two_blanks),
    "protocol.pre_greeting": Case(pre_greeting, cleartext),
    "protocol.pipelining": Case(pipelining, in_pieces),
    "protocol.length_mismatch": Case(too_long, lost_part),
    "protocol.reply_injection": Case(reply_injection, error_and_farewell),
    "protocol.bare_lf": Case(bare_lf, bare_lf_in_mail),
    "protocol.long_line": Case(long_line, longest_line),
    "protocol.non_ascii": Case(non_ascii, non_ascii_mail),
    "protocol.terminal_escape": Case(terminal_escape, escape_in_mail),
    "data.bulk_read": Case(bulk_read, new_mail),
    "data.mass_delete": Case(mass_delete, delete_some),
    "data.delete_uncommitted": Case(uncommitted, committed_unheard),
    "data.read_other_user": Case(other_user, own_by_path),
    "recon.banner_grab": Case(banner_grab, capture_ends),
    "recon.scan": Case(scan, few_servers),
    "dos.syn_flood": Case(syn_flood, slow_flood),
    "service.other_protocol": Case(ssh, rfc918),
    "service.elsewhere": Case(elsewhere, cleartext),
    "service.vulnerable_banner": Case(vulnerable, corrected_version),
    "tcp.overlap_conflict": Case(conflict, retransmission),
}


def make(folder: Path) -> list[Path]:
    """Write all captures into a folder, and give their paths."""
    return [
        save(folder / f"{name}{ending}.pcap", build().packets)
        for name, case in CASES.items()
        for ending, build in (("", case.raises), (".near_miss", case.near_miss))
    ]


if __name__ == "__main__":
    for path in make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "samples" / "findings"):
        print(path)
