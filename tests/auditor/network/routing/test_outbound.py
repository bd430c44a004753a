"""How flows leave once their next hop is the internet (R-10, R-30 to R-37)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.routing import NextHop
from auditor.network.routing.model import Outbound
from auditor.testing import arm_id, estate, resource

from ....networks import nic, vnet
from ....routing import hop, hop_of_nic, route, steered, table

POOL = "Microsoft.Network/loadBalancers/backendAddressPools"
VM = "Microsoft.Compute/virtualMachines"


def leaves(
    *more: Any, subnet: Any = None, configuration: Any = None, machine: bool = True, **nic_more: Any
) -> NextHop:
    """The next hop to the internet of a VM's NIC in subnet `app`."""
    home = {"addressPrefix": "10.0.0.0/24", **(subnet or {})}
    vm = resource(VM, "vm", {"networkProfile": {"networkInterfaces": []}})
    one = nic(
        "n", "10.0.0.4", ("a", "app"), vm="vm" if machine else "",
        configuration={"primary": True, **(configuration or {})}, **nic_more,
    )  # fmt: skip
    network = estate(vnet("a", "10.0.0.0/16", subnets={"app": home}), one, vm, *more)
    return hop_of_nic(network, "n", "20.1.1.1")


def way(found: NextHop) -> Outbound:
    assert found.outbound is not None
    return found.outbound


NAT: dict[str, Any] = {"natGateway": {"id": arm_id("Microsoft.Network/natGateways", "nat")}}
OWN = {"privateIPAddress": "10.0.0.9"}
PIP = {"publicIPAddress": {"id": arm_id("Microsoft.Network/publicIPAddresses", "pip")}}


def test_R_30_a_nat_gateway_comes_before_a_public_ip() -> None:
    found = leaves(subnet=NAT, configuration=PIP)
    assert (way(found).method, way(found).fact) == ("nat-gateway", "R-31")
    assert way(leaves(configuration=PIP)).method == "public-ip"
    assert not found.drops


def test_R_30_a_route_elsewhere_comes_before_everything() -> None:
    home = {"app": steered("10.0.0.0/24", **NAT)}
    network = estate(
        vnet("a", "10.0.0.0/16", subnets=home), table("rt", route("0.0.0.0/0", "None"))
    )
    assert hop(network, "20.1.1.1").outbound is None


def balancer(kind: str, sku: str = "Standard") -> Any:
    """A load balancer whose pool the NIC is in; `kind` says what translates."""
    pool = {"id": arm_id(POOL, "lb", "pool")}
    front = {"id": f"{arm_id('Microsoft.Network/loadBalancers', 'lb')}/frontendIPConfigurations/f"}
    settings: dict[str, Any] = {
        "frontendIPConfigurations": [{"name": "f", "properties": OWN if kind == "inner" else PIP}],
        "backendAddressPools": [{"name": "pool", "properties": {}}],
        "loadBalancingRules": [],
        "inboundNatRules": [],
        "outboundRules": [],
    }
    if kind == "outbound":
        settings["outboundRules"] = [{"name": "o", "properties": {"backendAddressPool": pool}}]
    elif kind != "nothing":
        rule: dict[str, Any] = {"backendAddressPool": pool, "frontendIPConfiguration": front}
        if kind in {"snat", "no-snat", "inner"}:
            rule["disableOutboundSnat"] = kind == "no-snat"
        settings["loadBalancingRules"] = [{"name": "r", "properties": rule}]
    return resource("Microsoft.Network/loadBalancers", "lb", settings, sku={"name": sku})


MEMBER = {"loadBalancerBackendAddressPools": [{"id": arm_id(POOL, "lb", "pool")}]}


@pytest.mark.parametrize(
    ("kind", "sku", "method"),
    [
        ("outbound", "Standard", "load-balancer"),
        ("snat", "Standard", "load-balancer"),
        ("no-snat", "Standard", "none"),
        ("nothing", "Standard", "none"),
        ("inner", "Standard", "none"),
        ("snat", "Basic", "load-balancer"),
        ("nothing", "Basic", "default"),
        ("unsaid", "Standard", "unknown"),
    ],
)
def test_R_35_a_pool_translates_by_its_rules(kind: str, sku: str, method: str) -> None:
    found = leaves(balancer(kind, sku), configuration=MEMBER)
    assert way(found).method == method
    assert bool(found.drops) is (method == "none")


def test_R_33_a_machine_without_any_method_has_default_access() -> None:
    found = leaves()
    assert (way(found).method, way(found).fact) == ("default", "R-33")
    assert not found.drops


def test_R_33_what_azure_says_of_the_nic_counts() -> None:
    assert way(leaves(defaultOutboundConnectivityEnabled=False)).method == "none"
    assert way(leaves(defaultOutboundConnectivityEnabled=True)).method == "default"


def test_R_34_a_private_subnet_has_no_default_access() -> None:
    found = leaves(subnet={"defaultOutboundAccess": False})
    assert way(found).method == "none"
    assert "R-10" in found.drops


def test_R_33_a_machine_keeps_the_access_that_azure_says_it_has() -> None:
    """Until it is stopped, in a subnet that was made private since."""
    kept = {"defaultOutboundConnectivityEnabled": True}
    found = leaves(subnet={"defaultOutboundAccess": False}, **kept)
    assert (way(found).method, way(found).fact) == ("default", "R-33")
    assert not found.drops


def test_R_10_an_explicit_method_serves_a_private_subnet() -> None:
    found = leaves(subnet={"defaultOutboundAccess": False}, configuration=PIP)
    assert way(found).method == "public-ip"
    assert not found.drops


def test_of_a_nic_without_a_machine_it_is_not_told() -> None:
    assert way(leaves(machine=False)).method == "unknown"


def test_of_a_subnet_alone_only_its_nat_gateway_is_told() -> None:
    network = estate(vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}))
    assert way(hop(network, "20.1.1.1")).method == "unknown"


def test_N_14_azures_own_host_needs_no_way_to_the_internet() -> None:
    private: Any = {"defaultOutboundAccess": False}
    there = estate(
        vnet("a", "10.0.0.0/16", subnets={"app": {"addressPrefix": "10.0.0.0/24", **private}}),
        nic("web-nic", "10.0.0.4", ("a", "app")),
    )
    found = hop_of_nic(there, "web-nic", "168.63.129.16")
    assert (found.drops, found.outbound) == ("", None)
    assert hop_of_nic(there, "web-nic", "20.50.1.2").drops


@pytest.mark.parametrize("host", ["168.63.129.16", "169.254.169.254"])
def test_N_14_no_route_of_a_table_leads_away_from_azures_own_host(host: str) -> None:
    app = {"app": steered("10.0.0.0/24")}
    drop = table("rt", route("0.0.0.0/0", "None"), route(f"{host}/32", "None"))
    there = estate(vnet("a", "10.0.0.0/16", subnets=app), drop)
    found = hop(there, host)
    assert (found.hop.value, found.drops, found.outbound) == ("Internet", "", None)
    assert hop(there, "20.50.1.2").hop.value == "None"


def test_R_30_of_a_subnet_whose_interface_is_missing_that_is_named() -> None:
    absent = arm_id("Microsoft.Network/networkInterfaces", "gone")
    listing = {"ipConfigurations": [{"id": f"{absent}/ipConfigurations/one"}]}

    def reason(**more: Any) -> str:
        home = {"addressPrefix": "10.0.0.0/24", **more}
        network = estate(vnet("a", "10.0.0.0/16", subnets={"app": home}))
        (found,) = way(hop(network, "20.1.1.1")).reasons
        return found.detail

    assert reason(**listing) == f"{absent} is not in the snapshot"
    assert reason() == "what takes a machine of app out: its network interface would tell"
