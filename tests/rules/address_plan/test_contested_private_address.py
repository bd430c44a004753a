from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, ask, estate

from ...networks import internal_balancer, nic, peer, vnet

ID = "ADR-015"
APP = ("a", "app")
Json = dict[str, Any]
NETWORK = vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "db": "10.0.1.0/24"})


def judge(*resources: Json) -> Answer:
    return ask(ID, estate(*resources))


@pytest.mark.parametrize(
    ("one", "other", "broken"),
    [("Static", "Static", 1), ("Static", "Dynamic", 1), ("Dynamic", "Dynamic", 0)],
)
def test_two_owners_of_one_address(one: str, other: str, broken: int) -> None:
    answer = judge(
        NETWORK,
        nic("left", "10.0.0.4", APP, method=one),
        nic("right", "10.0.0.4", APP, method=other),
    )
    assert len(answer.broken) == broken
    assert answer.kept == 0


def test_a_finding_names_every_owner_once() -> None:
    answer = judge(
        NETWORK,
        nic("web", "10.0.0.4", APP, method="Static"),
        internal_balancer("inner", "10.0.0.4", APP),
        nic("other", "10.0.0.5", APP, method="Static"),
    )
    (finding,) = answer.broken
    assert finding.message == "10.0.0.4 is held by inner, web"
    assert finding.remedy.startswith(
        "give primary of web 10.0.0.6, which nobody of app has: az net"
    )
    assert "--nic-name web --name primary --private-ip-address 10.0.0.6" in finding.remedy
    assert [each.pointer for each in finding.evidence] == [
        "/properties/frontendIPConfigurations/0/properties/privateIPAddress",
        "/properties/ipConfigurations/0/properties/privateIPAddress",
    ]
    assert answer.kept == 1


def test_networks_apart_or_peered_may_repeat_an_address() -> None:
    b = vnet("b", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}, peers=[peer("a")])
    answer = judge(
        NETWORK, b,
        nic("left", "10.0.0.4", APP, method="Static"),
        nic("right", "10.0.0.4", ("b", "app"), method="Static"),
    )  # fmt: skip
    assert (answer.broken, answer.kept) == ([], 2)


@pytest.mark.parametrize(("address", "broken"), [("10.0.0.255", 0), ("10.0.1.4", 1)])
def test_an_address_outside_its_subnet(address: str, broken: int) -> None:
    answer = judge(NETWORK, nic("web", address, APP, method="Static"))
    assert len(answer.broken) == broken
    if broken:
        assert answer.broken[0].message == ("10.0.1.4 of web is outside 10.0.0.0/24 of subnet app")


def test_an_address_that_azure_chose_is_no_subject() -> None:
    answer = judge(NETWORK, nic("web", "10.9.9.9", APP, method="Dynamic"))
    assert (answer.broken, answer.kept) == ([], 0)


def test_an_absent_subnet_is_unknown() -> None:
    answer = judge(nic("web", "10.0.0.4", APP, method="Static"))
    assert "subnets/app" in answer.unknown[0].missing.lower()


def test_ipv6_owners_are_compared_by_value() -> None:
    subnets = {"app": {"addressPrefixes": ["10.0.0.0/24", "fd00::/64"]}}
    answer = judge(
        vnet("a", "10.0.0.0/16", "fd00::/48", subnets=subnets),
        nic("left", "fd00::4", APP, method="Static"),
        nic("right", "fd00:0:0:0:0:0:0:4", APP, method="Static"),
    )
    assert len(answer.broken) == 1


def test_a_resource_and_its_template_are_one() -> None:
    live = nic("web", "10.0.0.4", APP, method="Static")
    template = {**live, "id": live["id"].replace("/rg/", "/{resource-group:web.json}/")}
    assert judge(NETWORK, live, template).broken == []


def test_each_that_is_to_move_is_offered_an_address_of_its_own() -> None:
    held = [
        nic(f"{name}{number}", f"10.0.0.{number}", APP, method="Static")
        for number in (4, 5)
        for name in ("left", "right")
    ]
    offered = [finding.remedy.rpartition(" ")[2] for finding in judge(NETWORK, *held).broken]
    assert offered == ["10.0.0.6", "10.0.0.7"]


def test_where_somebody_unlisted_lives_no_address_is_offered() -> None:
    network = vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"})
    injected = [{"properties": {"serviceName": "Microsoft.Web/serverFarms"}}]
    network["properties"]["subnets"][0]["properties"]["delegations"] = injected
    two = (nic(name, "10.0.0.4", APP, method="Static") for name in ("left", "right"))
    (finding,) = judge(network, *two).broken
    assert finding.remedy.endswith("--private-ip-address '<a free address of app>'")
