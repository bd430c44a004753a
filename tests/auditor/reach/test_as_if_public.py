"""What stops packets from the internet besides, where no entrance takes them."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import estate

from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...reaching import app_gateway, asked, before_regions, lb, lb_rule
from ...routing import route, table

CLIENT = "52.10.0.7"
HTTPS = rule("https", 100, "*", "443")


def lonely(*rules: Any, group: bool = True, routes: Any = (), public: bool = False) -> Network:
    """NIC web, with a public address or without, past a group and a route table."""
    place: Any = {"routeTable": {"id": table("rt")["id"]}, **({"nsg": "nsg"} if group else {})}
    return estate(
        nsg(*rules),
        table("rt", *routes),
        nic("web", public="pip" if public else None),
        pip("pip"),
        vnet(subnet(**place)),
    )


def stops(network: Network, port: int = 443, target: str = "web") -> list[tuple[str, str]]:
    return [(step.code, step.rule) for step in asked(network, CLIENT, target, port).one.blockers]


@pytest.mark.parametrize(
    ("estate_", "besides"),
    [
        ({"rules": [HTTPS]}, []),
        ({"rules": [deny("no", 90)]}, [("nsg-inbound", "securityRules/no")]),
        ({"group": False}, [("closed-by-default", "")]),
        (
            {"rules": [HTTPS], "routes": [route("0.0.0.0/0", "None", name="away")]},
            [("return-route", "away")],
        ),
    ],
)
def test_E_1_what_stops_it_once_it_has_a_public_address_is_told_as_well(
    estate_: Any, besides: Any
) -> None:
    rules = estate_.pop("rules", ())
    found = stops(lonely(*rules, **estate_))
    assert found == [("no-entrance", ""), *besides]
    opened = asked(lonely(*rules, public=True, **estate_), CLIENT, "web")
    assert opened.verdict == ("blocked" if besides else "reachable")
    if besides:
        assert stops(lonely(*rules, public=True, **estate_)) == besides


def test_E_10_what_stops_it_once_the_balancer_takes_it_is_told_as_well() -> None:
    def balanced(*rules: Any, back: int = 443) -> Network:
        return estate(
            nsg(*rules), nic("web"), pip("pip"), vnet(subnet(nsg="nsg")),
            lb(lb_rule("https", 443, 443), *([lb_rule("ssh", 22, 22)] if back == 22 else [])),
        )  # fmt: skip

    for target in ("web", "front"):
        assert stops(balanced(HTTPS), 22, target) == [
            ("load-balancer", "https"),
            ("nsg-inbound", "defaultSecurityRules/DenyAllInBound"),
        ]
    ssh = rule("ssh", 110, "*", "22")
    assert stops(balanced(HTTPS, ssh), 22) == [("load-balancer", "https")]
    assert stops(balanced(HTTPS, back=22), 22) == [
        ("nsg-inbound", "defaultSecurityRules/DenyAllInBound")
    ]
    assert asked(balanced(HTTPS, ssh, back=22), CLIENT, "web", 22).verdict == "reachable"


def test_E_10_what_stops_a_gateway_behind_a_balancer_is_told_as_well() -> None:
    network = estate(
        nsg(rule("https", 100, "10.0.1.0/24", "443"), deny("rest", 200)),
        nic("web"),
        pip("pip"),
        vnet(subnet(nsg="nsg"), subnet("gw", "10.0.1.0/24")),
        lb(lb_rule("https", 443, 443), public=False),
        app_gateway(members=("10.0.0.10",)),
    )
    assert asked(network, "agw", "front", 80).stops == ["load-balancer", "nsg-inbound"]
    assert asked(network, "agw", "front", 443).verdict == "reachable"


def test_E_10_behind_a_frontend_every_machine_of_the_pool_has_to_let_it_in() -> None:
    network = estate(
        nsg(HTTPS, rule("ssh", 110, "*", "22")),
        nsg(HTTPS, deny("no", 120), name="shut"),
        nic("web"),
        nic("api", address="10.0.0.5", nsg="shut"),
        pip("pip"),
        vnet(subnet(nsg="nsg")),
        lb(lb_rule("https", 443, 443), members=["web", "api"]),
    )
    assert stops(network, 22, "front") == [
        ("load-balancer", "https"),
        ("nsg-inbound", "securityRules/no"),
    ]


@pytest.mark.parametrize("floating", [False, True])
@pytest.mark.parametrize("target", ["web", "world"])
def test_E_19_behind_a_region_that_lacks_a_rule_its_machines_have_to_let_it_in(
    target: str, floating: bool
) -> None:
    """By the port that the global balancer makes of it, and the address that stays there."""

    world = before_regions(port=22)
    world[0]["properties"] |= {"inboundNatRules": [], "outboundRules": []}

    def balanced(*rules: Any) -> Network:
        return estate(
            nsg(HTTPS, *rules), nic("web"), pip("pip"), vnet(subnet(nsg="nsg")),
            lb(lb_rule("https", 443, 443, enableFloatingIP=floating)), *world,
        )  # fmt: skip

    lacks = ("load-balancer", "https")
    assert stops(balanced(), 8080, target) == [
        lacks,
        ("nsg-inbound", "defaultSecurityRules/DenyAllInBound"),
    ]
    seen = "20.50.1.2" if floating else "10.0.0.4"
    ssh = rule("ssh", 110, "*", "22", destinationAddressPrefix=seen)
    assert stops(balanced(ssh), 8080, target) == [lacks]


@pytest.mark.parametrize("target", ["web", "front"])
def test_P_4_behind_rules_of_floating_ip_the_rules_see_the_frontends_address(target: str) -> None:
    floating = lb_rule("https", 443, 443, enableFloatingIP=True)
    front = rule("front", 110, "*", "22", destinationAddressPrefix="20.50.1.2")
    own = rule("own", 110, "*", "22", destinationAddressPrefix="10.0.0.4")

    def balanced(*rules: Any) -> Network:
        return estate(
            nsg(HTTPS, *rules), nic("web"), pip("pip"), vnet(subnet(nsg="nsg")), lb(floating)
        )

    assert stops(balanced(front), 22, target) == [("load-balancer", "https")]
    assert stops(balanced(own), 22, target) == [
        ("load-balancer", "https"),
        ("nsg-inbound", "defaultSecurityRules/DenyAllInBound"),
    ]
