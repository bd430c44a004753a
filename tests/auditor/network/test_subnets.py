from __future__ import annotations

import pytest

from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.subnets import (
    called,
    free_prefix,
    largest_v4,
    resize,
    siblings,
    siblings_of,
    vnet_name,
)
from auditor.resources.virtual_networks import Subnet
from auditor.testing import estate, resource

from ...networks import vnet, vnet_id


def named(network: Network, name: str) -> Subnet:
    return next(each for each in network.all(Subnet) if each.name == name)


def test_subnets_are_found_without_their_network() -> None:
    alone = [
        resource("Microsoft.Network/virtualNetworks/subnets", f"gone/{name}", {})
        for name in ("app", "db")
    ]
    network = estate(*alone)
    assert [subnet.name for subnet in siblings_of(network, vnet_id("gone").lower())] == [
        "app",
        "db",
    ]
    assert [each.id for each in siblings(network)] == [vnet_id("gone")]
    assert vnet_name(named(network, "app")) == "gone"


def test_one_subnet_has_no_siblings() -> None:
    assert siblings(estate(vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}))) == ()


def test_names_compare_without_case() -> None:
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={"gatewaysubnet": "10.0.0.0/27", "app": "10.0.1.0/24"})
    )
    assert [subnet.name for subnet in called("GatewaySubnet")(network)] == ["gatewaysubnet"]


def test_the_largest_ipv4_prefix_speaks_for_a_subnet() -> None:
    prefixes = {"addressPrefixes": ["10.0.0.0/28", "10.0.1.0/26", "fd00::/64"]}
    network = estate(vnet("a", "10.0.0.0/16", subnets={"s": prefixes, "six": "fd00:1::/64"}))
    assert str(largest_v4(named(network, "s")).prefix) == "10.0.1.0/26"
    with pytest.raises(Undetermined):
        largest_v4(named(network, "six"))


def test_a_free_block_is_the_first_that_fits() -> None:
    network = estate(
        vnet("a", "10.0.0.0/24", subnets={"low": "10.0.0.0/26", "high": "10.0.0.128/25"})
    )
    assert str(free_prefix(network, named(network, "high"), 26, kept=())) == "10.0.0.64/26"
    assert str(free_prefix(network, named(network, "high"), 25, kept=())) == "10.0.0.128/25"
    assert free_prefix(network, named(network, "low"), 24, kept=()) is None


def test_a_full_network_is_told_to_grow() -> None:
    network = estate(vnet("a", "10.0.0.0/26", subnets={"s": "10.0.0.0/26"}))
    subnet = named(network, "s")
    assert resize(network, subnet, 25, subnet.prefixes[0]).startswith(
        "add address space to a, then: az "
    )


def test_a_subnet_keeps_the_prefixes_that_are_not_at_fault() -> None:
    both = {"addressPrefixes": ["10.0.0.0/28", "10.0.1.0/28", "fd00::/64"]}
    network = estate(vnet("a", "10.0.0.0/16", "fd00::/48", subnets={"s": both}))
    subnet = named(network, "s")
    command = resize(network, subnet, 27, subnet.prefixes[0])
    assert "--address-prefixes 10.0.1.0/28 fd00::/64 10.0.0.0/27 --subscription" in command
