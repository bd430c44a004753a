"""LB-004: security groups before machines that a health probe asks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.finding import Severity
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...exposed import (
    BALANCER,
    FRONTEND,
    NIC,
    NSG,
    SUBNET,
    VNET,
    deny,
    nic,
    nsg,
    pip,
    rule,
    subnet,
    vnet,
)
from ...reaching import app_gateway, lb, lb_probe, lb_rule, ref

DENY = deny("no", 4096)
PROBES = rule("probes", 100, "AzureLoadBalancer", "8080")
PROBE = ref(f"{BALANCER}/probes", "lb", "probe")
AVNM = "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules"


def behind(*members: Any, **more: Any) -> dict[str, Any]:
    """A balancer that probes 8080 of its members."""
    settings: dict[str, Any] = {"probes": [lb_probe(8080)], "members": members or ("web",), **more}
    rules = settings.pop("rules", [lb_rule(probe=PROBE)])
    return lb(*rules, public=False, **settings)


def judged(*rules: Any, **more: Any) -> Answer:
    """Ask about one machine in a subnet whose group has these rules."""
    return ask("LB-004", estate(nic("web"), behind(**more), nsg(*rules), vnet(subnet(nsg="nsg"))))


def test_N_15_a_denial_of_everything_keeps_the_probe_out() -> None:
    (finding,) = judged(DENY).broken

    assert finding.subject == PROBE["id"]
    assert finding.message == (
        "no of nsg keeps the health probe probe of lb (AzureLoadBalancer on port 8080) from web"
    )
    assert finding.remedy.endswith(
        "--nsg-name nsg --name AllowProbes-8080 --priority 4095 --direction Inbound --access Allow "
        "--protocol Tcp --source-address-prefixes AzureLoadBalancer "
        "--destination-port-ranges 8080"
    )
    assert finding.witness is not None
    assert (finding.witness["source"], finding.witness["destinationPort"]) == (
        "168.63.129.16",
        8080,
    )
    assert [hop.reason for hop in finding.hops] == ["nsg-inbound"]


def test_it_speaks_for_the_gateway_whose_requests_the_balancer_drops() -> None:
    """GW-004 told the same denial a second time."""
    reached = rule("agw", 100, "10.0.1.0/26", "8443")
    network = estate(
        nic("web"),
        behind(),
        nsg(reached, DENY),
        vnet(subnet(nsg="nsg"), subnet("gw", "10.0.1.0/26")),
        pip("pip"),
        app_gateway(members=("10.0.0.10",), port=443),
    )
    (general,) = ask("GW-004", network).broken
    (finding,) = ask("LB-004", network).broken

    assert finding.severity is Severity.CRITICAL
    assert ("GW-004", general.subject, general.key) in finding.covers
    assert finding.message.endswith("from web; agw cannot reach 10.0.0.10:443")


def test_a_gateway_that_something_else_stops_as_well_is_told_by_itself() -> None:
    network = estate(
        nic("web"),
        behind(),
        nsg(DENY),
        vnet(subnet(nsg="nsg"), subnet("gw", "10.0.1.0/26")),
        pip("pip"),
        app_gateway(members=("10.0.0.10",), port=443),
    )
    (finding,) = ask("LB-004", network).broken

    assert finding.severity is None
    assert not [entry for entry in finding.covers if entry[0] == "GW-004"]


def test_two_probes_of_a_balancer_take_two_names_and_priorities() -> None:
    other = ref(f"{BALANCER}/probes", "lb", "other")
    rules = [lb_rule(probe=PROBE), lb_rule("more", 444, 8444, probe=other)]
    probes = [lb_probe(8080), lb_probe(9090, "other")]

    found = judged(DENY, probes=probes, rules=rules).broken

    assert sorted(each.remedy.split("--name ")[1].split(" --dir")[0] for each in found) == [
        "AllowProbes-8080 --priority 4095",
        "AllowProbes-9090 --priority 4094",
    ]


def test_probes_of_two_balancers_of_one_group_take_two_priorities() -> None:
    """As AKS has one for public Services and one for those that are not."""
    one = behind()
    text = json.dumps(behind(probes=[lb_probe(9090)]))
    other = json.loads(
        text.replace("/lb/", "/lb2/").replace('/lb"', '/lb2"').replace('"lb"', '"lb2"')
    )
    network = estate(nic("web"), one, other, nsg(DENY), vnet(subnet(nsg="nsg")))

    found = ask("LB-004", network).broken

    assert sorted(each.remedy.split("--name ")[1].split(" --dir")[0] for each in found) == [
        "AllowProbes-8080 --priority 4095",
        "AllowProbes-9090 --priority 4094",
    ]


def test_N_10_the_default_rules_let_it_in() -> None:
    assert judged().kept == 1


@pytest.mark.parametrize(
    ("let", "kept"),
    [
        (PROBES, True),
        (rule("in", 100, "168.63.129.16", "8080"), True),
        (rule("in", 100, "168.63.129.16/32", "*", protocol="*"), True),
        (rule("in", 100, "VirtualNetwork", "8080"), True),
        (rule("in", 100, "Internet", "8080"), False),
        (rule("in", 100, "AzureLoadBalancer", "8081"), False),
        (rule("in", 100, "AzureLoadBalancer", "8080", protocol="Udp"), False),
        (rule("in", 100, "AzureLoadBalancer", "8080", sourcePortRange="8080"), False),
        (rule("in", 100, "10.0.0.0/8", "*"), False),
    ],
)
def test_N_19_what_lets_the_probe_in(let: Any, kept: bool) -> None:
    assert (judged(let, DENY).kept == 1) is kept


def test_the_order_of_rules_decides() -> None:
    late = rule("probes", 200, "AzureLoadBalancer", "8080")
    assert judged(late, deny("no", 201)).kept == 1
    assert len(judged(late, deny("no", 199)).broken) == 1


def test_no_group_is_kept() -> None:
    assert ask("LB-004", estate(nic("web"), behind(), vnet(subnet()))).kept == 1


def test_N_11_either_group_can_keep_it_out() -> None:
    made = nsg(DENY, name="own"), nsg(PROBES, DENY), vnet(subnet(nsg="nsg")), behind()

    (finding,) = ask("LB-004", estate(nic("web", nsg="own"), *made)).broken

    assert "no of own keeps" in finding.message
    assert ask("LB-004", estate(nic("web"), *made)).kept == 1


def test_N_11_where_both_groups_keep_it_out_both_have_to_let_it_in() -> None:
    network = estate(
        nic("web", nsg="own"),
        behind(),
        nsg(DENY),
        nsg(deny("none", 200), name="own"),
        vnet(subnet(nsg="nsg")),
    )
    (finding,) = ask("LB-004", network).broken

    assert finding.message.startswith("no of nsg and none of own keep the health probe probe of lb")
    assert [part in finding.remedy for part in ("--nsg-name nsg ", "--nsg-name own ")] == [True] * 2
    assert len(finding.evidence) == 3
    (beside,) = ask("NSG-012", network).broken
    assert beside.key == "no"
    assert "--nsg-name nsg " in beside.remedy


def test_members_are_named_together_and_each_group_has_its_command() -> None:
    names = ("web", "b", "c", "d")
    nics = [nic(name, address=f"10.0.0.{10 + n}", nsg=name) for n, name in enumerate(names)]
    groups = [nsg(PROBES if name == "c" else DENY, DENY, name=name) for name in names]

    network = estate(*nics, *groups, behind(*names), vnet(subnet()))
    (finding,) = ask("LB-004", network).broken

    assert finding.message.endswith("from web, b, d")
    assert len(finding.related) == 3
    assert finding.remedy.count(" && ") == 2


def test_more_machines_than_a_sentence_holds_are_counted() -> None:
    names = [f"m{n}" for n in range(5)]
    nics = [nic(name, address=f"10.0.0.{10 + n}") for n, name in enumerate(names)]
    network = estate(*nics, nsg(DENY), behind(*names), vnet(subnet(nsg="nsg")))

    (finding,) = ask("LB-004", network).broken

    assert finding.message.endswith("from m0, m1, m2 and 2 more")
    assert finding.remedy.count("az network") == 1


def test_a_rule_without_probe_and_a_probe_without_rule_ask_nobody() -> None:
    answer = judged(DENY, rules=[lb_rule()])
    assert (answer.kept, answer.broken) == (0, [])


def test_a_member_that_is_not_here_is_unknown_and_hides_no_other() -> None:
    made = nic("web"), behind("web", "gone"), nsg(DENY), vnet(subnet(nsg="nsg"))

    answer = ask("LB-004", estate(*made))

    assert len(answer.broken) == 1
    assert "gone" in answer.unknown[0].missing


def test_members_of_a_global_balancer_are_not_machines() -> None:
    entry = {
        "name": "m",
        "properties": {"loadBalancerFrontendIPConfiguration": ref(FRONTEND, "regional", "front")},
    }
    regional = resource(
        BALANCER,
        "regional",
        {
            "frontendIPConfigurations": [
                {
                    "name": "front",
                    "properties": {
                        "privateIPAddress": "10.0.0.9",
                        "subnet": {"id": arm_id(SUBNET, "vnet", "app")},
                    },
                }
            ]
        },
    )
    pool = {"name": "pool", "properties": {"loadBalancerBackendAddresses": [entry]}}
    network = estate(behind(backendAddressPools=[pool]), regional, vnet(subnet()))
    assert ask("LB-004", network).kept == 1


def test_E_14_a_member_by_address_is_asked_too() -> None:
    entry = {
        "name": "m",
        "properties": {
            "ipAddress": "10.0.0.4",
            "virtualNetwork": {"id": arm_id(VNET, "vnet")},
        },
    }
    pool = {"name": "pool", "properties": {"loadBalancerBackendAddresses": [entry]}}
    assert len(judged(DENY, backendAddressPools=[pool]).broken) == 1


def test_E_14_who_may_have_the_address_of_a_member_is_to_be_exported() -> None:
    """It was the load balancer, which tells all it has to tell."""
    entry = {"ipAddress": "10.0.0.4", "virtualNetwork": {"id": arm_id(VNET, "vnet")}}
    pool = {
        "name": "pool",
        "properties": {"loadBalancerBackendAddresses": [{"name": "m", "properties": entry}]},
    }
    lost = arm_id(f"{NIC}/ipConfigurations", "lost", "primary")
    home = vnet(subnet(nsg="nsg", ipConfigurations=[{"id": lost}]))

    network = estate(behind(backendAddressPools=[pool]), nsg(DENY), home)
    (unknown,) = ask("LB-004", network).unknown

    assert f"who has 10.0.0.4: the address of {lost}" in unknown.missing
    assert unknown.remedy.endswith(f"az resource show --ids {arm_id(NIC, 'lost')}")


def test_a_port_that_is_not_told_is_unknown() -> None:
    probe = {"name": "probe", "properties": {"protocol": "Tcp"}}
    answer = judged(DENY, probes=[probe])
    assert "the port of the probe" in answer.unknown[0].missing


def test_a_group_that_is_not_here_is_unknown() -> None:
    network = estate(nic("web"), behind(), vnet(subnet(nsg="nsg")))
    answer = ask("LB-004", network)
    assert (len(answer.unknown), answer.broken) == (1, [])


def test_an_address_that_is_not_given_yet_is_unknown_where_it_matters() -> None:
    partial = rule("in", 100, "AzureLoadBalancer", "8080", destinationAddressPrefix="10.0.0.0/25")
    made = nic("web", address=None), behind(), vnet(subnet(nsg="nsg"))

    assert len(ask("LB-004", estate(*made, nsg(partial, DENY))).unknown) == 1
    assert len(ask("LB-004", estate(*made, nsg(DENY))).broken) == 1
    assert ask("LB-004", estate(*made, nsg(PROBES, DENY))).kept == 1


def test_N_52_admin_rules_may_decide() -> None:
    settings = {
        "access": "Deny", "direction": "Inbound", "priority": 10, "protocol": "Any",
        "sources": [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}],
        "destinations": [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}],
    }  # fmt: skip
    admin = resource(AVNM, "avnm/config/collection/no", settings, kind="Custom")
    made = nic("web"), behind(), vnet(subnet(nsg="nsg")), admin

    answer = ask("LB-004", estate(*made, nsg()))

    assert "avnm-unknown" in answer.unknown[0].missing
    assert len(ask("LB-004", estate(*made, nsg(DENY))).broken) == 1


def test_N_8_groups_of_machines_are_told_apart() -> None:
    asg = arm_id("Microsoft.Network/applicationSecurityGroups", "asg")
    to_group = rule("in", 100, "AzureLoadBalancer", "8080", destinationAddressPrefix=None,
                    destinationApplicationSecurityGroups=[{"id": asg}])  # fmt: skip
    member = nic("web", configuration={"applicationSecurityGroups": [{"id": asg}]})
    made = behind("web", "b"), nsg(to_group, DENY), vnet(subnet(nsg="nsg"))

    (finding,) = ask("LB-004", estate(member, nic("b", address="10.0.0.5"), *made)).broken

    assert finding.message.endswith("from b")


def test_a_hollow_group_beside_changes_nothing() -> None:
    made = nic("web"), behind(), nsg(PROBES, DENY), vnet(subnet(nsg="nsg"))
    assert ask("LB-004", estate(*made, resource(NSG, "other"))).kept == 1


@pytest.mark.parametrize("key", ["loadBalancingRules", "probes"])
def test_a_list_that_is_not_told_may_hold_a_probe_in_use(key: str) -> None:
    balancer = behind()
    del balancer["properties"][key]

    answer = ask("LB-004", estate(nic("web"), balancer, nsg(DENY), vnet(subnet(nsg="nsg"))))

    assert (answer.kept, answer.broken) == (0, [])
    assert answer.unknown


def test_a_rule_that_tells_nothing_may_use_a_probe() -> None:
    balancer = behind()
    [rule_] = balancer["properties"]["loadBalancingRules"]
    del rule_["properties"]

    answer = ask("LB-004", estate(nic("web"), balancer, nsg(DENY), vnet(subnet(nsg="nsg"))))

    assert (answer.broken, len(answer.unknown)) == ([], 1)
