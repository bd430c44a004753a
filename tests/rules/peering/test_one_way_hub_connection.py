from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.finding import Location
from auditor.intent import read_intent
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import nic, vnet, vnet_id

ID = "PER-011"
Json = dict[str, Any]
HUB = "Microsoft.Network/virtualHubs"
CONNECTION = f"{HUB}/hubVirtualNetworkConnections"
TABLE = f"{HUB}/hubRouteTables"
A, B = "10.1.0.0/16", "10.2.0.0/16"


def judge(*resources: Json, **more: Any) -> Answer:
    return ask(ID, estate(*resources, **more))


def table_id(name: str, hub: str = "h") -> str:
    return arm_id(TABLE, hub, name)


def hub(name: str = "h", wan: str = "wan", **more: Any) -> Json:
    wan_id = arm_id("Microsoft.Network/virtualWans", wan)
    settings = {"addressPrefix": "10.0.0.0/23", "virtualWan": {"id": wan_id}, **more}
    return resource(HUB, name, settings)


def connection(
    to: str,
    uses: str | None,
    *teaches: str,
    labels: tuple[str, ...] = (),
    of: str = "h",
    **more: Any,
) -> Json:
    """A connection to a VNet; tables are named `table` or `hub/table`."""

    def ref(text: str) -> Json:
        where, _, name = text.rpartition("/")
        return {"id": table_id(name, where or of)}

    settings: Json = {"remoteVirtualNetwork": {"id": vnet_id(to)}}
    if uses is not None:
        propagated = {"labels": list(labels), "ids": [ref(each) for each in teaches]}
        settings["routingConfiguration"] = {
            "associatedRouteTable": ref(uses), "propagatedRouteTables": propagated, **more,
        }  # fmt: skip
    return resource(CONNECTION, f"{of}/to-{to}", settings)


def table(name: str, *routes: Json, labels: tuple[str, ...] = (), of: str = "h") -> Json:
    return resource(TABLE, f"{of}/{name}", {"labels": list(labels), "routes": list(routes)})


def static(prefix: str, to: str) -> Json:
    return {"name": "static", "destinationType": "CIDR", "destinations": [prefix],
            "nextHopType": "ResourceId", "nextHop": to}  # fmt: skip


def nets() -> list[Json]:
    return [
        vnet("a", A, subnets={"app": "10.1.0.0/24"}),
        vnet("b", B, subnets={"data": "10.2.0.0/24"}),
        nic("web", "10.1.0.4", ("a", "app")),
        nic("db", "10.2.0.4", ("b", "data")),
    ]


def tables() -> list[Json]:
    return [table("defaultRouteTable", labels=("default",)), table("blue", labels=("blue",))]


def one_way(*more: Json, **kinds: Any) -> list[Json]:
    """Table default learns of b; table blue, which b uses, does not learn of a."""
    a = connection("a", "defaultRouteTable", "defaultRouteTable")
    b = connection("b", "blue", "defaultRouteTable", "blue", **kinds)
    return [hub(), *nets(), *tables(), a, b, *more]


def test_a_connection_that_gets_no_answers() -> None:
    (finding,) = judge(*one_way()).broken
    assert finding.subject == arm_id(CONNECTION, "h", "to-a")
    assert finding.message == (
        "what a sends to b gets no answer: connection to-a does not propagate to blue of h, which "
        "b uses"
    )
    assert finding.remedy == (
        "az network vhub connection update --resource-group rg --vhub-name h --name to-a "
        f"--propagated-route-tables {table_id('defaultRouteTable')} {table_id('blue')}"
    )
    assert finding.related == (arm_id(CONNECTION, "h", "to-b"),)
    assert finding.evidence[0].pointer == "/properties/routingConfiguration/propagatedRouteTables"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (("defaultRouteTable", "defaultRouteTable"), ("defaultRouteTable", "defaultRouteTable")),
        (("defaultRouteTable", "defaultRouteTable"), ("blue", "blue")),  # apart on purpose
        (("defaultRouteTable", "blue"), ("blue", "defaultRouteTable")),
        (("DEFAULTROUTETABLE", "Blue"), ("BLUE", "defaultroutetable")),
    ],
)
def test_what_is_the_same_both_ways_is_kept(a: tuple[str, str], b: tuple[str, str]) -> None:
    answer = judge(hub(), *nets(), *tables(), connection("a", *a), connection("b", *b))
    assert (answer.kept, answer.broken, answer.unknown) == (2, [], [])


def test_labels_name_tables_of_any_hub_of_the_virtual_wan() -> None:
    def there(wan: str, *labels: str) -> Answer:
        return judge(
            hub(), hub("i", wan), *nets(),
            table("defaultRouteTable", labels=("default",)),
            table("defaultRouteTable", labels=("Default",), of="i"),
            connection("a", "defaultRouteTable", labels=("default",)),
            connection("b", "defaultRouteTable", labels=labels, of="i"),
        )  # fmt: skip

    assert there("wan", "DEFAULT").kept == 2
    assert there("wan", "none").names == ["to-b"]
    assert there("another", "none").kept == 2


def test_without_tables_in_the_snapshot_ids_and_built_in_labels_still_tell() -> None:
    a = connection("a", "defaultRouteTable", labels=("default",))
    b = connection("b", "defaultRouteTable", "defaultRouteTable")
    assert judge(hub(), *nets(), a, b).kept == 2


def test_a_table_that_is_not_in_the_snapshot_may_have_static_routes_and_labels() -> None:
    parts = [each for each in one_way() if each["name"] != "blue"]
    answer = judge(*parts)
    assert (answer.broken, [each.subject for each in answer.unknown]) == (
        [],
        [arm_id(CONNECTION, "h", "to-a")],
    )
    assert "the routes of blue" in answer.unknown[0].missing
    labelled = connection("a", "defaultRouteTable", "defaultRouteTable", labels=("team",))
    others = [each for each in parts if each["name"] != "to-a"]
    assert "the labels of blue" in judge(*others, labelled).unknown[0].missing


def test_a_static_route_to_the_very_connection_leads_back() -> None:
    parts = [each for each in one_way() if each["name"] != "blue"]
    own = table("blue", static("10.0.0.0/8", arm_id(CONNECTION, "h", "to-a")))
    assert judge(*parts, own).kept == 2
    firewall = table("blue", static("10.0.0.0/8", arm_id("Microsoft.Network/azureFirewalls", "fw")))
    answer = judge(*parts, firewall)
    assert (answer.broken, len(answer.unknown)) == ([], 1)
    assert "where route static of blue leads" in answer.unknown[0].missing
    elsewhere = table("blue", static("10.9.0.0/16", arm_id(CONNECTION, "h", "to-a")))
    assert judge(*parts, elsewhere).names == ["to-a"]


def test_static_routes_of_another_connection_may_lead_back() -> None:
    routes = {"staticRoutes": [{"name": "s", "addressPrefixes": ["10.0.0.0/8"]}]}
    nva = connection("nva", "defaultRouteTable", "defaultRouteTable", "blue", vnetRoutes=routes)
    answer = judge(*one_way(), vnet("nva", "10.3.0.0/16"), nva)
    assert "to-a" not in answer.names
    assert any("static routes of to-nva" in each.missing for each in answer.unknown)


def test_routing_intent_is_not_compared() -> None:
    intent = resource(f"{HUB}/routingIntent", "h/hubRoutingIntent", {"routingPolicies": []})
    answer = judge(*one_way(), intent)
    assert (answer.kept, answer.broken, answer.unknown) == (2, [], [])


def test_routing_that_is_not_told_is_unknown_for_that_connection_alone() -> None:
    answer = judge(*one_way(), vnet("c", "10.3.0.0/16"), connection("c", None))
    assert answer.names == ["to-a"]
    assert [each.subject for each in answer.unknown] == [arm_id(CONNECTION, "h", "to-c")]
    assert "routingConfiguration of connection to-c" in answer.unknown[0].missing


def test_many_networks_are_one_finding() -> None:
    more = [vnet(f"n{n}", f"10.{n}.0.0/16") for n in range(10, 15)]
    many = [connection(f"n{n}", "blue", "defaultRouteTable", "blue") for n in range(10, 15)]
    (finding,) = judge(*one_way(), *more, *many).broken
    assert "a sends to b, n10, n11 and 3 more" in finding.message


def promise() -> Any:
    told = {"name": "orders", "from": "name:web", "to": "name:db", "ports": 443}
    return (read_intent({**told, "expect": "reachable"}, Location("auditor.toml", 7, "/intent/0")),)


def apart(**more: Any) -> list[Json]:
    a = connection("a", "defaultRouteTable", "defaultRouteTable")
    return [hub(**more), *nets(), *tables(), a, connection("b", "blue", "blue")]


def test_an_intent_between_networks_that_are_kept_apart() -> None:
    (finding,) = judge(*apart(), intents=promise()).broken
    assert finding.subject == arm_id(CONNECTION, "h", "to-a")
    assert finding.message == (
        "the intent orders is broken, web to db: the connections of a and b do not propagate to "
        "each other's tables, defaultRouteTable of h and blue of h"
    )
    assert len(finding.evidence) == 2
    together = [each for each in apart() if each["name"] != "to-b"]
    both = connection("b", "defaultRouteTable", "defaultRouteTable")
    assert judge(*together, both, intents=promise()).kept == 2


def test_gateways_of_the_hub_may_teach_it_another_way() -> None:
    vpn = {"vpnGateway": {"id": arm_id("Microsoft.Network/vpnGateways", "vpn")}}
    gateway = resource(
        "Microsoft.Network/vpnGateways", "vpn", {"virtualHub": {"id": arm_id(HUB, "h")}}
    )
    for parts in (apart(**vpn), [*apart(), gateway]):
        answer = judge(*parts, intents=promise())
        assert (answer.broken, len(answer.unknown)) == ([], 1)
        assert "teach" in answer.unknown[0].missing


def test_networks_and_tables_are_named_as_they_spell_themselves() -> None:
    both = [
        connection("a", "defaultRouteTable", "defaultRouteTable"),
        connection("b", "blue", "defaultRouteTable", "blue"),
    ]
    shouted = json.loads(
        json.dumps(both)
        .replace("/virtualNetworks/b", "/VIRTUALNETWORKS/B")
        .replace("/hubRouteTables/blue", "/HUBROUTETABLES/BLUE")
    )
    (finding,) = judge(hub(), *nets(), *tables(), *shouted).broken
    assert finding.message.startswith("what a sends to b gets no answer: connection to-a ")
    assert finding.message.endswith("to blue of h, which b uses")
