"""The Community ID is that of its specification: values that Zeek's and other programs' tests have."""

from __future__ import annotations

import pytest

import pop2dissect
from pop2dissect.session import Endpoint
from pop2dissect.session.community import community_id
from tests.support.truth import capture_path


@pytest.mark.parametrize(
    ("client", "server", "expected"),
    [
        (("1.2.3.4", 1122), ("5.6.7.8", 3344), "1:wCb3OG7yAFWelaUydu0D+125CLM="),
        (("10.0.0.1", 10), ("10.0.0.2", 20), "1:9j2Dzwrw7T9E+IZi4b4IVT66HBI="),
        (("128.232.110.120", 34855), ("66.35.250.204", 80), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        (
            ("2001:470:e5bf:dead:4957:2174:e82c:4887", 63943),
            ("2607:f8b0:400c:c03::1a", 25),
            "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
        ),
        (("192.0.2.1", 109), ("192.0.2.1", 1025), "1:Ppcvi8JW7KJw0j/3SD/RBp6PGZw="),
    ],
)
def test_known_values(client: tuple[str, int], server: tuple[str, int], expected: str) -> None:
    ends = Endpoint(*client), Endpoint(*server)
    assert community_id(*ends) == community_id(*ends[::-1]) == expected


def test_a_session_has_it_in_the_model_in_json_and_in_the_table() -> None:
    capture = pop2dissect.read(capture_path("rfc937_normal"))
    assert capture.session(1).community_id == "1:kNMEblJyMeS5bTlujYmdIgVB5B4="
    assert '"community_id": "1:kNMEblJyMeS5bTlujYmdIgVB5B4="' in capture.to_json()
    assert capture.tables.sessions["community_id"].tolist() == ["1:kNMEblJyMeS5bTlujYmdIgVB5B4="]
