from __future__ import annotations

import json
from typing import Any

from auditor.network.graph import Network
from auditor.testing import arm_id, ask, estate, resource

from ...exposed import SUBNET, balancer, deny, forwards, nic, nsg, pip, rule, subnet, vnet
from ...networks import gateway as vpn
from ...networks import site, tunnel
from ...reaching import app_gateway
from ...routing import endpoint

AGW = rule("agw", 100, "10.0.1.0/26", "8080")
NOBODY = deny("nobody", 4000)


def fronted(
    *rules: Any, more: Any = (), members: Any = ("10.0.0.4",), subnets: Any = (), port: int = 8080
) -> Network:
    """Gateway agw in vnet/gw, NIC nic-web in vnet/app behind it, and a subnet vnet/jobs."""
    return estate(
        nsg(*rules),
        nic("nic-web"),
        pip("pip"),
        app_gateway(members=members, port=port),
        *more,
        vnet(
            subnet(nsg="nsg"),
            subnet("gw", "10.0.1.0/26"),
            subnet("jobs", "10.0.2.0/24"),
            *subnets,
        ),
    )


def test_the_default_rules_let_the_network_in() -> None:
    (finding,) = ask("GW-025", fronted()).broken

    assert finding.subject.endswith("/backendAddressPools/pool")
    assert finding.message == (
        "vnet/jobs reaches 10.0.0.4:8080 around agw (tcp 10.0.2.4 to 10.0.0.4:8080)"
    )
    assert finding.related == (arm_id(SUBNET, "vnet", "jobs"),)
    assert "allow port 8080 from gw alone" in finding.remedy


def test_the_packet_to_try_is_that_of_a_machine_where_one_is_there() -> None:
    shut = nsg(deny("out", 100, direction="Outbound"), name="shut")
    dumb = nic("dumb", subnet="jobs", address="10.0.2.8", nsg="shut")
    job = nic("job", subnet="jobs", address="10.0.2.9")

    (finding,) = ask("GW-025", fronted(more=[shut, dumb, job])).broken
    assert finding.message.startswith("vnet/jobs reaches 10.0.0.4:8080 around agw (tcp 10.0.2.9 to")
    assert finding.witness is not None
    assert finding.witness["source"] == "10.0.2.9"

    (finding,) = ask("GW-025", fronted(more=[shut, dumb])).broken
    assert "(tcp 10.0.2.4 to" in finding.message


def test_the_remedy_lets_in_every_gateway_that_asks_and_whoever_is_approved() -> None:
    blue = json.loads(json.dumps(app_gateway()).replace("/agw", "/blue").replace("/gw", "/gw2"))
    blue["name"] = "blue"
    more = subnet("gw2", "10.0.4.0/26"), subnet("admin", "10.0.3.0/24")
    network = fronted(more=[blue], subnets=more)

    remedies = {each.remedy for each in ask("GW-025", network, allow=("*/subnets/admin",)).broken}

    (remedy,) = remedies
    assert remedy.startswith("allow port 8080 from admin, gw, gw2 alone in the security group")
    assert "--source-address-prefixes 10.0.3.0/24 10.0.1.0/26 10.0.4.0/26 --dest" in remedy


def test_the_remedy_leaves_other_ports_of_the_rule_alone() -> None:
    (finding,) = ask("GW-025", fronted(rule("in", 200, "VirtualNetwork", ["22", "8080"]))).broken

    assert "nsg rule update" not in finding.remedy
    assert "--priority 198 " in finding.remedy
    assert "--priority 199 " in finding.remedy


def test_where_sites_are_approved_the_remedy_denies_the_others_by_name() -> None:
    (finding,) = ask("GW-025", fronted(), allow=("onprem",)).broken

    assert "and deny it from the others: az" in finding.remedy
    assert "--access Deny --protocol Tcp --source-address-prefixes 10.0.2.0/24" in finding.remedy


def test_N_20_the_remedy_leaves_the_probes_of_a_load_balancer_in() -> None:
    up = {"id": arm_id("Microsoft.Network/loadBalancers/probes", "inner", "up")}
    inner = balancer(
        "inner",
        public=None,
        method="Static",
        probes=[{"name": "up", "properties": {"port": 8080, "protocol": "Tcp"}}],
        loadBalancingRules=[forwards("http", 80, 8080, of="inner", probe=up)],
    )
    network = fronted(members=["10.0.0.10"], more=[inner], port=80)

    (finding,) = ask("GW-025", network).broken

    assert "--name allow-gateway-8080 " in finding.remedy
    assert "--source-address-prefixes 10.0.1.0/26 168.63.129.16/32 --dest" in finding.remedy


def test_the_gateway_alone_is_kept() -> None:
    assert ask("GW-025", fronted(AGW, NOBODY)).kept == 1


def test_another_port_is_no_matter() -> None:
    assert ask("GW-025", fronted(AGW, rule("ssh", 110, "10.0.2.0/24", "22"), NOBODY)).kept == 1


def test_subnets_of_azures_own_are_left_out() -> None:
    bastion = subnet("AzureBastionSubnet", "10.0.3.0/26")
    allow = rule("bastion", 110, "10.0.3.0/26", "8080")

    assert ask("GW-025", fronted(AGW, allow, NOBODY, subnets=[bastion])).kept == 1


def test_who_is_meant_is_approved() -> None:
    assert ask("GW-025", fronted(), allow=("*/subnets/JOBS",)).kept == 1


def test_a_second_gateway_with_the_member_is_none_of_the_others() -> None:
    text = json.dumps(app_gateway()).replace("/applicationGateways/agw", "/applicationGateways/b")
    second = json.loads(text.replace("/subnets/gw", "/subnets/jobs"))

    assert ask("GW-025", fronted(more=[second])).broken == []


def test_sites_on_premises_count() -> None:
    joined = [
        vpn("vgw", "vnet"),
        site("office", "192.168.0.0/16"),
        tunnel("link", "vgw", "office"),
    ]
    home = subnet("GatewaySubnet", "10.0.4.0/27")
    office = rule("office", 110, "192.168.0.0/16", "8080")

    (finding,) = ask("GW-025", fronted(AGW, office, NOBODY, more=joined, subnets=[home])).broken

    assert finding.message.startswith("on premises reaches 10.0.0.4:8080 around agw")
    kept = fronted(AGW, office, NOBODY, more=joined, subnets=[home])
    assert ask("GW-025", kept, allow=("onprem",)).broken == []


def test_what_is_in_doubt_is_unknown() -> None:
    network = estate(
        nic("nic-web"),
        pip("pip"),
        app_gateway(),
        vnet(subnet(nsg="gone"), subnet("gw", "10.0.1.0/26"), subnet("jobs", "10.0.2.0/24")),
    )

    answer = ask("GW-025", network)

    assert answer.broken == []
    assert answer.unknown[0].missing.startswith(
        "whether vnet/jobs reaches 10.0.0.4:8080 around agw"
    )


def test_ways_over_the_internet_are_those_of_others() -> None:
    """It told of subnets that get out and in again, and to deny `VirtualNetwork` (EXP-008)."""
    open_to_all = rule("web", 110, "Internet", "8080")
    guarded = [
        nsg(AGW, open_to_all, NOBODY),
        nic("nic-web", public="own"),
        pip("own", address="20.50.1.3"),
        pip("pip"),
        app_gateway(),
    ]

    def jobs(**more: Any) -> Network:
        inside = vnet(
            subnet(nsg="nsg"), subnet("gw", "10.0.1.0/26"), subnet("jobs", "10.0.2.0/24", **more)
        )
        return estate(*guarded, nic("job", subnet="jobs", address="10.0.2.9"), inside)

    for here in (jobs(), jobs(defaultOutboundAccess=False)):
        assert len(ask("EXP-008", here).broken) == 1
        answer = ask("GW-025", here)
        assert (answer.broken, answer.unknown) == ([], [])


def test_a_subnet_where_nobody_starts_such_connections_is_left_out() -> None:
    other = json.loads(
        json.dumps(app_gateway(members=("10.0.0.99",)))
        .replace("/applicationGateways/agw", "/applicationGateways/b")
        .replace("/subnets/gw", "/subnets/jobs")
    )
    link = endpoint("pe", "10.0.2.5", ("vnet", "jobs"))
    worker = nic("worker", address="10.0.2.9", subnet="jobs")

    for more in ([other], [link], [other, link]):
        assert ask("GW-025", fronted(more=more)).broken == []
        assert len(ask("GW-025", fronted(more=[*more, worker])).broken) == 1


def test_a_member_by_name_is_followed_to_the_address_of_the_private_zone() -> None:
    kind = "Microsoft.Network/privateDnsZones"
    link = {"virtualNetwork": {"id": vnet()["id"]}, "registrationEnabled": False}
    zone = [
        resource(kind, "corp.example", {}),
        resource(f"{kind}/virtualNetworkLinks", "corp.example/to-vnet", link),
        resource(f"{kind}/A", "corp.example/web", {"aRecords": [{"ipv4Address": "10.0.0.4"}]}),
    ]
    named = ("web.corp.example",)

    (finding,) = ask("GW-025", fronted(members=named, more=zone)).broken
    closed = ask("GW-025", fronted(AGW, NOBODY, members=named, more=zone))

    assert finding.message.startswith("vnet/jobs reaches web.corp.example:8080 around agw (tcp 10")
    assert closed.kept == 1
