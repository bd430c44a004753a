from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Location, Severity
from auditor.intent import read_intent
from auditor.testing import Answer, arm_id, ask, estate

from ...networks import gateway, nic, peer, subnet_id, vnet
from ...reaching import app_gateway
from ...routing import endpoint, route, steered, table

ID = "RTE-004"
Json = dict[str, Any]
ROUTE = arm_id("Microsoft.Network/routeTables/routes", "rt", "nowhere")


def judge(*resources: Json, **more: Any) -> Answer:
    intents = more.pop("intents", ())
    return ask(ID, estate(*resources, intents=intents), **more)


def nowhere(prefix: str, kind: str = "None", *others: Json) -> Json:
    return table("rt", route(prefix, kind, name="nowhere"), *others)


def intent(expect: str = "reachable") -> Any:
    told = {"name": "orders", "from": "name:web", "to": "name:db", "ports": 3306, "expect": expect}
    return (read_intent(told, Location("auditor.toml", 7, "/intent/0")),)


def pair(app: Any = None, data: Any = "10.0.1.0/24") -> list[Json]:
    subnets = {"app": app or steered("10.0.0.0/24"), "data": data}
    return [
        vnet("a", "10.0.0.0/16", subnets=subnets),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("db", "10.0.1.4", ("a", "data")),
    ]


def test_an_intent_whose_packets_it_drops() -> None:
    (finding,) = judge(*pair(), nowhere("10.0.1.0/24"), intents=intent()).broken
    assert finding.subject == ROUTE
    assert finding.message == (
        "route nowhere of rt drops 10.0.1.0/24: the intent orders is broken, web to db "
        "(tcp 10.0.0.4 to 10.0.1.4:3306)"
    )
    assert finding.severity is None
    assert finding.covers == (("EXP-011", arm_id("Microsoft.Network/networkInterfaces", "db")),)
    assert finding.remedy == (
        "az network route-table route delete --resource-group rg --route-table-name rt "
        "--name nowhere"
    )
    assert [read.pointer for read in finding.evidence] == [
        "/properties/routes/0/properties/nextHopType",
        "/properties/routes/0/properties/addressPrefix",
    ]
    assert finding.witness is not None


def test_an_intent_whose_replies_it_drops() -> None:
    there = pair("10.0.0.0/24", steered("10.0.1.0/24"))
    answer = judge(*there, nowhere("10.0.0.0/24"), intents=intent())
    assert len(answer.broken) == 1


@pytest.mark.parametrize(
    ("prefix", "intents"),
    [
        ("10.0.1.0/24", ()),
        ("10.0.1.0/24", intent("unreachable")),
        ("10.0.1.5/32", intent()),
        ("10.0.0.0/8", intent()),  # the VNet's own route is longer
    ],
)
def test_what_nobody_needs_may_be_dropped(prefix: str, intents: Any) -> None:
    answer = judge(*pair(), nowhere(prefix), intents=intents)
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_routes_in_no_use_and_other_next_hops_are_no_subjects() -> None:
    for there, kind in ((pair("10.0.0.0/24"), "None"), (pair(), "VnetLocal")):
        answer = judge(*there, nowhere("10.0.1.0/24", kind), intents=intent())
        assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_r_5_a_kind_of_next_hop_that_azure_does_not_know_is_unknown() -> None:
    answer = judge(*pair(), nowhere("10.0.1.0/24", "Nowhere"), intents=intent())
    assert (answer.broken, len(answer.unknown)) == ([], 1)


def served(route_table: Json, gw: Any = None, **more: Any) -> list[Json]:
    subnets = {"gw": gw or steered("10.0.1.0/24"), "app": more.pop("app", "10.0.0.0/24")}
    members = [nic("web", "10.0.0.4", ("vnet", "app")), nic("two", "10.0.0.5", ("vnet", "app"))]
    return [
        vnet("vnet", "10.0.0.0/16", subnets=subnets),
        *members,
        app_gateway(**more),
        route_table,
    ]


def test_a_members_address_is_critical_and_speaks_for_the_gateways_own_rule() -> None:
    parts = served(nowhere("10.0.0.0/24"), members=("10.0.0.4", "10.0.0.5"))
    (finding,) = judge(*parts).broken
    assert finding.severity is Severity.CRITICAL
    assert "agw cannot reach 10.0.0.4:8080; agw cannot reach 10.0.0.5:8080" in finding.message
    pools = "Microsoft.Network/applicationGateways/backendAddressPools"
    assert finding.covers == (("GW-004", arm_id(pools, "agw", "pool")),)
    there = ask("GW-004", estate(*parts), beside=(ID,))
    assert there.broken == []


def test_a_pool_with_another_fault_keeps_the_gateways_own_rule() -> None:
    parts = served(
        nowhere("10.0.0.4/32", "None", route("10.0.0.5/32", "Internet")),
        members=("10.0.0.4", "10.0.0.5"),
    )
    (finding,) = judge(*parts).broken
    assert (finding.severity, finding.covers) == (None, ())


def test_replies_to_a_gateway() -> None:
    parts = served(nowhere("10.0.1.0/24"), gw="10.0.1.0/24", app=steered("10.0.0.0/24"))
    assert len(judge(*parts).broken) == 1


def apart(policy: str | None, subnet: str = "10.0.0.0/24", **more: Any) -> list[Json]:
    """A subnet and a private endpoint in another one of its VNet."""
    settings: Json = {"addressPrefix": "10.0.1.0/24"}
    if policy:
        settings["privateEndpointNetworkPolicies"] = policy
    subnets = {"app": steered(subnet), "pe": settings}
    return [
        vnet("a", "10.0.0.0/16", subnets=subnets, **more),
        endpoint("pe", "10.0.1.4", ("a", "pe")),
    ]


def test_l_4_a_private_endpoint_whose_subnet_lets_routes_count() -> None:
    (finding,) = judge(*apart("Enabled"), nowhere("10.0.1.0/24")).broken
    assert "app has no way to the private endpoint pe" in finding.message
    assert finding.related[1] == subnet_id("a", "app")


@pytest.mark.parametrize(
    ("policy", "prefix"), [("Disabled", "10.0.1.0/24"), ("Enabled", "10.0.0.0/15")]
)
def test_l_4_a_private_endpoint_that_keeps_its_route(policy: str, prefix: str) -> None:
    answer = judge(*apart(policy), nowhere(prefix))
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_u_1_a_policy_that_is_not_told_is_unknown() -> None:
    (unknown,) = judge(*apart(None), nowhere("10.0.1.0/24")).unknown
    assert "privateEndpointNetworkPolicies" in unknown.missing


def test_subnets_that_are_meant_to_be_isolated() -> None:
    parts = apart("Enabled"), nowhere("10.0.1.0/24")
    assert judge(*parts[0], parts[1], isolated=("*/subnets/app",)).kept == 1
    assert len(judge(*parts[0], parts[1], isolated=("*/subnets/web",)).broken) == 1


def test_an_endpoint_of_a_peer() -> None:
    far, own = "10.1.0.0/16", "10.0.0.0/16"
    settings = {"addressPrefix": "10.1.1.0/24", "privateEndpointNetworkPolicies": "Enabled"}
    parts = (
        vnet("a", own, subnets={"app": steered("10.0.0.0/24")}, peers=[peer("b", far)]),
        vnet("b", far, subnets={"pe": settings}, peers=[peer("a", own)]),
        endpoint("pe", "10.1.1.4", ("b", "pe")),
    )
    assert len(judge(*parts, nowhere("10.1.0.0/16")).broken) == 1
    assert judge(*parts, nowhere("10.0.0.0/8")).kept == 1


def test_r_25_what_may_be_learned_makes_it_unknown() -> None:
    parts = *pair(), nowhere("20.0.0.0/8"), gateway("er", "a", kind="ExpressRoute")
    told = {"name": "out", "from": "name:web", "to": "20.1.1.1", "expect": "reachable"}
    wanted = (read_intent({**told, "ports": 443}, Location("auditor.toml", 7, "/intent/0")),)
    answer = judge(*parts, intents=wanted)
    assert (answer.broken, len(answer.unknown)) == ([], 1)


def test_a_prefix_that_is_not_told_hides_no_other_route() -> None:
    parts = apart("Enabled"), table("rt", route("20.0.0.0/8", "None"), route("10.0.1.0/24", "None"))
    hole = (("/properties/routes/0/properties/addressPrefix", "[parameters('prefix')]"),)
    answer = ask(ID, estate(*parts[0], parts[1], unresolved=hole))
    told, untold = answer.unknown
    assert "app has no way to the private endpoint pe" in told.missing
    assert untold.missing == "addressPrefix of to-20.0.0.0-8"
