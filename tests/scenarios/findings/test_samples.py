"""For every finding of the catalogue: its sample raises it, its near miss does not, and what it says can be used."""

from __future__ import annotations

from collections import Counter

import pytest

from pop2dissect.findings.catalogue import CATALOGUE, Declaration
from pop2dissect.session import Finding
from tests.findings.found import findings_of
from tests.support.network import PASSWORDS
from tests.support.truth import FOLDERS

SAMPLES = FOLDERS[0] / "findings"

each = pytest.mark.parametrize("declaration", CATALOGUE, ids=lambda declaration: declaration.id)


def found_in(name: str) -> list[Finding]:
    # One of them is about another port, which is looked at only when asked to.
    return findings_of(SAMPLES / f"{name}.pcap", (109, 995), any_port=name.startswith("service.elsewhere"))


@each
def test_the_sample_raises_it(declaration: Declaration) -> None:
    found = [finding for finding in found_in(declaration.id) if finding.id == declaration.id]
    assert found
    for finding in found:
        assert finding.severity == declaration.severity
        assert finding.title == declaration.title
        assert finding.techniques == declaration.techniques
        assert finding.time is not None
        assert finding.frames
        assert finding.sessions or finding.id in ("recon.scan", "recon.port_scan", "dos.syn_flood")
        assert declaration.innocent in finding.detail


@each
def test_the_near_miss_does_not(declaration: Declaration) -> None:
    assert declaration.id not in {finding.id for finding in found_in(f"{declaration.id}.near_miss")}


@each
def test_no_sentence_repeats_a_password(declaration: Declaration) -> None:
    for finding in [*found_in(declaration.id), *found_in(f"{declaration.id}.near_miss")]:
        for password in (*PASSWORDS, "lantern-7", "lantern-6", "spring85"):
            assert password not in finding.detail


def test_what_was_not_opened_weighs_less() -> None:
    severities = [one.severity for one in findings_of(FOLDERS[1] / "fold_probes.pcap") if one.id == "file.sensitive"]
    assert Counter(severities) == {"high": 4, "medium": 4}


def test_a_deletion_of_all_is_for_information_alone() -> None:
    found = findings_of(FOLDERS[1] / "fetchmail_delete_ackd.pcap")
    assert Counter((one.id, one.severity) for one in found) == {
        ("auth.cleartext", "medium"): 2,
        ("data.mass_delete", "info"): 1,
    }


def test_example_2_of_the_rfc_raises_nothing_above_medium() -> None:
    found = findings_of(FOLDERS[0] / "rfc937_example2.pcap")
    assert [(finding.id, finding.severity) for finding in found] == [("auth.cleartext", "medium")]
