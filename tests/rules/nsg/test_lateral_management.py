from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from auditor.reach import lateral
from auditor.reach.answer import answers
from auditor.snapshot.document import Gap
from auditor.testing import arm_id, ask, estate, resource

from ...exposed import NSG, RULE, SUBNET, deny, nsg, rule, subnet, vnet
from ...exposed import nic as plain_nic
from ...firewalls import collection, firewall_in_hub, group, network_rule, policy
from ...guarded import out_deny
from ...networks import nic as far_nic
from ...networks import peer
from ...networks import vnet as far_vnet
from ...routing import TABLE, route, steered, table

VM = "Microsoft.Compute/virtualMachines"
ALL = deny("all", 4096)


def nic(name: str, **more: Any) -> Any:
    """A machine's NIC."""
    made = plain_nic(name, **more)
    made["properties"]["virtualMachine"] = {"id": arm_id(VM, name)}
    return made


def two(
    *rules: Any, source: str = "web", outward: Any = None, inner: Any = None, group: bool = True
) -> Any:
    """A machine in subnet `source`, and one in subnet db behind a group of some rules."""
    more = [] if outward is None else [nsg(*outward, name="out")]
    more += [] if inner is None else [nsg(*inner, name="inner")]
    return estate(
        nsg(*rules),
        *more,
        vnet(
            subnet(source, nsg=None if outward is None else "out"),
            subnet("db", "10.0.1.0/24", nsg="nsg" if group else None),
        ),
        nic("a", subnet=source),
        nic("b", subnet="db", address="10.0.1.4", nsg=None if inner is None else "inner"),
    )


def about_db(network: Any, **more: Any) -> list[tuple[str, str]]:
    """What is told of the machines in db: subjects by name, and messages."""
    answer = ask("NSG-011", network, **more)
    assert answer.unknown == []
    found = [f for f in answer.broken if "those of vnet/db" in f.message]
    return [(f.subject.rpartition("/")[2], f.message) for f in found]


def test_a_rule_that_lets_the_neighbours_in() -> None:
    network = two(rule("ssh", 110, "10.0.0.0/16", "22"), ALL, outward=[])
    (finding,) = [f for f in ask("NSG-011", network).broken if "those of vnet/db" in f.message]

    assert finding.subject == arm_id(RULE, "nsg", "ssh")
    assert finding.message == (
        "ssh of nsg lets machines of vnet/web reach those of vnet/db on TCP 22 "
        "(tcp 10.0.0.4 to 10.0.1.4:22)"
    )
    assert "<" not in finding.remedy
    assert finding.witness is not None
    assert finding.witness["destinationPort"] == 22
    assert finding.hops
    assert any(e.pointer == "/properties/securityRules/0" for e in finding.evidence)
    assert set(finding.related) == {arm_id(SUBNET, "vnet", "web"), arm_id(SUBNET, "vnet", "db")}


def remedy_of(*rules: Any) -> str:
    """What is to be done about the rule ssh, where nobody manages."""
    found = ask("NSG-011", two(*rules, outward=[])).broken
    [remedy] = [f.remedy for f in found if f.subject.endswith("/ssh")]
    return remedy


def test_a_rule_that_nobody_is_left_for_goes() -> None:
    gone = "az network nsg rule delete --resource-group rg --nsg-name nsg --name ssh"
    ssh = rule("ssh", 110, "10.0.0.0/16", "22")
    assert remedy_of(ssh, ALL).endswith(f"nobody else: {gone}")
    deny = "--name deny-management-from-inside-ssh --priority 110 --direction Inbound --access Deny"
    assert f"{gone} && az network nsg rule create " in remedy_of(ssh)
    assert deny in remedy_of(ssh)


@pytest.mark.parametrize(
    "ssh",
    [
        rule("ssh", 110, "*", "22"),
        rule("ssh", 110, ["10.0.0.0/16", "203.0.113.0/24"], "22"),
        rule("ssh", 110, "10.0.0.0/16", ["22", "443"]),
    ],
)
def test_a_rule_that_lets_in_others_too_stays(ssh: Any) -> None:
    remedy = remedy_of(ssh, ALL)
    assert "rule delete" not in remedy
    assert "Deny --protocol Tcp --source-address-prefixes VirtualNetwork" in remedy


def test_N_10_the_default_rule_is_the_groups() -> None:
    ((subject, message),) = about_db(two())

    assert subject == "nsg"
    assert message.startswith("AllowVnetInBound of nsg lets machines of vnet/web reach")
    assert "on TCP 22, 3389" in message


def managed(*rules: Any) -> Any:
    """The same, with a subnet from where machines are managed."""
    return estate(
        nsg(*rules),
        vnet(subnet("web"), subnet("db", "10.0.1.0/24", nsg="nsg"), subnet("ops", "10.0.9.0/24")),
        nic("a", subnet="web"),
        nic("b", subnet="db", address="10.0.1.4"),
    )


def commands_of(network: Any) -> list[str]:
    answer = ask("NSG-011", network, management=("*/ops",))
    (finding,) = [f for f in answer.broken if "those of vnet/db" in f.message]
    start = "let in those who manage, nobody else: az network nsg rule "
    assert finding.remedy.startswith(start)
    return finding.remedy.removeprefix(start).split(" && az network nsg rule ")


def test_a_rule_for_management_alone_is_narrowed_to_the_known_managers() -> None:
    update, deny_rest = commands_of(managed(rule("ssh", 100, "10.0.0.0/16", ["22", "3389"])))

    assert update.endswith("--name ssh --source-address-prefixes 10.0.9.0/24")
    assert "--priority 101 --direction Inbound --access Deny" in deny_rest
    assert "--source-address-prefixes VirtualNetwork " in deny_rest


def test_where_everything_else_is_denied_the_narrowed_rule_is_enough() -> None:
    ssh = rule("ssh", 100, "10.0.0.0/16", "22")
    assert len(commands_of(managed(ssh, ALL))) == 1
    assert len(commands_of(managed(ssh, rule("rdp", 200, "10.0.9.0/24", "3389"), ALL))) == 2


def test_a_rule_with_other_ports_keeps_them() -> None:
    allow, deny_some = commands_of(managed(rule("all", 300, "VirtualNetwork", "*")))

    assert allow.startswith("create")
    assert deny_some.startswith("create")
    assert "--priority 298 --direction Inbound --access Allow" in allow
    assert "--source-address-prefixes 10.0.9.0/24 " in allow
    assert "--priority 299 --direction Inbound --access Deny" in deny_some
    assert deny_some.endswith("--destination-port-ranges 22 3389")


def test_before_the_default_rule_managers_are_let_in_first() -> None:
    allow, deny_some = commands_of(managed())

    assert "--priority 4095 --direction Inbound --access Allow" in allow
    assert "--priority 4096 --direction Inbound --access Deny" in deny_some


def test_without_room_before_a_rule_words_say_so() -> None:
    (finding,) = [
        f
        for f in ask("NSG-011", managed(rule("all", 100, "VirtualNetwork", "*"))).broken
        if "those of vnet/db" in f.message
    ]
    assert "give the rules of nsg other priorities, too few are free before all" in finding.remedy


def test_without_room_behind_a_narrowed_rule_words_say_so() -> None:
    last = [rule("mail", 4095, "10.0.9.0/24", "25"), rule("web", 4096, "10.0.9.0/24", "443")]
    ssh = rule("ssh", 4094, "10.0.0.0/16", "22")
    found = ask("NSG-011", managed(ssh, *last), management=("*/ops",)).broken
    [remedy] = [f.remedy for f in found if f.subject.endswith("/ssh")]

    assert "give the rules of nsg other priorities, none is free behind ssh" in remedy
    assert "az network" not in remedy


def test_a_subnet_without_a_group_gets_one_with_rules_and_a_name_of_its_own() -> None:
    network = estate(
        nsg(name="NSG-db"),
        vnet(subnet("web"), subnet("db", "10.0.1.0/24"), subnet("ops", "10.0.9.0/24")),
        nic("a", subnet="web"),
        nic("b", subnet="db", address="10.0.1.4"),
    )
    answer = ask("NSG-011", network, management=("*/ops",))
    (remedy,) = [f.remedy for f in answer.broken if "those of vnet/db" in f.message]

    assert "az network nsg create --resource-group rg --name nsg-db-2 --location" in remedy
    assert "--nsg-name nsg-db-2 --name allow-management --priority 4095 " in remedy
    assert "--nsg-name nsg-db-2 --name deny-management-from-inside --priority 4096 " in remedy
    assert remedy.endswith("--name db --network-security-group nsg-db-2")


def test_a_subnet_without_a_group_is_the_subnets() -> None:
    ((subject, message),) = about_db(two(group=False))

    assert subject == "db"
    assert message.startswith("nothing keeps machines of vnet/web from reaching those of vnet/db")


@pytest.mark.parametrize(
    ("rules", "ports"),
    [
        ([rule("web", 100, ports="443"), ALL], ""),
        ([rule("ssh", 100, "10.0.0.0/24", "20-25"), ALL], "22"),
        ([rule("both", 100, "VirtualNetwork", ["22", "3380-3390"]), ALL], "22, 3389"),
        ([rule("ssh", 100, "10.0.0.0/24", "22", protocol="Udp"), ALL], ""),
        ([rule("ssh", 100, "10.0.7.0/24", "22"), ALL], ""),
        ([rule("ssh", 100, "10.0.1.0/24", "22"), ALL], ""),
        ([deny("no", 90, "VirtualNetwork", "22"), rule("all", 100)], "3389"),
        ([deny("no", 90, "VirtualNetwork", ["22", "3389"])], ""),
    ],
)
def test_which_ports_are_open_to_whom(rules: Any, ports: str) -> None:
    found = about_db(two(*rules))

    assert len(found) == bool(ports)
    assert all(f"on TCP {ports} (" in message for _, message in found)


def test_N_40_a_machine_in_the_gateways_subnet_is_another_rules() -> None:
    """ADR-017 tells that it is there; a group would stop the gateway."""
    network = estate(
        vnet(subnet("web"), subnet("GatewaySubnet", "10.0.1.0/24")),
        nic("a", subnet="web"),
        nic("b", subnet="GatewaySubnet", address="10.0.1.4"),
    )
    found = [finding.message for finding in ask("NSG-011", network).broken]
    assert not [message for message in found if "those of vnet/GatewaySubnet" in message]


def test_two_rules_are_two_faults() -> None:
    ssh, rdp = rule("ssh", 100, "VirtualNetwork", "22"), rule("rdp", 110, "10.0.0.4", "3389")
    assert [name for name, _ in about_db(two(ssh, rdp, ALL))] == ["ssh", "rdp"]


@pytest.mark.parametrize("name", ["snet-mgmt", "JumpBoxes", "vm-admin", "management-a"])
def test_who_manages_may(name: str) -> None:
    assert about_db(two(source=name)) == []


def test_who_manages_is_a_parameter() -> None:
    assert about_db(two(), management=("*/subnets/WEB",)) == []
    assert len(about_db(two(source="jump"), management=("*/subnets/web",))) == 1


def test_ports_are_a_parameter() -> None:
    network = two(rule("winrm", 100, "VirtualNetwork", "5985"), ALL)
    assert about_db(network) == []
    assert [name for name, _ in about_db(network, ports=(5985,))] == ["winrm"]


def test_N_11_what_leaves_counts_too() -> None:
    assert about_db(two(outward=[out_deny("no", 100, "VirtualNetwork")])) == []
    assert len(about_db(two(outward=[]))) == 1


def test_N_11_the_group_at_the_nic_counts_too() -> None:
    assert about_db(two(inner=[ALL])) == []
    ((subject, message),) = about_db(two(inner=[rule("ssh", 100, ports="22"), ALL]))
    assert (subject, "TCP 22 (" in message) == ("nsg", True)
    ((subject, message),) = about_db(two(inner=[rule("ssh", 100, ports="22"), ALL], group=False))
    assert (subject, message.partition(" lets")[0]) == ("ssh", "ssh of inner")


def test_machines_of_one_subnet_are_one_place() -> None:
    network = estate(
        nsg(),
        vnet(subnet(nsg="nsg")),
        nic("a"),
        nic("b", address="10.0.0.5"),
    )
    answer = ask("NSG-011", network)
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_subnets_without_machines_are_nobody() -> None:
    network = estate(nsg(), vnet(subnet(nsg="nsg"), subnet("b", "10.0.1.0/24")), nic("a"))
    assert ask("NSG-011", network).kept == 1


def peered(**flags: Any) -> Any:
    back = peer("vnet", "10.0.0.0/16", allowVirtualNetworkAccess=True, **flags)
    there = peer("far", "10.9.0.0/16", allowVirtualNetworkAccess=True, **flags)
    return estate(
        nsg(),
        vnet(subnet(nsg="nsg"), virtualNetworkPeerings=[there]),
        nic("a"),
        far_vnet("far", "10.9.0.0/16", subnets={"web": "10.9.0.0/24"}, peers=[back]),
        far_nic("c", "10.9.0.4", ("far", "web"), vm="c"),
    )


def test_R_14_peers_are_neighbours_while_they_are_joined() -> None:
    joined = ask("NSG-011", peered())
    assert any("far/web reach those of vnet/app" in f.message for f in joined.broken)

    apart = ask("NSG-011", peered(state="Disconnected"))
    assert apart.broken == []


def test_an_admin_rule_that_tells_nothing_is_unknown() -> None:
    kind = "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules"
    silent = resource(kind, "m/c/rc/r", {})
    network = estate(
        nsg(),
        silent,
        vnet(subnet("web", nsg="nsg"), subnet("db", "10.0.1.0/24", nsg="nsg")),
        nic("a", subnet="web"),
        nic("b", subnet="db", address="10.0.1.4"),
    )
    answer = ask("NSG-011", network)
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


def test_rules_that_are_not_told_are_unknown() -> None:
    untold = deny("all", 4096)
    del untold["properties"]["priority"]
    answer = ask("NSG-011", two(untold))
    assert arm_id(NSG, "nsg") in [each.subject for each in answer.unknown]


def test_special_rules_speak_for_it() -> None:
    everybody = rule("ssh", 100, ports="22")
    for special, network in (
        ("NSG-005", two(everybody, ALL)),
        ("NSG-018", two()),
        ("NSG-001", two(group=False)),
    ):
        alone = ask("NSG-011", network)
        beside = ask("NSG-011", network, beside=[special])
        gone = {f.subject for f in alone.broken} - {f.subject for f in beside.broken}
        assert len(gone) >= 1, special


@pytest.mark.parametrize("here", [True, False])
def test_machines_that_nobody_may_list_are_not_known_to_stay_away(here: bool) -> None:
    """The group in db lets the neighbours in; whether there is anybody, only the list tells."""
    home = arm_id("Microsoft.Network/virtualNetworks", "vnet").partition("/resourceGroups")[0]
    place = home if here else "/subscriptions/99999999-9999-9999-9999-999999999999"
    nics = Gap("denied", f"{place}/providers/Microsoft.Network/networkInterfaces", "403")
    network = estate(
        nsg(rule("ssh", 110, "10.0.0.0/16", "22"), ALL),
        vnet(subnet("web"), subnet("db", "10.0.1.0/24", nsg="nsg")),
        nic("b", subnet="db", address="10.0.1.4"),
        gaps=(nics,),
    )

    answer = ask("NSG-011", network)

    about = [one for one in answer.unknown if one.subject == arm_id(NSG, "nsg")]
    assert (answer.broken, len(about)) == ([], 1 if here else 0)
    assert answer.kept == (0 if here else 1)


def test_of_what_is_not_told_one_source_for_each_rule_is_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To say why something is not told takes most of the time, and more of it says nothing."""
    subnets = [subnet(f"s{n}", f"10.0.{n}.0/24", routeTable={"id": arm_id(TABLE, "rt")})
               for n in range(4)]  # fmt: skip
    network = estate(
        vnet(*subnets, subnet("nva", "10.0.9.0/24")),
        table("rt", *(route(f"10.0.{n}.0/24", "VirtualAppliance", "10.0.9.4") for n in range(4))),
        *(nic(f"m{n}", subnet=f"s{n}", address=f"10.0.{n}.4") for n in range(4)),
        plain_nic("fw", subnet="nva", address="10.0.9.4", enableIPForwarding=True),
    )
    asking = Mock(side_effect=answers)
    monkeypatch.setattr(lateral, "answers", asking)

    (found,) = (each for each in ask("NSG-011", network).unknown if each.subject.endswith("s0"))

    assert "nva" in found.missing
    to_s0 = [call for call in asking.call_args_list if "10.0.0.4" in str(call.args[2].addresses)]
    assert [call.kwargs["unknown"] for call in to_s0] == [True, False, False] * 2


def test_who_is_at_an_end_and_behind_which_group_only_the_list_tells() -> None:
    """Both subnets say that somebody is there; a group at a NIC may keep all others out."""
    home = arm_id("Microsoft.Network/virtualNetworks", "vnet").partition("/resourceGroups")[0]
    path = f"{home}/providers/Microsoft.Network/networkInterfaces"
    members = [subnet("web"), subnet("db", "10.0.1.0/24")]
    for each, name in zip(members, ("a", "b"), strict=True):
        there = f"{arm_id('Microsoft.Network/networkInterfaces', name)}/ipConfigurations/x"
        each["properties"]["ipConfigurations"] = [{"id": there}]
    network = estate(vnet(*members), gaps=(Gap("denied", path, "403"),))

    answer = ask("NSG-011", network)

    assert (answer.broken, answer.kept) == ([], 0)
    assert all(path in one.missing for one in answer.unknown)


@pytest.mark.parametrize(
    ("let_in", "found"), [("10.1.0.0/26", True), ("10.0.0.0/24", False), ("10.9.0.0/26", False)]
)
def test_E_24_behind_a_firewall_its_own_address_is_the_source(let_in: str, found: bool) -> None:
    flags: Any = {"allowForwardedTraffic": True}
    hub = [peer(name, f"10.{n}.0.0/16", **flags) for name, n in (("app", 0), ("data", 2))]
    allow = collection("c", 100, "Allow", network_rule("any", "*", "*", "*", "Any"))
    network = estate(
        far_vnet("hub", "10.1.0.0/16", subnets={"AzureFirewallSubnet": "10.1.0.0/26"}, peers=hub),
        far_vnet("app", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")},
                 peers=[peer("hub", "10.1.0.0/16", **flags)]),
        far_vnet("data", "10.2.0.0/16", subnets={"data": {
            "addressPrefix": "10.2.0.0/24", "networkSecurityGroup": {"id": arm_id(NSG, "nsg")}}},
                 peers=[peer("hub", "10.1.0.0/16", **flags)]),
        table("rt", route("10.2.0.0/16", "VirtualAppliance", "10.1.0.4")),
        firewall_in_hub(),
        policy("g", snat={"privateRanges": ["255.255.255.255/32"]}),
        group("g", 100, allow),
        nsg(rule("ssh", 110, let_in, "22"), ALL),
        far_nic("web", "10.0.0.4", ("app", "app"), vm="web"),
        far_nic("db", "10.2.0.4", ("data", "data"), vm="db"),
    )  # fmt: skip
    told = [f.message for f in ask("NSG-011", network).broken if "those of data/data" in f.message]
    assert (
        told
        == [
            "ssh of nsg lets machines of app/app reach those of data/data on TCP 22 "
            "(tcp 10.0.0.4 to 10.2.0.4:22)"
        ]
        * found
    )
