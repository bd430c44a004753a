"""What an application gateway names and does not give never makes a rule silent, or sure.

Every pair of fixtures with a gateway is audited again and again, each time with one value of the
gateway a hole (as a parameter in an ARM template). A finding may become *unknown*, and so may what
is kept; nothing may vanish, and nothing new may be found.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from auditor import registry
from auditor.engine import judge
from auditor.finding import Finding, Unknown
from auditor.network.build import build
from auditor.rule import Rule
from auditor.snapshot.document import Dialect, Record, Snapshot
from auditor.snapshot.load import load
from auditor.testing import NOW, ask, estate, resource
from tests.rules.gateways import (
    AGW,
    Part,
    certificate,
    gateway,
    home,
    listener,
    part,
    part_id,
    path_map,
    pool,
    redirect,
    ref,
    rule,
)

ROOT = Path(__file__).parents[2]
FAMILIES = ("GW", "WAF", "TLS", "K8S")
PAIRS = [
    pytest.param(each, which, id=f"{each.id}-{which}")
    for each in registry.rules().values()
    if each.family in FAMILIES and each.module.startswith("auditor.")
    for which in ("broken", "kept")
]


def values_of(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where the values of a gateway stand, what only names it or a part of it left out."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from values_of(each, (*path, str(index)))
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in ("id", "name", "type") and (not path or "properties" in value):
                continue
            yield (*path, key)
            yield from values_of(each, (*path, key))


def without(body: Any, path: tuple[str, ...]) -> bytes:
    body = here = copy.deepcopy(body)
    for token in path[:-1]:
        here = here[int(token) if isinstance(here, list) else token]
    del here[path[-1]]
    return msgspec.json.encode(body)


def hollowed(record: Record, path: tuple[str, ...]) -> Record:
    pointer = "".join("/" + t.replace("~", "~0").replace("/", "~1") for t in path)
    return msgspec.structs.replace(
        record,
        body=without(msgspec.json.decode(record.body), path),
        dialect=Dialect.LOOSE,
        unresolved=((pointer, "an expression"),),
    )


class Said:
    """What a rule said of a snapshot."""

    def __init__(self, rule: Rule[Any], snapshot: Snapshot, records: list[Record]) -> None:
        network = build(replace(snapshot, records=records), as_of=NOW).network
        [run] = judge(network, [rule])
        self.kept = run.kept
        self.broken = {one.subject for one in run.outcomes if isinstance(one, Finding)}
        self.unknown = [one for one in run.outcomes if isinstance(one, Unknown)]


@pytest.mark.parametrize(("rule", "which"), PAIRS)
def test_no_hole_makes_a_rule_silent(rule: Rule[Any], which: str) -> None:
    folder, name = rule.module.split(".")[-2:]
    snapshot = load((str(ROOT / "fixtures" / folder / name / f"{which}.json"),))
    before = Said(rule, snapshot, list(snapshot.records))
    faults = []
    for number, record in enumerate(snapshot.records):
        if record.type.lower() != AGW.lower():
            continue
        for path in values_of(msgspec.json.decode(record.body)):
            records = list(snapshot.records)
            records[number] = hollowed(record, path)
            after = Said(rule, snapshot, records)
            where = "/".join(path)
            if after.broken - before.broken:
                faults.append(f"{where}: finds {after.broken - before.broken}")
            if before.broken - after.broken and not after.unknown:
                faults.append(f"{where}: loses {before.broken - after.broken}")
            if before.kept > after.kept and not (after.unknown or after.broken - before.broken):
                faults.append(f"{where}: keeps {after.kept} in place of {before.kept}")
            faults += [one.missing for one in after.unknown if one.key == "failed"]
    assert faults == []


def part_without(one: Part, *keys: str) -> Part:
    properties = {key: value for key, value in one.body["properties"].items() if key not in keys}
    return Part(one.collection, {**one.body, "properties": properties})


def bare(one: Part) -> Part:
    return Part(one.collection, {"name": one.body["name"]})


PUBLIC_POOL = pool("web", "20.50.1.1")
SERVED = (listener("web"), rule("web", "web", pool="web"), PUBLIC_POOL)
BARE_POOL = (listener("web"), rule("web", "web", pool="web"), bare(PUBLIC_POOL))
EMPTY_ENTRY = part("backendAddressPools", "web", backendAddresses=[{}])
NO_PROTOCOL = (part_without(listener("web", certificate="www"), "protocol"), *SERVED[1:])
NO_LISTENER = (listener("web"), part_without(rule("web", "web", pool="web"), "httpListener"))
NO_TARGET = (listener("web"), part_without(rule("web", "web", pool="web"), "backendAddressPool"))
NO_FRONTEND = (part_without(listener("web"), "frontendIPConfiguration"), *SERVED[1:])
SECURE = listener("web", protocol="Https", certificate="www")


@pytest.mark.parametrize(
    ("asked", "parts", "subject"),
    [
        ("GW-001", BARE_POOL, "web"),
        ("GW-003", BARE_POOL, "web"),
        ("GW-006", BARE_POOL, "web"),
        ("GW-001", (*SERVED[:2], EMPTY_ENTRY), "web"),
        ("GW-003", (*SERVED[:2], EMPTY_ENTRY), "web"),
        ("GW-006", (*SERVED[:2], EMPTY_ENTRY), "web"),
        ("GW-006", (*NO_LISTENER, pool("web")), "web"),
        ("GW-006", (*NO_TARGET, pool("web")), "web"),
        ("GW-008", NO_PROTOCOL, "web"),
        ("GW-008", (listener("web", protocol="Htp"), *SERVED[1:]), "web"),
        ("GW-008", NO_LISTENER, "web"),
        ("GW-008", NO_TARGET, "web"),
        ("GW-008", (bare(listener("web")), *SERVED[1:]), "web"),
        ("GW-009", (*NO_LISTENER, redirect("away", url="http://shop.example")), "away"),
        ("GW-009", (*NO_TARGET, redirect("away", url="http://shop.example")), "away"),
        ("GW-011", NO_PROTOCOL, "agw-shop"),
        ("GW-011", (SECURE, bare(rule("web", "web"))), "agw-shop"),
        (
            "TLS-001",
            (SECURE, bare(rule("web", "web")), certificate("www", file="wildcard-expired")),
            "www",
        ),
        ("TLS-001", (part_without(SECURE, "sslCertificate"), *SERVED[1:]), "web"),
        ("TLS-003", (part_without(SECURE, "sslCertificate"), *SERVED[1:]), "web"),
        ("TLS-005", (part_without(SECURE, "sslCertificate"), *SERVED[1:]), "web"),
        ("TLS-007", (part_without(SECURE, "sslCertificate"), *SERVED[1:]), "web"),
        ("WAF-001", NO_FRONTEND, "agw-shop"),
        ("WAF-001", (bare(listener("web")), *SERVED[1:]), "agw-shop"),
        ("WAF-001", NO_LISTENER, "agw-shop"),
    ],
)
def test_a_part_without_a_field_it_must_have_is_unknown(
    asked: str, parts: tuple[Part, ...], subject: str
) -> None:
    policy = {"minProtocolVersion": "TLSv1_0"}
    shop = gateway(*parts, tier="Standard_v2", sslPolicy=policy)
    answer = ask(asked, estate(shop, home()))
    assert [one.subject.rpartition("/")[2] for one in answer.unknown] == [subject]
    assert (answer.broken, answer.kept) == ([], 0)


def test_a_hole_beside_a_fault_hides_nothing() -> None:
    entries = [{}, {"ipAddress": "20.50.1.1"}]
    half = part("backendAddressPools", "web", backendAddresses=entries)
    answer = ask("GW-001", estate(gateway(*SERVED[:2], half), home()))
    assert answer.names == ["web"]
    assert [one.missing for one in answer.unknown] == ["member 0 of the backend pool web"]

    elsewhere = part_without(rule("odd", "odd"), "httpListener")
    odd = listener("odd", "odd.example")
    plain = gateway(*SERVED, odd, elsewhere, tier="Standard_v2")
    assert ask("GW-008", estate(plain, home())).names == ["web"]
    assert ask("WAF-001", estate(plain, home())).names == ["agw-shop"]

    paths = {"backendAddressPool": ref("backendAddressPools", "web"), "paths": ["/api/*"]}
    map_ = path_map("map", {}, api=paths)
    mapped = gateway(listener("web"), rule("web", "web", path_map="map"), map_, PUBLIC_POOL)
    answer = ask("GW-008", estate(mapped, home()))
    assert answer.names == ["web"]
    assert "/api/*" in answer.broken[0].message


def test_a_listener_in_a_contest_that_does_not_tell_its_rank_is_unknown() -> None:
    both = (listener("one", "shop.example"), listener("two", "shop.example"))
    rules = (rule("one", "one", pool="web", priority=10), part_without(rule("two", "two"), "x"))
    parts = (*both, *rules, PUBLIC_POOL)
    hole = ("/properties/requestRoutingRules/1/properties/priority", "a parameter")
    answer = ask("GW-015", estate(gateway(*parts), unresolved=(hole,)))
    assert [one.subject for one in answer.unknown] == [part_id("httpListeners", "two")]
    assert (answer.broken, answer.kept) == ([], 0)


def test_a_gateway_that_hides_its_lists_is_unknown() -> None:
    whole = gateway(SECURE, *SERVED[1:], certificate("www", file="www"), redirect("r", to="web"))
    lists = ("httpListeners", "backendAddressPools", "redirectConfigurations")
    holes = tuple((f"/properties/{each}", "a parameter") for each in lists)
    stripped = {k: v for k, v in whole["properties"].items() if k not in lists}
    network = estate(resource(AGW, "agw-shop", stripped), unresolved=holes)
    for asked in ("GW-001", "GW-003", "GW-006", "GW-008", "GW-009", "GW-015", "TLS-001", "WAF-004"):
        answer = ask(asked, network)
        assert [one.subject for one in answer.unknown] == [whole["id"]], asked
        assert (answer.broken, answer.kept) == ([], 0)
