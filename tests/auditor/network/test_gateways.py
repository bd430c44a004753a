from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import Undetermined
from auditor.network import front_door, gateway_homes, gateways
from auditor.network.doubt import settled
from auditor.network.graph import Network
from auditor.network.tls import chain_of, listeners_presenting, served_certificates
from auditor.network.waf import Mode, waf_at
from auditor.resources.application_gateways import ApplicationGateway, GatewayPool, Listener
from auditor.resources.gateway_tls import SslCertificate
from auditor.testing import arm_id, estate, resource

from ...rules.gateways import (
    HOME,
    Part,
    certificate,
    gateway,
    home,
    listener,
    part,
    path_map,
    pool,
    redirect,
    ref,
    rule,
)

TCP = (
    part(
        "listeners",
        "mysql",
        protocol="Tcp",
        frontendIPConfiguration=ref("frontendIPConfigurations", "private"),
        frontendPort=ref("frontendPorts", "8443"),
    ),
    part(
        "routingRules",
        "mysql",
        listener=ref("listeners", "mysql"),
        backendAddressPool=ref("backendAddressPools", "db"),
    ),
    pool("db", "10.0.3.4"),
)


def one(name: str, *parts: Part) -> tuple[Network, Listener]:
    network = estate(home(), gateway(*parts))
    return network, next(each for each in network.all(Listener) if each.name == name)


def test_a_21_a_listener_for_tcp_has_port_frontend_and_backends_as_any_other() -> None:
    network, mysql = one("mysql", *TCP)

    assert gateways.port_of(network, mysql) == 8443
    assert gateways.is_public(network, mysql) is False
    assert [pool.name for pool in gateways.backends_of(network, mysql)] == ["db"]


def test_a_23_a_path_map_gives_a_default_and_a_route_for_each_path_rule() -> None:
    network, web = one(
        "web",
        listener("web"),
        rule("web", "web", path_map="paths"),
        path_map(
            "paths",
            {"defaultRedirectConfiguration": ref("redirectConfigurations", "away")},
            api={"paths": ["/api/*"], "backendAddressPool": ref("backendAddressPools", "api")},
        ),
        redirect("away", url="https://contoso.example"),
        pool("api", "10.0.2.4"),
    )

    routes = gateways.routes_of(network, web)

    assert [route.what for route in routes] == ["every other path", "/api/*"]
    assert [pool.name for pool in gateways.backends_of(network, web)] == ["api"]


def test_a_24_a_rule_with_a_redirect_reaches_no_backend() -> None:
    network, web = one(
        "web",
        listener("web"),
        rule("web", "web", redirect="away", pool="servers"),
        redirect("away", url="https://contoso.example"),
        pool("servers", "10.0.2.4"),
    )
    assert gateways.backends_of(network, web) == ()


def test_a_load_distribution_policy_spreads_over_its_pools() -> None:
    shares = [
        {"name": name, "properties": {"backendAddressPool": ref("backendAddressPools", name)}}
        for name in ("blue", "green")
    ]
    network, web = one(
        "web",
        listener("web"),
        rule("web", "web", loadDistributionPolicy=ref("loadDistributionPolicies", "both")),
        part("loadDistributionPolicies", "both", loadDistributionTargets=shares),
        pool("blue", "10.0.2.4"),
        pool("green", "10.0.2.5"),
    )
    assert [pool.name for pool in gateways.backends_of(network, web)] == ["blue", "green"]


def test_a_25_a_listener_without_rule_serves_nothing() -> None:
    network, web = one("web", listener("web"))
    assert gateways.routes_of(network, web) == ()


def test_what_is_missing_is_named() -> None:
    network, web = one("web", listener("web"), rule("web", "web", pool="gone"))
    with pytest.raises(Undetermined, match="backendAddressPools/gone is not in the snapshot"):
        gateways.backends_of(network, web)


def test_host_name_and_host_names_are_one() -> None:
    _, web = one("web", listener("web", "b.example", "a.example", hostName="a.example"))
    assert web.hosts == ("a.example", "b.example")


def test_a_gateway_is_at_home_in_its_subnet() -> None:
    network = estate(home(), gateway(), gateway(name="agw-lost", subnet=f"{HOME}-gone"))
    subnet, lost = gateway_homes.gateway_homes(network)
    assert (subnet.id, lost.name) == (HOME, "agw-lost")
    (first, _) = network.all(ApplicationGateway)[::-1]
    assert gateway_homes.vnet_of(network, first).name == "vnet-shop"


def test_a_member_is_an_address_or_a_name() -> None:
    network, _ = one("web", listener("web"), pool("mixed", "10.0.2.4", "app.example", "fd00::4"))
    (mixed,) = network.all(GatewayPool)
    members = gateways.members_of(network, mixed)
    assert [str(member.address) for member in members] == ["10.0.2.4", "None", "fd00::4"]


def test_a_50_a_path_rules_policy_goes_before_the_listeners_and_that_before_the_gateways() -> None:
    policies = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"

    def policy(name: str, mode: str) -> dict[str, Any]:
        return resource(policies, name, {"policySettings": {"state": "Enabled", "mode": mode}})

    def by(name: str) -> dict[str, Any]:
        return {"firewallPolicy": {"id": arm_id(policies, name)}}

    made = gateway(
        listener("web", **by("waf-listener")),
        rule("web", "web", path_map="paths"),
        path_map(
            "paths",
            {"defaultBackendAddressPool": ref("backendAddressPools", "servers")},
            own={"paths": ["/own"], **by("waf-path")},
            common={"paths": ["/common"]},
        ),
        pool("servers", "10.0.2.4"),
        **by("waf-gateway"),
    )
    network = estate(
        made,
        policy("waf-gateway", "Prevention"),
        policy("waf-listener", "Detection"),
        policy("waf-path", "Prevention"),
    )
    (web,) = network.all(Listener)

    found = [waf_at(network, web, route) for route in gateways.routes_of(network, web)]

    assert [waf.node.label for waf in found] == ["web", "own", "web"]
    assert [waf.mode for waf in found] == [Mode.DETECTION, Mode.PREVENTION, Mode.DETECTION]


def test_certificates_served_are_those_of_listeners_in_use() -> None:
    network, shop = one(
        "shop",
        certificate("used", file="wildcard"),
        certificate("spare", file="www"),
        listener("shop", protocol="Https", certificate="used"),
        rule("shop", "shop", pool="servers"),
        listener("idle", protocol="Https", certificate="spare"),
        pool("servers", "10.0.2.4"),
    )
    (used,) = map(settled, served_certificates(network))
    assert listeners_presenting(network, used) == (shop,)
    assert chain_of(network, used).leaf.dns_names == ("*.shop.contoso.example",)
    assert len(network.all(SslCertificate)) == 2


def test_front_door_origins_of_both_kinds() -> None:
    origin = "Microsoft.Cdn/profiles/originGroups/origins"
    network = estate(
        resource(origin, "fd/shop/web", {"hostName": "shop.contoso.example"}),
        resource(origin, "fd/shop/off", {"hostName": "x.example", "enabledState": "Disabled"}),
        resource(
            "Microsoft.Network/frontDoors",
            "fd-old",
            {
                "backendPools": [
                    {"name": "web", "properties": {"backends": [{"address": "20.50.2.10"}]}}
                ]
            },
        ),
    )
    assert [host for _, host in front_door.origins(network)] == [
        "shop.contoso.example",
        "20.50.2.10",
    ]
