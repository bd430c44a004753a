"""`auditor verify`: what auditor works out, held against what Azure itself answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.testing import arm_id

from ...command import Command, Ran
from ...networks import nic, peer, vnet
from ...routing import route, steered, table

Json = dict[str, Any]
NIC = arm_id("Microsoft.Network/networkInterfaces", "web")
ESTATES = Path(__file__).parents[3] / "fixtures/estates"
QUESTIONS = {
    "effectiveRouteTable": "effective-routes",
    "effectiveNetworkSecurityGroups": "effective-rules",
}
RESOURCES = [
    vnet(
        "a",
        "10.0.0.0/16",
        subnets={"app": steered("10.0.0.0/24"), "nva": "10.0.9.0/24"},
        peers=[peer("b", "10.1.0.0/16")],
    ),
    vnet("b", "10.1.0.0/16", peers=[peer("a", "10.0.0.0/16")]),
    table("rt", route("10.1.5.0/24", "VirtualAppliance", "10.0.9.4", "to-firewall")),
    nic("web", "10.0.0.4", ("a", "app"), vm="web"),
    nic("fw", "10.0.9.4", ("a", "nva"), vm="fw", enableIPForwarding=True),
]


def taken(resources: list[Json], *answers: Json) -> Json:
    return {"schema": "auditor.snapshot/1", "resources": resources, "effective": list(answers)}


def recorded(question: str, value: list[Json], nic: str = NIC) -> Json:
    return {"id": f"{nic}/{question}", "apiVersion": "2024-05-01", "value": value}


def azures(prefix: str, hop: str, address: str = "", source: str = "Default", **more: Any) -> Json:
    given = [address] if address else []
    return {
        "source": source,
        "state": "Active",
        "addressPrefix": [prefix],
        "nextHopType": hop,
        "nextHopIpAddress": given,
        **more,
    }


ROUTES = [
    azures("10.0.0.0/16", "VnetLocal"),
    azures("10.1.0.0/16", "VNetPeering"),
    azures("10.1.5.0/24", "VirtualAppliance", "10.0.9.4", "User"),
    azures("0.0.0.0/0", "Internet"),
    azures("10.0.0.0/8", "None"),
    azures("100.64.0.0/10", "None"),
    azures("172.16.0.0/12", "None"),
    azures("192.168.0.0/16", "None"),
]

Verify = Callable[..., tuple[int, list[Json]]]


@pytest.fixture
def verify(auditor: Command) -> Verify:
    def verified(*answers: Json, resources: list[Json] = RESOURCES) -> tuple[int, list[Json]]:
        ran = auditor("verify", "-", "--report", "json", stdin=taken(resources, *answers))
        return ran.status, ran.report["answers"]

    return verified


def own(auditor: Command, question: str, name: str, resources: list[Json]) -> list[Json]:
    ran = auditor(
        *(QUESTIONS[question], "-", "--nic", name, "--report", "json"),
        stdin={"value": resources},
    )
    return list(ran.report["value"])


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("estate", ["hub-and-spoke", "docker-to-aks-broken"])
def test_what_auditor_says_itself_never_differs(
    auditor: Command, verify: Verify, question: str, estate: str
) -> None:
    resources: list[Json] = []
    for file in sorted((ESTATES / estate).glob("*.json")):
        resources += json.loads(file.read_text())["value"]
    nics = [
        each["id"]
        for each in resources
        if each["type"].lower().endswith("network/networkinterfaces")
        and "privateEndpoint" not in each["properties"]  # of which Azure tells nothing (N-47)
    ]
    answers = [recorded(question, own(auditor, question, each, resources), each) for each in nics]

    _, found = verify(*answers, resources=resources)

    differing = [each for each in found if each["verdict"] == "differs"]
    assert len(found) == len(nics) > 1
    assert differing == []


def test_routes_that_agree(verify: Verify) -> None:
    status, [answer] = verify(recorded("effectiveRouteTable", ROUTES))

    assert answer["points"] == []
    assert (status, answer["verdict"]) == (0, "agrees")


@pytest.mark.parametrize(
    ("route", "what", "azure", "ours"),
    [
        (azures("10.1.5.0/24", "VirtualAppliance", "10.0.9.5", "User"), "10.1.5.0/24", "5", "4"),
        (azures("10.1.6.0/24", "None", source="User"), "10.1.6.0/24", "None", "VNetPeering"),
        (azures("203.0.113.0/24", "VirtualNetworkGateway"), "203.0.113.0/24", "Gate", "Internet"),
    ],
)
def test_routes_that_differ(verify: Verify, route: Json, what: str, azure: str, ours: str) -> None:
    others = [each for each in ROUTES if each["addressPrefix"] != route["addressPrefix"]]

    status, [answer] = verify(recorded("effectiveRouteTable", [*others, route]))

    [point] = answer["points"]
    assert (status, answer["verdict"], point["what"]) == (1, "differs", what)
    assert azure in point["azure"]
    assert ours in point["auditor"]


def test_a_route_that_azure_lacks(verify: Verify) -> None:
    kept = [each for each in ROUTES if each["nextHopType"] != "VirtualAppliance"]

    _, [answer] = verify(recorded("effectiveRouteTable", kept))

    [point] = answer["points"]
    assert (point["what"], point["certain"]) == ("10.1.5.0/24", True)
    assert point["azure"].startswith("VNetPeering")


def test_a_route_that_lost_counts_for_nothing(verify: Verify) -> None:
    lost = azures("10.1.5.0/24", "VNetPeering", state="Invalid")

    assert verify(recorded("effectiveRouteTable", [*ROUTES, lost]))[0] == 0


@pytest.mark.parametrize("prefix", ["127.0.0.0/8", "25.48.0.0/12", "198.18.0.0/15"])
def test_ranges_that_azure_drops_of_itself_are_told_and_no_difference(
    verify: Verify, prefix: str
) -> None:
    """Azure's tables have more of them than its documentation."""
    status, [answer] = verify(recorded("effectiveRouteTable", [*ROUTES, azures(prefix, "None")]))

    [point] = answer["points"]
    assert (status, answer["verdict"], point["what"]) == (0, "unknown", prefix)


def test_what_auditor_cannot_tell_is_told_by_azure_alone(verify: Verify) -> None:
    lacking = [each for each in RESOURCES if "/routeTables/" not in each["id"]]

    status, [answer] = verify(recorded("effectiveRouteTable", ROUTES), resources=lacking)

    assert (status, answer["verdict"]) == (0, "unknown")
    assert all("cannot tell" in point["auditor"] for point in answer["points"])


def grouped(rules: list[Json]) -> tuple[list[Json], str]:
    """The resources with a group at the NIC."""
    group = arm_id("Microsoft.Network/networkSecurityGroups", "nsg")
    inside = [
        {"name": each.pop("name"), "id": f"{group}/securityRules/x", "properties": each}
        for each in rules
    ]
    nsg = {
        "id": group,
        "name": "nsg",
        "type": "Microsoft.Network/networkSecurityGroups",
        "properties": {"securityRules": inside},
    }
    web = nic("web", "10.0.0.4", ("a", "app"), vm="web", networkSecurityGroup={"id": group})
    return [*(each for each in RESOURCES if each["id"] != NIC), nsg, web], group


def rule(**more: Any) -> Json:
    return {
        "name": "ssh",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "destinationPortRange": "22",
        "sourceAddressPrefix": "192.0.2.0/24",
        "destinationAddressPrefix": "*",
        "access": "Allow",
        "priority": 100,
        "direction": "Inbound",
        **more,
    }


def effective(**more: Any) -> Json:
    told = {
        "name": "securityRules/ssh",
        "destinationPortRange": "22-22",
        "sourcePortRange": "0-65535",
        "destinationAddressPrefix": "0.0.0.0/0",
    }
    return rule(**(told | more))


def inbound(auditor: Command, resources: list[Json]) -> list[Json]:
    """What auditor tells of the group but for the rule of its own."""
    [group] = own(auditor, "effectiveNetworkSecurityGroups", "web", resources)
    return [each for each in group["effectiveSecurityRules"] if each["name"] != "securityRules/ssh"]


@pytest.mark.parametrize(
    ("azure", "fields"),
    [
        (effective(), []),
        (effective(name="UserRule_ssh", protocol="TCP"), []),
        (effective(destinationPortRange="2222-2222"), ["destination ports"]),
        (effective(access="Deny", priority=101), ["access", "priority"]),
        (effective(sourceAddressPrefix="0.0.0.0/0"), ["source addresses"]),
        (effective(protocol="All"), ["protocol"]),
    ],
)
def test_rules_are_compared_one_by_one(
    auditor: Command, verify: Verify, azure: Json, fields: list[str]
) -> None:
    resources, group = grouped([rule()])
    rules = [*inbound(auditor, resources), azure]
    value = [{"networkSecurityGroup": {"id": group.upper()}, "effectiveSecurityRules": rules}]

    status, [answer] = verify(
        recorded("effectiveNetworkSecurityGroups", value), resources=resources
    )

    assert [point["what"] for point in answer["points"]] == [
        f"nsg/ssh (inbound) {field}" for field in fields
    ]
    assert status == int(bool(fields))


def test_rules_and_groups_that_only_one_side_knows(auditor: Command, verify: Verify) -> None:
    resources, group = grouped([rule()])
    rules = inbound(auditor, resources)
    other = group.replace("nsg", "of-the-subnet")
    value = [
        {"networkSecurityGroup": {"id": group}, "effectiveSecurityRules": rules},
        {"networkSecurityGroup": {"id": other}, "effectiveSecurityRules": rules},
    ]

    status, [answer] = verify(
        recorded("effectiveNetworkSecurityGroups", value), resources=resources
    )

    assert status == 1
    assert {(point["what"], point["azure"]) for point in answer["points"]} == {
        ("nsg/ssh (inbound)", "absent"),
        ("of-the-subnet", "in force"),
    }


@pytest.mark.parametrize(
    "value", [[3], [{"addressPrefix": ["nonsense"]}], [{"addressPrefix": 3}], [{"state": []}]]
)
def test_an_answer_that_is_not_understood_is_no_difference(verify: Verify, value: Any) -> None:
    status, [answer] = verify(recorded("effectiveRouteTable", value))

    assert (status, answer["verdict"]) == (0, "unknown")
    assert "not understood" in answer["points"][0]["azure"]


def test_a_nic_that_is_not_there_is_no_difference(verify: Verify) -> None:
    status, [answer] = verify(recorded("effectiveRouteTable", ROUTES, NIC.replace("web", "gone")))

    assert (status, answer["verdict"]) == (0, "unknown")


def test_a_snapshot_without_answers_is_refused(auditor: Command) -> None:
    ran: Ran = auditor("verify", "-", stdin={"value": RESOURCES})

    assert ran.status == 3
    assert "auditor snapshot --effective" in ran.err


def test_what_is_said_to_people(auditor: Command) -> None:
    answers = [
        recorded("effectiveRouteTable", ROUTES),
        recorded("effectiveRouteTable", [*ROUTES[:3], *ROUTES[4:]], NIC.replace("web", "fw")),
    ]

    ran = auditor("verify", "-", stdin=taken(RESOURCES, *answers))

    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[-1] == "2 answers of Azure: 1 agrees, 1 differs"
    assert "web effectiveRouteTable: agrees" in lines
    assert any("Azure no route; auditor Internet" in line for line in lines)
