"""The estates of the benchmarks: the same each time, whole, and as large as asked for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.faults import known, plant
from bench.generate import estates, write
from bench.landing_zone import build


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write(400, tmp_path / name, seed=seed)
    texts = [(tmp_path / name / "estate.json").read_bytes() for name in "abc"]

    assert texts[0] == texts[1] != texts[2]
    assert [(tmp_path / n / "truth.json").read_bytes() for n in "ab"] == [
        (tmp_path / "a" / "truth.json").read_bytes()
    ] * 2


@pytest.mark.parametrize("resources", [100, 1000, 2500])
def test_about_as_many_resources_as_asked_for_each_of_some_2500_bytes(
    tmp_path: Path, resources: int
) -> None:
    truth = write(resources, tmp_path)
    text = (tmp_path / "estate.json").read_bytes()
    ids = [body["id"].lower() for body in json.loads(text)["value"]]

    assert len(ids) == len(set(ids)) == truth.resources
    assert resources * 0.5 < truth.resources <= resources + 60
    assert 2000 < len(text) / truth.resources < 3200


def _walk(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _walk(item)


def test_without_faults_every_reference_leads_somewhere() -> None:
    made: set[str] = set()
    named: set[str] = set()
    for estate, expected in estates(1000, seed=3, every=0):
        assert expected == []
        for value in _walk(list(estate.resources.values())):
            if isinstance(value, dict) and {"id", "name"} <= value.keys():
                made.add(value["id"].lower())
            elif isinstance(value, str) and value.startswith("/subscriptions/"):
                named.add(value.lower())
    dangling = {target for target in named - made if "/virtualmachines/" not in target}

    assert len(made) > 1000
    assert dangling == set()


def test_public_addresses_are_unique() -> None:
    found: list[str] = []
    for estate, _ in estates(2000, seed=1, every=100):
        for body in estate.resources.values():
            if body["type"].endswith("/publicIPAddresses"):
                found.append(body["properties"]["ipAddress"])

    assert [address for address, number in Counter(found).items() if number > 1] == []


def test_every_fault_can_be_planted_and_changes_something() -> None:
    for fault in known():
        for number in range(3):
            zone = build(1, number)
            before = msgspec.json.encode(zone.estate.resources)
            expected = fault(zone)
            assert bool(expected) == (msgspec.json.encode(zone.estate.resources) != before)
            if expected:
                break
        else:
            raise AssertionError(f"{fault.__name__} finds nothing to break")


def test_a_zone_gets_no_fault_twice() -> None:
    zone = build(1, 0)
    expected = plant(zone, range(len(known())))

    assert len(known()) - 5 < len(expected) == len(set(expected))


def test_faults_take_turns() -> None:
    rules = [e.rule for _, expected in estates(6000, seed=1, every=150) for e in expected]

    assert len(set(rules)) >= 30
    assert not any(before == after == "NSG-003" for before, after in pairwise(rules))
