"""Settings are declared once, checked where they are made, and the same wherever they are shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args, get_type_hints

import pytest

import pop2dissect
from pop2dissect.choices import EngineName, OverlapPolicy
from pop2dissect.cli.options import parser, settings_of
from pop2dissect.errors import UsageError
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.html.tool import tool_facts
from pop2dissect.limits import HIGHEST, Limits
from pop2dissect.settings import SETTINGS, Choice, Named, Settings, SettingsByName
from tests.support.truth import ROOT, capture_path

CONFLICT = capture_path("derived_conflicting_overlap")

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"overlap": "First"}, "overlap must be 'first' or 'last', not 'First'"),
    ({"overlap": "lastt"}, "overlap must be 'first' or 'last', not 'lastt'"),
    ({"overlap": None}, "overlap must be 'first' or 'last', not None"),
    ({"overlap": ["first"]}, "overlap must be 'first' or 'last', not ['first']"),
    ({"engine": "wireshark"}, "engine must be 'native' or 'tshark', not 'wireshark'"),
    ({"ports": []}, "ports must not be empty"),
    ({"ports": "109"}, "ports must be a collection of ports, not '109'"),
    ({"ports": 109}, "ports must be a collection of ports, not 109"),
    ({"ports": [0]}, "ports must be whole numbers from 1 to 65535, not 0"),
    ({"ports": [109, 65536]}, "ports must be whole numbers from 1 to 65535, not 65536"),
    ({"ports": [True]}, "ports must be whole numbers from 1 to 65535, not True"),
    ({"ports": [109.0]}, "ports must be whole numbers from 1 to 65535, not 109.0"),
    ({"any_port": 1}, "any_port must be True or False, not 1"),
    ({"check_checksums": "no"}, "check_checksums must be True or False, not 'no'"),
    ({"thresholds": 5}, "thresholds must be Thresholds or a mapping of names to numbers, not 5"),
    ({"thresholds": {"scan": 5}}, "thresholds have no 'scan': they are bruteforce_failures, "),
    ({"thresholds": {"scan_servers": 0}}, "thresholds scan_servers must be a whole number from 1, not 0"),
    ({"limits": {"layers": -1}}, "limits layers must be a whole number from 1, not -1"),
    ({"limits": {"layers": HIGHEST + 1}}, "limits layers must be a whole number from 1, not 46116860"),
    ({"limits": Thresholds()}, "limits must be Limits or a mapping of names to numbers, not Thresholds("),
    ({"tshark_options": "a:b", "engine": "tshark"}, "tshark_options must be a collection of preferences 'NAME:VALUE'"),
    ({"tshark_options": ["ab"], "engine": "tshark"}, "tshark_options must be preferences 'NAME:VALUE'"),
    ({"tshark_options": ["a:b"]}, "tshark_options need the engine tshark"),
]


@pytest.mark.parametrize(("values", "sentence"), WRONG)
def test_a_wrong_value_is_refused_and_the_right_ones_are_named(values: dict[str, Any], sentence: str) -> None:
    for make in (
        lambda: Settings(**values),
        lambda: pop2dissect.read(CONFLICT, **values),
        lambda: next(pop2dissect.iter_sessions(CONFLICT, **values)),
    ):
        with pytest.raises(ValueError) as raised:
            make()
        assert str(raised.value).startswith(sentence)
        assert isinstance(raised.value, UsageError)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(TypeError, match="overlapp"):
        pop2dissect.read(CONFLICT, overlapp="first")  # type: ignore[call-arg]


def test_every_setting_can_be_given_by_its_name() -> None:
    path = capture_path("brute_force")
    capture = pop2dissect.read(
        path,
        [109, 110],
        thresholds={"bruteforce_failures": 300, "slow_failures": 300},
        limits={"events": 7},
        check_checksums=True,
    )
    assert capture.settings == Settings(
        ports=frozenset({109, 110}),
        thresholds=Thresholds(bruteforce_failures=300, slow_failures=300),
        limits=Limits(events=7),
        check_checksums=True,
    )
    assert "auth.bruteforce" not in {one.id for one in capture.findings}
    assert "auth.bruteforce" in {one.id for one in pop2dissect.read(path).findings}
    again = pop2dissect.read(path, settings=capture.settings, check_checksums=False)
    assert again.settings.thresholds == capture.settings.thresholds
    assert not again.settings.check_checksums
    assert set(get_type_hints(SettingsByName)) | {"ports", "filters"} == {one.name for one in fields(Settings)}


def test_the_overlap_policy_is_the_one_that_was_named() -> None:
    kept = {
        policy: [
            one.kept_frame
            for session in pop2dissect.read(CONFLICT, overlap=policy).sessions
            for one in session.server_stream.conflicts
        ]
        for policy in get_args(OverlapPolicy)
    }
    assert kept["first"]
    assert all(first < last for first, last in zip(kept["first"], kept["last"], strict=True))


def test_choices_are_those_that_the_types_have() -> None:
    declared = {name: tuple(one.choices) for name, one in SETTINGS.items() if isinstance(one, Choice)}
    assert declared == {"overlap": get_args(OverlapPolicy), "engine": get_args(EngineName)}


def test_each_setting_is_an_option_a_record_and_a_line_of_the_report() -> None:
    usual = Settings()
    shown = parser().format_help()
    facts = tool_facts(usual, ["x.pcap"], "", masked=True)
    schema = json.loads((ROOT / "pop2dissect/document/schema.json").read_text())["properties"]["settings"]
    recorded = {"sessions", "filters", "show_passwords", *SETTINGS}
    assert set(schema["properties"]) == set(schema["required"]) == recorded
    labels = [label for label, _ in (*facts.settings, *facts.numbers)]
    for name, setting in SETTINGS.items():
        assert f"  {setting.option} " in shown or f"  {setting.option}\n" in shown
        assert labels.count(setting.label) == 1
        assert setting.recalled(setting.recorded(getattr(usual, name))) == getattr(usual, name)


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        (["--port", "110", "--port", "1109"], {"ports": [110, 1109]}),
        (["--overlap", "last"], {"overlap": "last"}),
        (["--any-port"], {"any_port": True}),
        (["--as-they-end"], {"as_they_end": True}),
        (["--limit", "events=3", "--limit", "events=4"], {"limits": {"events": 4}}),
        (["--limit", "idle_seconds=0"], {"limits": {"idle_seconds": 0}}),
        (["--check-checksums"], {"check_checksums": True}),
        (["--engine", "tshark", "--tshark-option", "a:b:c"], {"engine": "tshark", "tshark_options": ["a:b:c"]}),
    ],
)
def test_options_give_settings(arguments: list[str], values: Mapping[str, Any]) -> None:
    assert settings_of(parser().parse_args([*arguments, "x.pcap"])) == Settings(**values)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "x"], "argument --port: 'x' is not a port from 1 to 65535"),
        (["--port", "0109999999999"], "argument --port: '0109999999999' is not a port from 1 to 65535"),
        (["--overlap", "First"], "argument --overlap: invalid choice: 'First'"),
        (["--limit", "events=0"], "argument --limit: events must be a whole number from 1, not 0"),
        (["--limit", "event=1"], "argument --limit: 'event' is not a limit; there are stream_segments, "),
        (["--threshold", "nop_run=1_0"], "argument --threshold: 'nop_run=1_0' is not nop_run=N"),
        (["--tshark-option", ":x"], "argument --tshark-option: ':x' is not a preference NAME:VALUE"),
        (["--tshark-option", "a:x"], "tshark_options need the engine tshark: --tshark-option needs --engine tshark"),
    ],
)
def test_wrong_options_say_why(arguments: list[str], sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        settings_of(parser().parse_args([*arguments, "x.pcap"]))
    assert str(raised.value).startswith(sentence)


def test_numbers_that_are_not_usual_are_named() -> None:
    thresholds = SETTINGS["thresholds"]
    assert isinstance(thresholds, Named)
    assert thresholds.shown(Thresholds()) == "as by default"
    assert thresholds.shown(Thresholds(scan_servers=3, nop_run=9)) == "nop_run 9, scan_servers 3"
