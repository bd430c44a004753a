"""Paths to application gateways and through them (A-10 to A-28)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.addresses import AddressSet, parse_ports
from auditor.network.graph import Network
from auditor.reach.answer import answers
from auditor.reach.points import INTERNET, with_one_address
from auditor.testing import arm_id, estate

from ...exposed import SCALE_SET, deny, nic, nsg, pip, rule, subnet, vnet
from ...guarded import out_deny
from ...networks import gateway as vnet_gateway
from ...networks import site, tunnel
from ...reaching import app_gateway, asked, lb, lb_rule, point, scale_set
from ...routing import endpoint, route, table

CLIENT = "52.10.0.7"


def fronted(
    *rules: Any,
    backend: Any = (),
    listeners: Any = (("public", 443),),
    table_of: Any = None,
    members: Any = ("10.0.0.4",),
    **more: Any,
) -> Network:
    """Gateway agw at 20.50.1.2 in 10.0.1.0/26, NIC web behind it on port 8080."""
    more_of_gateway: Any = {} if table_of is None else {
        "routeTable": {"id": arm_id("Microsoft.Network/routeTables", "rt")}
    }  # fmt: skip
    return estate(
        nsg(*rules, name="gw"),
        nsg(*backend, name="back"),
        nic("web"),
        pip("pip"),
        app_gateway(listeners=listeners, members=members, **more),
        *([table("rt", table_of)] if table_of is not None else []),
        vnet(
            subnet(nsg="back"),
            subnet("gw", "10.0.1.0/26", nsg="gw", **more_of_gateway),
        ),
    )


HTTPS = rule("https", 100, "Internet", "443")


def test_A_13_a_listener_answers_the_internet() -> None:
    found = asked(fronted(HTTPS), CLIENT, "agw")
    assert found.verdict == "reachable"
    assert found.step("listener").rule == "public-443"
    assert asked(fronted(HTTPS), CLIENT, "agw", 80).stops[0] == "listener"
    shut = asked(fronted(), CLIENT, "agw")
    assert (shut.verdict, shut.stops) == ("blocked", ["nsg-inbound"])


def test_A_1_a_stopped_gateway_answers_nobody() -> None:
    shut = asked(fronted(HTTPS, operationalState="Stopped"), CLIENT, "agw")
    assert (shut.verdict, shut.stops) == ("blocked", ["gateway-stopped"])


def test_A_11_clients_are_let_in_to_the_subnet() -> None:
    some = rule("https", 100, "Internet", "443", destinationAddressPrefix="10.0.1.0/26")
    assert asked(fronted(some), CLIENT, "agw").verdict == "reachable"
    front = rule("https", 100, "Internet", "443", destinationAddressPrefix="20.50.1.2")
    assert asked(fronted(front), CLIENT, "agw").verdict == "blocked"


def test_A_11_a_shared_port_makes_the_frontend_the_destination() -> None:
    both = (("public", 443), ("private", 443))
    front = rule("https", 100, "Internet", "443", destinationAddressPrefix="20.50.1.2")
    assert asked(fronted(front, listeners=both), CLIENT, "agw").verdict == "reachable"


@pytest.mark.parametrize("seen", ["10.0.1.0/26", "20.50.1.2"])
def test_A_11_nobody_tells_whether_a_listener_without_a_rule_shares_a_port(seen: str) -> None:
    both = (("public", 443), ("private", 443))
    served = app_gateway(listeners=both)["properties"]["requestRoutingRules"][:1]
    found = asked(
        fronted(
            rule("https", 100, "Internet", "443", destinationAddressPrefix=seen),
            listeners=both,
            requestRoutingRules=served,
        ),
        CLIENT,
        "agw",
    )
    assert (found.verdict, found.labels) == ("unknown", {"semantics:A-11"})
    open_to_all = fronted(HTTPS, listeners=both, requestRoutingRules=served)
    assert asked(open_to_all, CLIENT, "agw").verdict == "reachable"
    assert asked(fronted(listeners=both, requestRoutingRules=served), CLIENT, "agw").stops == [
        "nsg-inbound"
    ]


@pytest.mark.parametrize("seen", ["10.0.1.0/26", "20.50.1.2"])
def test_A_11_nobody_tells_what_rules_see_of_ports_beside_one_that_is_shared(seen: str) -> None:
    shared = (("public", 443), ("public", 80), ("private", 80))
    https = rule("https", 100, "Internet", "443", destinationAddressPrefix=seen)
    found = asked(fronted(https, listeners=shared), CLIENT, "agw")
    assert (found.verdict, found.labels) == ("unknown", {"semantics:A-11"})


def test_A_12_without_a_group_the_listener_is_open() -> None:
    network = estate(
        nic("web"), pip("pip"), app_gateway(), vnet(subnet(), subnet("gw", "10.0.1.0/26"))
    )
    assert asked(network, CLIENT, "agw").verdict == "reachable"


def test_A_28_a_gateway_opens_a_connection_of_its_own() -> None:
    found = asked(fronted(HTTPS), CLIENT, "web")
    assert (found.verdict, found.by_gateway) == ("blocked", ["reachable"])
    relayed = next(answer for answer in found.answers if answer.via)
    there = relayed.arrives_as
    assert there is not None
    assert f"{there.source} {there.destination}:{there.destination_port}" == (
        "10.0.1.4 10.0.0.4:8080"
    )
    assert [step.code for step in relayed.hops] == [
        "listener", "nsg-inbound", "return-route",
        "gateway", "nsg-outbound", "route", "nsg-inbound", "return-route",
    ]  # fmt: skip


def test_a_gateway_in_its_own_pool_is_told_of_once() -> None:
    both = (("public", 443), ("private", 8080))
    network = fronted(HTTPS, listeners=both, members=("10.0.1.20", "10.0.0.4"))
    found = asked(network, CLIENT, "agw")
    assert [(each.verdict.value, each.via) for each in found.answers] == [("reachable", ())]
    assert asked(network, CLIENT, "web").by_gateway == ["reachable"]


def test_A_28_every_instance_must_get_through() -> None:
    half = [rule("some", 100, "10.0.1.0/27", "8080"), deny("rest", 200)]
    found = asked(fronted(HTTPS, backend=half), CLIENT, "web")
    assert found.by_gateway == ["unknown"]
    whole = [rule("all", 100, "10.0.1.0/26", "8080"), deny("rest", 200)]
    assert asked(fronted(HTTPS, backend=whole), CLIENT, "web").by_gateway == ["reachable"]
    none = [deny("rest", 200)]
    assert asked(fronted(HTTPS, backend=none), CLIENT, "web").by_gateway == []


def test_A_28_the_gateways_own_rules_and_routes_count() -> None:
    shut = fronted(HTTPS, out_deny("no", 100, "10.0.0.0/24"))
    assert asked(shut, CLIENT, "web").by_gateway == []
    astray = fronted(HTTPS, table_of=route("10.0.0.0/24", "None"))
    assert asked(astray, CLIENT, "web").by_gateway == []
    assert asked(shut, "agw", "web", 8080).stops == ["nsg-outbound"]
    assert asked(fronted(HTTPS), "agw", "web", 8080).verdict == "reachable"


def test_A_14_a_default_route_elsewhere_is_unsupported_and_so_unknown() -> None:
    found = asked(
        fronted(HTTPS, table_of=route("0.0.0.0/0", "VirtualAppliance", "10.0.0.4")), CLIENT, "agw"
    )
    assert found.verdict == "unknown"
    assert "semantics:A-14" in found.labels


def test_A_25_what_no_rule_uses_is_not_reached() -> None:
    network = fronted(HTTPS, requestRoutingRules=[])
    shut = asked(network, CLIENT, "agw")
    assert shut.verdict == "blocked"
    assert asked(network, CLIENT, "web").by_gateway == []


def inside(*rules: Any, **more: Any) -> Network:
    """Gateway agw at 10.0.1.20, NIC web behind it, and NIC jump in a subnet of their VNet."""
    return estate(
        nsg(*rules, name="gw"),
        nsg(rule("gw", 100, "10.0.1.0/26", "8080"), deny("rest", 200), name="back"),
        nic("web"),
        nic("jump", subnet="ops", address="10.0.2.4"),
        pip("pip"),
        app_gateway(**{"listeners": (("private", 443),), **more}),
        vnet(
            subnet(nsg="back"),
            subnet("gw", "10.0.1.0/26", nsg="gw"),
            subnet("ops", "10.0.2.0/24"),
        ),
    )


def test_A_13_a_private_listener_answers_machines_of_the_network() -> None:
    found = asked(inside(), "jump", "agw")
    assert (found.verdict, found.arrives) == ("reachable", "10.0.1.20:443")
    assert found.step("listener").rule == "private-443"
    assert asked(inside(), "jump", "agw", 22).stops == ["listener"]
    assert asked(inside(deny("no", 100)), "jump", "agw").stops == ["nsg-inbound"]
    public = asked(inside(listeners=(("public", 443),)), "jump", "agw", 80)
    assert public.verdict == "blocked"


def test_A_25_a_private_frontend_without_listeners_answers_nobody() -> None:
    found = asked(inside(listeners=(("public", 443),)), "jump", "agw", 443)
    private = [each for each in found.answers if each.path and each.path.entrance is None]
    assert [each.verdict.value for each in private] in ([], ["blocked"])


def test_A_1_a_stopped_gateway_answers_no_machine_either() -> None:
    shut = inside(operationalState="Stopped")
    assert asked(shut, "jump", "agw").stops == ["gateway-stopped"]
    assert asked(shut, "jump", "web").by_gateway == []


def test_A_28_a_gateway_opens_connections_for_machines_of_the_network() -> None:
    found = asked(inside(), "jump", "web")
    assert (found.verdict, found.by_gateway) == ("blocked", ["reachable"])
    relayed = next(answer for answer in found.answers if answer.via)
    sent, there = relayed.witness, relayed.arrives_as
    assert sent is not None
    assert there is not None
    assert f"{sent.source} {sent.destination}:{sent.destination_port}" == "10.0.2.4 10.0.1.20:443"
    assert f"{there.source} {there.destination}:{there.destination_port}" == (
        "10.0.1.4 10.0.0.4:8080"
    )


def test_A_28_a_public_frontend_is_asked_from_inside_over_the_internet() -> None:
    network = inside(
        rule("https", 100, "Internet", "443"),
        listeners=(("public", 443),),
    )
    found = asked(network, "jump", "web")
    relayed = next(answer for answer in found.answers if answer.via)
    assert relayed.verdict.value == "unknown"  # which address takes the machine out is not told
    assert relayed.path is not None
    assert relayed.path.entrance is not None


def test_A_28_sites_are_answered_by_gateways_too() -> None:
    network = estate(
        nic("web"),
        pip("pip"),
        app_gateway(listeners=(("private", 443),)),
        vnet(
            subnet(),
            subnet("gw", "10.0.1.0/26"),
            subnet("GatewaySubnet", "10.0.9.0/27"),
        ),
        vnet_gateway("vpn", "vnet"),
        site("office", "192.168.0.0/16"),
        tunnel("line", "vpn", "office"),
    )
    assert asked(network, "onprem 192.168.0.0/16", "agw").verdict == "reachable"
    assert asked(network, "onprem 192.168.0.0/16", "agw", 22).stops == ["listener"]
    assert asked(network, "onprem 192.168.0.0/16", "web").by_gateway == ["reachable"]


def test_A_26_a_private_endpoint_may_be_a_backend() -> None:
    network = estate(
        pip("pip"),
        app_gateway(listeners=(("private", 443),), members=("10.0.2.5",), port=443),
        vnet(subnet(), subnet("gw", "10.0.1.0/26"), subnet("pes", "10.0.2.0/24")),
        nic("jump"),
        endpoint("blob", "10.0.2.5", ("vnet", "pes")),
    )
    assert asked(network, "jump", "blob").by_gateway == ["reachable"]


def test_A_28_a_gateway_before_a_gateway_is_followed() -> None:
    inner = app_gateway(listeners=(("private", 443),))
    outer = json.loads(
        json.dumps(app_gateway(members=("10.0.1.20",), port=443)).replace(
            "applicationGateways/agw", "applicationGateways/outer"
        )
    )
    outer["name"] = "outer"
    outer["properties"]["gatewayIPConfigurations"][0]["properties"]["subnet"]["id"] = arm_id(
        "Microsoft.Network/virtualNetworks/subnets", "vnet", "outer"
    )
    del outer["properties"]["frontendIPConfigurations"][1]
    del inner["properties"]["frontendIPConfigurations"][0]
    network = estate(
        nsg(rule("https", 100, "Internet", "443"), name="gw"),
        nic("web"),
        pip("pip"),
        inner,
        outer,
        vnet(
            subnet(),
            subnet("gw", "10.0.1.0/26"),
            subnet("outer", "10.0.3.0/26", nsg="gw"),
        ),
    )
    found = asked(network, CLIENT, "web")
    assert [(len(a.via), a.verdict.value) for a in found.answers if a.via] == [(2, "reachable")]


def test_two_listeners_before_one_load_balancer_are_two_connections() -> None:
    network = estate(
        nsg(rule("web", 100, "Internet", ["80", "443"]), name="gw"),
        nsg(name="back"),
        nic("web"),
        pip("pip"),
        app_gateway(listeners=(("public", 80), ("public", 443)), members=("10.0.0.10",), port=443),
        lb(lb_rule(), public=False),
        vnet(subnet(nsg="back"), subnet("gw", "10.0.1.0/26", nsg="gw")),
    )
    found = [a for port in (80, 443) for a in asked(network, CLIENT, "web", port).answers]
    assert [a.verdict.value for a in found if a.via] == ["reachable", "reachable"]


def behind_model(*resources: Any) -> Network:
    """Gateway agw, which sends to 10.0.0.9; of scale set `vmss` in that subnet the model."""
    return estate(
        nsg(HTTPS, name="gw"),
        pip("pip"),
        app_gateway(members=["10.0.0.9"]),
        lb(public=False, members=()),
        scale_set(sku={"name": "Standard_D2s_v5", "capacity": 2}),
        vnet(subnet(), subnet("gw", "10.0.1.0/26", nsg="gw")),
        *resources,
    )


def test_E_2b_an_instance_of_a_scale_set_may_have_the_address_of_a_member() -> None:
    """The model stands for instances that nobody lists; each may be whom a pool names."""
    found = asked(behind_model(), CLIENT, "vmss")

    assert (found.verdict, found.by_gateway) == ("blocked", ["unknown"])
    relayed = next(answer for answer in found.answers if answer.via)
    assert {reason.label for reason in relayed.reasons} == {"vmss-model-only"}


def test_E_2b_an_instance_asked_about_by_another_address_is_not_the_member() -> None:
    network = behind_model()
    model = point(network, "vmss")

    def verdicts(address: str) -> set[str]:
        one = with_one_address(model, AddressSet.from_text([address]))
        found = answers(network, INTERNET, one, protocols=("tcp",), ports=parse_ports("443"))
        return {answer.verdict.value for answer in found}

    assert verdicts("10.0.0.9") == {"blocked", "unknown"}
    assert verdicts("10.0.0.8") == {"blocked"}


def instance(number: str, address: str) -> Any:
    """The NIC of an instance of scale set `vmss`."""
    owner = arm_id(f"{SCALE_SET}/virtualMachines", "vmss", number)
    listed = nic("model", address=address)
    listed["id"] = f"{owner}/networkInterfaces/model"
    return listed


def test_E_2b_a_scale_set_is_its_instances_where_they_are_listed() -> None:
    """A member's address is then that of one of them, and it is told which."""
    found = asked(behind_model(instance("0", "10.0.0.9")), CLIENT, "vmss")

    assert (found.verdict, found.by_gateway) == ("blocked", ["reachable"])


def test_E_2b_with_all_instances_listed_none_has_another_address() -> None:
    one, other = instance("0", "10.0.0.7"), instance("1", "10.0.0.8")

    assert asked(behind_model(one), CLIENT, "vmss").by_gateway == ["unknown"]
    assert asked(behind_model(one, other), CLIENT, "vmss").by_gateway == []
