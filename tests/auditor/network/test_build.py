from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from auditor.addresses import AddressError, PortError
from auditor.errors import InputError, Undetermined
from auditor.network.build import build
from auditor.network.graph import Network
from auditor.network.values import CHECKS, fault
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.gateway_routing import PathRule, UrlPathMap
from auditor.resources.managed_clusters import AgentPool, ManagedCluster
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Peering, Subnet, VirtualNetwork
from auditor.testing import NOW, arm_id, estate, resource, snapshot

NETWORK = "Microsoft.Network"
VNET = f"{NETWORK}/virtualNetworks"
NSG = f"{NETWORK}/networkSecurityGroups"
AGW = f"{NETWORK}/applicationGateways"
LB = f"{NETWORK}/loadBalancers"
AKS = "Microsoft.ContainerService/managedClusters"

Json = dict[str, Any]


def vnet(*subnets: str, prefix: str = "10.0.0.0/24", **more: Any) -> Json:
    parts = [
        {
            "id": arm_id(f"{VNET}/subnets", "hub", name),
            "name": name,
            "properties": {"addressPrefix": prefix},
        }
        for name in subnets
    ]
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    return resource(VNET, "hub", {"addressSpace": space, "subnets": parts, **more})


def subnet(name: str, prefix: Any) -> Json:
    return resource(f"{VNET}/subnets", f"hub/{name}", {"addressPrefix": prefix})


def told(network: Network) -> list[tuple[str, str]]:
    """The subnets of the one VNet, with their prefixes."""
    (hub,) = network.all(VirtualNetwork)
    return sorted((each.name, str(each.prefixes[0])) for each in hub.subnets)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_parts_that_arrive_alone_replace_or_join_their_owner_in_any_order(
    order: tuple[int, ...],
) -> None:
    resources = [vnet("old"), subnet("old", "10.0.1.0/24"), subnet("new", "10.0.2.0/24")]

    network = estate(*(resources[index] for index in order))

    assert told(network) == [("new", "10.0.2.0/24"), ("old", "10.0.1.0/24")]
    assert len(network.all(Subnet)) == 2
    assert network.gaps == ()
    for each in network.all(Subnet):
        assert each.owner is network.all(VirtualNetwork)[0]
        assert each.root is each
        assert each.pointer == ""


def test_a_part_may_spell_its_owner_in_capitals() -> None:
    shouting = subnet("new", "10.0.2.0/24")
    shouting["id"] = shouting["id"].upper()

    assert told(estate(vnet("old"), shouting)) == [("new", "10.0.2.0/24"), ("old", "10.0.0.0/24")]


def test_a_part_without_its_owner_stands_alone() -> None:
    network = estate(subnet("lost", "10.0.2.0/24"))

    (lost,) = network.all(Subnet)
    assert lost.owner is None
    assert network.holder(lost, VirtualNetwork) is None


def test_a_part_of_a_part_that_is_replaced_goes_with_it() -> None:
    def paths(*names: str) -> Json:
        return {"pathRules": [{"name": name, "properties": {"paths": ["/"]}} for name in names]}

    inside = {"id": arm_id(f"{AGW}/urlPathMaps", "gw", "m"), "name": "m"}
    gateway = resource(AGW, "gw", {"urlPathMaps": [{**inside, "properties": paths("same", "old")}]})
    alone = resource(f"{AGW}/urlPathMaps", "gw/m", paths("same", "new"))

    network = estate(gateway, alone)

    assert network.gaps == ()
    (kept,) = network.all(UrlPathMap)
    assert network.all(ApplicationGateway)[0].properties.url_path_maps == [kept]
    assert [rule.name for rule in network.all(PathRule)] == ["new", "same"]
    assert all(rule.owner is kept for rule in network.all(PathRule))


def test_a_rule_that_arrives_alone_replaces_its_copy() -> None:
    def settings(priority: int) -> Json:
        return {"priority": priority, "direction": "Inbound", "access": "Deny"}

    rules = [{"name": "ssh", "id": arm_id(f"{NSG}/securityRules", "n", "ssh")}]
    group = resource(NSG, "n", {"securityRules": [{**rules[0], "properties": settings(100)}]})
    alone = resource(f"{NSG}/securityRules", "n/ssh", settings(200))

    network = estate(group, alone)

    (found,) = network.all(NetworkSecurityGroup)
    assert [rule.properties.priority for rule in found.rules] == [200]
    assert [rule.properties.priority for rule in network.all(SecurityRule)] == [200]


def test_an_agent_pool_that_arrives_alone_joins_its_cluster() -> None:
    cluster = resource(AKS, "aks", {"agentPoolProfiles": [{"name": "system", "count": 1}]})
    alone = resource(f"{AKS}/agentPools", "aks/user", {"count": 5})

    network = estate(alone, cluster)

    assert [pool.count for pool in network.all(AgentPool)] == [1, 5]
    (found,) = network.all(ManagedCluster)
    assert {pool.name for pool in found.properties.agent_pool_profiles or ()} == {"system", "user"}


def test_a_list_that_cannot_be_known_stays_unknown_when_one_of_it_arrives_alone() -> None:
    hub = vnet()
    del hub["properties"]["subnets"]
    unresolved = (("/properties/subnets", "a parameter"),)

    network = estate(hub, subnet("new", "10.0.2.0/24"), unresolved=unresolved)

    assert [each.name for each in network.all(Subnet)] == ["new"]
    with pytest.raises(Undetermined, match="subnets"):
        _ = network.all(VirtualNetwork)[0].subnets


def test_two_parts_that_share_an_id_are_a_conflict() -> None:
    network = estate(vnet("twin", "twin"))

    (gap,) = network.gaps
    assert gap.kind == "conflict"
    assert gap.subject.endswith("/subnets/twin")


def test_a_part_without_an_id_is_named_for_its_owner() -> None:
    peering = {"properties": {"peeringState": "Connected"}}

    network = estate(vnet(virtualNetworkPeerings=[{"name": "to-b", **peering}, peering]))

    ids = [each.id for each in network.all(Peering)]
    assert ids == [
        f"{arm_id(VNET, 'hub')}/virtualNetworkPeerings/to-b",
        f"{arm_id(VNET, 'hub')}/virtualNetworkPeerings/~1",
    ]
    second = network.all(Peering)[1]
    assert second.pointer == "/properties/virtualNetworkPeerings/1"
    assert second.root is network.all(VirtualNetwork)[0]


def test_a_resource_without_settings_is_unknown_not_empty() -> None:
    bare = {key: value for key, value in vnet().items() if key != "properties"}

    (found,) = estate(bare).all(VirtualNetwork)

    with pytest.raises(Undetermined, match="properties"):
        _ = found.subnets


def damaged() -> Json:
    return vnet("good", "bad", prefix="10.0.0.0/24") | {"tags": {"a": "b"}}


@pytest.mark.parametrize(
    ("prefix", "reason"),
    [
        ("10.0.0.0/33", "is not a CIDR"),
        ("10.0.0.1000/24", "is not a CIDR"),
        ("nonsense", "is not a CIDR"),
        (["10.0.0.0/24"], "expected `str"),
    ],
)
def test_a_damaged_value_is_refused_with_its_place(prefix: Any, reason: str) -> None:
    body = damaged()
    body["properties"]["subnets"][1]["properties"]["addressPrefix"] = prefix

    with pytest.raises(InputError) as caught:
        build(snapshot(vnet() | {"id": arm_id(VNET, "other")}, body), as_of=NOW)

    assert reason in caught.value.what
    pointer = "/value/1/properties/subnets/1/properties/addressPrefix"
    assert caught.value.where == f"estate.json:1: {pointer}"
    assert "--keep-going" in caught.value.advice
    assert caught.value.exit_status == 3


def test_of_several_damages_the_first_in_the_file_is_told() -> None:
    sound = resource(NSG, "sound", {"securityRules": []})
    damaged = resource(NSG, "damaged", {"securityRules": 7})

    with pytest.raises(InputError) as caught:
        build(snapshot(sound, subnet("lost", []), damaged))

    assert "/value/1/" in caught.value.where


def test_with_keep_going_a_damaged_value_is_unknown_and_a_gap() -> None:
    body = damaged()
    body["properties"]["subnets"][1]["properties"]["addressPrefix"] = "10.0.0.0/33"

    network = build(snapshot(body), keep_going=True, as_of=NOW).network

    (gap,) = network.gaps
    assert (gap.kind, gap.subject) == ("damaged", body["id"])
    assert gap.where.startswith("estate.json:1: /value/0/")
    good, bad = sorted(network.all(Subnet), key=lambda each: each.name, reverse=True)
    assert str(good.prefixes[0]) == "10.0.0.0/24"
    with pytest.raises(Undetermined, match="addressPrefix"):
        _ = bad.prefixes


@pytest.mark.parametrize("port", ["70000", "22-21", "22,23", "-1", "ssh"])
def test_a_port_range_that_is_none_is_damage(port: str) -> None:
    rules = [{"name": "r", "properties": {"destinationPortRange": port}}]

    with pytest.raises(InputError, match="port"):
        estate(resource(NSG, "n", {"securityRules": rules}))


@pytest.mark.parametrize("port", [70000, -1, "65536"])
@pytest.mark.parametrize(
    ("kind", "parts", "key"),
    [
        (AGW, "frontendPorts", "port"),
        (AGW, "backendHttpSettingsCollection", "port"),
        (LB, "loadBalancingRules", "frontendPort"),
        (LB, "inboundNatRules", "backendPort"),
        (LB, "probes", "port"),
    ],
)
def test_a_number_that_is_no_port_is_damage(kind: str, parts: str, key: str, port: object) -> None:
    part = {"name": "p", "properties": {key: port}}

    with pytest.raises(InputError, match=f"{key}: (no port is higher than|expected `int` >= 0)"):
        estate(resource(kind, "n", {parts: [part]}))


def test_each_of_two_rules_that_say_the_same_wrong_is_damaged() -> None:
    rules = [{"name": "r", "properties": {"priority": 100, "destinationPortRange": "70000"}}]
    groups = (resource(NSG, name, {"securityRules": rules}) for name in ("a", "b"))

    network = build(snapshot(*groups), keep_going=True, as_of=NOW).network

    assert [gap.subject for gap in network.gaps] == [arm_id(NSG, "a"), arm_id(NSG, "b")]
    for rule in network.all(SecurityRule):
        assert rule.properties.priority == 100
        with pytest.raises(Undetermined, match="destinationPortRange"):
            _ = rule.destination_ports


@pytest.mark.parametrize("word", ["Internet", "*", "AzureCloud.westeurope", "789", "", "10.0.0.1"])
def test_a_tag_or_an_address_is_no_damage(word: str) -> None:
    rules = [{"name": "r", "properties": {"sourceAddressPrefix": word}}]

    assert estate(resource(NSG, "n", {"securityRules": rules})).gaps == ()


def test_counts_tell_what_is_understood_and_what_is_only_counted() -> None:
    shouting = vnet() | {"id": arm_id(VNET, "b"), "type": VNET.upper()}
    boat = resource("Contoso.Boats/boats", "b")

    built = build(snapshot(vnet(), shouting, boat), as_of=NOW)

    counts = [(each.type, each.count, each.understood) for each in built.counts]
    assert counts == [("Contoso.Boats/boats", 1, False), (VNET.upper(), 2, True)]


def test_the_same_network_whatever_the_order() -> None:
    resources = [vnet("a"), subnet("b", "10.0.2.0/24"), resource(NSG, "n", {})]
    shapes = {
        json.dumps([list(network.nodes), told(network)])
        for order in itertools.permutations(resources)
        for network in [estate(*order)]
    }

    assert len(shapes) == 1


def test_a_location_that_a_template_does_not_tell_stays_unknown() -> None:
    network = estate(
        resource("Microsoft.Network/virtualNetworks", "a", {"subnets": []}),
        unresolved=(("/location", "[parameters('location')]"),),
    )
    (vnet,) = network.all(VirtualNetwork)
    assert vnet.name == "a"
    with pytest.raises(Undetermined, match="location"):
        _ = vnet.location


@pytest.mark.parametrize("address", ["10.0.0.0/8", "::/0", "10.0.0.4/32"])
def test_a_range_where_azure_writes_one_address_is_damage(address: str) -> None:
    frontends = [{"name": "f", "properties": {"privateIPAddress": address}}]

    with pytest.raises(InputError, match="is not an address"):
        estate(resource(f"{NETWORK}/loadBalancers", "lb", {"frontendIPConfigurations": frontends}))


@pytest.mark.parametrize("address", ["10.0.0", "app.contoso.example", "10.0.2.0/24"])
@pytest.mark.parametrize("kind", ["applicationGateways", "loadBalancers"])
def test_a_member_whose_address_is_none_is_damage(kind: str, address: str) -> None:
    entry: Json = {"ipAddress": address}
    members = (
        {"backendAddresses": [entry]}
        if kind == "applicationGateways"
        else {"loadBalancerBackendAddresses": [{"name": "m", "properties": entry}]}
    )
    pools = [{"name": "p", "properties": members}]
    one = resource(f"{NETWORK}/{kind}", "x", {"backendAddressPools": pools})

    with pytest.raises(InputError, match="is not an address"):
        estate(one)
    entry["ipAddress"] = ""  # as good as none
    assert estate(one).gaps == ()


def test_a_part_of_another_type_does_not_take_the_place_of_a_copy() -> None:
    odd = subnet("app", "10.0.1.0/24") | {"type": f"{VNET}/virtualNetworkPeerings"}

    network = estate(vnet("app"), odd)

    (hub,) = network.all(VirtualNetwork)
    assert [type(each) for each in hub.subnets] == [Subnet]
    assert [gap.detail.partition(" ")[0] for gap in network.gaps] == ["its", "two"]


def test_a_reference_to_a_rule_that_arrived_alone_is_told() -> None:
    alone = resource(f"{NSG}/securityRules", "n/ssh", {"access": "Deny"})
    target = {"id": alone["id"]}
    network = estate(alone, resource(VNET, "hub", {"ddosProtectionPlan": target}))

    (edge,) = network.referrers(network.all(SecurityRule)[0])

    assert edge.spelled == alone["id"]


ADDRESSES = (
    *(f"10.0.0.{number}" for number in range(300)),
    "010.0.0.1", "10.0.0.01", "10.0.0", "10.0.0.1.", "10.0.0.0.1", "10.0.0.-1", "10.0.0.1\n",
    "1e1.0.0.1", "10.0.0.\u0661",
    *(f"10.0.0.0/{number}" for number in range(40)),
    "10.0.0.7/24", "10.0.0.0/024", "10.0.0.0/", "10.0.0.0/24/", "10.0.0.0/-1",
)  # fmt: skip
PORTS = (
    *map(str, (*range(200), *range(990, 1010), *range(9_990, 10_010), *range(64_990, 65_600))),
    "00", "007", "000000", "010000", "99999", "100000", "1-2", "2-1", "1,2", "*", "-", "http",
    " 22", "22\n", "\u0661",
)  # fmt: skip


@pytest.mark.parametrize("form", ["address", "cidr", "address-or-tag", "ports"])
def test_a_value_is_sound_at_a_glance_where_it_is_at_length(form: str) -> None:
    for text in PORTS if form == "ports" else ADDRESSES:
        sound = True
        try:
            CHECKS[form](text)
        except (AddressError, PortError):
            sound = False
        assert (fault(form, text) == "") == sound, text
