"""From the JSON of a record to a resource, whichever way it is written."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.resources.base import Node, Wire, kind_of
from auditor.resources.decode import decode
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.linking import link
from auditor.resources.load_balancers import LoadBalancer
from auditor.resources.managed_clusters import AgentPool, ManagedCluster
from auditor.resources.public_addresses import PublicIp
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.resources.walk import peek
from auditor.resources.words import Words
from auditor.snapshot.document import Dialect
from auditor.testing import arm_id, resource

from ...everything import everything
from .decoding import AKS, DIALECTS, NETWORK, VNET, flat, network, read, record


def test_the_three_dialects_give_one_resource() -> None:
    nsg = {"id": arm_id(f"{NETWORK}/networkSecurityGroups", "n")}
    arm = network(networkSecurityGroup=nsg)
    loose = {
        "ID": arm["id"],
        "type": arm["type"],
        "Properties": {
            "AddressSpace": {"AddressPrefixes": ["10.0.0.0/16"]},
            "Subnets": [
                {
                    "Name": "app",
                    "Properties": {"AddressPrefix": "10.0.0.0/24", "NetworkSecurityGroup": nsg},
                }
            ],
        },
    }

    told = [
        read(arm, Dialect.ARM),
        read(flat(arm), Dialect.FLAT),
        read(loose, Dialect.LOOSE),
    ]

    for found in told:
        assert isinstance(found, VirtualNetwork)
        (subnet,) = found.subnets
        assert subnet.name == "app"
        assert [str(prefix) for prefix in subnet.prefixes] == ["10.0.0.0/24"]
        assert subnet.properties.network_security_group is not None
        assert subnet.properties.network_security_group.id == nsg["id"]
        assert [str(prefix) for prefix in found.prefixes] == ["10.0.0.0/16"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_null_is_absent(dialect: Dialect) -> None:
    body = network(routeTable=None, addressPrefixes=None, delegations=None)
    body |= {"tags": None, "zones": None}

    found = read(flat(body) if dialect is Dialect.FLAT else body, dialect)

    (subnet,) = found.subnets
    assert subnet.properties.route_table is None
    assert subnet.properties.nat_gateway is None
    assert subnet.delegated_to == ()
    assert found.tags is None


def test_an_absent_optional_key_is_none_not_a_default() -> None:
    address = read(resource(f"{NETWORK}/publicIPAddresses", "p"))

    assert isinstance(address, PublicIp)
    assert address.properties.ip_address is None
    assert address.sku is None
    assert address.properties.ip_configuration is None


@pytest.mark.parametrize("type_", [VNET, VNET.lower(), VNET.upper()])
def test_a_type_is_read_whatever_its_letter_case(type_: str) -> None:
    assert isinstance(read({**network(), "type": type_}), VirtualNetwork)


def test_a_type_nobody_reads_is_none_and_no_damage() -> None:
    assert read(resource("Contoso.Boats/boats", "b", {"subnets": 5})) is None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_singular_and_plural_twins_both_count(dialect: Dialect) -> None:
    body = network(addressPrefixes=["10.0.1.0/24", "10.0.0.0/24", "fd00::/64"])

    (subnet,) = read(flat(body) if dialect is Dialect.FLAT else body, dialect).subnets

    assert [str(p) for p in subnet.prefixes] == ["10.0.0.0/24", "10.0.1.0/24", "fd00::/64"]


def test_the_twins_of_a_security_rule_both_count() -> None:
    told = {
        "sourceAddressPrefix": "10.0.0.0/8",
        "sourceAddressPrefixes": ["192.168.0.0/16", "10.0.0.0/8"],
        "destinationAddressPrefix": "",
        "destinationAddressPrefixes": ["VirtualNetwork"],
        "sourcePortRange": "*",
        "sourcePortRanges": [],
        "destinationPortRanges": ["22", "80-90"],
    }
    rules = [{"name": "r", "properties": told}]

    group = read(resource(f"{NETWORK}/networkSecurityGroups", "n", {"securityRules": rules}))

    assert isinstance(group, NetworkSecurityGroup)
    (rule,) = group.rules
    assert rule.sources == ("10.0.0.0/8", "192.168.0.0/16")
    assert rule.destinations == ("VirtualNetwork",)
    assert rule.source_ports == ("*",)
    assert rule.destination_ports == ("22", "80-90")


def test_sku_stands_at_the_top_or_inside_the_settings() -> None:
    balancer = read(resource(f"{NETWORK}/loadBalancers", "lb", sku={"name": "Standard"}))
    gateway = read(
        resource(f"{NETWORK}/applicationGateways", "gw", {"sku": {"name": "WAF_v2", "capacity": 2}})
    )

    assert balancer.sku.name == "Standard"
    assert gateway.properties.sku.name == "WAF_v2"
    assert gateway.properties.sku.capacity == 2


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_key_has_one_type_here_and_another_there(dialect: Dialect) -> None:
    """`frontendPort` is a number in a load-balancing rule and an `{"id"}` in a listener."""
    port = {"id": arm_id(f"{NETWORK}/applicationGateways/frontendPorts", "gw", "https")}
    rules = [{"name": "r", "properties": {"frontendPort": 443}}]
    listeners = [{"name": "l", "properties": {"frontendPort": port}}]
    one = resource(f"{NETWORK}/loadBalancers", "lb", {"loadBalancingRules": rules})
    two = resource(f"{NETWORK}/applicationGateways", "gw", {"httpListeners": listeners})
    if dialect is Dialect.FLAT:
        one, two = flat(one), flat(two)

    assert read(one, dialect).rules[0].properties.frontend_port == 443
    assert read(two, dialect).properties.http_listeners[0].properties.frontend_port.id == port["id"]


def test_the_type_of_a_flattened_resource_is_no_setting_of_that_name() -> None:
    wan = resource(f"{NETWORK}/virtualWans", "wan", {"allowBranchToBranchTraffic": True})

    found = read(flat(wan), Dialect.FLAT).properties

    assert (found.allow_branch_to_branch_traffic, found.type) == (True, None)


def test_a_reference_is_an_object_with_an_id_or_a_plain_string() -> None:
    subnet = arm_id(f"{VNET}/subnets", "hub", "nodes")
    pools = [{"name": "system", "vnetSubnetID": subnet}]
    cluster = read(resource(AKS, "aks", {"agentPoolProfiles": pools}))
    loose = read(
        resource(
            f"{NETWORK}/networkInterfaces",
            "n",
            {"ipConfigurations": [{"name": "a", "properties": {"subnet": subnet}}]},
        ),
        Dialect.LOOSE,
    )

    assert isinstance(cluster, ManagedCluster)
    assert cluster.properties.agent_pool_profiles is not None
    assert cluster.properties.agent_pool_profiles[0].vnet_subnet_id == subnet
    assert isinstance(loose, NetworkInterface)
    assert loose.ip_configurations[0].properties.subnet is not None
    assert loose.ip_configurations[0].properties.subnet.id == subnet


def test_the_settings_of_an_agent_pool_stand_beside_its_name_or_under_properties() -> None:
    subnet = arm_id(f"{VNET}/subnets", "hub", "nodes")
    alone = resource(f"{AKS}/agentPools", "aks/user", {"vnetSubnetID": subnet, "count": 3})

    for found in (read(alone), read(flat(alone), Dialect.FLAT), read(alone, Dialect.LOOSE)):
        assert isinstance(found, AgentPool)
        assert found.vnet_subnet_id == subnet
        assert found.count == 3


def test_numbers_and_words_change_places_without_damage() -> None:
    told = {"priority": "100", "destinationPortRange": 22, "access": "Allow"}
    rules = [{"name": "r", "properties": told}]

    group = read(resource(f"{NETWORK}/networkSecurityGroups", "n", {"securityRules": rules}))

    assert group.rules[0].properties.priority == 100
    assert group.rules[0].destination_ports == ("22",)


@pytest.mark.parametrize("dialect", [Dialect.ARM, Dialect.LOOSE])
def test_what_the_input_names_but_does_not_give_is_undetermined(dialect: Dialect) -> None:
    unresolved = "/properties/subnets/0/properties/addressPrefix"
    body = network()
    del body["properties"]["subnets"][0]["properties"]["addressPrefix"]

    found = read(body, dialect, unresolved)

    with pytest.raises(Undetermined, match="addressPrefix"):
        _ = found.subnets[0].prefixes
    assert found.subnets[0].properties.nat_gateway is None
    assert len(found.prefixes) == 1


def test_an_inventory_entry_has_no_settings_to_read() -> None:
    body = {key: value for key, value in network().items() if key != "properties"}

    found = read(body, Dialect.ARM, "/properties")

    with pytest.raises(Undetermined, match="properties"):
        _ = found.prefixes
    assert found.location == "westeurope"


def test_an_unresolved_pointer_that_nobody_reads_changes_nothing() -> None:
    found = read(network(), Dialect.LOOSE, "/properties/flavour", "/plan/name")

    assert len(found.subnets) == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_keys_of_the_graph_cannot_come_from_the_input(dialect: Dialect) -> None:
    body = network() | {"auditor:owner": {"id": "x"}, "auditor:key": "/evil"}
    body["properties"]["subnets"][0]["auditor:collection"] = "evil"

    found = read(flat(body) if dialect is Dialect.FLAT else body, dialect)

    assert found.owner is None
    assert found.key == ""
    assert found.subnets[0].collection == ""


def test_a_flattened_balancer_keeps_its_own_sku_and_its_parts() -> None:
    frontends = [{"name": "f", "zones": ["1"], "properties": {"privateIPAddress": "10.0.0.4"}}]
    body = resource(
        f"{NETWORK}/loadBalancers",
        "lb",
        {"frontendIPConfigurations": frontends},
        sku={"name": "Standard", "tier": "Regional"},
    )
    recased = msgspec.json.decode(
        msgspec.json.encode(flat(body))
        .replace(b"frontendIPConfigurations", b"frontendIpConfigurations")
        .replace(b"privateIPAddress", b"privateIpAddress")
    )

    found = read(recased, Dialect.FLAT)

    assert isinstance(found, LoadBalancer)
    assert found.sku is not None
    assert found.sku.tier == "Regional"
    assert found.frontends[0].zones == ["1"]
    assert found.frontends[0].properties.private_ip_address == "10.0.0.4"


def test_unset_is_told_from_a_misspelt_attribute() -> None:
    subnet = Subnet()

    with pytest.raises(AttributeError):
        _ = subnet.nonsense  # type: ignore[attr-defined]
    assert isinstance(subnet, Node)


def said(value: Any) -> Any:
    """Everything inside, None where it is unset."""
    if isinstance(value, list):
        return [said(each) for each in value]
    if isinstance(value, Wire):
        return kind_of(value), [said(peek(value, name)) for name in value.__struct_fields__]
    return value


@pytest.mark.parametrize("body", everything(), ids=lambda body: str(body["id"]))
def test_few_are_read_as_many_are(body: dict[str, Any]) -> None:
    few, many = Words(), Words()
    told = []
    for words in (few, many):
        node = decode(record(body), [], words, few=words is few)
        assert node is not None
        before = said(node)
        leaves: list[Node] = []
        named = link(node, fold(node.id), leaves, few=words is few)
        told.append((before, [key for key, _ in named], [leaf.id for leaf in leaves]))
    assert told[0] == told[1]
    assert {(form, text) for form, text in few.new if text} == {
        (form, text) for form, text in many.new if text
    }


def test_what_is_damaged_in_few_is_told() -> None:
    body = resource(VNET, "x", {"addressSpace": {"addressPrefixes": ["10.0.0.0/33"]}})
    words = Words()
    decode(record(body), [], words, few=True)
    assert words.new == [("cidr", "10.0.0.0/33")]
