from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id, ask, estate, resource

from ...clusters import GROUP, cluster, pool
from ...exposed import NSG, RULE, balancer, deny, nic, nsg, rule, subnet, vnet
from ...guarded import out, out_deny

ALL = deny("all", 4096)


def web(outer: list[Any], inner: list[Any] | None, *more: Any, **settings: Any) -> Any:
    """A machine in a subnet, each with a group (`inner` None: the machine has none)."""
    groups = [nsg(*outer, name="outer")]
    if inner is not None:
        groups.append(nsg(*inner, name="inner"))
    return estate(
        *groups,
        nic("web", nsg=None if inner is None else "inner", **settings),
        vnet(subnet(nsg="outer")),
        *more,
    )


def names(network: Any) -> list[str]:
    answer = ask("NSG-016", network)
    assert answer.unknown == []
    return answer.names


def test_what_the_subnet_allows_and_the_machine_denies() -> None:
    network = web([rule("ssh", 100, "10.1.0.0/16", "22")], [rule("web", 100, ports="443"), ALL])
    (finding,) = ask("NSG-016", network).broken

    assert finding.subject == arm_id(RULE, "outer", "ssh")
    assert finding.message == (
        "ssh of outer lets nothing through: inner, at web, denies all of it by all "
        "(tcp 10.1.0.4 to 10.0.0.4:22)"
    )
    assert "--nsg-name outer --name ssh" in finding.remedy
    assert finding.witness is not None
    assert [e.pointer for e in finding.evidence] == [
        "/properties/securityRules/0/properties/access",
        "/properties/securityRules/1/properties/access",
    ]
    assert arm_id(NSG, "inner") in finding.related


def test_what_the_machine_allows_and_the_subnet_denies() -> None:
    network = web([ALL], [rule("ssh", 100, "10.1.0.0/16", "22")])
    (finding,) = ask("NSG-016", network).broken

    assert finding.subject == arm_id(RULE, "inner", "ssh")
    assert "outer, at vnet/app, denies all of it by all" in finding.message


def test_N_10_the_default_rules_deny_too() -> None:
    assert names(web([rule("web", 100, "Internet", "443")], [])) == ["web"]
    assert names(web([rule("web", 100, "10.0.0.0/16", "443")], [])) == []


@pytest.mark.parametrize(
    ("outer", "inner", "dead"),
    [
        (rule("a", 100, "10.1.0.0/16", "22"), rule("b", 100, "10.1.0.0/16", "22"), []),
        (rule("a", 100, "10.1.0.0/16", "22"), rule("b", 100, "10.1.2.3", "20-30"), []),
        (rule("a", 100, "10.1.0.0/16", "22"), rule("b", 100, "10.2.0.0/16", "22"), ["a", "b"]),
        (rule("a", 100, "10.1.0.0/16", "22"), rule("b", 100, "10.1.0.0/16", "23"), ["a", "b"]),
        (rule("a", 100, "*", "22"), rule("b", 100, "*", "22", protocol="Udp"), ["a", "b"]),
        (rule("a", 100, "Internet", "443"), rule("b", 100, "VirtualNetwork", "443"), ["a", "b"]),
        (rule("a", 100, "Internet", "443"), rule("b", 100, "*", "443"), []),
    ],
)
def test_some_packet_must_pass_both(outer: Any, inner: Any, dead: list[str]) -> None:
    assert names(web([outer, ALL], [inner, ALL])) == dead


def test_two_rules_together_deny_all_of_it() -> None:
    halves = [deny("low", 100, ports="0-22"), deny("high", 110, ports="23-65535"), deny("all", 200)]
    assert names(web([rule("a", 100, "VirtualNetwork", "20-30")], halves)) == ["a"]
    assert names(web([rule("a", 100, "VirtualNetwork", "20-30")], halves[:1])) == []


def test_outbound_rules_are_judged_too() -> None:
    outer = [out("sql", 100, "10.1.0.0/16", "1433"), out_deny("rest", 4096)]
    assert names(web(outer, [out_deny("nothing", 100)])) == ["sql"]
    assert names(web(outer, [out("sql", 100, ports="1433"), out_deny("nothing", 200)])) == []


def test_a_machine_without_a_group_lets_it_through() -> None:
    assert names(web([rule("ssh", 100, ports="22")], None)) == []
    other = nic("db", address="10.0.0.5")
    network = web([rule("ssh", 100, ports="22")], [ALL], other)
    assert names(network) == []


def test_two_machines_of_which_one_lets_it_through() -> None:
    others = [nsg(rule("ssh", 100, ports="22"), name="db"), nic("db", address="10.0.0.5", nsg="db")]
    assert names(web([rule("ssh", 100, ports="22")], [ALL], *others)) == []


def test_what_is_meant_for_one_machine_is_asked_of_that_one() -> None:
    at_web = rule("ssh", 100, ports="22", destinationAddressPrefix="10.0.0.4")
    others = [nsg(rule("ssh", 100, ports="22"), name="db"), nic("db", address="10.0.0.5", nsg="db")]
    network = web([at_web, rule("to-db", 110, ports="22")], [ALL], *others)
    assert names(network) == ["ssh"]


def test_a_frontends_address_is_no_neighbours() -> None:
    for_front = {"destinationAddressPrefix": "20.50.1.2"}
    outer = [rule("web", 100, "Internet", "443", **for_front)]
    assert names(web(outer, [rule("web", 100, "Internet", "443", **for_front)])) == []
    assert names(web(outer, [ALL])) == ["web"]


def test_a_private_frontend_needs_no_group() -> None:
    network = web([rule("ssh", 100, ports="22")], [ALL], balancer(public=None))
    assert names(network) == ["ssh"]


def test_what_else_stands_in_the_subnet_lets_it_through() -> None:
    endpoint = resource(
        "Microsoft.Network/privateEndpoints",
        "pe",
        {"subnet": {"id": arm_id("Microsoft.Network/virtualNetworks/subnets", "vnet", "app")}},
    )
    assert names(web([rule("ssh", 100, ports="22")], [ALL], endpoint)) == []


def test_a_shadowed_rule_is_another_fault() -> None:
    network = web([deny("no", 90, ports="22"), rule("ssh", 100, ports="22")], [ALL])
    assert names(network) == []


def test_a_deny_at_both_levels_is_no_contradiction() -> None:
    assert names(web([ALL], [ALL])) == []


def test_a_deny_that_is_not_told_is_unknown() -> None:
    untold = deny("some", 100)
    del untold["properties"]["sourceAddressPrefix"]
    answer = ask("NSG-016", web([rule("ssh", 100, "10.1.0.0/16", "22")], [untold, ALL]))
    assert answer.names == ["ssh"]  # the other Deny is enough

    yes = rule("all", 200, protocol="*")
    answer = ask("NSG-016", web([rule("ssh", 100, "10.1.0.0/16", "22")], [untold, yes]))
    assert answer.broken == []
    assert any("some" in each.missing for each in answer.unknown)


def test_a_service_tag_that_nobody_tells_is_unknown() -> None:
    network = web([rule("web", 100, "Storage", "443")], [rule("a", 100, "Sql", "443"), ALL])
    answer = ask("NSG-016", network)
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 2)


def test_what_both_name_is_the_same_whatever_it_is() -> None:
    both = [rule("doors", 100, "AzureFrontDoor.Backend", "443"), ALL]
    assert names(web(both, both)) == []


def test_N_22_what_both_call_the_internet_is_the_same_whatever_it_is() -> None:
    table = "Microsoft.Network/routeTables"
    route = {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance",
             "nextHopIpAddress": "10.0.9.4"}  # fmt: skip
    both = [rule("web", 100, "Internet", "443"), ALL]
    network = estate(
        nsg(*both, name="outer"),
        nsg(*both, name="inner"),
        nic("web", nsg="inner"),
        vnet(subnet(nsg="outer", routeTable={"id": arm_id(table, "rt")})),
        resource(table, "rt", {"routes": [{"name": "all", "properties": route}]}),
    )
    assert names(network) == []


def test_rules_of_the_other_group_that_are_not_told_are_unknown() -> None:
    untold = deny("all", 4096)
    del untold["properties"]["priority"]
    answer = ask("NSG-016", web([rule("ssh", 100, ports="22")], [untold]))
    assert answer.broken == []
    assert len(answer.unknown) == 1


def test_a_machine_that_is_not_in_the_snapshot_is_unknown() -> None:
    network = estate(
        nsg(rule("ssh", 100, ports="22"), name="outer"),
        nsg(ALL, name="inner"),
        nic("web", nsg="inner"),
        vnet(
            subnet(
                nsg="outer",
                ipConfigurations=[
                    {
                        "id": arm_id(
                            "Microsoft.Network/networkInterfaces/ipConfigurations", "db", "x"
                        )
                    }
                ],
            )
        ),
    )
    answer = ask("NSG-016", network)
    assert answer.broken == []
    assert "db" in answer.unknown[0].missing


def test_K_41_what_pods_send_passes_the_nodes_own_group() -> None:
    def network(source: str) -> Any:
        nodes = {"id": arm_id("Microsoft.Network/virtualNetworks/subnets", "vnet", "app")}
        model = {
            "networkSecurityGroup": {"id": arm_id(NSG, "inner", group=GROUP)},
            "ipConfigurations": [{"name": "one", "properties": {"subnet": nodes}}],
        }
        profile = {"networkInterfaceConfigurations": [{"name": "nic", "properties": model}]}
        return estate(
            nsg(rule("in", 100, source, "8080"), ALL, name="outer"),
            resource(NSG, "inner", {"securityRules": []}, group=GROUP),
            vnet(subnet(nsg="outer")),
            cluster("shop", pool(in_=("vnet", "app"))),
            resource(
                "Microsoft.Compute/virtualMachineScaleSets",
                "aks-system-1-vmss",
                {"virtualMachineProfile": {"networkProfile": profile}},
                group=GROUP,
            ),
        )

    assert names(network("10.244.0.0/16")) == []
    assert names(network("10.0.0.0/16")) == []
    assert names(network("10.9.0.0/16")) == ["in"]


def test_K_59_a_rule_of_kubernetes_goes_with_its_service() -> None:
    written = rule("k8s-azure-lb_allow_IPv4_1", 500, "Internet", "443")
    (finding,) = ask("NSG-016", web([ALL], [written])).broken

    assert finding.remedy.endswith("delete the Service that Kubernetes wrote it for")
