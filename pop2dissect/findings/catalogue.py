"""The catalogue: every finding there is, what raises it, and what harmless thing looks the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.session import Severity
from pop2dissect.text.values import count


@dataclass(frozen=True, slots=True)
class Declaration:
    """One kind of finding."""

    id: str
    severity: Severity
    title: str
    rule: str
    """What raises it, with the thresholds by their names in braces; :meth:`raised_when` puts in their values."""
    innocent: str
    """What harmless thing looks the same; goes on after "Harmless causes: "."""
    techniques: tuple[str, ...] = ()
    """MITRE ATT&CK v18."""
    reduced: Severity | None = None
    """The severity in the lesser case, which the rule names."""

    def raised_when(self, thresholds: Thresholds) -> str:
        """Return what raises it with these thresholds, in sentences."""
        return self.rule.format_map({name: _Amount(number) for name, number in thresholds.as_dict().items()})


class _Amount(int):
    """A threshold as a rule names it: ``{n}`` gives the number, ``{n:login}`` says of what, ``{n:period}`` how long."""

    def __format__(self, noun: str) -> str:
        if noun == "period":
            for unit, name in ((86_400, "day"), (3600, "hour")):
                if self and self % unit == 0:
                    return count(int(self) // unit, name).replace("1 day", "a day").replace("1 hour", "an hour")
            return count(int(self), "second")
        return count(int(self), noun) if noun else f"{int(self):,}"


def _declare(
    name: str,
    severity: Severity,
    title: str,
    rule: str,
    innocent: str,
    *techniques: str,
    reduced: Severity | None = None,
) -> Declaration:
    return Declaration(name, severity, title, rule, innocent, techniques, reduced)


CATALOGUE: Final[tuple[Declaration, ...]] = (
    _declare(
        "auth.cleartext",
        Severity.MEDIUM,
        "Password sent in clear text",
        "A password crossed the network unencrypted. Once a session.",
        "the protocol has no other way, so this is true of every login; whoever could capture this knows the password",
        "T1040",
    ),
    _declare(
        "auth.failed",
        Severity.LOW,
        "Login refused",
        "A user and a password were given, and the server refused them.",
        "a typo, a changed password, or a mailbox that was locked at that moment",
        "T1110",
    ),
    _declare(
        "auth.valid_but_refused",
        Severity.MEDIUM,
        "Login refused although the password was right",
        "The server refused a login for a reason that it gives only once the password was right: [IN-USE], "
        "[LOGIN-DELAY] (RFC 2449), or Dovecot's limit of connections.",
        "two programs of one user at once, or one that asks too often",
        "T1078",
    ),
    _declare(
        "auth.weak_challenge",
        Severity.MEDIUM,
        "Challenge and proof of a password in clear text",
        "A challenge and the proof that answers it crossed the network unencrypted: APOP, CRAM-MD5, DIGEST-MD5, NTLM "
        "or SCRAM. Once a session.",
        "the password itself did not cross, and a long random one is not found so",
        "T1110.002",
        "T1557",
    ),
    _declare(
        "auth.token",
        Severity.HIGH,
        "Access token sent in clear text",
        "An OAuth token (XOAUTH2, OAUTHBEARER) crossed the network unencrypted. Once a session.",
        "a token that had expired",
        "T1528",
    ),
    _declare(
        "auth.enum_by_text",
        Severity.MEDIUM,
        "The words of a refusal tell which users there are",
        "One client was refused at one server as at least {text_users:user}, always in the same words as one user, and "
        "in other words as another.",
        "a mailbox that is locked or an account that is closed, which is another reason than the password",
        "T1087.003",
    ),
    _declare(
        "auth.bruteforce",
        Severity.HIGH,
        "Passwords guessed for one user",
        "At least {bruteforce_failures:refused login} with at least {bruteforce_passwords:different password}, from "
        "one client, or several that belong together, to one server for one user, within {bruteforce_seconds:period}, "
        "over any number of connections; or, slowly, at least {slow_failures} with at least {slow_passwords} within "
        "{slow_seconds:period}. Several servers count as one where the client tried several passwords on each. Of up "
        "to {slip_failures:refused login}, passwords are not counted that are a slip of the finger away from one that "
        "was accepted, or, where none was, all from each other.",
        "a person trying all passwords that they have ever had; a program under test",
        "T1110.001",
    ),
    _declare(
        "auth.retry_stale",
        Severity.LOW,
        "The same refused password tried again and again",
        "At least {stale_failures:refused login} from one client to one server for one user with fewer than "
        "{bruteforce_passwords:different password}.",
        "nearly always a mail program that keeps polling with a password that was changed",
        "T1110.001",
    ),
    _declare(
        "auth.spray",
        Severity.HIGH,
        "One password tried on many users",
        "One client, or several that belong together, tried the same password, or up to {spray_passwords:password}, on "
        "at least {spray_users:user}, and most were refused.",
        "many users behind one address (NAT, a proxy) whose common default password was changed",
        "T1110.003",
    ),
    _declare(
        "auth.spray_success",
        Severity.HIGH,
        "Let in as one of many users that were tried",
        "A client with auth.spray was let in with a password that was tried on several users; or one with "
        "auth.user_enum was let in. It had not been let in as that user before.",
        "a user behind the same address (NAT, a proxy) who has that password",
        "T1078",
        "T1110.003",
    ),
    _declare(
        "auth.user_enum",
        Severity.MEDIUM,
        "Many user names tried",
        "One client tried at least {enumeration_users:user}, most of which were refused every time.",
        "a program that polls many accounts, or a proxy of many users, while the server cannot check passwords",
        "T1087.003",
    ),
    _declare(
        "auth.success_after_fail",
        Severity.HIGH,
        "Login accepted after many wrong passwords",
        "A password was accepted for the first time after at least {success_failures:refusal} with at least "
        "{success_passwords:different password}, from the same client, or several that belong together, to the same "
        "server for the same user, within {success_seconds:period}. Passwords are counted as for auth.bruteforce.",
        "a person who found the right one of several passwords",
        "T1078",
    ),
    _declare(
        "auth.weak",
        Severity.LOW,
        "Weak password in use",
        "A password that is empty, equals the user's name, or has at most {weak_length:character}, and was not "
        "refused.",
        "a test account; a server that ignores the password",
        "T1110.001",
    ),
    _declare(
        "proxy.helo",
        Severity.MEDIUM,
        "Login to another host through the server",
        "The user of HELO has a colon: UW's server then logs in at the host before it (anonymous proxy).",
        "a front end that is meant to be used so; a user name that happens to have a colon "
        "(DECnet's node::user is left out)",
        "T1090",
    ),
    _declare(
        "proxy.fold_remote",
        Severity.HIGH,
        "Mailbox on another host opened through the server",
        "The mailbox of FOLD begins with {{: UW's server then connects to the host in braces.",
        "a front end that is meant to be used so",
        "T1090",
    ),
    _declare(
        "proxy.own_host",
        Severity.HIGH,
        "Server asked to connect to the attacker's host",
        "HELO or FOLD had the server connect to the address of the client itself, or of another client with findings "
        "of auth.bruteforce, auth.spray, auth.success_after_fail, file.read_confirmed or the exploit family.",
        "a test of the proxy by its administrator",
        "T1090",
    ),
    _declare(
        "exploit.rsh_arg",
        Severity.CRITICAL,
        "Host name made to run a command (CVE-2018-19518, CVE-2005-2933)",
        "The braces of a remote mailbox, or the host of a proxied login, hold white space, an option like -o, "
        "or a quotation mark that is not closed.",
        "a mailbox name that was cut or mistyped",
        "T1190",
    ),
    _declare(
        "file.absolute",
        Severity.MEDIUM,
        "Folder named by a path outside of the user's mail",
        "FOLD of an absolute path that is neither in a mail spool nor in the user's home; also another user's "
        "mailbox in a spool that was not opened.",
        "a folder of a shared or unusual mail store, configured by its full path",
        "T1083",
    ),
    _declare(
        "file.traversal",
        Severity.HIGH,
        "Folder name that leaves the user's directory",
        "FOLD with .., //, ~ and another user's name, a namespace like #ftp/, a NUL octet, or these percent-encoded.",
        "a client that joins a path and a name with one slash too many; a folder that its owner shares",
        "T1083",
    ),
    _declare(
        "file.sensitive",
        Severity.HIGH,
        "System file or credentials asked for as a folder",
        "FOLD of passwd, shadow, .ssh, .rhosts, /proc and the like, and the server opened it. Medium where it did not.",
        "a folder that happens to have such a name",
        "T1005",
        "T1003.008",
        reduced=Severity.MEDIUM,
    ),
    _declare(
        "file.read_confirmed",
        Severity.CRITICAL,
        "File that is no mailbox was read (BID 1484)",
        "After such a FOLD (file.absolute, file.traversal, file.sensitive) a message was sent whose Subject is the "
        "file's path: the header that UW's server makes up for files that are no mailboxes.",
        "a mail about that very path in a folder of that very name",
        "T1005",
    ),
    _declare(
        "file.probe_sweep",
        Severity.MEDIUM,
        "Many folders tried that are not there",
        "One client and user asked one server for at least {sweep_folders:different folder} that were answered by #0 "
        "or by another mailbox.",
        "a client that asks for a fixed list of folders; the usual names (drafts, sent ...), and empty folders that "
        "the server names as asked, are left out",
        "T1083",
    ),
    _declare(
        "exploit.overlong",
        Severity.HIGH,
        "Overlong command of a kind that servers were broken into by",
        "FOLD with an argument of at least {overlong_fold:octet} (CVE-1999-0920), a user with a name of as many, or, "
        "where RFC 2449 sets the limit, any command line of more than 255 octets (CVE-2003-0264 and others), of SASL "
        "12,288. Other long commands are protocol.long_line.",
        "a deeply nested folder; a long password; a test of the server's limits",
        "T1190",
    ),
    _declare(
        "exploit.nop_sled",
        Severity.CRITICAL,
        "Machine code padding in a command",
        "At least {nop_run:octet} 0x90 in a row, or one group of 4 octets that is no text at least "
        "{address_repeats:time} in a row, in a command (never in mail).",
        "a client that sends another protocol's binary data",
        "T1190",
    ),
    _declare(
        "exploit.shellcode",
        Severity.CRITICAL,
        "Machine code or a shell's path in a command",
        "Known exploit code in a command, or the path of a shell together with octets that are no text, characters "
        "that shells interpret, or a great length (never in mail).",
        "a test of an intrusion detection system",
        "T1190",
    ),
    _declare(
        "exploit.post_shell",
        Severity.CRITICAL,
        "Commands of a shell after an exploit",
        "After such a line (overlong, nop_sled, shellcode) the client sends lines that are no POP2, and the server "
        "answers with what is no reply.",
        "a server that went wrong and echoes; gaps in the capture are left out",
        "T1059.004",
    ),
    _declare(
        "exploit.crash",
        Severity.HIGH,
        "Server gone after an overlong command",
        "An overlong command was the last, and the server closed or reset the connection without a word.",
        "packets missing from the capture; a server that drops such connections on purpose",
        "T1499.004",
    ),
    _declare(
        "exploit.format_string",
        Severity.HIGH,
        "Format directives in a command",
        "A command holds %n, or several directives like %s%s or %x%x in a row; in a password only several in a row.",
        "a password or a folder that happens to hold them",
        "T1190",
    ),
    _declare(
        "exploit.user_name",
        Severity.MEDIUM,
        "User name made for a database, a shell or a path",
        "The user of a login holds ' or with a comparison, a comment of SQL, ; ` or $(, ../ or /etc/.",
        "an odd but legal name",
        "T1190",
        "T1083",
    ),
    _declare(
        "exploit.number_wrap",
        Severity.MEDIUM,
        "Message number beyond 31 bits or below zero",
        "A command names a message or counts lines by a number below 0 or of at least 2,147,483,648, which servers may "
        "take for another one: 4294967297 is message 1 at Courier.",
        "a program with a fault; a test of the server",
        "T1190",
    ),
    _declare(
        "protocol.state",
        Severity.LOW,
        "Command not allowed in this state",
        "A command that the state table of RFC 937 (or RFC 918) does not have in the server's state.",
        "clients written for a server that is less strict",
    ),
    _declare(
        "protocol.unknown_command",
        Severity.LOW,
        "Unknown command",
        "A line that is no command of the protocol.",
        "a client of another protocol; a typo of someone who types the commands",
    ),
    _declare(
        "protocol.syntax",
        Severity.LOW,
        "Arguments not as the protocol has them",
        "A command with too few, too many or malformed arguments.",
        "clients and servers of that time differ in what they take",
    ),
    _declare(
        "protocol.pre_greeting",
        Severity.MEDIUM,
        "Client spoke before the server's greeting",
        "The client sent data before it had received the greeting.",
        "a capture that has packets out of order; a scanner that sends its probe at once",
    ),
    _declare(
        "protocol.pipelining",
        Severity.LOW,
        "Command sent before the last one was answered",
        "The client did not wait for the reply to a command.",
        "a client in a hurry; acknowledgements that are missing from the capture",
    ),
    _declare(
        "protocol.length_mismatch",
        Severity.MEDIUM,
        "Message not as long as announced",
        "The octets that came after RETR are not as many as the last = reply announced, and none is missing from "
        "the capture.",
        "UW's server passes on wrong sizes of an IMAP server behind it; a message that was cut off by its end",
        "T1565.002",
    ),
    _declare(
        "protocol.size_mismatch",
        Severity.INFO,
        "Message not of the size that was declared",
        "A message that ends with its dot has another size than the server declared, by other than two octets or the "
        "number of its lines, which are what servers leave out.",
        "a server that declares what it has on disk, before it adds a header or wraps the message",
        "T1565.002",
    ),
    _declare(
        "protocol.unstuffed_dot",
        Severity.MEDIUM,
        "Text behind the dot that ended a message",
        "Behind a line of one dot, which ends a message, the server sent lines that are no replies: it does not double "
        "the dots of the text, so that what follows in the message can pass for its replies.",
        "a server with a fault",
        "T1565.002",
    ),
    _declare(
        "protocol.reply_injection",
        Severity.MEDIUM,
        "Server text where no reply is due",
        "The server sent a line that no command asked for, or two replies to one command.",
        "a server that says goodbye in its own way (UW's error and farewell are left out)",
        "T1557",
    ),
    _declare(
        "protocol.bare_lf",
        Severity.LOW,
        "Line without carriage return",
        "A line of either end outside of mail ends with LF alone.",
        "a person at a terminal, or a simple script",
    ),
    _declare(
        "protocol.long_line",
        Severity.LOW,
        "Line longer than the protocol allows",
        "A command or reply of more than 512 octets; FOLD is exploit.overlong.",
        "a long password or path",
    ),
    _declare(
        "protocol.nul",
        Severity.LOW,
        "NUL octet outside of mail",
        "A command or reply has an octet 0, at which some servers end the line: what follows is then not looked at.",
        "a client of another protocol",
    ),
    _declare(
        "protocol.unanswered",
        Severity.LOW,
        "Command that the server left without an answer",
        "The server had received a command and sent nothing until it had the next one, which it then answered.",
        "a server that ignores what it does not know",
    ),
    _declare(
        "protocol.non_ascii",
        Severity.MEDIUM,
        "Octets beyond ASCII outside of mail",
        "A command or reply has octets above 127.",
        "a user name, password or folder in a national character set",
    ),
    _declare(
        "protocol.terminal_escape",
        Severity.MEDIUM,
        "Control characters outside of mail",
        "A command or reply has control characters, which can deceive whoever reads them on a terminal.",
        "a client of another protocol; a key pressed by mistake",
        "T1565.002",
    ),
    _declare(
        "tls.injection",
        Severity.HIGH,
        "Plain text between STLS and TLS",
        "The client sent lines in plain text after STLS and before TLS, or the server did. Some servers run such lines "
        "inside the TLS session (CVE-2011-0411).",
        "a client that sends several commands at once",
        "T1557",
    ),
    _declare(
        "tls.plaintext_after_stls",
        Severity.LOW,
        "Plain text instead of TLS",
        "The server agreed to STLS, and the client went on in plain text and never began TLS.",
        "a client that gives up TLS when it does not like the certificate; a script",
    ),
    _declare(
        "tls.none",
        Severity.MEDIUM,
        "No TLS from a server that has it",
        "The server did not list STLS among its capabilities, or refused it, and had it for others.",
        "a server that was set up anew in the meantime; several servers behind one address",
        "T1557",
    ),
    _declare(
        "tls.stripped",
        Severity.HIGH,
        "TLS kept from the client, and a password sent in clear text",
        "As tls.none, and the client then sent a password in clear text; or the capability was written over.",
        "a server that was set up anew in the meantime; several servers behind one address",
        "T1557",
    ),
    _declare(
        "tls.on_plain_port",
        Severity.LOW,
        "TLS on a port for plain text",
        "The client began with TLS on a port where a post office protocol is spoken in plain text.",
        "a mail program that is set up wrongly; a scanner",
    ),
    _declare(
        "tls.plain_on_tls_port",
        Severity.LOW,
        "Plain text on a port for TLS",
        "The client sent commands in plain text to a port of TLS. User and password are then on the wire, whatever "
        "the server does.",
        "a mail program that is set up wrongly; a scanner",
    ),
    _declare(
        "data.bulk_read",
        Severity.MEDIUM,
        "Nearly all of a folder read",
        "At least {bulk_percent} % of a folder of at least {bulk_messages:message} was read, by a client and user with "
        "a finding of the auth (guessing), file, exploit, proxy or recon families or data.read_other_user, or from an "
        "address that was new for the user, who had logged in from another one before.",
        "a mail program that fetches new mail, by the user whose account was also attacked from the same address; "
        "a user who is on a journey",
        "T1114.002",
    ),
    _declare(
        "data.headers_only",
        Severity.LOW,
        "Headers of all messages looked at, and none read",
        "TOP asked for the headers of at least {headers_messages:message}, at least {bulk_percent} % of the mailbox, "
        "and no message was read or deleted.",
        "mutt, alpine and s-nail show the list of messages so",
        "T1114.002",
    ),
    _declare(
        "data.selective",
        Severity.MEDIUM,
        "A few chosen messages read or deleted",
        "After TOP of at least {headers_messages:message}, at least {bulk_percent} % of the mailbox, at most half of "
        "the messages were read or deleted.",
        "a person who reads mail by hand with mutt, alpine or s-nail",
        "T1114.002",
    ),
    _declare(
        "data.delete_unread",
        Severity.MEDIUM,
        "Messages deleted unread",
        "Deletions were committed of messages that were not fetched in that session or, by their unique-ids, in an "
        "earlier one.",
        "a filter that deletes by what TOP shows; messages that were fetched before the capture began",
        "T1070.008",
    ),
    _declare(
        "data.mass_delete",
        Severity.HIGH,
        "All of a folder deleted",
        "All of at least {wipe_messages:message} of a folder were deleted and the deletion was committed, unread or by "
        "a client and user with a finding of the auth (guessing), file or exploit families. Else info.",
        "the default of many mail programs, which fetch and delete",
        "T1070.008",
        reduced=Severity.INFO,
    ),
    _declare(
        "data.delete_uncommitted",
        Severity.INFO,
        "Deletion that was never committed",
        "A message was acknowledged by ACKD, or marked by DELE, but no QUIT or FOLD followed that the server accepted.",
        "a connection that broke off; UW's server may still keep the mark",
    ),
    _declare(
        "data.read_other_user",
        Severity.HIGH,
        "Mailbox of another user opened",
        "FOLD opened a mailbox with messages whose path names another user than the one logged in.",
        "a mailbox that is shared on purpose",
        "T1114.002",
    ),
    _declare(
        "recon.banner_grab",
        Severity.LOW,
        "Greeting taken and nothing asked",
        "The server greeted, and the client left without trying to log in.",
        "a health check; a person who looks whether the server is up",
        "T1046",
    ),
    _declare(
        "recon.capa_probe",
        Severity.LOW,
        "Capabilities asked for and nothing else",
        "The client asked what the server can do (CAPA, AUTH alone, HELP), and left without trying to log in or TLS.",
        "a health check; a mail program that is being set up",
        "T1046",
        "T1592.002",
    ),
    _declare(
        "recon.ntlm_info",
        Severity.LOW,
        "Server made to tell its Windows names",
        "The client began NTLM, took the server's challenge, which names host and domain, and did not go on.",
        "a mail program that gave up",
        "T1592.002",
    ),
    _declare(
        "recon.scan",
        Severity.MEDIUM,
        "Many servers probed by one source",
        "One source touched at least {scan_servers:server} without logging in.",
        "an inventory or monitoring system",
        "T1046",
        "T1595",
    ),
    _declare(
        "recon.port_scan",
        Severity.MEDIUM,
        "Port scanned without a connection",
        "A client sent a segment with neither SYN, RST nor ACK (a FIN, NULL or Xmas scan), or a SYN whose answer it "
        "reset before anything else.",
        "a load balancer or monitor that checks the port so; an address that somebody else forged",
        "T1046",
        "T1595",
    ),
    _declare(
        "dos.syn_flood",
        Severity.HIGH,
        "Flood of half-open connections",
        "At least {flood_rate:connection} to one server were begun within one second and never completed.",
        "a capture that lost the clients' packets or saw one direction only; a fast port scan of one host",
        "T1499.001",
    ),
    _declare(
        "dos.slow",
        Severity.MEDIUM,
        "Many connections held open without a login",
        "One client held at least {slow_connections:connection} to one server open at once, each for at least "
        "{held_seconds:period} and without trying to log in.",
        "a monitoring system that does not close; many users behind one address",
        "T1499",
    ),
    _declare(
        "dos.connections",
        Severity.MEDIUM,
        "Server refuses for too many connections",
        "The server said that there are too many connections or logins.",
        "a mail program that polls several folders or accounts at once",
        "T1499",
    ),
    _declare(
        "service.other_protocol",
        Severity.INFO,
        "Another protocol on POP2's port",
        "A server on port 109 speaks something else than POP2 or its predecessor (RFC 918).",
        "a server put there on purpose, to be out of the way",
        "T1571",
    ),
    _declare(
        "service.elsewhere",
        Severity.MEDIUM,
        "Post office protocol on another port",
        "POP2 is spoken on a port other than 109, or POP3 on one other than 110 (on 109 it is service.other_protocol).",
        "a server put there on purpose",
        "T1571",
    ),
    _declare(
        "service.died",
        Severity.MEDIUM,
        "Server broke off in the middle of messages",
        "At least {server_deaths:message} of one server stop short of their end, where it said that it was killed or "
        "ended the connection before the client did.",
        "an administrator who stops the server; a load balancer that closes connections; a mailbox that is locked",
        "T1499.004",
    ),
    _declare(
        "service.vulnerable_banner",
        Severity.MEDIUM,
        "Server calls itself a vulnerable version",
        "The greeting is that of UW's ipop2d with a version up to v4.55 (CVE-1999-0920, BID 1484).",
        "a corrected program that kept its number",
        "T1190",
    ),
    _declare(
        "tcp.overlap_conflict",
        Severity.HIGH,
        "Two versions of the same octets",
        "Two segments carry different octets for the same place of the stream: an injection, or an attempt to show "
        "the analyser something else than the receiver.",
        "broken hardware or a broken capture",
        "T1557",
    ),
)
"""In the order of the families: what is tried, what is reached, what is seen of the server and of TCP."""

BY_ID: Final[dict[str, Declaration]] = {declaration.id: declaration for declaration in CATALOGUE}


def catalogue_lines() -> Iterator[str]:
    """Yield the catalogue as lines of text for a terminal: id, severity and title."""
    width = max(len(declaration.id) for declaration in CATALOGUE)
    for declaration in CATALOGUE:
        yield f"{declaration.id:<{width}}  {_severity(declaration):<12}  {declaration.title}"


def catalogue_rows(thresholds: Thresholds | None = None) -> list[tuple[str, str, str, str, str, str]]:
    """Return the catalogue as rows: id, severity, title, raised when, harmless causes, techniques."""
    return [
        (
            declaration.id,
            _severity(declaration),
            declaration.title,
            declaration.raised_when(thresholds or Thresholds()),
            declaration.innocent,
            ", ".join(declaration.techniques),
        )
        for declaration in CATALOGUE
    ]


def _severity(declaration: Declaration) -> str:
    return declaration.severity if declaration.reduced is None else f"{declaration.reduced}, {declaration.severity}"
