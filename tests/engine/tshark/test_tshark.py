"""What only tshark reads: formats, link layers, encryption; and what it says where it cannot."""

from __future__ import annotations

import fcntl
import io
import subprocess
import sys
import termios
import threading
import zlib
from pathlib import Path
from struct import pack
from time import sleep

import pytest

from pop2dissect import read
from pop2dissect.api import Capture
from pop2dissect.capture.record import CaptureInfo
from pop2dissect.cli import ExitStatus, main
from pop2dissect.engine.tshark.process import TsharkRun
from pop2dissect.errors import CaptureError, UsageError
from pop2dissect.pipeline import Dissection
from pop2dissect.settings import Settings
from tests.decode.build import PACKET, PAYLOAD, ipv4, snap, tcp
from tests.decode.encapsulations import mac_802_11
from tests.support.programs import need
from tests.support.truth import capture_path
from tests.support.wire import Frame, pcap

pytestmark = pytest.mark.usefixtures("tshark")


def read_by_tshark(*paths: Path, options: tuple[str, ...] = ()) -> Capture:
    settings = Settings(engine="tshark", tshark_options=options)
    with Dissection(paths, settings) as dissection:
        return Capture(dissection.captures, list(dissection), dissection.probes, settings)


def said(capture: Capture) -> list[tuple[str | None, list[str]]]:
    return [
        (exchange.shown_line(show_passwords=True), [reply.line for reply in exchange.replies])
        for session in capture.sessions
        for exchange in session.exchanges
    ]


@pytest.mark.parametrize("form", ["snoop", "netmon2", "visual"])
def test_formats(form: str, tmp_path: Path) -> None:
    plain, other = capture_path("rfc937_normal"), tmp_path / f"capture.{form}"
    subprocess.run([need("editcap"), "-F", form, str(plain), str(other)], check=True)
    with pytest.raises(CaptureError):
        read(other)
    native, found = read(plain), read(other, engine="tshark")
    assert said(found) == said(native)
    assert [m.sha256 for m in found.sessions[0].messages] == [m.sha256 for m in native.sessions[0].messages]
    (facts,) = found.captures
    expected = native.captures[0]
    assert (facts.format, facts.size, facts.link_types) == (form, other.stat().st_size, [1])
    assert (facts.packets, facts.first_time // 10**6) == (expected.packets, expected.first_time // 10**6)


def test_erf(tmp_path: Path) -> None:
    """Endace's Extensible Record Format: a header of 16 octets, Ethernet behind two octets of padding."""
    plain = capture_path("rfc937_normal")
    with Dissection([plain]) as dissection:
        frames = [(s.time, bytes(s.data[s.start - 54 : s.start + s.length])) for s in dissection.segments()]
    records = []
    for time, frame in frames:
        seconds, rest = divmod(time, 10**9)
        stamp = seconds << 32 | (rest << 32) // 10**9
        records.append(pack("<Q", stamp) + pack(">BBHHH", 2, 4, 18 + len(frame), 0, len(frame)) + b"\0\0" + frame)
    path = tmp_path / "capture.erf"
    path.write_bytes(b"".join(records))
    found = read(path, engine="tshark")
    assert said(found) == said(read(plain))
    assert found.captures[0].format == "erf"


def written(path: Path, link_type: int, *frames: bytes) -> Path:
    octets = bytearray(pcap([Frame(at * 10**9, frame, len(frame)) for at, frame in enumerate(frames)]))
    octets[20:24] = pack("<I", link_type)
    path.write_bytes(octets)
    return path


def test_a_link_layer_that_only_tshark_knows(tmp_path: Path) -> None:
    path = written(tmp_path / "firewire.pcap", 138, bytes(16) + b"\x08\x00" + PACKET)
    with Dissection([path]) as dissection:
        assert not list(dissection)
        assert "link type 138 is not supported" in dissection.warnings[0]
    found = read_by_tshark(path)
    assert said(found)[0][0] == PAYLOAD.decode().strip()
    assert found.captures[0].link_types == [138]


def test_several_packets_in_one_frame(tmp_path: Path) -> None:
    second = ipv4(tcp(b"QUIT\r\n", seq=0x01020304 + len(PAYLOAD)))
    subframes = [bytes(12) + pack(">H", len(body)) + body for body in (snap(PACKET), snap(second))]
    aggregate = subframes[0] + bytes(-len(subframes[0]) % 4) + subframes[1]
    path = written(tmp_path / "aggregate.pcap", 105, mac_802_11(b"\x88\1", b"\x80\0") + aggregate)
    found = read_by_tshark(path)
    assert [line for line, _ in said(found)] == [PAYLOAD.decode().strip(), "QUIT"]
    assert found.sessions[0].exchanges[1].frames == (1,)


def wep(plain: bytes, key: bytes, vector: bytes) -> bytes:
    """Encrypt the body of an 802.11 frame: RC4 with the initialization vector before the key, and a CRC-32."""
    secret, state, j = vector + key, list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + secret[i % len(secret)]) & 255
        state[i], state[j] = state[j], state[i]
    octets, i, j = bytearray(plain + pack("<I", zlib.crc32(plain))), 0, 0
    for at in range(len(octets)):
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        octets[at] ^= state[(state[i] + state[j]) & 255]
    return vector + b"\0" + bytes(octets)


def test_decryption(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = mac_802_11(b"\x08\x41") + wep(snap(PACKET), b"\1\2\3\4\5", b"abc")
    path = written(tmp_path / "wep.pcap", 105, frame)
    assert not read_by_tshark(path).sessions
    keys = ("wlan.enable_decryption:TRUE", 'uat:80211_keys:"wep","0102030405"')
    assert said(read_by_tshark(path, options=keys))[0][0] == PAYLOAD.decode().strip()
    options = [text for key in keys for text in ("--tshark-option", key)]
    assert main(["--engine", "tshark", *options, "--json", str(path)]) == ExitStatus.DONE
    printed = capsys.readouterr().out
    assert '"tshark_options": ["wlan.enable_decryption", "uat:80211_keys"]' in printed
    assert "0102030405" not in printed


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Input:
        buffer = io.BytesIO(capture_path("rfc937_normal").read_bytes())
        closed = False

    monkeypatch.setattr(sys, "stdin", Input)
    found = read("-", engine="tshark")
    assert found.captures[0].path == "-"
    assert said(found) == said(read(capture_path("rfc937_normal")))


def test_a_capture_that_is_cut_short() -> None:
    info: CaptureInfo = read(capture_path("derived_truncated_file"), engine="tshark").captures[0]
    assert info.truncated
    assert info.warnings == [
        "tshark stops after 178 packets: the file appears to have been cut short in the middle of a packet"
    ]


def test_what_is_no_capture(tmp_path: Path) -> None:
    none, empty = tmp_path / "none.pcap", tmp_path / "empty.pcap"
    none.write_text("no capture")
    empty.write_bytes(b"")
    for path, reason in ((none, "isn't a capture file"), (empty, "is empty"), (tmp_path / "nothing", "doesn't exist")):
        with pytest.raises(CaptureError, match=f"cannot be read: the file {reason}"):
            read(path, engine="tshark")


def test_one_of_several_cannot_be_read(tmp_path: Path) -> None:
    none = tmp_path / "-none"
    none.write_text("no capture")
    found = read_by_tshark(none, capture_path("rfc937_normal"))
    assert len(found.sessions) == 1
    assert "isn't a capture file" in found.captures[0].warnings[0]


def test_an_option_that_tshark_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match=r"tshark refuses its options: .*unknown preference"):
        read_by_tshark(capture_path("rfc937_normal"), options=("no.such:TRUE",))
    capture = str(capture_path("rfc937_normal"))
    assert main(["--tshark-option", "ip.defragment:TRUE", capture]) == ExitStatus.USAGE
    assert main(["--engine", "tshark", "--tshark-option", "nonsense", capture]) == ExitStatus.USAGE
    assert "is not a preference NAME:VALUE" in capsys.readouterr().err


def test_leaving_early_ends_tshark() -> None:
    with Dissection([capture_path("many_sessions")], Settings(engine="tshark")) as dissection:
        assert next(iter(dissection)).exchanges


def test_a_run_that_nobody_reads_ends(tshark: str) -> None:
    """tshark waits for a reader once the pipe is full, and on SIGTERM it goes on waiting."""
    run = TsharkRun(tshark, str(capture_path("many_sessions")), None, False, ())
    assert run._process.stdout is not None
    waiting = [-1, 0]
    while waiting[-1] == 0 or waiting[-1] != waiting[-2]:
        sleep(0.5)
        waiting.append(int.from_bytes(fcntl.ioctl(run._process.stdout, termios.FIONREAD, bytes(4)), sys.byteorder))
    closing = threading.Thread(target=run.close, daemon=True)
    closing.start()
    closing.join(60)
    assert run._process.returncode is not None
