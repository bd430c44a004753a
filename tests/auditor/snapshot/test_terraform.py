"""Terraform plans and states: what becomes ARM, what stays open, what is counted."""

from __future__ import annotations

from typing import Any

import pytest

from .planned import by_name, one, plan
from .reading import bodies, kinds, read

BASE = "/subscriptions/{subscription}/resourceGroups/g/providers/Microsoft.Network"


RULE = {
    "access": "Allow",
    "direction": "Inbound",
    "priority": 100,
    "protocol": "Tcp",
    "source_port_range": "*",
    "source_address_prefix": "",
    "source_address_prefixes": ["10.0.0.0/8"],
    "destination_port_range": "22",
    "destination_port_ranges": [],
    "destination_address_prefix": "*",
    "description": None,
}
ARM_RULE = {
    "access": "Allow",
    "direction": "Inbound",
    "priority": 100,
    "protocol": "Tcp",
    "sourcePortRange": "*",
    "sourceAddressPrefixes": ["10.0.0.0/8"],
    "destinationPortRange": "22",
    "destinationAddressPrefix": "*",
}
NSG = "azurerm_network_security_group"


def test_rules_inside_a_group() -> None:
    snapshot = read(plan(one(f"{NSG}.web", security_rule=[{"name": "ssh", **RULE}])))

    (body,) = bodies(snapshot)
    assert body["id"] == f"{BASE}/networkSecurityGroups/web"
    assert body["properties"]["securityRules"] == [
        {"id": f"{body['id']}/securityRules/ssh", "name": "ssh", "properties": ARM_RULE}
    ]
    assert snapshot.records[0].unresolved == ()
    assert snapshot.records[0].pointer == "/planned_values/root_module/resources/0"
    assert snapshot.sources[0].shape == "Terraform plan"
    assert snapshot.gaps == ()


def test_rules_of_their_own_fill_the_list_of_a_new_group() -> None:
    rule = one("azurerm_network_security_rule.ssh", network_security_group_name="web", **RULE)
    group = one(f"{NSG}.web", unknown={"security_rule": True})

    found = by_name(read(plan(group, rule)))

    assert [each["name"] for each in found["web"]["properties"]["securityRules"]] == ["ssh"]
    assert found["ssh"]["properties"] == ARM_RULE


def test_the_open_list_of_an_existing_group_stays_open() -> None:
    group = one(f"{NSG}.web", unknown={"security_rule": True})

    snapshot = read(plan(group, actions="update"))

    assert [pointer for pointer, _ in snapshot.records[0].unresolved] == [
        "/properties/securityRules"
    ]


def test_a_rule_that_cannot_be_placed_leaves_every_list_open() -> None:
    rule = one(
        "azurerm_network_security_rule.ssh", unknown={"network_security_group_name": True}, **RULE
    )

    snapshot = read(plan(one(f"{NSG}.web", security_rule=[{"name": "a", **RULE}]), rule))

    assert kinds(snapshot) == ["unsupported"]
    ((pointer, _),) = snapshot.records[0].unresolved
    assert pointer == "/properties/securityRules"
    assert "securityRules" not in bodies(snapshot)[0]["properties"]


def test_two_resources_with_one_id_are_told() -> None:
    twins = [
        one(f"azurerm_network_security_rule.{name}", network_security_group_name="web", **RULE)
        for name in ("a", "b")
    ]
    for twin in twins:
        twin["values"]["name"] = "same"

    snapshot = read(plan(one(f"{NSG}.web"), *twins))

    assert kinds(snapshot) == ["unsupported"]
    assert "has its id" in snapshot.gaps[0].detail
    assert [pointer for pointer, _ in snapshot.records[0].unresolved] == [
        "/properties/securityRules"
    ]


def test_references_join_what_has_no_id_yet() -> None:
    network = one("azurerm_virtual_network.hub", address_space=["10.0.0.0/16"])
    subnet = one("azurerm_subnet.web", virtual_network_name="hub", address_prefixes=["10.0.1.0/24"])
    link = one(
        "azurerm_subnet_network_security_group_association.x",
        unknown={"subnet_id": True, "network_security_group_id": True},
        refs={
            "subnet_id": ["azurerm_subnet.web.id", "azurerm_subnet.web"],
            "network_security_group_id": [f"{NSG}.web"],
        },
    )
    group = one(f"{NSG}.web")

    found = {body["id"]: body for body in bodies(read(plan(link, network, subnet, group)))}

    web = f"{BASE}/virtualNetworks/hub/subnets/web"
    expected = {
        "addressPrefix": "10.0.1.0/24",
        "networkSecurityGroup": {"id": f"{BASE}/networkSecurityGroups/web"},
    }
    assert found[web]["properties"] == expected
    hub = found[f"{BASE}/virtualNetworks/hub"]["properties"]
    assert hub["addressSpace"] == {"addressPrefixes": ["10.0.0.0/16"]}
    assert hub["subnets"] == [{"id": web, "name": "web", "properties": expected}]


@pytest.mark.parametrize(
    "references", [["var.subnet"], ["azurerm_subnet.a.id", "azurerm_subnet.b.id"], [], None]
)
def test_other_expressions_stay_unresolved(references: Any) -> None:
    interface = one(
        "azurerm_network_interface.nic",
        unknown={"ip_configuration": [{"subnet_id": True}], "private_ip_address": True},
        ip_configuration=[{"name": "ip", "private_ip_address_allocation": "Dynamic"}],
    )
    if references is not None:
        interface["expressions"] = {"ip_configuration": [{"subnet_id": {"references": references}}]}

    (record,) = read(plan(interface)).records

    assert [pointer for pointer, _ in record.unresolved] == [
        "/properties/ipConfigurations/0/properties/subnet"
    ]


@pytest.mark.parametrize("kind", ["linux_virtual_machine", "virtual_machine"])
def test_a_machine_names_its_interface(kind: str) -> None:
    nic = one("azurerm_network_interface.nic", ip_configuration=[{"name": "ip"}])
    machine = one(
        f"azurerm_{kind}.vm",
        unknown={"network_interface_ids": [True]},
        refs={"network_interface_ids": ["azurerm_network_interface.nic.id"]},
    )

    snapshot = read(plan(nic, machine))

    assert snapshot.gaps == ()
    vm = by_name(snapshot)["vm"]
    assert vm["type"] == "Microsoft.Compute/virtualMachines"
    assert vm["properties"]["networkProfile"] == {
        "networkInterfaces": [{"id": f"{BASE}/networkInterfaces/nic"}]
    }


def test_a_load_balancer_holds_its_parts() -> None:
    parent = {"loadbalancer_id": ["azurerm_lb.lb.id", "azurerm_lb.lb"]}
    open_id = {"loadbalancer_id": True}
    balancer = one(
        "azurerm_lb.lb",
        sku="Standard",
        frontend_ip_configuration=[{"name": "f", "public_ip_address_id": "/ip", "zones": ["1"]}],
    )
    pool = one("azurerm_lb_backend_address_pool.p", unknown=open_id, refs=parent)
    probe = one("azurerm_lb_probe.h", unknown=open_id, refs=parent, port=80, protocol="Tcp")
    rule = one(
        "azurerm_lb_rule.r",
        unknown={**open_id, "backend_address_pool_ids": [True], "probe_id": True},
        refs={**parent, "probe_id": ["azurerm_lb_probe.h.id", "azurerm_lb_probe.h"]},
        protocol="Tcp",
        frontend_port=443,
        backend_port=8443,
        frontend_ip_configuration_name="f",
    )

    snapshot = read(plan(balancer, pool, probe, rule))

    lb = by_name(snapshot)["lb"]
    base = f"{BASE}/loadBalancers/lb"
    assert lb["sku"] == {"name": "Standard"}
    assert lb["properties"]["frontendIPConfigurations"] == [
        {
            "id": f"{base}/frontendIPConfigurations/f",
            "name": "f",
            "properties": {"publicIPAddress": {"id": "/ip"}},
            "zones": ["1"],
        }
    ]
    (made,) = lb["properties"]["loadBalancingRules"]
    assert made["properties"]["frontendIPConfiguration"] == {
        "id": f"{base}/frontendIPConfigurations/f"
    }
    assert made["properties"]["probe"] == {"id": f"{base}/probes/h"}
    record = next(one for one in snapshot.records if one.id == base)
    assert [pointer for pointer, _ in record.unresolved] == [
        "/properties/loadBalancingRules/0/properties/backendAddressPool"
    ]


@pytest.mark.parametrize(
    ("unknown", "references", "told"),
    [
        (
            [True],
            ["azurerm_lb_backend_address_pool.p.id", "azurerm_lb_backend_address_pool.p"],
            True,
        ),
        (
            True,
            ["azurerm_lb_backend_address_pool.p.id", "azurerm_lb_backend_address_pool.p"],
            False,
        ),
        ([True, True], ["azurerm_lb_backend_address_pool.p.id"], False),
        ([True], ["azurerm_lb_backend_address_pool.p.id", "var.pools"], False),
    ],
)
def test_a_list_of_one_id_is_that_of_the_one_resource_it_refers_to(
    unknown: Any, references: list[str], told: bool
) -> None:
    parent = {"loadbalancer_id": ["azurerm_lb.lb.id", "azurerm_lb.lb"]}
    open_id = {"loadbalancer_id": True}
    pool = one("azurerm_lb_backend_address_pool.p", unknown=open_id, refs=parent)
    rule = one(
        "azurerm_lb_rule.r",
        unknown={**open_id, "backend_address_pool_ids": unknown},
        refs={**parent, "backend_address_pool_ids": references},
        frontend_ip_configuration_name="f",
    )

    snapshot = read(plan(one("azurerm_lb.lb"), pool, rule))

    (made,) = by_name(snapshot)["lb"]["properties"]["loadBalancingRules"]
    named = f"{BASE}/loadBalancers/lb/backendAddressPools/p"
    assert (made["properties"].get("backendAddressPool") == {"id": named}) is told


def test_an_unknown_in_a_set_may_be_of_any_element() -> None:
    """Of each that does not tell it."""
    rules = [{"name": "a", **RULE}, {"name": "b", **RULE, "destination_address_prefix": None}]
    unknown = {"security_rule": [{"destination_address_prefix": True}, {}]}

    snapshot = read(plan(one(f"{NSG}.web", unknown=unknown, security_rule=rules)))

    told, open_ = by_name(snapshot)["web"]["properties"]["securityRules"]
    assert told["properties"] == ARM_RULE
    assert "destinationAddressPrefix" not in open_["properties"]
    assert [pointer for pointer, _ in snapshot.records[0].unresolved] == [
        "/properties/securityRules/1/properties/destinationAddressPrefix"
    ]


def test_a_set_of_which_nothing_is_told_is_unknown_as_a_whole() -> None:
    rules = [{"name": "a", **RULE}, {"name": "b", **RULE}]
    snapshot = read(plan(one(f"{NSG}.web", {"security_rule": [True, {}]}, security_rule=rules)))
    assert [pointer for pointer, _ in snapshot.records[0].unresolved] == [
        "/properties/securityRules"
    ]


def test_subnets_within_a_network_tell_their_group_and_route_table() -> None:
    """The table was lost, and told as absent."""
    made = {"security_group": "/nsg", "route_table_id": "/table"}
    subnets = [
        {"name": "a", "address_prefixes": ["10.0.0.0/24"], **made},
        {"name": "b", "address_prefixes": ["10.0.1.0/24"]},
    ]
    unknown = {"subnet": [{"id": True}, {"id": True, "route_table_id": True}]}
    snapshot = read(plan(one("azurerm_virtual_network.hub", unknown, subnet=subnets)))
    a, b = by_name(snapshot)["hub"]["properties"]["subnets"]
    assert a["properties"]["networkSecurityGroup"] == {"id": "/nsg"}
    assert a["properties"]["routeTable"] == {"id": "/table"}
    assert "routeTable" not in b["properties"]
    assert "/properties/subnets/1/properties/routeTable" in [
        pointer for pointer, _ in snapshot.records[0].unresolved
    ]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, []),
        ({"refs": {"dns_servers": ["var.dns"]}}, ["/properties/dhcpOptions/dnsServers"]),
    ],
)
def test_a_new_network_without_dns_servers_has_those_of_azure(
    more: dict[str, Any], found: list[str]
) -> None:
    network = one("azurerm_virtual_network.hub", {"dns_servers": True}, **more)
    assert [pointer for pointer, _ in read(plan(network)).records[0].unresolved] == found
    servers = one("azurerm_virtual_network_dns_servers.x", dns_servers=["10.0.0.4"])
    network["values"]["dns_servers"] = []
    network["unknown"] = {}
    (record,) = read(plan(network, servers)).records
    assert [pointer for pointer, _ in record.unresolved] == ["/properties/dhcpOptions"]


def test_azapi_is_arm_already() -> None:
    value = one(
        "azapi_resource.hub",
        type="Microsoft.Network/virtualNetworks@2024-05-01",
        parent_id="/subscriptions/s/resourceGroups/g",
        location="westeurope",
        body={"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
    )
    child = one(
        "azapi_resource.web",
        unknown={"parent_id": True},
        refs={"parent_id": ["azapi_resource.hub.id", "azapi_resource.hub"]},
        type="Microsoft.Network/virtualNetworks/subnets@2024-05-01",
        body='{"properties": {"addressPrefix": "10.0.0.0/24"}}',
    )

    snapshot = read(plan(value, child))

    hub = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/hub"
    assert [record.id for record in snapshot.records] == [hub, f"{hub}/subnets/web"]
    assert snapshot.records[0].api_version == "2024-05-01"
    assert bodies(snapshot)[1]["properties"] == {"addressPrefix": "10.0.0.0/24"}


def test_a_state_knows_its_ids() -> None:
    arm_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/routeTables/t"
    inner = {
        "address": "module.net[0].azurerm_route_table.t",
        "mode": "managed",
        "type": "azurerm_route_table",
        "values": {
            "id": arm_id,
            "name": "t",
            "bgp_route_propagation_enabled": False,
            "route": [
                {
                    "name": "out",
                    "address_prefix": "0.0.0.0/0",
                    "next_hop_type": "VirtualAppliance",
                    "next_hop_in_ip_address": "10.0.0.4",
                }
            ],
        },
    }
    state = {
        "format_version": "1.0",
        "values": {"root_module": {"child_modules": [{"address": "m", "resources": [inner]}]}},
    }

    snapshot = read(state)

    assert snapshot.sources[0].shape == "Terraform state"
    assert snapshot.records[0].id == arm_id
    assert bodies(snapshot)[0]["properties"] == {
        "disableBgpRoutePropagation": True,
        "routes": [
            {
                "id": f"{arm_id}/routes/out",
                "name": "out",
                "properties": {
                    "addressPrefix": "0.0.0.0/0",
                    "nextHopType": "VirtualAppliance",
                    "nextHopIpAddress": "10.0.0.4",
                },
            }
        ],
    }


def test_a_deleted_rule_leaves_the_list_it_was_in() -> None:
    group = one(f"{NSG}.web", security_rule=[{"name": "a", **RULE}, {"name": "b", **RULE}])
    value = plan(group, actions="no-op")
    before = {"id": f"{BASE}/networkSecurityGroups/web/securityRules/a"}
    change = {"actions": ["delete"], "before": before}
    value["resource_changes"].append({"address": "x", "change": change})

    (body,) = bodies(read(value))

    assert [rule["name"] for rule in body["properties"]["securityRules"]] == ["b"]


def test_types_that_are_not_translated_are_counted() -> None:
    firewall = one("azurerm_firewall.fw")
    harmless = [one("random_id.x"), one("azurerm_resource_group.g")]

    snapshot = read(plan(one(f"{NSG}.web"), firewall, *harmless))

    hidden, counted = snapshot.gaps
    assert counted.kind == "unsupported"
    assert "azurerm_firewall (1)" in counted.detail
    firewalls = "/subscriptions/{subscription}/providers/Microsoft.Network/azureFirewalls"
    assert (hidden.kind, hidden.subject) == ("undecided", firewalls)
    assert hidden.detail == "azurerm_firewall is not translated"


def test_E_20_the_list_of_what_is_not_translated_is_not_whole_in_any_subscription() -> None:
    known = f"{BASE.replace('{subscription}', 'abc')}/networkSecurityGroups/web"

    snapshot = read(plan(one(f"{NSG}.web", id=known), one("azurerm_firewall.fw")))

    assert {gap.subject.split("/")[2] for gap in snapshot.gaps if gap.kind == "undecided"} == {
        "{subscription}",
        "abc",
    }


def test_the_list_of_a_resource_that_is_left_out_is_not_whole() -> None:
    nowhere = one("azurerm_lb.lb", {"resource_group_name": True})
    del nowhere["values"]["resource_group_name"]

    snapshot = read(plan(one(f"{NSG}.web"), nowhere))

    [hidden] = [gap.subject for gap in snapshot.gaps if gap.kind == "undecided"]
    assert hidden.endswith("/providers/Microsoft.Network/loadBalancers")


def test_an_association_with_something_elsewhere_is_told() -> None:
    link = one(
        "azurerm_subnet_route_table_association.x", subnet_id="/s/elsewhere", route_table_id="/t"
    )

    assert kinds(read(plan(one(f"{NSG}.web"), link))) == ["unsupported"]
