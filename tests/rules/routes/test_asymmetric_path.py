from __future__ import annotations

from typing import Any

from auditor.network.graph import Network
from auditor.testing import arm_id, ask, estate

from ...exposed import NIC, SUBNET, balancer, deny, forwards, nic, nsg, pip, rule, subnet, vnet
from ...firewalls import collection, firewall, group, network_rule, policy
from ...routing import endpoint, route, table

WEB = rule("web", 100, "*", "443")
TO_FIREWALL = route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4")
FIREWALL = {
    "name": "home",
    "properties": {
        "privateIPAddress": "10.0.9.4",
        "subnet": {"id": arm_id(SUBNET, "vnet", "AzureFirewallSubnet")},
    },
}
ROUTED: Any = {"routeTable": {"id": table("rt")["id"]}}


def entered(*routes: Any, public: bool = True, beside: Any = ()) -> Network:
    """NIC nic-web at 20.50.1.2 with a route table before it."""
    return estate(
        nsg(WEB),
        nic("nic-web", public="pip" if public else None),
        pip("pip"),
        table("rt", *routes),
        nic("nva", address="10.0.9.4", subnet="nva"),
        *beside,
        vnet(subnet(nsg="nsg", **ROUTED), subnet("nva", "10.0.9.0/26")),
    )


def test_P_11_replies_that_go_to_an_appliance_get_lost() -> None:
    (finding,) = ask("RTE-005", entered(TO_FIREWALL)).broken

    assert finding.subject == arm_id(NIC, "nic-web")
    assert finding.message.startswith(
        "what the internet sends to nic-web by pip arrives, and the replies get lost "
        "(tcp 203.0.113.10 to 20.50.1.2:443 -> 10.0.0.4:443): "
    )
    assert finding.evidence[-1].resource.endswith("/routeTables/rt")


def test_replies_that_go_straight_are_kept() -> None:
    assert ask("RTE-005", entered()).kept == 1
    assert ask("RTE-005", entered(route("10.9.0.0/16", "VirtualAppliance", "10.0.9.4"))).kept == 1
    assert ask("RTE-005", entered(TO_FIREWALL, public=False)).broken == []


def test_one_half_of_the_internet_is_enough() -> None:
    assert len(ask("RTE-005", entered(route("128.0.0.0/1", "None"))).broken) == 1


def shut(*rules: Any) -> Network:
    return estate(
        nsg(*rules),
        nic("nic-web", public="pip"),
        pip("pip"),
        table("rt", TO_FIREWALL),
        vnet(subnet(nsg="nsg", **ROUTED)),
    )


def test_where_nothing_arrives_no_replies_get_lost() -> None:
    assert ask("RTE-005", shut(deny("no", 100))).kept == 1


def test_N_22_a_route_for_everything_may_let_everything_in() -> None:
    answer = ask("RTE-005", shut())

    assert answer.broken == []
    assert "whether what the internet sends to nic-web by pip arrives" in answer.unknown[0].missing


def test_K_63_behind_a_load_balancer_too() -> None:
    lb = balancer(loadBalancingRules=[forwards("https", 443)])

    (finding,) = ask("RTE-005", entered(TO_FIREWALL, public=False, beside=[lb])).broken

    assert "to 20.50.1.2:443 -> 10.0.0.4:443" in finding.message


def test_each_entrance_of_a_machine_is_told_by_its_name() -> None:
    lb = balancer(public="pip-lb", loadBalancingRules=[forwards("https", 443)])
    second = [pip("pip-lb", address="20.50.1.9"), lb]

    found = ask("RTE-005", entered(TO_FIREWALL, beside=second)).broken

    assert [finding.message.split(", and")[0] for finding in found] == [
        "what the internet sends to nic-web by pip arrives",
        "what the internet sends to nic-web by pip-lb arrives",
    ]


def test_a_route_table_that_is_not_in_the_snapshot_makes_it_unknown() -> None:
    network = estate(
        nsg(WEB), nic("nic-web", public="pip"), pip("pip"), vnet(subnet(nsg="nsg", **ROUTED))
    )

    answer = ask("RTE-005", network)

    assert answer.broken == []
    assert len(answer.unknown) == 1


def crossed(*tables: Any, **places: Any) -> Network:
    """NICs a and b in two subnets, and a firewall at 10.0.9.4 that lets all pass."""
    return estate(
        nsg(),
        nic("a", subnet="a", address="10.0.1.4"),
        nic("b", subnet="b", address="10.0.2.4"),
        *tables,
        firewall(ipConfigurations=[FIREWALL]),
        policy("rules"),
        group("rules", 100, collection("all", 100, "Allow", network_rule("all"))),
        vnet(
            subnet("a", "10.0.1.0/24", nsg="nsg", **places.get("a", {})),
            subnet("b", "10.0.2.0/24", nsg="nsg", **places.get("b", {})),
            subnet("AzureFirewallSubnet", "10.0.9.0/26"),
        ),
    )


def test_R_8_one_subnet_routes_by_the_firewall_and_the_other_straight() -> None:
    back = table("rt", route("10.0.1.0/24", "VirtualAppliance", "10.0.9.4"))

    found = ask("RTE-005", crossed(back, b=ROUTED)).broken

    assert [each.subject for each in found] == [arm_id(SUBNET, "vnet", "b")]
    assert found[0].related == (arm_id(SUBNET, "vnet", "a"),)


def test_both_or_neither_by_the_firewall_is_kept() -> None:
    both = table(
        "rt",
        route("10.0.1.0/24", "VirtualAppliance", "10.0.9.4"),
        route("10.0.2.0/24", "VirtualAppliance", "10.0.9.4"),
    )

    assert ask("RTE-005", crossed(both, a=ROUTED, b=ROUTED)).broken == []
    assert ask("RTE-005", crossed()).broken == []


BACK = table("rt", route("10.0.1.0/24", "VirtualAppliance", "10.0.9.4"))


def quiet(*inside: Any, **a: Any) -> Network:
    """NIC b in vnet/b, whose replies to vnet/a go by the firewall; `inside` is in vnet/a."""
    return estate(
        nsg(),
        *inside,
        nic("b", subnet="b", address="10.0.2.4"),
        BACK,
        firewall(ipConfigurations=[FIREWALL]),
        policy("rules"),
        group("rules", 100, collection("all", 100, "Allow", network_rule("all"))),
        vnet(
            subnet("a", "10.0.1.0/24", nsg="nsg", **a),
            subnet("b", "10.0.2.0/24", nsg="nsg", **ROUTED),
            subnet("AzureFirewallSubnet", "10.0.9.0/26"),
        ),
    )


DELEGATED = [{"name": "d", "properties": {"serviceName": "Microsoft.DBforMySQL/flexibleServers"}}]


def test_where_nobody_starts_connections_no_replies_get_lost() -> None:
    links = endpoint("pe", "10.0.1.4", ("vnet", "a"))

    assert ask("RTE-005", quiet(links)).broken == []
    assert ask("RTE-005", quiet(delegations=DELEGATED)).broken == []
    assert ask("RTE-005", quiet(provisioningState="Succeeded")).broken == []
    assert len(ask("RTE-005", quiet()).broken) == 1


def test_a_private_endpoint_is_no_sender_among_machines() -> None:
    links = endpoint("pe", "10.0.1.4", ("vnet", "a"))

    (finding,) = ask("RTE-005", quiet(links, nic("a", subnet="a", address="10.0.1.5"))).broken

    assert "(tcp 10.0.1.5 to 10.0.2.4:" in finding.message
    assert "InterfaceEndpoint" not in finding.message
