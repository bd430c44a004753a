from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import subnet_id

Json = dict[str, Any]
FLEXIBLE = "Microsoft.DBforMySQL/flexibleServers"
SINGLE = "Microsoft.DBforMySQL/servers"
ENDPOINT = "Microsoft.Network/privateEndpoints"
SERVER = arm_id(FLEXIBLE, "shop")


def server(*states: str, kind: str = FLEXIBLE, listed: bool = True, **network: Any) -> Json:
    connections = [
        {
            "name": f"c{number}",
            "properties": {
                "privateEndpoint": {"id": arm_id(ENDPOINT, "pe")},
                "privateLinkServiceConnectionState": {"status": state},
            },
        }
        for number, state in enumerate(states)
    ]
    own = {"privateEndpointConnections": connections} if listed else {}
    return resource(kind, "shop", {"network": network, **own})


def endpoint(state: str, *, manual: bool = False, target: str = SERVER) -> Json:
    kind = "manualPrivateLinkServiceConnections" if manual else "privateLinkServiceConnections"
    link = {
        "privateLinkServiceId": target,
        "privateLinkServiceConnectionState": {"status": state},
    }
    return resource(ENDPOINT, "pe", {kind: [{"name": "c", "properties": link}]})


def asked(*resources: Json) -> Answer:
    return ask("DB-006", estate(*resources))


@pytest.mark.parametrize("kind", [FLEXIBLE, SINGLE])
def test_no_endpoint_at_all(kind: str) -> None:
    [finding] = asked(server(kind=kind)).broken
    assert finding.subject == arm_id(kind, "shop")
    assert finding.evidence[0].pointer == "/properties/privateEndpointConnections"
    assert f"--private-connection-resource-id {arm_id(kind, 'shop')}" in finding.remedy
    assert "--group-id mysqlServer" in finding.remedy


@pytest.mark.parametrize("state", ["Pending", "Rejected", "Disconnected", ""])
def test_l_1_only_approved_carries_traffic(state: str) -> None:
    assert len(asked(server(state)).broken) == 1
    assert len(asked(server(), endpoint(state)).broken) == 1


@pytest.mark.parametrize(
    "resources",
    [
        [server("Approved")],
        [server("Rejected", "approved")],
        [server(), endpoint("Approved")],
        [server(), endpoint("Approved", manual=True)],
        [server(), endpoint("Approved", target=SERVER.upper())],
        [server(listed=False), endpoint("Approved")],
        [server(delegatedSubnetResourceId=subnet_id("a", "data"))],
        [server(listed=False, delegatedSubnetResourceId=subnet_id("a", "data"))],
    ],
)
def test_private_paths(resources: list[Json]) -> None:
    answer = asked(*resources)
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_an_endpoint_to_another_server_is_none() -> None:
    assert len(asked(server(), endpoint("Approved", target=SERVER + "2")).broken) == 1


def test_a_server_that_lists_none_is_unknown() -> None:
    answer = asked(server(listed=False), endpoint("Pending"))
    assert (answer.kept, answer.broken) == (0, [])
    assert "private endpoint connections of MySQL server shop" in answer.unknown[0].missing
    assert f"--id {SERVER}" in answer.unknown[0].remedy


def test_a_server_that_does_not_tell_its_network_is_unknown() -> None:
    hidden = server()
    hidden["properties"]["network"] = None
    answer = asked(hidden)
    assert (answer.kept, answer.broken) == (0, [])
    assert answer.unknown[0].missing == "the network settings of MySQL server shop"
    assert asked(hidden, endpoint("Approved")).kept == 1


CONNECTION = f"{SERVER}/privateEndpointConnections/c0"
ENDPOINT_ID = arm_id(ENDPOINT, "pe")


def test_an_endpoint_that_waits_is_to_be_approved_not_made_once_more() -> None:
    [finding] = asked(server("Pending")).broken
    assert finding.remedy == f"az network private-endpoint-connection approve --id {CONNECTION}"
    assert finding.message.endswith(": private endpoint pe is Pending")
    assert finding.related == (ENDPOINT_ID,)
    listed = server("Pending")
    listed["properties"]["privateEndpointConnections"][0]["id"] = f"{SERVER}/own/id"
    assert f"--id {SERVER}/own/id" in asked(listed).broken[0].remedy


def test_of_an_endpoint_that_alone_tells_its_state_the_connection_is_to_be_listed() -> None:
    [finding] = asked(server(), endpoint("Pending")).broken
    assert f"private-endpoint-connection list --id {SERVER}, then az" in finding.remedy
    assert "approve --id '<id of the connection, as listed>'" in finding.remedy


@pytest.mark.parametrize("state", ["Rejected", "Disconnected"])
def test_an_endpoint_that_was_turned_away_is_to_be_made_anew(state: str) -> None:
    one = endpoint(state)
    one["properties"]["subnet"] = {"id": subnet_id("a", "data")}
    [finding] = asked(server(state), one).broken
    delete, create = finding.remedy.split(" && ")
    assert delete == "az network private-endpoint delete --resource-group rg --name pe"
    assert "private-endpoint create --resource-group rg --name pe " in create
    assert f"--subnet {subnet_id('a', 'data')}" in create
    assert f"private endpoint pe is {state}" in finding.message


def test_one_that_waits_is_approved_before_another_is_made_anew() -> None:
    [finding] = asked(server(), endpoint("Rejected"), resource(ENDPOINT, "later", {
        "privateLinkServiceConnections": [{"name": "c", "properties": {
            "privateLinkServiceId": SERVER,
            "privateLinkServiceConnectionState": {"status": "Pending"}}}]})).broken  # fmt: skip
    assert "approve" in finding.remedy
    assert finding.message.endswith(
        "private endpoint later is Pending, private endpoint pe is Rejected"
    )


def test_an_endpoint_may_lead_to_the_server_of_a_template_that_tells_no_group() -> None:
    declared = server()
    declared["id"] = declared["id"].replace(
        "/resourceGroups/rg/", "/resourceGroups/{resource-group:db}/"
    )
    (unknown,) = asked(declared, endpoint("Approved")).unknown
    assert unknown.missing.startswith(f"whether {SERVER}, which ")
