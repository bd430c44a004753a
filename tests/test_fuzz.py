"""A small share of `make fuzz`, and any JSON at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.resources.base import TYPES
from auditor.testing import arm_id

from . import fuzz

KEYS = st.sampled_from(
    [
        *("id", "name", "type", "properties", "subnets", "addressSpace", "addressPrefixes", "tags"),
        *("securityRules", "priority", "ipConfigurations", "subnet", "publicIPAddress", "sku"),
        *("value", "data", "location", "networkSecurityGroup", "frontendIPConfigurations", "zones"),
    ]
)
TEXTS = st.sampled_from(
    [
        *("x", "", "10.0.0.0/16", "*", "Microsoft.Network/virtualNetworks", "Allow", "Inbound"),
        arm_id("Microsoft.Network/virtualNetworks", "hub"),
        arm_id("Microsoft.Network/networkSecurityGroups", "n"),
        "Microsoft.Network/networkSecurityGroups",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)
SETTINGS = st.dictionaries(KEYS, VALUES, max_size=6)


@settings(max_examples=30, deadline=None)
@given(VALUES)
def test_any_json_is_audited_or_refused(value: Any) -> None:
    assert fuzz.fault_of(json.dumps(value).encode(), "--keep-going") == ""


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(TYPES)), SETTINGS), min_size=1, max_size=3))
def test_any_settings_are_audited_or_refused(resources: list[tuple[str, Any]]) -> None:
    names = "abcdefgh"
    made = [
        {"id": arm_id(kind, *names[: kind.count("/")]), "type": kind, "properties": told, **told}
        for kind, told in resources
    ]

    assert fuzz.fault_of(json.dumps({"value": made}).encode(), "--keep-going") == ""


@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_some_estates_of_each_kind(kind: str) -> None:
    assert list(fuzz.faults(kind, range(40), seed=0)) == []


@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_an_estate_is_the_same_from_the_same_seed(kind: str) -> None:
    one, two, other = (fuzz.estate_of(kind, 7, seed) for seed in (3, 3, 4))

    assert one == two
    assert one != other


def test_a_failure_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(fuzz, "auditor", failing)

    assert "ZeroDivisionError" in fuzz.fault_of(b"{}")
