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
from typing import NamedTuple

from pop2dissect.decode.segment import FIN, PSH, RST, URG
from tests.support.conversation import MILLISECOND
from tests.support.network import (
    GREETING,
    PASSWORDS,
    SAYONARA,
    USERS,
    Ending,
    Network,
    Turn,
    fold,
    login,
    mail,
    octets,
    read,
    read_all,
    refused,
)
from tests.support.wire import save

# What the public exploit for CVE-1999-0920 sends has this shape: a sled, code, a shell's path, and an address
# again and again. The "code" here is the octets of Snort rule 284, and no program.
CODE = b"\xeb,[\x89\xd9\x80\xc1\x069\xd9|\x07\x80\x01" + b"/bin/sh"
EXPLOIT = b"FOLD " + b"\x90" * 700 + CODE + b"\x10\xf0\xff\xbf" * 70 + b"\r\n"


# The logins ----------------------------------------------------------------------------------------


def cleartext() -> Network:
    """A login."""
    return Network().session(login())


def no_login() -> Network:
    """Only QUIT: no password crossed."""
    return Network().session()


def failed() -> Network:
    """A wrong password."""
    return Network().session(refused(), end="server")


def no_password() -> Network:
    """HELO without a password: an error of syntax, and no guess."""
    return Network().session(("HELO fred", b"- Missing user or password\r\n+ Sayonara\r\n"), end="server")


def brute_force() -> Network:
    """Five passwords in twenty seconds, each on its own connection."""
    net = Network()
    for password in PASSWORDS[:5]:
        net.session(refused(password=password), after=4, end="server")
    return net


def slow_tries() -> Network:
    """Five passwords, but more than 300 seconds from the first to the last."""
    net = Network()
    for password in PASSWORDS[:5]:
        net.session(refused(password=password), after=80, end="server")
    return net


def stale() -> Network:
    """A program that polls every minute with a password that was changed."""
    net = Network()
    for _ in range(6):
        net.session(refused(), after=60, end="server")
    return net


def stale_corrected() -> Network:
    """The same, until somebody corrects it after four polls."""
    net = Network()
    for _ in range(4):
        net.session(refused(), after=60, end="server")
    return net.session(login(), after=60)


def spray() -> Network:
    """One password for five users."""
    net = Network()
    for user in USERS[:5]:
        net.session(refused(user, "spring85"), after=4, end="server")
    return net


def shared_password() -> Network:
    """Five users behind one address have the same password, and all are let in."""
    net = Network()
    for user in USERS[:5]:
        net.session(login(user, "spring85"), after=4)
    return net


def spray_success() -> Network:
    """One password for eight users, by turns from IPv4 and IPv6: it is that of the last."""
    net = Network()
    for number, user in enumerate(USERS[:8]):
        turn = login(user, "spring85") if number == 7 else refused(user, "spring85")
        client, server = _V6 if number % 2 else ("203.0.113.66", "192.0.2.109")
        net.session(turn, client=client, server=server, after=4, end="quit" if number == 7 else "server")
    return net


_V6 = ("2001:db8::66", "2001:db8::109")


def spray_from_a_gateway() -> Network:
    """One password for five users from an address from which somebody had logged in with that password before."""
    net = Network().session(login(USERS[9], "spring85"), client="203.0.113.66")
    for user in USERS[:5]:
        net.session(refused(user, "spring85"), client="203.0.113.66", after=4, end="server")
    return net.session(login(USERS[9], "spring85"), client="203.0.113.66")


def user_enum() -> Network:
    """Ten users, none of whom there is."""
    net = Network()
    for user, password in zip(USERS, PASSWORDS, strict=True):
        net.session(refused(user, password), after=4, end="server")
    return net


def many_accounts() -> Network:
    """A program polls ten accounts; the password of one has changed."""
    net = Network().session(refused(USERS[0], PASSWORDS[0]), end="server")
    for user, password in zip(USERS[1:], PASSWORDS[1:], strict=True):
        net.session(login(user, password), after=4)
    return net


def guessed() -> Network:
    """The fourth password is right."""
    net = Network()
    for password in PASSWORDS[:3]:
        net.session(refused(password=password), after=4, end="server")
    return net.session(login(password=PASSWORDS[3]), after=4)


def typo() -> Network:
    """A typo, another, and then right."""
    net = Network()
    for password in ("lantern-8", "lantetn-7"):
        net.session(refused(password=password), after=4, end="server")
    return net.session(login(), after=4)


def weak() -> Network:
    """User and password are the same."""
    return Network().session(login("guest", "guest"))


def weak_refused() -> Network:
    """So they are here, but the server does not take it: it is not that account's password."""
    return Network().session(refused("guest", "guest"), end="server")


def proxy_helo() -> Network:
    """UW's way to log in elsewhere."""
    return Network().session(login("imap.quarry.example:fred"))


def proxy_to_own_host() -> Network:
    """The server is to log in where the client is."""
    return Network().session(login("192.0.2.10:fred"))


def decnet() -> Network:
    """A user as DECnet names them."""
    return Network().session(login("GRAVEL::FRED"))


# The folders ---------------------------------------------------------------------------------------


def remote() -> Network:
    """A mailbox on another host."""
    return Network().session(login(), fold("{imap.quarry.example}INBOX", "#3 messages in {imap.quarry.example}INBOX"))


def braces() -> Network:
    """Braces in the name of a folder."""
    return Network().session(login(), fold("plans{2}", "#3 messages in /home/fred/plans{2}"))


def rsh_arg() -> Network:
    """An option for ssh in the place of a host (CVE-2018-19518)."""
    return Network().session(login(), fold("{x -oProxyCommand=id}INBOX", "#0 messages in <none>"))


def remote_with_switches() -> Network:
    """A host with a hyphen and an o, a port, switches, and a blank inside quotation marks."""
    name = '{mail-out.example:143/imap/user="fred stone"}INBOX'
    return Network().session(login(), fold(name, f"#0 messages in {name}"))


def absolute() -> Network:
    """A path that has nothing to do with mail."""
    return Network().session(login(), fold("/usr/share/plans", "#0 messages in <none>"))


def rfc937_example_2() -> Network:
    """RFC 937's own example 2: the user's own mailbox by its path."""
    return Network().session(
        ("HELO smith secret", "#35 messages"),
        ("FOLD /usr/spool/mail/smith", "#27 messages"),
        *read(mail(), 27),
        greeting="+ POP2 ISI-VAXA.ARPA server here",
    )


def traversal() -> Network:
    """Up, and down again elsewhere."""
    return Network().session(login(), fold("../wilma/plans", "#0 messages in <none>"))


def dots() -> Network:
    """Dots in a name, and the user's own directory by ~."""
    return Network().session(
        login(),
        fold("~/mail/so..what", "#1 messages in /home/fred/mail/so..what"),
        fold("~fred/mail/v1.2", "#1 messages in /home/fred/mail/v1.2"),
    )


def sensitive() -> Network:
    """The file of users."""
    return Network().session(login(), fold("/etc/passwd", "#1 messages in /etc/passwd"))


def folder_named_passwd() -> Network:
    """A folder of mails about passwords."""
    return Network().session(login(), fold("mail/passwd", "#4 messages in /home/fred/mail/passwd"))


def read_confirmed() -> Network:
    """The file of users, read: UW's server makes its path the Subject (BID 1484)."""
    return Network().session(
        login(),
        fold("/etc/passwd", "#1 messages in /etc/passwd"),
        *read(mail("/etc/passwd", b"root:*:0:0:Charlie &:/root:/bin/sh\r\n")),
    )


def mail_about_passwd() -> Network:
    """A mail about it."""
    return Network().session(login(), fold("archive", "#1 messages in /home/fred/archive"), *read(mail("/etc/passwd")))


def probe_sweep() -> Network:
    """Five folders that are not there, in two sessions."""
    return (
        Network()
        .session(login(), *(fold(f"secret{number}", "#0 messages in <none>") for number in range(3)))
        .session(login(), *(fold(f"hidden{number}", "#2 messages in /var/mail/fred") for number in range(2)))
    )


def empty_folders() -> Network:
    """A client looks into each of its folders; they are there, and empty."""
    names = ("drafts", "sent", "trash", "junk", "later", "outbox")
    return Network().session(login(), *(fold(name, f"#0 messages in /home/fred/{name}") for name in names))


def other_user() -> Network:
    """The mail of somebody else."""
    return Network().session(login(), fold("~wilma/mail/plans", "#3 messages in /home/wilma/mail/plans"))


def own_by_path() -> Network:
    """One's own mail, by its path below the directory of a department."""
    return Network().session(login(), fold("/home/quarry/fred/plans", "#3 messages in /home/quarry/fred/plans"))


# The exploits --------------------------------------------------------------------------------------


def overlong() -> Network:
    """A name of 256 octets."""
    return Network().session(login(), fold("a/" * 128, "#2 messages in /var/mail/fred"))


def long_name() -> Network:
    """A name of 255 octets, the longest that a file can have."""
    return Network().session(login(), fold("a" * 255, "#2 messages in /var/mail/fred"))


def nop_sled() -> Network:
    """What surrounds machine code; the server takes it for a name."""
    return Network().session(login(), (EXPLOIT.replace(CODE, b""), "#2 messages in /var/mail/fred"))


def repeated_letters() -> Network:
    """A folder in Cyrillic with the same letters again and again; a sled in a mail."""
    return Network().session(
        login(),
        fold("п" * 40, "#1 messages in /var/mail/fred"),
        *read(mail(text=b"\x90" * 100 + b"\x10\xf0\xff\xbf" * 20)),
    )


def shellcode() -> Network:
    """Machine code in a command."""
    return Network().session(login(), (b"FOLD " + CODE + b"\r\n", "#2 messages in /var/mail/fred"))


def shell_as_folder() -> Network:
    """The path of a shell and no more, which is a file and no code; the code is in a mail."""
    return Network().session(login(), fold("/bin/sh", "#0 messages in <none>"), *read(mail(text=CODE + b"\r\n")))


def post_shell() -> Network:
    """CVE-1999-0920, and it worked: commands of a shell on the same connection."""
    return Network().session(
        ("HELO quarry.example:fred lantern-7", "#2 messages in {quarry.example/imap}INBOX"),
        (EXPLOIT, None),
        (b"id; uname -a\n", b"uid=0(root) gid=0(root)\nLinux dog-house 2.0.36 i586\n"),
        (b"cat /etc/shadow\n", b"root:$1$xyz:10500:0:::::\n"),
        greeting="+ POP2 dog-house.example v4.46 server ready",
        end="client",
    )


def survived() -> Network:
    """The same, but the server says that there is no such mailbox, and the client goes on by the protocol."""
    return Network().session(login(), (EXPLOIT, "#2 messages in /var/mail/fred"), *read(mail()))


def crash() -> Network:
    """An overlong name, and the server is gone."""
    return Network().session(login(), (EXPLOIT, None), end="crash")


def closed_politely() -> Network:
    """An overlong name, and the server says goodbye, as UW's does."""
    return Network().session(login(), (EXPLOIT, SAYONARA), end="server")


# The protocol --------------------------------------------------------------------------------------


def wrong_state() -> Network:
    """RETR without READ."""
    return Network().session(login(), ("RETR", "- Bogus or out of sequence command"), end="server")


def read_twice() -> Network:
    """READ after READ, which RFC 937 allows."""
    return Network().session(login(), ("READ 1", "=5 characters in message 1"), *read(mail(), 2))


def unknown_command() -> Network:
    """A command of POP3."""
    return Network().session(login(), ("STAT", "- Bogus or out of sequence command"), end="server")


def small_letters() -> Network:
    """Keywords in small letters."""
    return Network().session(
        ("helo fred lantern-7", "#2 messages in /var/mail/fred"), ("read 1", "=5 characters in message 1")
    )


def syntax() -> Network:
    """A number that is none."""
    return Network().session(login(), ("READ 2junk", "=5 characters in message 2"))


def two_blanks() -> Network:
    """Two blanks, as in RFC 937's example 2."""
    return Network().session(login(), ("READ  2", "=5 characters in message 2"))


def pre_greeting() -> Network:
    """The client does not wait for the greeting."""
    net = Network()
    talk = net.call().handshake().client(b"HELO fred lantern-7\r\n").server(octets(GREETING))
    return net.take(
        talk.server(b"#2 messages in /var/mail/fred\r\n").client(b"QUIT\r\n").server(b"+ bye\r\n").close("server")
    )


def pipelining() -> Network:
    """Two commands at once."""
    return Network().session(login(), ("READ 1\r\nREAD 2", "=5 characters in message 1\r\n=7 characters in message 2"))


def in_pieces() -> Network:
    """A command in two segments, as popclient writes it."""
    net = Network()
    talk = net.call().handshake().server(octets(GREETING)).client(b"QUIT").client(b"\r\n").server(octets(SAYONARA))
    return net.take(talk.close("server"))


def too_long() -> Network:
    """A message that is longer than announced."""
    return Network().session(login(), *read(mail(), announced=len(mail()) - 20))


def lost_part() -> Network:
    """A message of which the capture lacks a segment."""
    net = Network().session(login(), *read(mail(text=b"All work and no play.\r\n" * 200)))
    full = [packet for packet in net.packets if len(packet.payload) == 1460]
    net.packets.remove(full[1])
    return net


def reply_injection() -> Network:
    """A second reply that nobody asked for."""
    return Network().session(login(), ("READ 1", "=5 characters in message 1\r\n=9999 characters in message 1"))


def error_and_farewell() -> Network:
    """UW's two lines to one error."""
    reply = b"- Invalid message number given to READ\r\n+ Sayonara\r\n"
    return Network().session(login(), ("READ 99", reply), end="server")


def bare_lf() -> Network:
    """A line that ends as in Unix."""
    return Network().session(login(), (b"READ 1\n", "=5 characters in message 1"))


def bare_lf_in_mail() -> Network:
    """Such lines in a mail."""
    return Network().session(login(), *read(mail(text=b"one\ntwo\n")))


def long_line() -> Network:
    """A password of 600 characters."""
    return Network().session(refused(password="x" * 600), end="server")


def longest_line() -> Network:
    """A line of exactly 512 octets with its end."""
    return Network().session(refused(password="x" * (512 - len("HELO fred \r\n"))), end="server")


def non_ascii() -> Network:
    """A folder in German."""
    return Network().session(login(), fold("Entwürfe", "#1 messages in /var/mail/fred"))


def non_ascii_mail() -> Network:
    """A mail in German."""
    return Network().session(login(), *read(mail(text="Grüße\r\n".encode())))


def terminal_escape() -> Network:
    """A greeting that clears the screen."""
    return Network().session(login(), greeting="+ POP2 dog-house.example \x1b[2J server ready")


def escape_in_mail() -> Network:
    """A mail that does."""
    return Network().session(login(), *read(mail(text=b"\x1b[2J\r\n")))


_POP3 = "+OK POP3 server ready"


def in_use() -> Network:
    """The right password, for a mailbox that somebody has open."""
    turns = [("USER fred", "+OK"), ("PASS pass-word", "-ERR [IN-USE] mailbox locked"), ("QUIT", "+OK")]
    return Network().session(*turns, greeting=_POP3)


def wrong_code() -> Network:
    """A code that says that the password was wrong."""
    turns = [("USER fred", "+OK"), ("PASS pass-word", "-ERR [AUTH] no"), ("QUIT", "+OK")]
    return Network().session(*turns, greeting=_POP3)


def pop3(*turns: Turn, user: str = "fred", messages: int = 2) -> list[Turn]:
    """Log in as POP3 has it, and say what else there is to say."""
    stat = ("STAT", f"+OK {messages} {messages * 20}")
    return [(f"USER {user}", "+OK"), ("PASS pass-word", "+OK logged in"), stat, *turns]


def dot(*lines: str) -> bytes:
    """Return a reply of several lines."""
    return "\r\n".join(["+OK", *lines, ".", ""]).encode()


def retr(number: int, letter: bytes | None = None) -> Turn:
    """Fetch a message."""
    content = mail() if letter is None else letter
    return f"RETR {number}", f"+OK {len(content)} octets\r\n".encode() + content + b".\r\n"


def tops(messages: int) -> list[Turn]:
    """Look at the headers of so many messages."""
    return [(f"TOP {number} 0", dot("Subject: x", "")) for number in range(1, messages + 1)]


def said(*turns: Turn, greeting: str = _POP3, net: Network | None = None) -> Network:
    """Hold a session of POP3, in a network where there is one already."""
    return (net or Network()).session(*turns, ("QUIT", "+OK bye"), greeting=greeting, after=4, end="server")


def apop() -> Network:
    """A digest of the greeting's timestamp and the password."""
    digest = "c4c9334bac560ecc979e58001b3e22fb"  # RFC 1939, section 7
    return said((f"APOP mrose {digest}", "+OK"), greeting="+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>")


def given_up() -> Network:
    """A challenge that the client does not answer."""
    return said(("AUTH CRAM-MD5", "+ PDE4OTYuNjk3MTcwOTUyQGRiYz4="), ("*", "-ERR cancelled"))


def token() -> Network:
    """An access token."""
    return said(("AUTH XOAUTH2 dXNlcj1mcmVkAWF1dGg9QmVhcmVyIHRva2VuLTEyMwEB", "+OK"))


def token_refused_unsent() -> Network:
    """The server does not know the mechanism, and the client has sent no token yet."""
    return said(("AUTH XOAUTH2", "-ERR unknown"))


def _refused_as(*turns: tuple[str, str]) -> Network:
    net = Network()
    for user, text in turns:
        said((f"USER {user}", "+OK"), ("PASS rain-1", f"-ERR {text}"), net=net)
    return net


def telling_refusals() -> Network:
    """One of three users is there."""
    return _refused_as(("ada", "no such user"), ("bert", "no such user"), ("fred", "wrong password"))


def same_refusals() -> Network:
    """The words differ in what is the user's or the session's own."""
    return _refused_as(
        ("ada", "[AUTH] ada: no <1.7>"), ("bert", "[AUTH] bert: no <2.9>"), ("fred", "[AUTH] fred: no <3>")
    )


def format_string() -> Network:
    """What has the server write to its memory, if it prints the name so."""
    return said(("USER %n%n%s", "+OK"))


def percent() -> Network:
    """A password with a percent sign before an n."""
    return said(("USER fred", "+OK"), ("PASS 100%new", "+OK"))


def sql_name() -> Network:
    """A name that is always true."""
    return said(("USER ' or 1=1", "+OK"), ("PASS x", "-ERR"))


def irish_name() -> Network:
    """A name with an apostrophe."""
    return said(("USER o'ryan", "+OK"), ("PASS pass-word", "+OK"))


def number_wrap() -> Network:
    """Message 1, modulo 2 to the 32nd."""
    return said(*pop3(retr(4294967297)))


def large_number() -> Network:
    """As many lines of a message as fetchmail asks for."""
    return said(*pop3(("TOP 1 99999999", retr(1)[1])))


def size_mismatch() -> Network:
    """A message of which the middle is missing."""
    return said(*pop3(("RETR 1", f"+OK {len(mail()) + 100} octets\r\n".encode() + mail() + b".\r\n")))


def final_line_end() -> Network:
    """A message that has no line end on the server's disk."""
    return said(*pop3(("RETR 1", f"+OK {len(mail()) - 2} octets\r\n".encode() + mail() + b".\r\n")))


def unstuffed_dot() -> Network:
    """A dot in the message that the server did not double."""
    return said(*pop3(retr(1, mail(text=b"one\r\n.\r\ntwo\r\n"))))


def stuffed_dot() -> Network:
    """The same, doubled."""
    return said(*pop3(retr(1, mail(text=b"one\r\n..\r\ntwo\r\n"))))


def nul() -> Network:
    """A password of which the server may see the first half."""
    return said(("USER fred", "+OK"), (b"PASS pass-word\0x\r\n", "+OK"))


def nul_in_mail() -> Network:
    """NUL in a mail."""
    return said(*pop3(retr(1, mail(text=b"a\0b\r\n"))))


def unanswered() -> Network:
    """A password with NUL that the server does not answer, as Courier's does not; what comes answers QUIT."""
    net = Network()
    talk = net.call().handshake().server(octets(_POP3)).client(b"USER fred\r\n").client(b"PASS pass\0word\r\n")
    talk.server(b"+OK Password required.\r\n").client(b"QUIT\r\n").server(b"+OK Better luck next time.\r\n")
    return net.take(talk.close("server"))


def no_tls_here() -> Network:
    """TLS for one, none for another, who leaves."""
    return _without_tls()


def tls_stripped() -> Network:
    """TLS for one, none for another, who logs in."""
    return _without_tls(("USER fred", "+OK"), ("PASS pass-word", "+OK"))


def no_tls_at_all() -> Network:
    """A server that has no TLS for anybody."""
    net = Network()
    for _ in range(2):
        said(("CAPA", dot("USER", "UIDL")), *pop3(), net=net)
    return net


def tls_for_all() -> Network:
    """TLS for all; after the login the server does not list it any more."""
    return said(("CAPA", dot("USER", "STLS")), *pop3(("CAPA", dot("USER", "UIDL"))))


def _without_tls(*turns: Turn) -> Network:
    return said(("CAPA", dot("USER", "UIDL")), *turns, net=said(("CAPA", dot("USER", "STLS"))))


def tls_on_plain_port() -> Network:
    """A ClientHello to a server that waits for commands."""
    return Network().session((b"\x16\x03\x01\x00\x02hi", "-ERR what?"), greeting=_POP3, end="client")


def plain_on_tls_port() -> Network:
    """A password for a server that waits for TLS."""
    turns: list[Turn] = [("CAPA", None), ("USER fred", None), ("PASS pass-word", None)]
    return Network().session(*turns, greeting=None, port=995, end="server")


def plain_on_its_port() -> Network:
    """The same for a server that takes it."""
    return said(*pop3())


def headers_only() -> Network:
    """The headers of all five messages, and no more."""
    return said(*pop3(*tops(5), messages=5))


def some_headers() -> Network:
    """The headers of what is new."""
    return said(*pop3(*tops(5), messages=9))


def selective() -> Network:
    """The headers of all, and one message of them."""
    return said(*pop3(*tops(5), retr(3), messages=5))


def all_but_one() -> Network:
    """The headers of all, and then nearly all."""
    return said(*pop3(*tops(5), *(retr(number) for number in range(1, 5)), messages=5))


_UIDL: Turn = ("UIDL", dot("1 aaa", "2 bbb"))


def delete_unread() -> Network:
    """A message that nobody has read."""
    return said(*pop3(_UIDL, ("DELE 2", "+OK")))


def delete_read() -> Network:
    """A message that was read in the session before."""
    return said(*pop3(_UIDL, ("DELE 2", "+OK")), net=said(*pop3(_UIDL, retr(2))))


def capa_probe() -> Network:
    """What can you do?"""
    return said(("CAPA", dot("USER", "UIDL")))


def capa_and_login() -> Network:
    """What can you do? Then let me in."""
    return said(("CAPA", dot("USER", "UIDL")), *pop3())


_CHALLENGE: Turn = (
    "TlRMTVNTUAABAAAAB4IIAAAAAAAAAAAAAAAAAAAAAAA=",
    "+ TlRMTVNTUAACAAAADAAMADgAAAAFgooCASNFZ4mrze8AAAAAAAAAAAAAAABEAAAAUQBVAEEAUgBSAFkA",
)


def ntlm_info() -> Network:
    """A challenge with the name of the domain, and goodbye."""
    return said(("AUTH NTLM", "+ "), _CHALLENGE, ("*", "-ERR"))


def ntlm_unknown() -> Network:
    """A server that does not know NTLM."""
    return said(("AUTH NTLM", "-ERR unknown"))


def held() -> Network:
    """Twenty connections for two minutes."""
    return _held(20)


def few_held() -> Network:
    """Nineteen."""
    return _held(19)


def _held(connections: int) -> Network:
    net = Network()
    for _ in range(connections):
        talk = net.call(after=1).handshake().server(octets(_POP3)).acknowledge("client")
        net.take(talk.pause(120_000 * MILLISECOND).client(b"NOOP\r\n").server(b"-ERR log in\r\n").close("server"))
    return net


def too_many() -> Network:
    """The server has had enough."""
    text = "-ERR [SYS/TEMP] Maximum number of connections from user+IP exceeded"
    return said(("USER fred", "+OK"), ("PASS pass-word", text))


def tls_injection() -> Network:
    """A command behind STLS, and then a ClientHello."""
    return Network().session(("STLS\r\nUSER eve\r\n\x16\x03\x01\x00\x02hi", "+OK begin TLS"), greeting=_POP3)


def tls_alone() -> Network:
    """STLS, and then a ClientHello."""
    return Network().session(("STLS", "+OK begin TLS"), ("\x16\x03\x01\x00\x02hi", None), greeting=_POP3)


def no_tls() -> Network:
    """STLS, and then a command."""
    return Network().session(("STLS", "+OK begin TLS"), ("USER eve", None), greeting=_POP3, end="client")


# The mail ------------------------------------------------------------------------------------------


def bulk_read() -> Network:
    """A folder of twenty messages read by one who also looked around."""
    return Network().session(login(messages=20), *read_all(20), fold("/etc/passwd", "#1 messages in /etc/passwd"))


def new_mail() -> Network:
    """Twenty messages read by one who did nothing else."""
    return Network().session(login(messages=20), *read_all(20))


def mass_delete() -> Network:
    """A guessed password; then all is deleted."""
    net = guessed()
    return net.session(login(password=PASSWORDS[3], messages=5), *read_all(5, "ACKD"))


def delete_some() -> Network:
    """Four of five are deleted, after a guessed password."""
    net = guessed()
    return net.session(login(password=PASSWORDS[3], messages=5), *read_all(4, "ACKD"))


def uncommitted() -> Network:
    """ACKD, and the connection ends."""
    return Network().session(login(), *read(mail(), acknowledge="ACKD"), end="client")


def committed_unheard() -> Network:
    """ACKD, QUIT, and the client is gone before the farewell, as popclient is."""
    net = Network()
    talk = net.call().handshake().server(octets(GREETING))
    for command, reply in (login(), *read(mail(), acknowledge="ACKD")):
        talk.client(octets(command)).server(octets(reply))
    return net.take(talk.client(b"QUIT\r\n", fin=True).server(octets(SAYONARA)).reset("client"))


# The servers ---------------------------------------------------------------------------------------


def banner_grab() -> Network:
    """The greeting is enough."""
    return Network().session(end="client")


def capture_ends() -> Network:
    """The capture ends after the greeting: what followed is not known."""
    return Network().session(end="open")


def scan() -> Network:
    """Ten servers, on which nothing listens."""
    return _knock(10)


def few_servers() -> Network:
    """Nine of them."""
    return _knock(9)


def _knock(servers: int) -> Network:
    net = Network()
    for number in range(servers):
        net.take(net.call(server=f"198.51.100.{number + 1}", after=0.05).refused())
    return net


def port_scan() -> Network:
    """What nmap sends to a port for -sS, -sF, -sN and -sX."""
    net = Network()
    syn, answer, rest = net.call().handshake().packets
    net.packets += [syn, answer, replace(rest, flags=RST, ack=0)]
    for place, flags in enumerate((FIN, 0, FIN | PSH | URG), 1):
        source = (syn.source[0], syn.source[1] + place)
        net.packets.append(replace(syn, time=syn.time + place * 1000 * MILLISECOND, source=source, flags=flags))
    return net


def connect_and_leave() -> Network:
    """Connections that are completed, and then closed or reset; one that is refused; and a late FIN."""
    net = Network()
    net.take(net.call(after=1).handshake().close("client")).take(net.call(after=1).handshake().reset("client"))
    net.take(net.call(after=1).refused())
    late = net.call(after=1).handshake().close("client")
    net.packets += [packet for packet in late.packets if packet.flags & FIN]
    return net


def syn_flood() -> Network:
    """A hundred connections from as many addresses in a second, none of which is completed."""
    return _flood(0.009)


def slow_flood() -> Network:
    """As many in ten seconds."""
    return _flood(0.1)


def _flood(apart: float) -> Network:
    net = Network()
    for number in range(100):
        talk = net.call(client=f"203.0.113.{number + 1}", after=apart).handshake()
        net.packets += talk.packets[:2]
    net.packets.sort(key=lambda packet: packet.time)
    return net


def ssh() -> Network:
    """A secure shell out of the way."""
    return Network().session(
        ("SSH-2.0-dropbear", b"\0\0\1\x4c" + b"\x14" * 64), greeting="SSH-2.0-dropbear", end="client"
    )


def rfc918() -> Network:
    """The predecessor, which has the same port."""
    return Network().session(
        ("USER fred", "+OK"),
        ("PASS lantern-7", "+OK"),
        ("RETR mbox", "#0 octets"),
        ("QUIT", "+OK"),
        greeting="+OK POP server",
        end="server",
    )


def elsewhere() -> Network:
    """POP2 on port 10109."""
    return Network().session(login(), port=10109)


def died() -> Network:
    """A server that is killed in the middle of three messages; once it has time to say so."""
    return _cut_short("server", "server", b"- Killed (terminated)\r\n")


def gave_up() -> Network:
    """A client that gives up in the middle of a message, twice, and a server that does once."""
    return _cut_short("client", "client", b"")


def _cut_short(first: Ending, second: Ending, said: bytes) -> Network:
    net, half = Network(), mail()[:-9]
    for end, more in ((first, b""), ("server", said), (second, b"")):
        turns: list[Turn] = [login(), ("READ 1", f"={len(mail())} characters in message 1"), ("RETR", half + more)]
        net.session(*turns, end=end)
    return net


def vulnerable() -> Network:
    """Version 4.46, which gives out any file."""
    return Network().session(login(), greeting="+ POP2 dog-house.example v4.46 server ready")


def corrected_version() -> Network:
    """Version 4.56."""
    return Network().session(login(), greeting="+ POP2 dog-house.example v4.56 server ready")


def conflict() -> Network:
    """A forged copy of a reply, just before the real one."""
    net = retransmission()
    copies = [place for place, packet in enumerate(net.packets) if packet.mark == "retransmission"]
    packet = net.packets[copies[0]]
    net.packets[copies[0]] = replace(packet, payload=packet.payload.replace(b"#2", b"#7"), mark="forged")
    return net


def retransmission() -> Network:
    """The same octets twice."""
    net = Network().session(login())
    place = next(place for place, packet in enumerate(net.packets) if packet.payload.startswith(b"#2"))
    packet = net.packets[place]
    copy = replace(packet, time=packet.time + MILLISECOND // 10, mark="retransmission")
    net.packets.insert(place + 1, copy)
    return net


class Case(NamedTuple):
    """What raises a finding, and what does not."""

    raises: Callable[[], Network]
    near_miss: Callable[[], Network]


CASES: dict[str, Case] = {
    "auth.cleartext": Case(cleartext, no_login),
    "auth.failed": Case(failed, no_password),
    "auth.valid_but_refused": Case(in_use, wrong_code),
    "auth.weak_challenge": Case(apop, given_up),
    "auth.token": Case(token, token_refused_unsent),
    "auth.enum_by_text": Case(telling_refusals, same_refusals),
    "auth.bruteforce": Case(brute_force, slow_tries),
    "auth.retry_stale": Case(stale, stale_corrected),
    "auth.spray": Case(spray, shared_password),
    "auth.spray_success": Case(spray_success, spray_from_a_gateway),
    "auth.user_enum": Case(user_enum, many_accounts),
    "auth.success_after_fail": Case(guessed, typo),
    "auth.weak": Case(weak, weak_refused),
    "proxy.helo": Case(proxy_helo, decnet),
    "proxy.fold_remote": Case(remote, braces),
    "proxy.own_host": Case(proxy_to_own_host, proxy_helo),
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
    "exploit.format_string": Case(format_string, percent),
    "exploit.user_name": Case(sql_name, irish_name),
    "exploit.number_wrap": Case(number_wrap, large_number),
    "protocol.state": Case(wrong_state, read_twice),
    "protocol.unknown_command": Case(unknown_command, small_letters),
    "protocol.syntax": Case(syntax, two_blanks),
    "protocol.pre_greeting": Case(pre_greeting, cleartext),
    "protocol.pipelining": Case(pipelining, in_pieces),
    "protocol.length_mismatch": Case(too_long, lost_part),
    "protocol.size_mismatch": Case(size_mismatch, final_line_end),
    "protocol.unstuffed_dot": Case(unstuffed_dot, stuffed_dot),
    "protocol.reply_injection": Case(reply_injection, error_and_farewell),
    "protocol.bare_lf": Case(bare_lf, bare_lf_in_mail),
    "protocol.long_line": Case(long_line, longest_line),
    "protocol.nul": Case(nul, nul_in_mail),
    "protocol.unanswered": Case(unanswered, cleartext),
    "protocol.non_ascii": Case(non_ascii, non_ascii_mail),
    "protocol.terminal_escape": Case(terminal_escape, escape_in_mail),
    "tls.injection": Case(tls_injection, tls_alone),
    "tls.plaintext_after_stls": Case(no_tls, tls_alone),
    "tls.none": Case(no_tls_here, no_tls_at_all),
    "tls.stripped": Case(tls_stripped, tls_for_all),
    "tls.on_plain_port": Case(tls_on_plain_port, tls_alone),
    "tls.plain_on_tls_port": Case(plain_on_tls_port, plain_on_its_port),
    "data.bulk_read": Case(bulk_read, new_mail),
    "data.headers_only": Case(headers_only, some_headers),
    "data.selective": Case(selective, all_but_one),
    "data.delete_unread": Case(delete_unread, delete_read),
    "data.mass_delete": Case(mass_delete, delete_some),
    "data.delete_uncommitted": Case(uncommitted, committed_unheard),
    "data.read_other_user": Case(other_user, own_by_path),
    "recon.banner_grab": Case(banner_grab, capture_ends),
    "recon.capa_probe": Case(capa_probe, capa_and_login),
    "recon.ntlm_info": Case(ntlm_info, ntlm_unknown),
    "recon.scan": Case(scan, few_servers),
    "recon.port_scan": Case(port_scan, connect_and_leave),
    "dos.syn_flood": Case(syn_flood, slow_flood),
    "dos.slow": Case(held, few_held),
    "dos.connections": Case(too_many, in_use),
    "service.other_protocol": Case(ssh, rfc918),
    "service.elsewhere": Case(elsewhere, cleartext),
    "service.died": Case(died, gave_up),
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
