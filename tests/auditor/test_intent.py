"""Intents of auditor.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import settings
from auditor.addresses import EVERY_PORT, parse_ports
from auditor.errors import UsageError
from auditor.finding import Location
from auditor.intent import Expect, Intent
from auditor.selector import parse_selector
from auditor.testing import estate

COMPLETE = {
    "name": '"web to data"',
    "from": '"subnet:hub/web"',
    "to": '"name:mysql-*"',
    "expect": '"reachable"',
}


def entry(**changes: str | None) -> str:
    fields = {**COMPLETE, **{key.rstrip("_"): value for key, value in changes.items()}}
    return "\n[[intent]]\n" + "\n".join(f"{k} = {v}" for k, v in fields.items() if v is not None)


def read(tmp_path: Path, text: str, name: str = "auditor.toml") -> tuple[Intent, ...]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return settings.read(path).intents


def test_an_intent_is_read_with_its_place(tmp_path: Path) -> None:
    (told,) = read(tmp_path, "strict = true\n" + entry(ports="3306"))

    assert told == Intent(
        name="web to data",
        sources=(parse_selector("subnet:hub/web"),),
        targets=(parse_selector("name:mysql-*"),),
        expect=Expect.REACHABLE,
        protocol="tcp",
        ports=parse_ports("3306"),
        location=Location(str(tmp_path / "auditor.toml"), 3, "/intent/0"),
    )


def test_a_file_without_intents_has_none(tmp_path: Path) -> None:
    assert read(tmp_path, "strict = true") == ()


def test_both_ends_may_be_several_each_once(tmp_path: Path) -> None:
    (told,) = read(tmp_path, entry(from_='["internet", "onprem"]', to='["rg:a", "rg:b", "rg:a"]'))
    assert [str(each) for each in told.sources] == ["internet", "onprem"]
    assert [str(each) for each in told.targets] == ["rg:a", "rg:b"]


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        (None, "*"),
        ("443", "443"),
        ('"443"', "443"),
        ('"*"', "*"),
        ('[443, "8000-8080"]', "443, 8000-8080"),
        ('["8000-8080", 8081, 443]', "443, 8000-8081"),
        ("0", "0"),
    ],
)
def test_ports_in_every_notation(ports: str | None, expected: str, tmp_path: Path) -> None:
    (told,) = read(tmp_path, entry(ports=ports))
    assert str(told.ports) == expected


@pytest.mark.parametrize("protocol", ["tcp", "UDP", "Icmp", "esp", "ah", "any"])
def test_a_protocol_in_any_case(protocol: str, tmp_path: Path) -> None:
    (told,) = read(tmp_path, entry(protocol=f'"{protocol}"'))
    assert told.protocol == protocol.lower()
    assert told.ports == EVERY_PORT


@pytest.mark.parametrize("expect", list(Expect))
def test_every_expectation(expect: Expect, tmp_path: Path) -> None:
    (told,) = read(tmp_path, entry(expect=f'"{expect.value}"'))
    assert told.expect is expect


@pytest.mark.parametrize(
    ("changes", "what", "advice"),
    [
        ({"name": None}, "an intent needs a name", ""),
        ({"name": '" "'}, "an intent needs a name", ""),
        ({"name": "5"}, "an intent needs a name", ""),
        ({"from_": None}, "an intent needs from", "subnet:"),
        ({"to": "[]"}, "an intent needs to", "subnet:"),
        ({"to": "[1]"}, "an intent needs to", "subnet:"),
        ({"to": "5"}, "an intent needs to", "subnet:"),
        ({"to": '"typ:x"'}, "is no endpoint", "did you mean type:?"),
        ({"expect": None}, "an intent needs expect", "reachable, unreachable, only"),
        ({"expect": '"reachabel"'}, "expect cannot be", "did you mean reachable?"),
        ({"expect": "true"}, "expect cannot be", "choose from reachable"),
        ({"protocol": '"tpc"'}, "protocol cannot be", "did you mean tcp?"),
        ({"protocol": '"zzz"'}, "protocol cannot be", "choose from tcp"),
        ({"ports": "65536"}, "neither a port", "ports = 443"),
        ({"ports": "-1"}, "neither a port", "ports = 443"),
        ({"ports": '"80-70"'}, "backwards", "ports = 443"),
        ({"ports": '"80,443"'}, "neither a port", "ports = 443"),
        ({"ports": "true"}, "ports must be", "ports = 443"),
        ({"ports": "4.5"}, "ports must be", "ports = 443"),
        ({"ports": "[]"}, "ports must be", "ports = 443"),
        ({"ports": '{ a = 1 }'}, "ports must be", "ports = 443"),
        ({"ports": "443", "protocol": '"icmp"'}, "its protocol is icmp", "with tcp and with udp"),
        ({"ports": "443", "protocol": '"any"'}, "its protocol is any", "an intent for each"),
        ({"form": '"x"'}, "unknown key", "did you mean from?"),
        ({"zebra": '"x"'}, "unknown key", "valid keys: name, from, to"),
    ],
)  # fmt: skip
def test_an_intent_that_cannot_be_followed_is_refused_with_its_line(
    changes: dict[str, str | None], what: str, advice: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, entry(name='"first"') + entry(**changes))

    assert what in caught.value.what
    assert advice in caught.value.advice
    assert caught.value.where.startswith(f"{tmp_path / 'auditor.toml'}:7")
    assert caught.value.exit_status == 2


def test_two_intents_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='two intents are called "web to data"') as caught:
        read(tmp_path, entry() + entry())
    assert caught.value.where.endswith("auditor.toml:7")
    assert "line 2" in caught.value.advice


@pytest.mark.parametrize("text", ["intent = 1", "[intent]\nname = 'x'"])
def test_intents_are_written_as_tables_in_a_list(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"intents are written as \[\[intent\]\]"):
        read(tmp_path, text)


def test_pyproject_holds_the_same_under_tool_auditor(tmp_path: Path) -> None:
    text = "[tool.auditor]\nstrict = true\n" + entry().replace("[[", "[[tool.auditor.")
    (told,) = read(tmp_path, text, "pyproject.toml")
    assert told.location.line == 4


def test_a_network_knows_what_is_intended(tmp_path: Path) -> None:
    told = read(tmp_path, entry())
    assert estate(intents=told).intents == told
    assert estate().intents == ()
