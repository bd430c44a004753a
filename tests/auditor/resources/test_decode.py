from __future__ import annotations

from typing import Any

import msgspec
import pytest

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.resources.base import Node, Wire, kind_of
from auditor.resources.decode import Damage, decode
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.linking import link
from auditor.resources.load_balancers import LoadBalancer
from auditor.resources.managed_clusters import AgentPool, ManagedCluster
from auditor.resources.public_addresses import PublicIp
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.resources.walk import peek
from auditor.resources.words import Words
from auditor.snapshot.document import Dialect, Record
from auditor.testing import arm_id, resource

from ...everything import everything

NETWORK = "Microsoft.Network"
VNET = f"{NETWORK}/virtualNetworks"
AKS = "Microsoft.ContainerService/managedClusters"
DIALECTS = list(Dialect)


def record(body: dict[str, Any], dialect: Dialect = Dialect.ARM, *unresolved: str) -> Record:
    return Record(
        id=body.get("id", arm_id(VNET, "x")),
        type=body.get("type", VNET),
        body=msgspec.json.encode(body),
        source=0,
        start=0,
        pointer="",
        dialect=dialect,
        unresolved=tuple((pointer, "not given") for pointer in unresolved),
    )


def read(body: dict[str, Any], dialect: Dialect = Dialect.ARM, *unresolved: str) -> Any:
    damages: list[Damage] = []
    node = decode(record(body, dialect, *unresolved), damages)
    assert damages == []
    return node


def spoilt(body: dict[str, Any], dialect: Dialect = Dialect.ARM) -> tuple[Any, list[Damage]]:
    damages: list[Damage] = []
    return decode(record(body, dialect), damages), damages


def flat(body: dict[str, Any]) -> dict[str, Any]:
    """Merge `properties` upwards at every level, as az CLI does."""
    merged = {**body, **body.get("properties", {}), "resourceGroup": "rg"}
    merged.pop("properties", None)
    return {
        key: [flat(each) if isinstance(each, dict) else each for each in value]
        if isinstance(value, list)
        else value
        for key, value in merged.items()
    }


def network(**subnet: Any) -> dict[str, Any]:
    return resource(
        VNET,
        "hub",
        {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "app", "properties": {"addressPrefix": "10.0.0.0/24", **subnet}}],
        },
    )


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


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("wrong", [True, 5, {}, {"a": 1}, "10.0.0.0/16"])
def test_a_value_of_the_wrong_type_is_damage_and_reading_it_is_undetermined(
    wrong: Any, dialect: Dialect
) -> None:
    body = network()
    body["properties"]["addressSpace"] = {"addressPrefixes": wrong}
    body = flat(body) if dialect is Dialect.FLAT else body

    found, (damage,) = spoilt(body, dialect)

    assert damage.pointer == "/properties/addressSpace/addressPrefixes"
    assert damage.reason.startswith("expected `array | null`, got")
    with pytest.raises(Undetermined, match="addressPrefixes"):
        _ = found.prefixes
    assert found.subnets[0].name == "app"


def test_every_damage_is_told() -> None:
    body = network(addressPrefix=[], natGateway=[])
    body["tags"] = "none"

    found, damages = spoilt(body)

    assert sorted(damage.pointer for damage in damages) == [
        "/properties/subnets/0/properties/addressPrefix",
        "/properties/subnets/0/properties/natGateway",
        "/tags",
    ]
    with pytest.raises(Undetermined, match="tags"):
        found.tag("x")


def test_a_list_with_a_wrong_element_is_undetermined_as_a_whole() -> None:
    body = network()
    body["properties"]["subnets"].append("app2")

    found, (damage,) = spoilt(body)

    assert damage.pointer == "/properties/subnets/1"
    with pytest.raises(Undetermined, match="subnets"):
        _ = found.subnets


@pytest.mark.parametrize("key", ["id", "name"])
def test_a_part_whose_identity_is_damaged_can_still_be_named(key: str) -> None:
    body = network()
    body["properties"]["subnets"][0][key] = {}

    found, (damage,) = spoilt(body)

    assert damage.pointer == f"/properties/subnets/0/{key}"
    assert isinstance(getattr(found.subnets[0], key), str)


def test_a_resource_whose_name_is_damaged_can_still_be_named() -> None:
    found, (damage,) = spoilt({**network(), "name": []})

    assert damage.pointer == "/name"
    assert found.name == ""


@pytest.mark.parametrize("body", [b"5", b"[]", b'"x"', b"null", b"true"])
def test_a_record_that_is_no_object_is_damage(body: bytes) -> None:
    damages: list[Damage] = []
    made = Record(
        id=arm_id(VNET, "x"),
        type=VNET,
        body=body,
        source=0,
        start=0,
        pointer="",
        dialect=Dialect.ARM,
    )

    assert decode(made, damages) is None
    assert [damage.pointer for damage in damages] == [""]


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


@pytest.mark.parametrize("number", ["1" + "0" * 5000, "1e400"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_number_out_of_any_range_is_damage(number: str, dialect: Dialect) -> None:
    rules = [{"name": "ssh", "properties": {"priority": 4242}}]
    one = record(resource(f"{NETWORK}/networkSecurityGroups", "nsg", {"securityRules": rules}))
    text = bytes(one.body).replace(b"4242", number.encode())
    damages: list[Damage] = []

    node = decode(msgspec.structs.replace(one, body=text, dialect=dialect), damages)

    assert node is None
    assert [damage.reason for damage in damages] == ["holds a number that is out of any range"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("key", ["subnets", "virtualNetworkPeerings"])
def test_a_null_in_a_list_is_damage(key: str, dialect: Dialect) -> None:
    node, damages = spoilt(resource(VNET, "v", {key: [None]}), dialect)

    assert [damage.pointer for damage in damages] == [f"/properties/{key}/0"]
    assert isinstance(node, VirtualNetwork)
    with pytest.raises(Undetermined):
        _ = node.properties.subnets, node.properties.virtual_network_peerings


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
