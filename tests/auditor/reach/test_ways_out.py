"""By which address machines leave for the internet, and with what (R-35 to R-37)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import estate

from ...egress import (
    BY_NAT,
    IN_POOL,
    PRIVATE,
    balancer,
    has_public,
    machine,
    nat,
    network,
    public,
)
from ...reaching import Asked, asked

CLIENT = "52.10.0.7"

Json = dict[str, Any]


def with_two(first: Json | None = None, second: Json | None = None) -> Any:
    """A VM whose NIC has two addresses."""
    nic, vm = machine(configuration={"primary": True, **(first or {})})
    own = nic["properties"]["ipConfigurations"]
    other = {**own[0]["properties"], "privateIPAddress": "10.0.0.5", "primary": False}
    own.append(
        {"name": "second", "properties": {**without_ways(other), **(second or {})}},
    )
    return nic, vm


def without_ways(settings: Json) -> Json:
    ways = {"publicIPAddress", "loadBalancerBackendAddressPools"}
    return {name: value for name, value in settings.items() if name not in ways}


def says(found: Asked) -> str:
    return found.step("egress").says


def test_R_36_each_address_leaves_by_its_own_public_address() -> None:
    found = estate(
        network(),
        *with_two(has_public("a"), has_public("b")),
        public("a", "20.7.7.7"),
        public("b", "20.7.7.8"),
    )
    second = asked(found, "second", CLIENT)
    assert second.verdict == "reachable"
    assert says(second) == "the public IP of web-nic takes it to the internet as 20.7.7.8 (R-36)"
    first = asked(found, "primary", CLIENT)
    assert says(first) == "the public IP of web-nic takes it to the internet as 20.7.7.7 (R-36)"


@pytest.mark.parametrize(
    "first",
    [has_public("a"), IN_POOL, {}],
    ids=["public-address", "load-balancer", "default"],
)
def test_R_37_what_takes_the_first_address_out_does_nothing_for_a_second(first: Json) -> None:
    more = [public("a", "20.7.7.7"), balancer(outbound=True)]
    found = estate(network(), *with_two(first), *more)
    assert asked(found, "primary", CLIENT).verdict == "reachable"
    second = asked(found, "second", CLIENT)
    assert (second.verdict, second.stops) == ("blocked", ["egress"])
    assert says(second) == "nothing takes it to the internet (R-37)"


def test_R_37_a_second_address_in_the_pool_is_not_taken_out_either() -> None:
    found = estate(network(), *with_two(IN_POOL, IN_POOL), balancer(outbound=True))
    assert asked(found, "second", CLIENT).stops == ["egress"]


def test_R_37_a_second_address_has_its_own_where_the_first_has_none() -> None:
    found = estate(network(**PRIVATE), *with_two({}, has_public("b")), public("b", "20.7.7.8"))
    assert asked(found, "second", CLIENT).verdict == "reachable"
    assert asked(found, "primary", CLIENT).stops == ["egress"]


def test_R_37_a_nat_gateway_takes_all_addresses_out() -> None:
    found = estate(network(**BY_NAT), *with_two(), nat("out"), public("out", "20.7.7.7"))
    assert asked(found, "second", CLIENT).verdict == "reachable"
