"""What a finding may mean, apart from what was seen: for reports that keep facts and interpretation apart."""

from __future__ import annotations

from typing import Final

from pop2dissect.findings.catalogue import BY_ID
from pop2dissect.session import Finding
from pop2dissect.session.finding import HARMLESS

MEANING: Final[dict[str, str]] = {
    "auth.cleartext": "Anyone on the path of these packets can have read the password and may use it.",
    "auth.failed": "Somebody without the right password tried to log in.",
    "auth.valid_but_refused": "Whoever tried this knows the password, though nobody was let in.",
    "auth.weak_challenge": "Anyone on the path can try passwords against the proof, without asking the server.",
    "auth.token": "Anyone on the path can use the token until it expires.",
    "auth.enum_by_text": "Whoever tried these names knows by the words of the refusals which of them there are.",
    "auth.bruteforce": "Somebody who did not know the user's password tried to find it by guessing.",
    "auth.retry_stale": "A program goes on with a password that no longer holds; hardly a guesser, who would vary it.",
    "auth.spray": "Somebody tried one likely password on many users, which stays below limits that count by user.",
    "auth.spray_success": "The trying succeeded: from here on the account is in the hands of whoever tried.",
    "auth.user_enum": "Somebody tried to find out which users the server has.",
    "auth.success_after_fail": "The guessing succeeded: from here on the account is in the hands of the guesser.",
    "auth.weak": "The password can be guessed in a few tries.",
    "proxy.helo": "The server was used to reach another host, which then sees the server and not the client.",
    "proxy.fold_remote": "The server was used to reach another host, which then sees the server's address and not the "
    "client's; addresses behind a firewall can be reached so.",
    "proxy.own_host": "The server was to connect to a machine of the attacker, which may answer as it likes.",
    "exploit.rsh_arg": "Somebody tried to have the server run a command of their choice through rsh or ssh.",
    "file.absolute": "The client tried to read a file outside of its user's mail.",
    "file.traversal": "The client tried to leave its user's directory, to read what others have there.",
    "file.sensitive": "The client was after files that tell users, passwords, trust between hosts, or services.",
    "file.read_confirmed": "The content of these files left the server; what they hold is known to the client.",
    "file.probe_sweep": "The client searched for files or folders by trying names.",
    "exploit.overlong": "An attempt to overflow a buffer of the server, or a test whether one overflows.",
    "exploit.nop_sled": "An exploit: padding that leads into machine code which the sender wants the server to run.",
    "exploit.shellcode": "An exploit: machine code or a command that the sender wants the server to run.",
    "exploit.post_shell": "The exploit worked: the client types commands into a shell on the server.",
    "exploit.crash": "The exploit made the server fail, or worked in a way that says nothing more on this connection.",
    "exploit.format_string": "An attempt to have the server read or write its memory through a format string.",
    "exploit.user_name": "An attempt to have a database, a shell or the file system take the name for something else.",
    "exploit.number_wrap": "An attempt to reach a message, or memory, that the server keeps from the client.",
    "protocol.state": "A client that does not keep to the protocol; or somebody who explores how the server reacts.",
    "protocol.unknown_command": "A client of another protocol, or somebody who explores what the server takes.",
    "protocol.syntax": "A client that does not keep to the protocol; or somebody who explores how the server reacts.",
    "protocol.pre_greeting": "A program that does not care what the server says: a scanner or an exploit.",
    "protocol.pipelining": "A script that sends a prepared conversation without reading the replies.",
    "protocol.length_mismatch": "The message was altered on its way, or the server's account of it is wrong.",
    "protocol.size_mismatch": "The message was altered on its way, or the server counts in its own way.",
    "protocol.unstuffed_dot": "What a mail holds was taken for replies of the server: mail can forge them.",
    "protocol.reply_injection": "Somebody on the path wrote into the conversation, or the server was made to say more.",
    "protocol.bare_lf": "The conversation was typed or scripted, not made by a mail program.",
    "protocol.long_line": "An attempt to overflow a buffer of the program that reads the line.",
    "protocol.nul": "An attempt to have the server see less of a line than is written in a log.",
    "protocol.unanswered": "Something about the line confused the server.",
    "protocol.non_ascii": "Binary data where text is due: an exploit, or another protocol.",
    "protocol.terminal_escape": "An attempt to deceive whoever looks at the conversation on a terminal.",
    "tls.injection": "Somebody on the path put commands into a session that TLS was to protect.",
    "tls.plaintext_after_stls": "TLS was kept from coming about, so that the conversation could be read.",
    "tls.none": "Somebody on the path may have kept TLS from the client.",
    "tls.stripped": "Somebody on the path kept TLS from the client, to read the password.",
    "tls.on_plain_port": "A program that does not know what the port is for.",
    "tls.plain_on_tls_port": "What TLS was to protect crossed the network in clear text.",
    "data.bulk_read": "The folder was copied as a whole by somebody who behaves unlike its owner.",
    "data.headers_only": "Somebody looked which mail there is, without a trace in the mailbox.",
    "data.selective": "Somebody knew what to look for.",
    "data.delete_unread": "Somebody removed mail that its owner had not read.",
    "data.mass_delete": "The folder was emptied: to do harm, or to remove traces.",
    "data.delete_uncommitted": "The client meant to delete these messages; by the protocol they were kept.",
    "data.read_other_user": "The mail of another user was read.",
    "recon.banner_grab": "Somebody looked which server runs here, in which version.",
    "recon.capa_probe": "Somebody looked what the server can do and how it lets users in.",
    "recon.ntlm_info": "Somebody took the names of host and domain, which the server tells before any login.",
    "recon.scan": "Somebody searched the network for servers of this service.",
    "recon.port_scan": "Somebody looked whether the port is open, in a way that many logs do not show.",
    "dos.syn_flood": "An attempt to exhaust the server, so that others are not served.",
    "dos.slow": "An attempt to use up the connections that the server can hold.",
    "dos.connections": "Others may have been kept from their mail.",
    "service.other_protocol": "A service hidden on an unusual port, or a way around a firewall.",
    "service.elsewhere": "A service hidden on an unusual port, or a way around a firewall.",
    "service.died": "Somebody has the server fail over and over, or something in the mailbox does.",
    "service.vulnerable_banner": "The server can probably be taken over by known exploits.",
    "tcp.overlap_conflict": "Somebody on the path forged segments; which version the receiver took is not certain.",
}
"""By the id of the finding, what the catalogue's harmless causes stand against."""

TECHNIQUES: Final[dict[str, str]] = {
    "T1003.008": "OS Credential Dumping: /etc/passwd and /etc/shadow",
    "T1005": "Data from Local System",
    "T1040": "Network Sniffing",
    "T1046": "Network Service Discovery",
    "T1059.004": "Command and Scripting Interpreter: Unix Shell",
    "T1070.008": "Indicator Removal: Clear Mailbox Data",
    "T1078": "Valid Accounts",
    "T1083": "File and Directory Discovery",
    "T1087.003": "Account Discovery: Email Account",
    "T1090": "Proxy",
    "T1110": "Brute Force",
    "T1110.001": "Brute Force: Password Guessing",
    "T1110.002": "Brute Force: Password Cracking",
    "T1110.003": "Brute Force: Password Spraying",
    "T1114.002": "Email Collection: Remote Email Collection",
    "T1190": "Exploit Public-Facing Application",
    "T1499": "Endpoint Denial of Service",
    "T1499.001": "Endpoint Denial of Service: OS Exhaustion Flood",
    "T1499.004": "Endpoint Denial of Service: Application or System Exploitation",
    "T1528": "Steal Application Access Token",
    "T1557": "Adversary-in-the-Middle",
    "T1565.002": "Data Manipulation: Transmitted Data Manipulation",
    "T1571": "Non-Standard Port",
    "T1592.002": "Gather Victim Host Information: Software",
    "T1595": "Active Scanning",
}
"""Names of the techniques of MITRE ATT&CK v18 that the catalogue cites."""


def facts_of(finding: Finding) -> str:
    """Return what was seen: the finding's detail without its harmless causes."""
    declaration = BY_ID.get(finding.id)
    return finding.detail if declaration is None else finding.detail.removesuffix(_harmless(declaration.innocent))


def _harmless(innocent: str) -> str:
    return f"{HARMLESS}{innocent}."
