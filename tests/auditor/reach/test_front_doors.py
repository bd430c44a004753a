"""Front Door as a way in: who is behind its endpoints, and what is not told about it."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import AddressSet, PortSet
from auditor.network.graph import Network
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.answer import answers
from auditor.reach.listing import Exposed, exposed
from auditor.reach.points import INTERNET
from auditor.reach.selected import ends_of
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate, resource

from ...command import Command
from ...exposed import nic, nsg, pip, rule, subnet, vnet
from ...frontdoors import (
    DOMAIN,
    ENDPOINT,
    endpoint,
    front_door,
    linked_origin,
    origin,
    protects,
    route,
    waf,
    waf_rule,
)
from ...reaching import app_gateway, asked, lb, lb_rule
from ..commands.test_reach_commands import written

Json = dict[str, Any]
EDGE = "AzureFrontDoor.Backend"
TAGS = ServiceTags({EDGE: AddressSet.from_text(["147.243.0.0/16"])})
OPEN = rule("web", 100, "Internet", ["80", "443"])
GUARDED = rule("web", 100, EDGE, ["80", "443"])
DOOR = arm_id(ENDPOINT, "afd", "shop")


def machine(*door: Json, guard: Json = OPEN, tags: ServiceTags = TAGS) -> Network:
    """A machine at 20.50.1.2, and a Front Door."""
    web = [nsg(guard), nic("web", public="pip", nsg="nsg"), pip("pip"), vnet(subnet())]
    return estate(*web, *(door or front_door()), tags=tags)


def by_door(network: Network, tags: ServiceTags = TAGS) -> dict[str, tuple[str, set[str]]]:
    """The verdict on each port at the endpoint for machine `web`, and why it is not told."""
    found = {}
    for answer in asked(network, "internet", "web", None, tags=tags).answers:
        if answer.via:
            assert answer.via[0] == DOOR
            labels = {reason.label for reason in answer.reasons}
            for port in (80, 443):
                if PortSet.of(port) <= answer.ports:
                    found[str(port)] = (answer.verdict.value, labels)
    return found


def listed(network: Network, tags: ServiceTags = TAGS) -> list[Exposed]:
    return [e for e in exposed(network, tags=tags) if e.entrance and e.entrance.name]


# --- what is listed


def test_E_2_the_endpoint_and_what_is_behind_it() -> None:
    itself, *behind = listed(machine())
    assert (itself.target.id, str(itself.answer.ports), itself.answer.via) == (DOOR, "80, 443", ())
    assert itself.answer.verdict.value == "reachable"
    assert [(str(e.answer.ports), e.answer.arrives_as.destination_port) for e in behind
            if e.answer.arrives_as] == [("80", 80), ("443", 443)]  # fmt: skip
    assert {e.answer.via for e in behind} == {(DOOR,)}


def test_the_list_as_printed(auditor: Command) -> None:
    web = [nsg(OPEN), nic("web", public="pip", nsg="nsg"), pip("pip"), vnet(subnet())]
    only = front_door(origin(httpsPort=8443), route_of=route(supportedProtocols=["Https"]))
    gate = rule("https", 110, "Internet", "8443")
    path = written(auditor.folder, *web[1:], nsg(OPEN, gate), *only)
    ran = auditor("reach", path, "--from", "internet")
    lines = [line.split() for line in ran.out.splitlines()]
    assert any(line[1:4] == ["shop-x.azurefd.net:80,", "443", "tcp"] for line in lines)
    [row] = [line for line in lines if "shop-x.azurefd.net:443" in line]
    assert row[:3] == ["web/primary", "shop-x.azurefd.net:443", "10.0.0.4:8443"]
    assert row[3:5] == ["by", "shop"]


def test_an_endpoint_may_be_asked_about() -> None:
    network = machine()
    assert asked(network, "internet", "shop", 443, tags=TAGS).verdict == "reachable"
    assert asked(network, "internet", "shop", 22, tags=TAGS).verdict == "blocked"
    assert asked(network, "web", "shop", 443, tags=TAGS).verdict == "reachable"
    shut = asked(network, "shop", "web", 443, tags=TAGS)
    assert (shut.verdict, shut.stops) == ("blocked", ["no-path"])


def test_without_a_front_door_nothing_changes() -> None:
    web = estate(nsg(OPEN), nic("web", public="pip", nsg="nsg"), pip("pip"), vnet(subnet()))
    assert listed(web) == []


ZONES = "Microsoft.Network/dnszones"
ELSEWHERE = {"ARecords": [{"ipv4Address": "20.50.1.3"}]}


def alias(name: str, to: str) -> Json:
    return resource(f"{ZONES}/CNAME", f"zone.example/{name}", {"CNAMERecord": {"cname": to}})


@pytest.mark.parametrize(
    "host",
    ["20.50.1.3", "there.zone.example", "Shop.AzureWebsites.net.", "app.zone.example"],
)
def test_an_origin_elsewhere_leads_to_nobody_here(host: str) -> None:
    there = resource(f"{ZONES}/A", "zone.example/there", ELSEWHERE)
    network = machine(*front_door(origin(host)), there, alias("app", "shop.azurewebsites.net"))
    assert [e.target.id for e in listed(network)] == [DOOR]
    assert by_door(network) == {}


@pytest.mark.parametrize("host", ["far.example", "lost.zone.example"])
def test_a_name_that_nothing_resolves_may_be_anybody_s_whom_the_edge_gets_at(host: str) -> None:
    named = (*front_door(origin(host)), alias("lost", "far.example"))
    found = by_door(machine(*named, guard=GUARDED))
    assert found == {port: ("unknown", {f"fqdn:{host}"}) for port in ("80", "443")}
    office = rule("office", 100, "52.10.0.0/24", "443")
    assert by_door(machine(*named, guard=office)) == {}
    assert by_door(machine(*named, guard=rule("ssh", 100, "Internet", "22"))) == {}


def test_a_name_of_an_origin_may_be_a_gateway_s_and_so_lead_to_its_backend() -> None:
    network = estate(
        nsg(rule("edge", 100, EDGE, "443"), name="gw"),
        nic("web"),
        pip("pip"),
        app_gateway(),
        vnet(subnet(), subnet("gw", "10.0.1.0/26", nsg="gw")),
        *front_door(origin("far.example")),
        tags=TAGS,
    )
    [behind] = [a for a in asked(network, "52.10.0.7", "web", tags=TAGS).answers if a.via]
    assert [via.rpartition("/")[2] for via in behind.via] == ["shop", "agw"]
    assert behind.verdict.value == "unknown"


def test_an_origin_that_does_not_tell_its_host_may_be_anybody() -> None:
    found = by_door(machine(*front_door(origin("")), guard=GUARDED))
    assert {verdict for verdict, _ in found.values()} == {"unknown"}
    elsewhere = arm_id("Microsoft.Web/sites", "app")
    known = front_door(origin("far.example", azureOrigin={"id": elsewhere}))
    assert by_door(machine(*known, guard=GUARDED)) == {}


# --- the edge's own connection


def test_the_source_is_the_edge() -> None:
    network = machine(guard=GUARDED)
    assert by_door(network) == {"80": ("reachable", set()), "443": ("reachable", set())}
    shut = asked(network, "52.10.0.7", "web", tags=TAGS)
    assert (shut.verdict, shut.by_gateway) == ("blocked", ["reachable"])


def test_without_the_tags_addresses_it_is_unknown() -> None:
    found = by_door(machine(guard=GUARDED, tags=NO_TAGS), NO_TAGS)
    assert {verdict for verdict, _ in found.values()} == {"unknown"}
    assert all(f"service-tag:{EDGE.lower()}" in labels for _, labels in found.values())
    assert by_door(machine(tags=NO_TAGS), NO_TAGS)["443"][0] == "reachable"


def test_a_group_that_does_not_let_the_edge_in() -> None:
    office = rule("office", 100, "52.10.0.0/24", "443")
    assert by_door(machine(guard=office)) == {}


def test_names_by_which_an_origin_may_be_meant() -> None:
    labelled = pip("pip", settings={"dnsSettings": {"fqdn": "Shop.example"}})
    web = [nsg(OPEN), nic("web", public="pip", nsg="nsg"), labelled, vnet(subnet())]
    zone = "Microsoft.Network/dnszones"
    for name, more in (
        ("shop.EXAMPLE.", []),
        ("web.zone.example", [resource(f"{zone}/A", "zone.example/web",
                                       {"ARecords": [{"ipv4Address": "20.50.1.2"}]})]),
        ("pip.zone.example", [resource(f"{zone}/A", "zone.example/pip",
                                       {"targetResource": {"id": labelled["id"]}})]),
        ("alias.zone.example", [resource(f"{zone}/CNAME", "zone.example/alias",
                                         {"CNAMERecord": {"cname": "shop.example"}})]),
    ):  # fmt: skip
        network = estate(*web, *front_door(origin(name)), *more, tags=TAGS)
        assert by_door(network)["443"][0] == "reachable", name
    named = front_door(origin("x.example", azureOrigin={"id": labelled["id"]}))
    assert by_door(estate(*web, *named, tags=TAGS))["443"][0] == "reachable"


# --- routes


@pytest.mark.parametrize(
    ("settings", "ports"),
    [
        ({}, {"80": 80, "443": 443}),
        ({"supportedProtocols": ["Https"]}, {"443": 443}),
        ({"httpsRedirect": "Enabled"}, {"443": 443}),
        ({"forwardingProtocol": "HttpsOnly"}, {"80": 443, "443": 443}),
        ({"forwardingProtocol": "HttpOnly"}, {"80": 80, "443": 80}),
        ({"enabledState": "Disabled"}, {}),
    ],
)
def test_which_ports_lead_where(settings: Json, ports: dict[str, int]) -> None:
    network = machine(*front_door(route_of=route(**settings)))
    found = {
        str(port): e.answer.arrives_as.destination_port
        for e in listed(network)
        if e.answer.via and e.answer.arrives_as
        for low, high in e.answer.ports.intervals
        for port in range(low, high + 1)
    }
    assert found == ports


@pytest.mark.parametrize("key", ["supportedProtocols", "forwardingProtocol", "httpsRedirect"])
def test_what_a_route_does_not_tell_is_unknown(key: str) -> None:
    network = machine(*front_door(route_of=route(**{key: None})))
    assert {verdict for verdict, _ in by_door(network).values()} == {"unknown"}


def test_a_rule_set_may_decide_otherwise() -> None:
    sets = [{"id": "/x/ruleSets/headers"}]
    assert by_door(machine(*front_door(route_of=route(ruleSets=sets))))["443"] == (
        "unknown",
        {"rules-engine"},
    )


def test_an_endpoint_without_its_routes_is_unknown() -> None:
    every = [each for each in front_door() if "/routes/" not in each["id"]]
    found = by_door(machine(*every))
    assert {verdict for verdict, _ in found.values()} == {"unknown"}


@pytest.mark.parametrize("which", ["endpoint", "origin"])
def test_what_is_switched_off_leads_nowhere(which: str) -> None:
    off = {"enabledState": "Disabled"}
    door = front_door(origin(**(off if which == "origin" else {})))
    door[1] = endpoint(**(off if which == "endpoint" else {}))
    assert by_door(machine(*door)) == {}


def test_a_port_that_the_origin_does_not_tell_is_unknown() -> None:
    found = by_door(machine(*front_door(origin(httpsPort=None))))
    assert found["80"][0] == "reachable"
    assert found["443"][0] == "unknown"


# --- firewall policies


def with_waf(*policies: Json) -> list[Json]:
    return [each for each in front_door() if each["name"] not in ("waf", "sec")] + list(policies)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (waf(), "reachable"),
        (waf(waf_rule()), "unknown"),
        (waf(waf_rule("Allow")), "reachable"),
        (waf(waf_rule(enabledState="Disabled")), "reachable"),
        (waf(waf_rule(ruleType="RateLimitRule")), "reachable"),
        (waf(waf_rule(), mode="Detection"), "reachable"),
        (waf(waf_rule(), enabledState="Disabled"), "reachable"),
    ],
)
def test_what_a_firewall_policys_own_rules_decide_is_unknown(policy: Json, said: str) -> None:
    verdict, labels = by_door(machine(*with_waf(policy, protects())))["443"]
    assert verdict == said
    assert labels == ({"waf:waf"} if said == "unknown" else set())


def test_a_policy_before_a_domain_of_the_endpoint() -> None:
    domain = resource(DOMAIN, "afd/www", {"hostName": "www.shop.example"})
    door = with_waf(waf(waf_rule()), protects(domain["id"]), domain)
    assert by_door(machine(*door))["443"][0] == "reachable"
    door[2] = route(customDomains=[{"id": domain["id"]}])
    assert by_door(machine(*door))["443"][0] == "unknown"


def test_policies_that_are_not_in_the_snapshot_are_unknown() -> None:
    assert by_door(machine(*with_waf()))["443"][0] == "unknown"
    assert by_door(machine(*with_waf(protects())))["443"][0] == "unknown"


# --- gateways, balancers, Private Link


def test_by_a_gateway_to_its_backend() -> None:
    network = estate(
        nsg(rule("edge", 100, EDGE, "443"), name="gw"),
        nsg(name="back"),
        nic("web"),
        pip("pip"),
        app_gateway(),
        vnet(subnet(nsg="back"), subnet("gw", "10.0.1.0/26", nsg="gw")),
        *front_door(),
        tags=TAGS,
    )
    to_gateway = asked(network, "52.10.0.7", "agw", tags=TAGS)
    assert [a.verdict.value for a in to_gateway.answers] == ["blocked", "reachable"]
    every = asked(network, "52.10.0.7", "web", tags=TAGS).answers
    [behind] = [a for a in every if a.via]
    assert [via.rpartition("/")[2] for via in behind.via] == ["shop", "agw"]
    assert behind.verdict.value == "reachable"


def test_by_a_load_balancer() -> None:
    network = estate(
        nsg(OPEN, rule("back", 110, EDGE, "8443")), nic("web", nsg="nsg"), pip("pip"),
        vnet(subnet()), lb(lb_rule()), *front_door(), tags=TAGS,
    )  # fmt: skip
    assert by_door(network)["443"][0] == "reachable"


def service(**more: Any) -> Json:
    front = arm_id("Microsoft.Network/loadBalancers/frontendIPConfigurations", "lb", "front")
    home = arm_id("Microsoft.Network/virtualNetworks/subnets", "vnet", "app")
    return resource(
        "Microsoft.Network/privateLinkServices",
        "pls",
        {
            "loadBalancerFrontendIpConfigurations": [{"id": front}],
            "ipConfigurations": [
                {
                    "name": "nat",
                    "properties": {"privateIPAddress": "10.0.0.20", "subnet": {"id": home}},
                }
            ],
            **more,
        },
    )


@pytest.mark.parametrize(("admitted", "said"), [("10.0.0.20", "unknown"), ("10.0.0.21", "")])
def test_by_private_link_to_a_service(admitted: str, said: str) -> None:
    pls = service()
    rules = [rule("nat", 100, admitted, "8443"), rule("no", 110, "*", "*", access="Deny")]
    network = estate(
        nsg(*rules), nic("web", nsg="nsg"), vnet(subnet()), lb(lb_rule(), public=False), pls,
        *front_door(linked_origin(pls["id"])), tags=TAGS,
    )  # fmt: skip
    found = by_door(network)
    assert found.get("443", ("", set())) == (said, {"private-link"} if said else set())


@pytest.mark.parametrize(
    ("status", "said"),
    [("Approved", "reachable"), (None, "unknown"), ("Pending", "blocked"), ("rejected", "blocked")],
)
def test_L_1_only_what_was_approved_lets_front_door_in(status: str | None, said: str) -> None:
    pls = service()
    network = estate(
        nsg(rule("nat", 100, "10.0.0.20", "8443")), nic("web", nsg="nsg"), vnet(subnet()),
        lb(lb_rule(), public=False), pls, *front_door(linked_origin(pls["id"], status)), tags=TAGS,
    )  # fmt: skip
    verdict, _ = by_door(network).get("443", ("blocked", set()))
    assert verdict == said


def test_a_linked_service_that_is_not_in_the_snapshot_is_unknown() -> None:
    missing = arm_id("Microsoft.Network/privateLinkServices", "gone")
    network = machine(*front_door(linked_origin(missing)))
    [_, *rest] = listed(network)
    assert {e.target.id for e in rest} == {missing}
    assert {e.answer.verdict.value for e in rest} == {"unknown"}


# --- classic


def test_a_classic_one_is_unknown_behind_its_pools() -> None:
    backends = [{"address": "20.50.1.2", "enabledState": "Enabled"}, {"address": "x.example"}]
    classic = resource(
        "Microsoft.Network/frontDoors",
        "fd",
        {
            "enabledState": "Enabled",
            "frontendEndpoints": [{"name": "e", "properties": {"hostName": "fd.azurefd.net"}}],
            "backendPools": [{"name": "p", "properties": {"backends": backends}}],
        },
    )
    answers = asked(machine(classic), "internet", "web", None, tags=TAGS).answers
    assert {a.verdict.value for a in answers if a.via} == {"unknown"}
    assert [e.target.id for e in listed(machine(classic)) if not e.answer.via] == [classic["id"]]


def test_damaged_parts_raise_nothing() -> None:
    bare = [
        {key: value for key, value in each.items() if key != "properties"} for each in front_door()
    ]
    for each in listed(machine(*bare)):
        assert each.answer.verdict.value in ("reachable", "unknown")


def test_E_2_a_profile_answers_at_its_endpoints() -> None:
    profile = resource("Microsoft.Cdn/profiles", "afd", {})
    network = machine(profile, *front_door())

    def verdicts(selector: str) -> list[str]:
        there = ends_of(network, parse_selector(selector))
        assert not there.reasons
        found = (answers(network, INTERNET, each, protocols=("tcp",)) for each in there.points)
        return [f"{a.target.id} {a.ports} {a.verdict.value}" for each in found for a in each]

    assert verdicts("type:Microsoft.Cdn/profiles") == verdicts(DOOR) != []
