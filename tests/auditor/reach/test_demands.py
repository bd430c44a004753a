"""What the platform demands of subnets, and the packets of it that rules deny."""

from __future__ import annotations

from typing import Any

from auditor.addresses import AddressSet, PortSet
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.network.service_tags import ServiceTags
from auditor.reach.demands import Demand, Refusal, manager, probes, refusal, shares
from auditor.reach.platform_demands import confined, guests, unmanaged, unprobed
from auditor.reach.points import anywhere_in
from auditor.resources.virtual_networks import Subnet
from auditor.testing import arm_id, estate, resource

from ...exposed import SUBNET, deny, nsg, rule, subnet, vnet
from ...guarded import out_deny
from ...rules.gateways import gateway

HOME = arm_id(SUBNET, "vnet", "app")
WEB = PortSet.of(443)


def guarded(*rules: Any, name: str = "app", more: Any = (), **options: Any) -> Network:
    return estate(nsg(*rules), vnet(subnet(name, nsg="nsg")), *more, **options)


def asked(network: Network, demand: Demand) -> Refusal | None:
    (place,) = network.all(Subnet)
    return refusal(network, anywhere_in(network, place), demand)


def test_N_29_a_tag_for_control_stands_for_whoever_is_in_it() -> None:
    let = rule("in", 100, "GatewayManager", "443")

    assert asked(guarded(let, deny("no", 200)), manager(WEB)) is None
    refused = asked(guarded(deny("no", 90), let), manager(WEB))
    assert refused is not None
    assert (refused.certain, refused.some, refused.by) == (True, False, "no of nsg")
    assert refused.witness is None, "nobody tells who sends it"


def test_N_28_with_a_tag_file_it_stands_for_its_addresses() -> None:
    tags = ServiceTags({"GatewayManager": AddressSet.from_text(["20.0.0.0/16"])})
    half = rule("in", 100, "20.0.0.0/17", "443")

    refused = asked(guarded(half, deny("no", 200), tags=tags), manager(WEB))

    assert refused is not None
    assert (refused.certain, refused.some) == (False, True)
    assert asked(guarded(rule("in", 100, "20.0.0.0/8", "443"), tags=tags), manager(WEB)) is None


def test_N_15_probes_come_from_one_address() -> None:
    refused = asked(guarded(deny("no", 100)), probes(WEB))

    assert refused is not None
    assert refused.witness is not None
    assert refused.witness["source"] == "168.63.129.16"
    assert refused.words == "AzureLoadBalancer on port 443"


def test_only_the_ports_that_are_denied_are_told() -> None:
    refused = asked(guarded(deny("no", 100, "*", "440-441")), probes(PortSet.of(440, 445)))
    assert refused is not None
    assert refused.words == "AzureLoadBalancer on port 440-441"


def test_shares_are_what_surely_gets_in_and_what_surely_does_not() -> None:
    network = guarded(rule("in", 100, "20.0.0.0/8", "443"), rule("c", 110, "AzureCloud", "443"))
    (place,) = network.all(Subnet)
    everybody = AddressSet.from_text(["10.9.0.0/16", "20.0.0.0/8", "30.0.0.0/8"])

    denied, inside = shares(network, anywhere_in(network, place), Demand("x", WEB, everybody))

    assert str(inside) == "20.0.0.0/8"
    assert str(denied) == "10.9.0.0/16", "30.0.0.0/8 may be AzureCloud"


def test_what_leaves_is_asked_of_outbound_rules() -> None:
    internet = AddressSet.from_text(["20.0.0.0/8"])
    out = Demand("Internet", WEB, internet, Direction.OUTBOUND)

    assert asked(guarded(), out) is None
    refused = asked(guarded(out_deny("no", 100, "Internet")), out)
    assert refused is not None
    assert refused.certain


def of_gateway(*rules: Any, **settings: Any) -> tuple[bool, bool, bool]:
    """Whether management, probes and the way out of a gateway are refused."""
    network = guarded(*rules, more=(gateway(subnet=HOME, **settings),))
    (place,) = network.all(Subnet)
    return tuple(ask(network, place) is not None for ask in (unmanaged, unprobed, confined))  # type: ignore[return-value]


def test_A_10_what_a_gateway_needs() -> None:
    managed = rule("in", 100, "GatewayManager", "65200-65535")
    assert of_gateway() == (True, False, False)
    assert of_gateway(managed) == (False, False, False)
    assert of_gateway(managed, deny("no", 200), out_deny("shut", 100)) == (False, True, True)
    first = rule("in", 100, "GatewayManager", "65503-65534")
    assert of_gateway(first) == (True, False, False)
    assert of_gateway(first, tier="Standard") == (False, False, False)


def test_A_5_isolation_leaves_the_probes_alone() -> None:
    private = [
        {"name": "p", "properties": {"privateIPAddress": "10.0.0.9", "subnet": {"id": HOME}}}
    ]
    shut = deny("no", 200), out_deny("shut", 100)
    assert of_gateway(*shut, frontendIPConfigurations=private) == (False, True, False)


def refused_guests(network: Network) -> list[str]:
    found = []
    for each in guests(network).values():
        for guest in each:
            refused = guest.refused()
            found += [f"{guest.name}: {refused.words}"] if refused is not None else []
    return found


def test_N_43_bastion_is_managed_and_probed_on_443() -> None:
    assert refused_guests(guarded(deny("no", 100), name="AzureBastionSubnet")) == [
        "Bastion: GatewayManager on port 443",
        "Bastion: AzureLoadBalancer on port 443",
    ]


def test_N_46_an_api_server_is_probed_on_9988() -> None:
    cluster = resource(
        "Microsoft.ContainerService/managedClusters",
        "aks",
        {"apiServerAccessProfile": {"subnetId": HOME}},
    )
    assert refused_guests(guarded(deny("no", 100), more=(cluster,))) == [
        "the API server of aks: AzureLoadBalancer on port 9988"
    ]
