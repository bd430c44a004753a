from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id, ask, estate, resource

from ...exposed import GATEWAY, NIC, NSG, SUBNET, nsg, pip, subnet, vnet
from ...exposed import nic as plain_nic
from ...guarded import out, out_deny
from ...networks import gateway, hub, hub_peer

VM = "Microsoft.Compute/virtualMachines"
TABLE = "Microsoft.Network/routeTables"
REST = out_deny("rest", 4096, "Internet")


def vm(name: str) -> Any:
    return resource(
        VM, name, {"networkProfile": {"networkInterfaces": [{"id": arm_id(NIC, name)}]}}
    )


def nic(name: str, **more: Any) -> Any:
    """A machine's NIC."""
    made = plain_nic(name, **more)
    made["properties"]["virtualMachine"] = {"id": arm_id(VM, name)}
    return made


def app(*rules: Any, inner: Any = None, group: bool = True, more: Any = (), **settings: Any) -> Any:
    """A machine with default outbound access, in a subnet behind a group of some rules."""
    return estate(
        nsg(*rules),
        *([] if inner is None else [nsg(*inner, name="inner")]),
        nic("web", nsg=None if inner is None else "inner"),
        vm("web"),
        vnet(subnet(nsg="nsg" if group else None, **settings)),
        *more,
    )


def table(prefix: str, hop: str) -> Any:
    route = {"addressPrefix": prefix, "nextHopType": hop}
    if hop == "VirtualAppliance":
        route["nextHopIpAddress"] = "10.0.9.4"
    return resource(TABLE, "rt", {"routes": [{"name": "all", "properties": route}]})


def test_N_10_the_default_rules_let_everything_out() -> None:
    (finding,) = ask("NSG-010", app()).broken

    assert finding.subject == arm_id(NSG, "nsg")
    assert finding.message == (
        "nsg denies nothing that machines of vnet/app send to the internet "
        "(tcp 10.0.0.4 to 203.0.113.10:443)"
    )
    assert "--nsg-name nsg --name deny-other-internet --priority 4096" in finding.remedy
    assert finding.witness is not None
    assert finding.hops
    assert finding.related == (arm_id(SUBNET, "vnet", "app"),)


@pytest.mark.parametrize("destination", ["*", "Internet", "0.0.0.0/0"])
def test_a_denial_behind_an_allow_of_everything_would_deny_nothing(destination: str) -> None:
    (finding,) = ask("NSG-010", app(out("all", 300, destination, protocol="*"))).broken

    assert "narrow or delete all of nsg, which takes all of it: " in finding.remedy
    assert "rule delete --resource-group rg --nsg-name nsg --name all && az " in finding.remedy
    assert "--name deny-other-internet --priority 4096" in finding.remedy


def test_an_allow_of_a_part_stays() -> None:
    (finding,) = ask("NSG-010", app(out("web", 300, "Internet", "443"))).broken

    assert "delete" not in finding.remedy


def test_a_subnet_without_a_group_is_the_subnets() -> None:
    (finding,) = ask("NSG-010", app(group=False)).broken

    assert finding.subject == arm_id(SUBNET, "vnet", "app")
    assert finding.message.startswith("nothing restricts what machines of vnet/app send")
    create, _, rest = finding.remedy.partition("; allow in it what is needed, and then: ")
    assert create.startswith("create a group: az network nsg create --resource-group rg --name")
    assert "--name deny-other-internet --priority 4096 --direction Outbound" in rest
    assert rest.count("nsg-app") == 2
    assert ask("NSG-010", app(group=False), beside=["NSG-001"]).broken == []


@pytest.mark.parametrize(
    "rules",
    [
        [REST],
        [out("https", 100, "Internet", "443"), REST],
        [out_deny("mail", 100, "Internet", ports="25")],
        [out_deny("all", 4096)],
        [out_deny("some", 100, "52.0.0.0/8")],
        [out("tag", 100, "AzureCloud", protocol="*"), REST],
        [out("half", 100, "0.0.0.0/1", protocol="*"), out_deny("all", 200)],
    ],
    ids=lambda rules: "-".join(each["name"] for each in rules),
)
def test_a_deny_that_takes_something_away_is_a_decision(rules: list[Any]) -> None:
    answer = ask("NSG-010", app(*rules))

    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


@pytest.mark.parametrize(
    "rules",
    [
        [out("https", 100, "Internet", "443")],
        [out("all", 100, protocol="*"), REST],
        [out("all", 100, "Internet", protocol="*"), out_deny("rest", 200)],
        [out_deny("inside", 100, "VirtualNetwork")],
        [out_deny("private", 100, "192.168.0.0/16")],
        [out_deny("elsewhere", 100, sourceAddressPrefix="10.0.9.0/24")],
        [out_deny("inbound", 100, direction="Inbound")],
        [
            out("low", 100, "0.0.0.0/1", protocol="*"),
            out("high", 110, "128.0.0.0/1", protocol="*"),
            REST,
        ],
    ],
    ids=lambda rules: "-".join(each["name"] for each in rules),
)
def test_what_restricts_nothing_of_the_internet(rules: list[Any]) -> None:
    assert ask("NSG-010", app(*rules)).names == ["nsg"]


def test_N_11_the_group_at_the_nic_counts() -> None:
    assert ask("NSG-010", app(inner=[REST])).kept == 1
    assert ask("NSG-010", app(inner=[])).names == ["nsg"]
    network = app(inner=[REST], more=[nic("db", address="10.0.0.5"), vm("db")])
    assert ask("NSG-010", network).names == ["nsg"]


@pytest.mark.parametrize(
    ("prefix", "hop", "broken"),
    [
        ("0.0.0.0/0", "VirtualAppliance", 0),
        ("0.0.0.0/0", "VirtualNetworkGateway", 0),
        ("0.0.0.0/0", "None", 0),
        ("0.0.0.0/0", "Internet", 1),
        ("0.0.0.0/1", "VirtualAppliance", 1),
    ],
)
def test_R_8_a_route_that_leads_everything_elsewhere(prefix: str, hop: str, broken: int) -> None:
    network = app(routeTable={"id": arm_id(TABLE, "rt")}, more=[table(prefix, hop)])
    assert len(ask("NSG-010", network).broken) == broken


def test_R_34_a_private_subnet_has_no_way_out() -> None:
    assert ask("NSG-010", app(defaultOutboundAccess=False)).kept == 1


@pytest.mark.parametrize("name", ["a-other", "z-other"])
def test_R_30_each_way_in_which_machines_leave_is_asked_about(name: str) -> None:
    """One machine stood for all behind a group, whichever came first by name."""
    leaves = nic(name, public="pip", address="10.0.0.5"), pip("pip"), vm(name)

    assert len(ask("NSG-010", app(defaultOutboundAccess=False, more=leaves)).broken) == 1


def test_a_subnet_of_a_service_is_not_judged() -> None:
    delegations = [{"name": "d", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}]
    answer = ask("NSG-010", app(delegations=delegations))
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


@pytest.mark.parametrize("name", ["GatewaySubnet", "AzureBastionSubnet", "AzureFirewallSubnet"])
def test_a_subnet_that_azure_reserves_is_not_judged(name: str) -> None:
    """What does not belong there is ADR-017's, and a group would stop what does (N-40)."""
    network = estate(nsg(), nic("web", subnet=name), vm("web"), vnet(subnet(name, nsg="nsg")))
    answer = ask("NSG-010", network)
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_A_10_the_subnet_of_an_application_gateway_is_not_judged() -> None:
    """Azure demands that it gets out; that a machine is there is told by GW-021."""
    home = {"properties": {"subnet": {"id": arm_id(SUBNET, "vnet", "app")}}}
    agw = resource(GATEWAY, "agw", {"gatewayIPConfigurations": [home]})
    assert ask("NSG-010", app(more=[agw])).broken == []


def test_A_10_a_group_shared_with_a_gateway_lets_the_gateway_out() -> None:
    home = {"properties": {"subnet": {"id": arm_id(SUBNET, "vnet", "agw")}}}
    network = estate(
        nsg(),
        nic("web"),
        vm("web"),
        vnet(subnet(nsg="nsg"), subnet("agw", "10.0.1.0/24", nsg="nsg")),
        resource(GATEWAY, "agw", {"gatewayIPConfigurations": [home]}),
    )
    (finding,) = ask("NSG-010", network).broken
    deny = "--source-address-prefixes 10.0.0.0/24 --destination-address-prefixes Internet"
    assert deny in finding.remedy


def test_one_group_at_two_subnets_is_one_fault() -> None:
    network = estate(
        nsg(),
        vnet(subnet(nsg="nsg"), subnet("b", "10.0.1.0/24", nsg="nsg")),
        nic("web"),
        nic("db", subnet="b", address="10.0.1.4"),
        vm("web"),
        vm("db"),
    )
    (finding,) = ask("NSG-010", network).broken
    assert "machines of vnet/app, vnet/b send" in finding.message


def test_subnets_may_be_approved() -> None:
    assert ask("NSG-010", app(), allow=("*/SUBNETS/app",)).kept == 1


def test_a_route_table_that_is_not_in_the_snapshot_is_unknown() -> None:
    answer = ask("NSG-010", app(routeTable={"id": arm_id(TABLE, "gone")}))
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


def test_R_25_a_default_route_that_may_be_learned_is_unknown() -> None:
    network = estate(
        nsg(),
        nic("web"),
        vm("web"),
        vnet(subnet(nsg="nsg"), subnet("GatewaySubnet", "10.0.1.0/27")),
        gateway("er", "vnet", kind="ExpressRoute"),
    )
    answer = ask("NSG-010", network)
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


@pytest.mark.parametrize("before", [(), ("NAT-001",), ("NAT-002",), ("NSG-018", "EXP-004")])
def test_N_22_what_a_hub_makes_of_the_internet_is_named(before: tuple[str, ...]) -> None:
    """Whatever was asked before, of which some answers are kept."""
    home = vnet(subnet(nsg="nsg"))
    home["properties"]["virtualNetworkPeerings"] = [hub_peer("vhub", "10.9.0.0/23")]
    network = estate(nsg(REST), nic("web"), vm("web"), home, *hub("vhub", "10.9.0.0/23", "vnet"))
    for each in before:
        ask(each, network)
    (unknown,) = ask("NSG-010", network).unknown
    assert "what the virtual hub vhub teaches" in unknown.missing


def test_a_deny_that_is_not_told_is_unknown() -> None:
    untold = out_deny("some", 200)
    del untold["properties"]["destinationAddressPrefix"]
    answer = ask("NSG-010", app(untold))
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)
    assert "some" in answer.unknown[0].missing


def test_an_admin_rule_may_deny() -> None:
    kind = "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules"
    everything = [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}]
    no = {"access": "Deny", "direction": "Outbound", "priority": 1, "protocol": "Any",
          "sources": everything, "destinations": everything}  # fmt: skip
    answer = ask("NSG-010", app(more=[resource(kind, "m/c/rc/no", no)]))
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)
