"""Private link services: from an endpoint to the machines behind a load balancer (L-7, P-6)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Location
from auditor.intent import read_intent
from auditor.network.graph import Network
from auditor.reach.answer import answers
from auditor.reach.intents import judgements
from auditor.reach.replay import check
from auditor.reach.selected import ends_of, pairs
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate, resource

from ...exposed import FRONTEND, GATEWAY, NSG, SUBNET, deny, nic, nsg, pip, rule, subnet, vnet
from ...networks import gateway, peer, site, subnet_id, tunnel
from ...networks import nic as nic_in
from ...networks import vnet as net
from ...reaching import app_gateway, asked, lb, lb_rule
from ...routing import ENDPOINT, endpoint, route, steered, table

SERVICE = "Microsoft.Network/privateLinkServices"


def offered(
    *rules: Any,
    status: str | None = "Approved",
    fronts: Any = ("front",),
    routes: Any = (),
    address: str | None = "10.0.0.50",
    service: bool = True,
    far: str = "",
) -> Network:
    """NIC client in VNet c, an endpoint there, and NIC web behind a service of VNet vnet."""
    state = {"status": status} if status else {}
    connection = {
        "privateLinkServiceId": far or arm_id(SERVICE, "pls"),
        "privateLinkServiceConnectionState": state,
    }
    own = {"subnet": {"id": arm_id(SUBNET, "vnet", "app")}}
    offer = resource(
        SERVICE,
        "pls",
        {
            "loadBalancerFrontendIpConfigurations": [
                {"id": arm_id(FRONTEND, "lb", each)} for each in fronts
            ],
            "ipConfigurations": [
                {
                    "name": "nat",
                    "properties": {**own, "privateIPAddress": address} if address else own,
                }
            ],
        },
    )
    steered = table("rt", *routes)
    return estate(
        nsg(*rules),
        nic("web"),
        nic_in("client", "10.5.1.4", ("c", "app")),
        lb(lb_rule(), public=False),
        steered,
        *([offer] if service else []),
        resource(
            ENDPOINT,
            "pe",
            {
                "subnet": {"id": subnet_id("c", "ends")},
                "ipConfigurations": [{"name": "x", "properties": {"privateIPAddress": "10.5.0.5"}}],
                "privateLinkServiceConnections": [{"name": "c", "properties": connection}],
            },
        ),
        net(
            "c",
            "10.5.0.0/16",
            subnets={
                "app": "10.5.1.0/24",
                "ends": {
                    "addressPrefix": "10.5.0.0/24",
                    "privateEndpointNetworkPolicies": "Disabled",
                },
            },
        ),
        net(
            "vnet",
            "10.0.0.0/16",
            subnets={
                "app": {
                    "addressPrefix": "10.0.0.0/24",
                    "networkSecurityGroup": {"id": arm_id(NSG, "nsg")},
                    "routeTable": {"id": steered["id"]},
                }
            },
        ),
    )


FROM_SERVICE = rule("nat", 100, "10.0.0.50", "8443"), deny("rest", 200)


def test_L_7_a_private_endpoint_leads_to_the_machines_behind_its_service() -> None:
    found = asked(offered(*FROM_SERVICE), "client", "web")

    assert (found.verdict, found.arrives) == ("reachable", "10.0.0.4:8443")
    there = found.one.arrives_as
    assert there is not None
    assert str(there.source) == "10.0.0.50"
    assert found.step("private-link").resource.endswith("/pls")
    assert asked(offered(*FROM_SERVICE), "client", "pe").verdict == "reachable"
    assert asked(offered(*FROM_SERVICE), "client", "front").verdict == "reachable"


def test_P_6_the_machine_sees_the_address_of_the_service_and_not_the_clients() -> None:
    client_only = rule("client", 100, "10.5.1.4"), deny("rest", 200)

    assert asked(offered(*client_only), "client", "web").verdict == "blocked"
    assert asked(offered(*client_only), "client", "pe").verdict == "blocked"


def test_L_7_of_an_address_that_is_not_told_any_of_the_subnet_may_be_it() -> None:
    whole = rule("nat", 100, "10.0.0.0/24", "8443"), deny("rest", 200)

    assert asked(offered(*whole, address=None), "client", "web").verdict == "reachable"
    half = asked(offered(*FROM_SERVICE, address=None), "client", "web")
    assert (half.verdict, half.labels) == ("unknown", {"private-link"})


def test_only_the_ports_of_the_load_balancers_rules_lead_on() -> None:
    assert asked(offered(*FROM_SERVICE), "client", "pe", 444).verdict == "blocked"


def test_L_1_a_connection_must_be_approved() -> None:
    assert asked(offered(status="Pending"), "client", "web").verdict == "blocked"
    assert asked(offered(status="Pending"), "client", "pe").verdict == "blocked"


def test_P_11_the_reply_goes_back_to_the_service() -> None:
    astray = route("10.0.0.48/28", "None")

    assert asked(offered(*FROM_SERVICE, routes=[astray]), "client", "web").verdict == "blocked"


def test_a_frontend_that_the_input_lacks_leaves_the_endpoint_in_doubt() -> None:
    found = asked(offered(*FROM_SERVICE, fronts=["gone"]), "client", "pe")

    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
    untold = asked(offered(*FROM_SERVICE, fronts=[]), "client", "pe")
    assert (untold.verdict, untold.labels) == ("unknown", {"collection-gap"})


def test_L_7_who_answers_behind_a_service_that_the_input_lacks_is_not_told() -> None:
    """It may be another tenant's: then it forwards to machines that nobody here knows."""
    found = asked(offered(service=False), "client", "pe")
    assert (found.verdict, found.labels) == ("unknown", {"pe-external"})
    assert asked(offered(service=False, status="Pending"), "client", "pe").verdict == "blocked"


@pytest.mark.parametrize(
    ("far", "verdict"),
    [
        (arm_id("Microsoft.Storage/storageAccounts", "st"), "reachable"),
        (arm_id(GATEWAY, "gone"), "unknown"),
        ("far.guid.westeurope.azure.privatelinkservice", "unknown"),
    ],
)
def test_L_7_a_service_of_azures_answers_at_its_endpoint_itself(far: str, verdict: str) -> None:
    network = offered(service=False, far=far)
    assert asked(network, "client", "pe").verdict == verdict


def before_gateway(*listeners: tuple[str, int], guarded: bool = False, rules: Any = ()) -> Network:
    """NIC client in VNet c, an endpoint there to gateway agw, NIC web behind it."""
    gateway = app_gateway(listeners=listeners or (("public", 443),))
    front = gateway["properties"]["frontendIPConfigurations"][0]["properties"]
    front["privateLinkConfiguration"] = {
        "id": arm_id(f"{GATEWAY}/privateLinkConfigurations", "agw", "link")
    }
    own = {"subnet": {"id": arm_id(SUBNET, "vnet", "app")}}
    gateway["properties"]["privateLinkConfigurations"] = [
        {"name": "link", "properties": {"ipConfigurations": [{"name": "x", "properties": own}]}}
    ]
    gw: Any = {"addressPrefix": "10.0.1.0/26"}
    if guarded:
        gw["networkSecurityGroup"] = {"id": nsg()["id"]}
    kept_in = {"addressPrefix": "10.5.1.0/24", "defaultOutboundAccess": False}
    connection = {
        "privateLinkServiceId": arm_id(GATEWAY, "agw"),
        "groupIds": ["public"],
        "privateLinkServiceConnectionState": {"status": "Approved"},
    }
    return estate(
        nic("web"),
        nic_in("client", "10.5.1.4", ("c", "app")),
        gateway,
        pip("pip"),
        resource(
            ENDPOINT,
            "pe",
            {
                "subnet": {"id": subnet_id("c", "app")},
                "ipConfigurations": [{"name": "x", "properties": {"privateIPAddress": "10.5.1.5"}}],
                "privateLinkServiceConnections": [{"name": "c", "properties": connection}],
            },
        ),
        net("c", "10.5.0.0/16", subnets={"app": kept_in}),
        net("vnet", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "gw": gw}),
        *([nsg(*(rules or [rule("all", 100)]))] if guarded else []),
    )


@pytest.mark.parametrize(("guarded", "verdict"), [(False, "reachable"), (True, "unknown")])
def test_A_52_a_private_endpoint_leads_to_a_gateway_and_on(guarded: bool, verdict: str) -> None:
    """What rules before the gateway see of it is not told; without any, that does not matter."""
    network = before_gateway(guarded=guarded)

    found = asked(network, "client", "agw")
    assert (found.verdict, "private-link" in found.labels) == (verdict, guarded)
    assert asked(network, "client", "pe").verdict == verdict
    assert asked(network, "client", "pe", 80).verdict == "blocked"
    behind = [a for a in asked(network, "client", "web").answers if a.via]
    assert [answer.verdict.value for answer in behind] == [verdict]
    assert "private-link" in [step.code for step in behind[0].hops]


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ([rule("internet", 100, "Internet", "443"), deny("rest", 200)], "unknown"),
        ([deny("everything", 100)], "blocked"),
    ],
)
def test_A_52_rules_that_deny_the_addresses_of_private_link_may_see_others(
    rules: Any, verdict: str
) -> None:
    """Which they see is not told; it was blocked as if they saw these."""
    network = before_gateway(guarded=True, rules=rules)
    assert asked(network, "client", "pe").verdict == verdict


def test_L_5_routes_of_its_subnet_are_none_of_an_endpoints_own() -> None:
    network = estate(
        net(
            "a",
            "10.0.0.0/16",
            subnets={
                "app": "10.0.0.0/24",
                "ends": steered("10.0.1.0/24", privateEndpointNetworkPolicies="Disabled"),
            },
        ),
        table("rt", route("10.0.0.0/24", "None")),
        nic_in("web", "10.0.0.4", ("a", "app")),
        endpoint("pe", "10.0.1.5", ("a", "ends")),
    )
    assert asked(network, "web", "pe").verdict == "reachable"


@pytest.mark.parametrize("takes_forwarded", [True, False])
@pytest.mark.parametrize(
    ("lends", "uses", "verdict"),
    [(True, True, "reachable"), (False, True, "blocked"), (True, False, "blocked")],
)
def test_R_17_sites_reach_an_endpoint_by_a_gateway_that_is_lent(
    lends: bool, uses: bool, verdict: str, takes_forwarded: bool
) -> None:
    """Without it the reply has no way back, whoever may forward into the endpoint's network."""
    lent = peer("s", "10.1.0.0/16", allowGatewayTransit=lends)
    using = peer("h", "10.0.0.0/16", useRemoteGateways=uses, allowForwardedTraffic=takes_forwarded)
    ends = {"addressPrefix": "10.1.0.0/24", "privateEndpointNetworkPolicies": "Disabled"}
    network = estate(
        net("h", "10.0.0.0/16", subnets={"GatewaySubnet": "10.0.9.0/27"}, peers=[lent]),
        net("s", "10.1.0.0/16", subnets={"ends": ends}, peers=[using]),
        gateway("gw", "h", enableBgp=False),
        site("office", "192.168.7.0/24"),
        tunnel("t", "gw", "office"),
        endpoint("pe", "10.1.0.5", ("s", "ends")),
    )
    assert asked(network, "onprem 192.168.7.0/24", "pe").verdict == verdict


@pytest.mark.parametrize(
    "told",
    [
        {"privateLinkServiceConnections": [{"name": "c", "properties": {}}]},
        {
            "privateLinkServiceConnections": [
                {"name": "c", "properties": {"privateLinkServiceConnectionState": {}}}
            ]
        },
        {"privateLinkServiceConnections": []},
        {},
    ],
    ids=["no state", "no status", "no connection", "no list"],
)
def test_L_1_an_endpoint_that_does_not_tell_its_state_may_be_approved(told: Any) -> None:
    pe = endpoint("pe", "10.0.1.5", ("a", "ends"))
    del pe["properties"]["privateLinkServiceConnections"]
    pe["properties"] |= told
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "ends": "10.0.1.0/24"}),
        nic_in("web", "10.0.0.4", ("a", "app")),
        pe,
    )
    found = asked(network, "web", "pe")
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
    assert asked(network, "web", "pe", protocol="icmp").verdict == "blocked"


def apart(peers: Any, *more: Any) -> Network:
    """NIC web in network a, an endpoint in b, which lists a peering with a."""
    a = net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}, peers=peers or ())
    if peers is None:
        del a["properties"]["virtualNetworkPeerings"]
    return estate(
        a,
        net("b", "10.1.0.0/16", subnets={"ends": "10.1.0.0/24"}, peers=[peer("a", "10.0.0.0/16")]),
        nic_in("web", "10.0.0.4", ("a", "app")),
        endpoint("pe", "10.1.0.9", ("b", "ends")),
        *more,
    )


def test_R_14_a_peering_that_is_not_told_may_lead_to_endpoints_too() -> None:
    """Whatever joins two networks brings the routes to their endpoints along (L-4)."""
    assert asked(apart([]), "web", "pe").verdict == "blocked"
    assert asked(apart([peer("b", "10.1.0.0/16")]), "web", "pe").verdict == "reachable"
    for peers in (None, [{"name": "to-b", "properties": {}}]):
        found = asked(apart(peers), "web", "pe")
        assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


def test_R_22_a_connected_group_may_lead_to_endpoints_too() -> None:
    manager = resource(
        "Microsoft.Network/networkManagers", "m", {"networkManagerScopeAccesses": ["Connectivity"]}
    )
    found = asked(apart([], manager), "web", "pe")
    assert (found.verdict, found.labels) == ("unknown", {"avnm-unknown"})


def test_L_7_what_stops_a_service_once_its_balancer_takes_it_is_told_as_well() -> None:
    """The rules at the machine see an address of the service (P-6)."""
    shut = asked(offered(deny("rest", 200)), "client", "pe", 9090)
    assert shut.stops == ["load-balancer", "nsg-inbound"]
    assert shut.one.blockers[-1].opening == (
        "add an inbound Allow rule for TCP from 10.0.0.50 to 10.0.0.4 to port 9090 to nsg, "
        "with a priority below 200 (securityRules/rest)"
    )
    let = rule("pls", 100, "10.0.0.50", "9090")
    assert asked(offered(let, deny("rest", 200)), "client", "pe", 9090).stops == ["load-balancer"]


def with_card(**more: Any) -> Network:
    """Service pls with the interface that Azure makes for it, beside NICs web and other."""
    card = nic("pls.nic", address="10.0.0.50")
    card["properties"]["privateLinkService"] = {"id": arm_id(SERVICE, "pls")}
    own = {"subnet": {"id": arm_id(SUBNET, "vnet", "app")}, "privateIPAddress": "10.0.0.50"}
    offer = {
        "loadBalancerFrontendIpConfigurations": [{"id": arm_id(FRONTEND, "lb", "front")}],
        "ipConfigurations": [{"name": "nat", "properties": own}],
        "networkInterfaces": [{"id": card["id"]}],
    }
    return estate(
        nic("web"),
        nic("other", address="10.0.0.5"),
        lb(lb_rule(), public=False),
        card,
        resource(SERVICE, "pls", offer),
        vnet(subnet()),
        **more,
    )


def test_L_7_a_services_own_interface_is_no_machine() -> None:
    network = with_card()

    def told(source: str, target: str) -> tuple[set[str], set[str]]:
        one, other = (ends_of(network, parse_selector(each)) for each in (source, target))
        found = [each for pair in pairs(one, other) for each in answers(network, *pair)]
        for answer in found:
            check(network, answer)
        reasons = {*one.reasons, *other.reasons, *(r for each in found for r in each.reasons)}
        return {each.verdict.value for each in found}, {reason.label for reason in reasons}

    assert told("name:other", "10.0.0.50") == ({"unknown"}, {"no-endpoint"})
    assert told("10.0.0.50", "name:other") == ({"unknown"}, {"no-endpoint"})
    assert told("name:other", "name:pls.nic") == (set(), {"no-endpoint"})
    points = ends_of(network, parse_selector("subnet:vnet/app")).points
    assert not [point.id for point in points if "pls.nic" in point.id]


def test_L_7_a_services_own_interface_breaks_no_intent() -> None:
    table = {"name": "only", "from": "name:other", "to": ["name:web", "name:lb", "internet"]}
    intent = read_intent({**table, "expect": "only"}, Location("auditor.toml", 1, "/intent/0"))
    [found] = judgements(with_card(intents=(intent,)))
    assert found.outcome.value == "kept", found.reasons
