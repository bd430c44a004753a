from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, ask, estate

from ...exposed import NIC, balancer, forwards, nic, nsg, pip, rule, subnet, vnet
from ...reaching import app_gateway

OPEN = rule("web", 100, "*", "8080")
FROM_GATEWAY = rule("gateway", 100, "10.0.1.0/26", "8080")


def fronted(
    *rules: Any, public: str | None = "own", members: Any = ("10.0.0.4",), **more: Any
) -> Network:
    """Gateway agw with NIC nic-web in its pool, which has an address of its own."""
    beside = more.pop("beside", ())
    return estate(
        nsg(*rules),
        nic("nic-web", public=public),
        pip("pip"),
        pip("own", address="20.50.1.3"),
        app_gateway(members=members, **more),
        *beside,
        vnet(subnet(nsg="nsg"), subnet("gw", "10.0.1.0/26")),
    )


def test_an_address_of_its_own_is_a_way_around() -> None:
    (finding,) = ask("EXP-008", fronted(OPEN)).broken

    assert finding.subject == arm_id(NIC, "nic-web")
    assert finding.message == (
        "the internet reaches nic-web by own, around agw, on TCP 8080 "
        "(tcp 203.0.113.10 to 20.50.1.3:8080 -> 10.0.0.4:8080)"
    )
    assert finding.related[0].endswith("/backendAddressPools/pool")


def test_the_remedy_leaves_the_gateway_in_where_one_rule_lets_both_in() -> None:
    (finding,) = ask("EXP-008", fronted(OPEN)).broken

    assert "limit it to gw): az network nsg rule update" in finding.remedy
    assert finding.remedy.endswith("--name web --source-address-prefixes 10.0.1.0/26")


@pytest.mark.parametrize(
    "written",
    [rule("in", 100, "Internet", "8080"), rule("in", 100, "*", "22")],
)
def test_the_remedy_denies_a_rule_that_does_not_carry_the_gateway(written: Any) -> None:
    (finding,) = ask("EXP-008", fronted(written)).broken

    assert finding.remedy.endswith("--name in --access Deny")


def test_the_remedy_leaves_the_gateway_in_by_an_internal_load_balancer() -> None:
    inner = balancer("inner", public=None, method="Static",
                     loadBalancingRules=[forwards("http", 8080, of="inner")])  # fmt: skip

    (finding,) = ask("EXP-008", fronted(OPEN, members=("10.0.0.10",), beside=[inner])).broken

    assert finding.remedy.endswith("--name web --source-address-prefixes 10.0.1.0/26")


def test_the_remedy_of_a_machine_beside_it_leaves_the_gateway_in_too() -> None:
    beside = [nic("nic-jump", address="10.0.0.7", public="jump"), pip("jump", address="20.50.1.9")]
    network = fronted(OPEN, public=None, beside=beside)

    (finding,) = ask("EXP-004", network).broken

    assert finding.remedy.endswith("--name web --source-address-prefixes 10.0.1.0/26")


def test_another_port_of_the_machine_is_a_way_around_too() -> None:
    assert len(ask("EXP-008", fronted(rule("ssh", 100, "*", "22"))).broken) == 1


def test_a_public_load_balancer_is_a_way_around() -> None:
    lb = balancer("lb", public="own", loadBalancingRules=[forwards("http", 80, 8080)])

    (finding,) = ask("EXP-008", fronted(OPEN, public=None, beside=[lb])).broken

    assert "by own, around agw, on TCP 80 " in finding.message


def test_the_gateway_alone_is_kept() -> None:
    assert ask("EXP-008", fronted(FROM_GATEWAY)).kept == 1
    assert ask("EXP-008", fronted(OPEN, public=None)).broken == []


def test_a_machine_that_is_behind_no_gateway_is_not_judged() -> None:
    answer = ask("EXP-008", fronted(OPEN, members=("10.0.0.99",)))

    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_K_57_the_nodes_behind_an_internal_frontend_count() -> None:
    inner = balancer("inner", public=None, method="Static",
                     loadBalancingRules=[forwards("http", 8080, of="inner")])  # fmt: skip

    (finding,) = ask("EXP-008", fronted(OPEN, members=("10.0.0.10",), beside=[inner])).broken

    assert finding.subject == arm_id(NIC, "nic-web")


@pytest.mark.parametrize("pattern", ["*/nic-web", "*/publicIPAddresses/own"])
def test_what_is_meant_is_approved(pattern: str) -> None:
    assert ask("EXP-008", fronted(OPEN), allow=(pattern,)).kept == 1


def test_it_speaks_for_the_general_rule() -> None:
    assert ask("EXP-004", fronted(OPEN), beside=["EXP-008"]).broken == []


def test_what_is_in_doubt_is_unknown() -> None:
    cloud = rule("cloud", 90, "AzureCloud", "8080", access="Deny")

    answer = ask("EXP-008", fronted(cloud, OPEN))

    assert answer.broken == []
    assert "whether the internet reaches nic-web by own, around agw" in answer.unknown[0].missing


def test_a_gateway_that_does_not_tell_its_listeners_may_send_to_the_open_machine() -> None:
    network = fronted(OPEN)
    silent = estate(
        nsg(OPEN),
        nic("nic-web", public="own"),
        pip("own", address="20.50.1.3"),
        vnet(subnet(nsg="nsg"), subnet("gw", "10.0.1.0/26")),
        {k: v for k, v in app_gateway().items() if k != "properties"},
    )

    assert len(ask("EXP-008", network).broken) == 1
    answer = ask("EXP-008", silent)
    assert answer.broken == []
    assert len(answer.unknown) == 1
