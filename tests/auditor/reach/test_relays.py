"""Whom application gateways send on to, however they are reached and whatever the pool names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.reach.listing import exposed
from auditor.reach.points import anywhere_in
from auditor.testing import arm_id, estate, resource

from ...clusters import GROUP, cluster
from ...clusters import pool as cluster_pool
from ...exposed import GATEWAY, NIC, PIP, SUBNET, VNET, deny, nic, nsg, pip, rule, subnet, vnet
from ...exposed import ref as idref
from ...firewalls import FIREWALL, collection, firewall, group, nat_rule, policy
from ...reaching import app_gateway, asked, lb, lb_rule, ref, scale_set
from ...relays import CLIENT, gated, relayed
from ...routing import TABLE, route, table
from ...routing import subnet as subnet_in

POOLS = f"{GATEWAY}/backendAddressPools"


def pool(**settings: Any) -> Any:
    return app_gateway(backendAddressPools=[{"name": "pool", "properties": settings}])


def translating(to: str) -> tuple[Any, ...]:
    """Firewall fw at 20.80.0.1, whose NAT rule leads port 443 to an address."""
    home = {
        "name": "home",
        "properties": {
            "privateIPAddress": "10.0.9.4",
            "publicIPAddress": ref(PIP, "fpip"),
            "subnet": idref(arm_id(SUBNET, "vnet", "AzureFirewallSubnet")),
        },
    }
    rules = collection("nat", 100, "Dnat", nat_rule("web", to, "20.80.0.1", "443"))
    return (
        firewall(ipConfigurations=[home]),
        policy("rules"),
        group("rules", 100, rules),
        pip("fpip", arm_id(f"{FIREWALL}/azureFirewallIpConfigurations", "fw", "home"),
            address="20.80.0.1"),
    )  # fmt: skip


def by_gateway(network: Network, target: str = "web") -> list[str]:
    return [answer.verdict.value for answer in relayed(network, target)]


def listed(network: Network) -> dict[str, tuple[str, set[str]]]:
    """What the internet reaches or may: verdict and labels by the last two words of an id."""
    return {
        "/".join(one.target.id.split("/")[-2:]): (
            one.answer.verdict.value,
            {reason.label for reason in one.answer.reasons},
        )
        for one in exposed(network)
    }


def test_a_nat_rule_to_a_gateways_private_frontend_is_followed_to_its_backends() -> None:
    behind = gated(*translating("10.0.1.20:443"), gateway=app_gateway(listeners=[("private", 443)]))

    assert asked(behind, CLIENT, "agw").verdict == "unknown"
    assert by_gateway(behind) == ["unknown"]  # for E-23: whose source the gateway sees
    assert relayed(behind)[0].hops[0].code == "firewall-nat"
    assert listed(behind).keys() == {"applicationGateways/agw", "ipConfigurations/primary"}


def test_a_nat_rule_to_a_port_without_listener_leads_to_no_backend() -> None:
    behind = gated(*translating("10.0.1.20:80"), gateway=app_gateway(listeners=[("private", 443)]))

    shut = asked(behind, CLIENT, "agw")
    assert (shut.verdict, shut.stops[0]) == ("blocked", "listener")
    assert by_gateway(behind) == []


def public_machine(*sources: str) -> Network:
    """The gateway's pool names 20.60.0.9, the public address of NIC shop."""
    return gated(
        nic("shop", public="wpip", nsg="shop", address="10.0.0.9"),
        nsg(
            *(rule(f"in{n}", 100 + n, each, "8080") for n, each in enumerate(sources)), name="shop"
        ),
        pip("wpip", arm_id(f"{NIC}/ipConfigurations", "shop", "primary"), address="20.60.0.9"),
        gateway=app_gateway(members=["20.60.0.9"]),
    )


def test_A_28_a_public_member_of_the_input_is_asked_from_the_gateways_public_address() -> None:
    open_to_gateway = public_machine("20.50.1.2")

    assert by_gateway(open_to_gateway, "shop") == ["reachable"]
    there = relayed(open_to_gateway, "shop")[0].arrives_as
    assert there is not None
    assert (str(there.source), str(there.destination)) == ("20.50.1.2", "10.0.0.9")
    assert by_gateway(public_machine("10.0.1.0/26"), "shop") == []


def test_a_public_member_may_be_a_load_balancers_frontend() -> None:
    balancer = lb(lb_rule(front=8080, back=8080), members=["web"])
    front = balancer["properties"]["frontendIPConfigurations"][0]["properties"]
    front["publicIPAddress"] = ref(PIP, "lpip")
    network = gated(
        balancer, pip("lpip", address="20.60.0.9"), gateway=app_gateway(members=["20.60.0.9"])
    )

    assert by_gateway(network) == ["reachable"]


def test_a_member_may_be_another_gateways_private_frontend() -> None:
    first = app_gateway(members=["10.0.1.20"], port=443)
    second = _renamed(app_gateway(listeners=[("private", 443)], members=["10.0.0.4"]), "second")

    found = relayed(gated(second, gateway=first))

    assert [answer.verdict.value for answer in found] == ["reachable"]
    assert [each.rsplit("/", 1)[-1] for each in found[0].via] == ["agw", "second"]


def _renamed(gateway: Any, name: str) -> Any:
    """A gateway of another name, and without a public frontend."""
    text = json.dumps(gateway).replace('"agw"', f'"{name}"').replace('/agw"', f'/{name}"')
    found = json.loads(text.replace("applicationGateways/agw/", f"applicationGateways/{name}/"))
    p = found["properties"]
    fronts = [each for each in p["frontendIPConfigurations"] if each["name"] == "private"]
    p["frontendIPConfigurations"] = fronts
    return found


def test_gateways_that_send_to_each_other_end() -> None:
    first = app_gateway(
        listeners=[("public", 443), ("private", 443)], members=["10.0.1.20"], port=443
    )
    assert by_gateway(gated(gateway=first)) == []


def test_a_name_that_nothing_resolves_ends_at_the_pool_as_unknown() -> None:
    network = gated(gateway=pool(backendAddresses=[{"fqdn": "app.example.com"}]))

    assert listed(network)["backendAddressPools/pool"] == ("unknown", {"fqdn:app.example.com"})
    assert by_gateway(network) == ["unknown"]  # perhaps it is web's: see test_unresolved.py


def zone(*records: tuple[str, str]) -> list[Any]:
    kind = "Microsoft.Network/privateDnsZones"
    return [
        resource(kind, "shop.internal", {"numberOfRecordSets": 1 + len(records)}),
        resource(
            f"{kind}/virtualNetworkLinks",
            "shop.internal/vnet",
            {"virtualNetwork": idref(arm_id(VNET, "vnet"))},
        ),
        *(
            resource(f"{kind}/A", f"shop.internal/{name}",
                     {"ttl": 60, "aRecords": [{"ipv4Address": address}]})
            for name, address in records
        ),
    ]  # fmt: skip


def test_a_name_of_a_linked_private_zone_is_followed() -> None:
    gateway = pool(backendAddresses=[{"fqdn": "web.shop.internal"}])

    assert by_gateway(gated(*zone(("web", "10.0.0.4")), gateway=gateway)) == ["reachable"]
    other = gated(*zone(("other", "10.0.0.4")), gateway=gateway)
    assert by_gateway(other) == []  # the zone says that there is no such name
    assert "backendAddressPools/pool" not in listed(other)


@pytest.mark.parametrize(
    ("servers", "verdicts"),
    [([], ["reachable"]), (["168.63.129.16"], ["reachable"]), (["10.0.0.53"], ["unknown"])],
)
def test_L_14_what_a_dns_server_of_ones_own_answers_is_not_told(
    servers: list[str], verdicts: list[str]
) -> None:
    gateway = pool(backendAddresses=[{"fqdn": "web.shop.internal"}])
    network = gated(*zone(("web", "10.0.0.4")), gateway=gateway, dns=servers)
    assert by_gateway(network) == verdicts


def test_L_14_such_a_server_is_told_as_a_reason_of_its_own() -> None:
    def labels(*servers: str) -> set[str]:
        gateway = pool(backendAddresses=[{"fqdn": "web.shop.internal"}])
        network = gated(gateway=gateway, dns=list(servers))
        return {reason.label for each in relayed(network, "web") for reason in each.reasons}

    assert labels("10.0.0.53") == {"fqdn:web.shop.internal", "custom-dns"}
    assert labels() == {"fqdn:web.shop.internal"}


def test_a_name_of_a_public_ip_is_followed() -> None:
    network = gated(
        nic("shop", public="wpip", nsg="shop", address="10.0.0.9"),
        nsg(rule("in", 100, "*", "8080"), name="shop"),
        pip("wpip", arm_id(f"{NIC}/ipConfigurations", "shop", "primary"), address="20.60.0.9",
            settings={"dnsSettings": {"fqdn": "shop.westeurope.cloudapp.azure.com"}}),
        gateway=pool(backendAddresses=[{"fqdn": "shop.westeurope.cloudapp.azure.com"}]),
    )  # fmt: skip

    assert by_gateway(network, "shop") == ["reachable"]


def test_a_pool_that_the_input_lacks_ends_as_unknown_and_leads_to_who_names_it() -> None:
    gone = pool()
    gone["properties"]["backendAddressPools"] = []
    assert "collection-gap" in listed(gated(gateway=gone))["requestRoutingRules/public-443"][1]

    named = nic(
        "shop",
        address="10.0.0.9",
        configuration={
            "applicationGatewayBackendAddressPools": [idref(arm_id(POOLS, "agw", "pool"))]
        },
    )
    assert by_gateway(gated(named, gateway=gone), "shop") == ["reachable"]


def before_pods(
    member: str = "10.244.1.7", mode: Any = None, routes: Sequence[Any] | None = None
) -> Network:
    """Gateway agw before an address of pods of cluster shop, whose nodes are scale set vmss."""
    home = {"routeTable": idref(arm_id(TABLE, "pods"))} if routes is not None else None
    return gated(
        cluster("shop", cluster_pool(in_=("vnet", "app")), network=mode),
        scale_set(group=GROUP),
        *([table("pods", *routes)] if routes is not None else []),
        gateway=app_gateway(members=[member]),
        home=home,
    )


KUBENET = {"networkPlugin": "kubenet", "networkPluginMode": None}
TO_NODE = route("10.244.1.0/24", "VirtualAppliance", "10.0.0.7")


@pytest.mark.parametrize(("mode", "routes"), [(None, None), (KUBENET, [TO_NODE])])
def test_A_54_pods_that_a_gateway_sends_to_are_told_as_unknown(mode: Any, routes: Any) -> None:
    """They were left out without a word: by ARM alone nobody tells who answers there."""
    network = before_pods(mode=mode, routes=routes)
    found = listed(network)
    assert found["backendAddressPools/pool"] == ("unknown", {"k8s-objects-missing"})
    assert by_gateway(network, "vmss") == ["unknown"]
    assert by_gateway(network) == []  # web is no node


@pytest.mark.parametrize("routes", [None, [], [route("10.244.2.0/24", "None")]])
def test_A_54_a_gateway_without_the_nodes_routes_gets_to_no_pods_of_kubenet(routes: Any) -> None:
    """It could not tell. The addresses are private, and no route of the subnet names a node."""
    network = before_pods(mode=KUBENET, routes=routes)
    assert "backendAddressPools/pool" not in listed(network)
    assert by_gateway(network, "vmss") == []


def test_A_54_an_address_of_no_pods_is_none_of_the_inputs() -> None:
    assert "backendAddressPools/pool" not in listed(before_pods("10.245.1.7"))
    flat = {"networkPluginMode": None, "podCidr": None}
    assert "backendAddressPools/pool" not in listed(before_pods(mode=flat))


def test_settings_that_the_input_lacks_leave_the_port_untold() -> None:
    gateway = app_gateway(backendHttpSettingsCollection=[])

    one = [rule("in", 100, "*", "8080"), rule("no", 200, "*", "*", access="Deny")]

    found = relayed(gated(gateway=gateway, backend=one))

    assert [answer.verdict.value for answer in found] == ["unknown"]
    assert "collection-gap" in {reason.label for reason in found[0].reasons}
    assert by_gateway(gated(gateway=gateway)) == ["reachable"]  # on every port
    shut = gated(gateway=gateway, backend=[rule("none", 100, "*", "*", access="Deny")])
    assert by_gateway(shut) == []


def test_a_member_by_nic_that_the_input_lacks_ends_as_unknown() -> None:
    gone = idref(arm_id(f"{NIC}/ipConfigurations", "gone", "primary"))

    found = listed(gated(gateway=pool(backendIPConfigurations=[gone])))

    assert found["backendAddressPools/pool"] == ("unknown", {"collection-gap"})


def test_backends_behind_a_listener_whose_port_is_not_told_are_in_doubt() -> None:
    gateway = app_gateway()
    gateway["properties"]["frontendPorts"] = []

    network = gated(gateway=gateway)

    assert asked(network, CLIENT, "agw").verdict == "unknown"
    assert by_gateway(network) == ["unknown"]


def test_backends_behind_a_listener_of_another_frontend_stay_behind_that() -> None:
    gateway = app_gateway(listeners=[("public", 443), ("private", 80)], members=["10.0.0.4"])
    gateway["properties"]["frontendPorts"] = gateway["properties"]["frontendPorts"][1:]  # not 80

    found = relayed(gated(gateway=gateway))

    assert [answer.verdict.value for answer in found] == ["reachable"]


def _private(*, nat: bool = False, tier: str = "WAF_v2") -> Network:
    """Gateway agw, private only, before NIC far, which has a public address; NIC web asks it."""
    front = {"privateIPAddress": "10.0.1.20", "subnet": ref(SUBNET, "vnet", "gw")}
    gateway = app_gateway(
        listeners=(("private", 443),),
        members=("20.50.1.9",),
        sku={"name": tier, "tier": tier},
        frontendIPConfigurations=[{"name": "private", "properties": front}],
    )
    way_out = "Microsoft.Network/natGateways"
    home: Any = {"natGateway": ref(way_out, "nat")} if nat else {}
    return estate(
        nsg(rule("in", 100, "*", "8080")),
        nic("web"),
        nic("far", address="10.0.2.4", subnet="edge", public="far-ip", nsg="nsg"),
        pip("far-ip", arm_id(f"{NIC}/ipConfigurations", "far", "primary"), address="20.50.1.9"),
        gateway,
        vnet(subnet(), subnet("gw", "10.0.1.0/26", **home), subnet("edge", "10.0.2.0/24")),
        resource(way_out, "nat", {"publicIpAddresses": [ref(PIP, "out")]}),
        pip("out", address="20.50.1.10"),
    )


def test_A_6_a_private_gateway_needs_a_nat_gateway_for_public_members() -> None:
    assert asked(_private(), "web", "far").by_gateway == []
    assert asked(_private(nat=True), "web", "far").by_gateway == ["reachable"]
    assert asked(_private(tier="WAF"), "web", "far").by_gateway == ["unknown"]


def test_A_28_a_gateway_leaves_by_its_public_address() -> None:
    found = asked(gated(), "agw", CLIENT)
    assert found.verdict == "reachable"
    assert found.arrives == f"{CLIENT}:443"
    there = found.one.arrives_as
    assert there is not None
    assert str(there.source) == "20.50.1.2"


def test_a_gateway_is_no_way_of_its_own() -> None:
    assert asked(gated(), "agw", "web", 8080).verdict == "reachable"
    assert asked(gated(), "agw", "web", 443).by_gateway == []


def test_A_2_any_machine_of_a_gateways_subnet_is_that_gateway() -> None:
    """It asks whom it likes without itself; a machine of another subnet asks it."""
    network = gated(
        gateway=app_gateway(listeners=(("public", 443), ("private", 444))),
        backend=[rule("in", 100, "*", "8080"), deny("no", 200)],
    )
    instance = anywhere_in(network, subnet_in(network, "gw", "vnet"))
    for port in (443, 444):
        shut = asked(network, instance, "web", port)
        assert (shut.verdict, shut.by_gateway, shut.stops) == ("blocked", [], ["nsg-inbound"])
    assert asked(network, instance, "web", 8080).verdict == "reachable"
    assert asked(network, "desks", "web", 444).by_gateway == ["reachable"]
