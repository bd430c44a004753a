"""What is listed, and what follows from what was listed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.collect import document
from auditor.errors import NothingRead, UsageError
from auditor.snapshot.transport import Answer, Unanswered

from .table import Table, collected, page, records, refusal

S = "/subscriptions/s"
GROUP = f"{S}/resourceGroups/rg-app"
NODES = f"{S}/resourceGroups/MC_rg-app_aks_we"


def network(group: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": f"{group}/providers/Microsoft.Network/{kind}/{name}", "properties": {}, **more}


def group(id: str) -> dict[str, Any]:
    return {"id": id, "name": id.rpartition("/")[2]}


CLUSTER = {
    "id": f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks",
    "type": "Microsoft.ContainerService/ManagedClusters",
    "properties": {"nodeResourceGroup": "MC_rg-app_aks_we"},
}
ESTATE = {
    f"{S}/resourcegroups": page(group(GROUP), group(NODES), group(f"{S}/resourceGroups/other")),
    f"{GROUP}/providers/Microsoft.ContainerService/managedClusters": page(CLUSTER),
    f"{S}/providers/Microsoft.ContainerService/managedClusters": page(CLUSTER),
    f"{NODES}/providers/Microsoft.Network/loadBalancers": page(
        network(NODES, "loadBalancers", "kubernetes")
    ),
}


def ids_of(table: Table, folder: Path, **options: Any) -> list[str]:
    run = collected(table, folder, **options)
    found = [each["id"].rpartition("/")[2] for each in records(run)]
    run.spool.close()
    return found


def gaps_of(table: Table, folder: Path, **options: Any) -> list[tuple[str, str]]:
    run = collected(table, folder, **options)
    run.spool.close()
    return [(gap.kind, gap.subject) for gap in run.missing]


def test_the_node_resource_group_of_a_cluster_comes_along(tmp_path: Path) -> None:
    table = Table(dict(ESTATE))
    run = collected(table, tmp_path, resource_groups=("RG-App",))

    assert [each["id"].rpartition("/")[2] for each in records(run)] == ["kubernetes", "aks"]
    assert run.told_scope() == [NODES, GROUP]
    assert not [path for path in table.paths() if "/other/" in path]
    run.spool.close()


UNSEEN = {**ESTATE, f"{S}/resourcegroups": page(group(GROUP))}
"""The same, with a list of groups that does not tell the clusters'."""


@pytest.mark.parametrize(
    ("answer", "gaps"),
    [
        (refusal(403, "AuthorizationFailed"), [("denied", NODES)]),
        (refusal(404, "ResourceGroupNotFound"), []),
        (Unanswered("no connection"), [("failed", NODES)]),
    ],
)
def test_a_node_resource_group_that_is_not_read_is_one_gap(
    tmp_path: Path, answer: Any, gaps: list[tuple[str, str]]
) -> None:
    table = Table({**UNSEEN, NODES: answer})

    assert gaps_of(table, tmp_path, resource_groups=("rg-app",)) == gaps
    assert not [path for path in table.paths() if path.lower().startswith(f"{NODES}/".lower())]


@pytest.mark.parametrize("answer", [Answer(200, b"{}"), refusal(404, "NotFound"), refusal(500)])
def test_a_node_resource_group_that_is_not_told_is_read_all_the_same(
    tmp_path: Path, answer: Answer
) -> None:
    table = Table({**UNSEEN, NODES: answer})

    assert ids_of(table, tmp_path, resource_groups=("rg-app",)) == ["kubernetes", "aks"]


def test_an_older_cloud_tells_its_subscriptions_in_the_version_that_it_knows(
    tmp_path: Path,
) -> None:
    old = refusal(400, "InvalidApiVersionParameter", "The supported versions are '2019-06-01'.")
    table = Table(
        {
            **ESTATE,
            "/subscriptions": old,
            "/subscriptions?api-version=2019-06-01": page({"id": S, "subscriptionId": "s"}),
        }
    )

    assert ids_of(table, tmp_path, subscriptions=()) == ["aks"]


@pytest.mark.parametrize(
    ("code", "read"), [("SubscriptionNotFound", []), ("NotFound", ["aks"]), ("", ["aks"])]
)
def test_a_subscription_whose_groups_are_not_told_is_read_all_the_same(
    tmp_path: Path, code: str, read: list[str]
) -> None:
    table = Table({**ESTATE, f"{S}/resourcegroups": refusal(404, code)})
    run = collected(table, tmp_path) if read else None

    if run is None:
        with pytest.raises(NothingRead):
            collected(table, tmp_path)
        return
    assert [each["id"].rpartition("/")[2] for each in records(run)] == read
    assert run.missing == ()
    run.spool.close()


def test_groups_that_are_not_told_are_a_gap_when_some_are_asked_for(tmp_path: Path) -> None:
    half = page(group(GROUP), link="https://elsewhere.example/")
    table = Table({**ESTATE, f"{S}/resourcegroups": half})

    assert gaps_of(table, tmp_path, resource_groups=("rg-app",)) == [("partial", S)]


def test_the_inventory_of_a_group_does_not_hide_what_was_read(tmp_path: Path) -> None:
    head = {"id": CLUSTER["id"], "type": CLUSTER["type"]}
    table = Table({**ESTATE, f"{GROUP}/resources": page(head)})
    run = collected(table, tmp_path, resource_groups=("rg-app",))

    assert run.told_scope() == [NODES, GROUP]
    assert records(run)[1]["properties"] == CLUSTER["properties"]
    run.spool.close()


def test_a_whole_subscription_is_listed_once_for_each_type(tmp_path: Path) -> None:
    table = Table(dict(ESTATE))
    assert ids_of(table, tmp_path) == ["aks"]

    assert len(table.asked) == len({each.lower() for each in table.asked})
    assert f"{S}/providers/Microsoft.Network/virtualNetworks" in table.paths()


def test_gateways_are_listed_in_the_groups_that_have_some(tmp_path: Path) -> None:
    gateway = network(GROUP, "virtualNetworkGateways", "vgw")
    inventory = {**gateway, "type": "Microsoft.Network/virtualNetworkGateways"}
    table = Table(
        {
            **ESTATE,
            f"{S}/resources": page(inventory),
            f"{GROUP}/providers/Microsoft.Network/virtualNetworkGateways": page(gateway),
        }
    )

    assert ids_of(table, tmp_path) == ["aks", "vgw"]
    listed = [path for path in table.paths() if path.lower().endswith("gateways")]
    assert f"{NODES}/providers/Microsoft.Network/virtualNetworkGateways" not in listed


def test_children_of_children_are_read(tmp_path: Path) -> None:
    manager = network(GROUP, "networkManagers", "avnm")
    configuration = {"id": f"{manager['id']}/securityAdminConfigurations/c"}
    rules = {"id": f"{configuration['id']}/ruleCollections/r"}
    rule = {"id": f"{rules['id']}/rules/deny"}
    table = Table(
        {
            **ESTATE,
            f"{S}/providers/Microsoft.Network/networkManagers": page(manager),
            f"{manager['id']}/securityAdminConfigurations": page(configuration),
            f"{configuration['id']}/ruleCollections": page(rules),
            f"{rules['id']}/rules": page(rule),
        }
    )

    assert ids_of(table, tmp_path) == ["aks", "avnm", "c", "r", "deny"]


def test_a_denied_subscription_is_one_gap_and_the_others_are_read(tmp_path: Path) -> None:
    table = Table(
        {**ESTATE, "/subscriptions/t/resourcegroups": refusal(403, "AuthorizationFailed")}
    )

    assert gaps_of(table, tmp_path, subscriptions=("s", "t")) == [("denied", "/subscriptions/t")]


def test_a_denied_type_is_a_gap_named_after_its_list(tmp_path: Path) -> None:
    nics = f"{S}/providers/Microsoft.Network/networkInterfaces"
    table = Table({**ESTATE, nics: refusal(403, "AuthorizationFailed")})

    assert gaps_of(table, tmp_path) == [("denied", nics)]


def test_a_provider_that_was_never_used_is_no_gap(tmp_path: Path) -> None:
    servers = f"{S}/providers/Microsoft.DBforMySQL/servers"
    table = Table({**ESTATE, servers: refusal(409, "MissingSubscriptionRegistration")})

    assert gaps_of(table, tmp_path) == []


ZONE = network(GROUP, "privateDnsZones", "shop.internal")
ZONES = {
    **ESTATE,
    f"{S}/providers/Microsoft.Network/privateDnsZones": page(ZONE),
    f"{ZONE['id']}/virtualNetworkLinks": refusal(404, "ParentResourceNotFound"),
}


def test_a_parent_that_vanished_since_is_left_out_without_a_gap(tmp_path: Path) -> None:
    record = {"id": f"{ZONE['id']}/A/www"}
    gone = {ZONE["id"]: refusal(404, "ResourceNotFound"), f"{ZONE['id']}/ALL": page(record)}
    table = Table({**ZONES, **gone})
    run = collected(table, tmp_path)

    assert [each["id"] for each in records(run)] == [CLUSTER["id"]]
    assert run.missing == ()
    run.spool.close()


def test_a_list_that_is_not_there_though_its_parent_is_makes_a_gap(tmp_path: Path) -> None:
    table = Table({**ZONES, ZONE["id"]: Answer(200, b"{}")})

    assert gaps_of(table, tmp_path) == [("failed", f"{ZONE['id']}/virtualNetworkLinks")]


def test_a_record_that_two_pages_tell_is_kept_once(tmp_path: Path) -> None:
    where = f"{S}/providers/Microsoft.Network/routeTables"
    one = network(GROUP, "routeTables", "rt")
    again = {**one, "id": one["id"].upper()}
    link = f"https://arm.example{where}?page=2"
    table = Table({**ESTATE, where: page(one, link=link), f"{where}?page=2": page(again)})

    assert ids_of(table, tmp_path) == ["aks", "RT"]


def test_a_name_can_not_lead_to_another_path(tmp_path: Path) -> None:
    evil = network(GROUP, "privateDnsZones", "x?api-version=1&y=#z")
    table = Table({**ESTATE, f"{S}/providers/Microsoft.Network/privateDnsZones": page(evil)})
    ids_of(table, tmp_path)

    asked = [each for each in table.asked if "/privateDnsZones/x" in each]
    assert asked
    assert all("/privateDnsZones/x%3F" in each and "%23z/" in each for each in asked)


def test_service_tags_are_asked_for_once_where_most_networks_are(tmp_path: Path) -> None:
    where = f"{S}/providers/Microsoft.Network/virtualNetworks"
    networks = [
        network(GROUP, "virtualNetworks", name, location=at)
        for name, at in (("a", "northeurope"), ("b", "West Europe"), ("c", "westeurope"))
    ]
    tags = f"{S}/providers/Microsoft.Network/locations/westeurope/serviceTags"
    answer = Answer(200, b'{"name":"Public","id":"/subscriptions/s/x/serviceTags/P","values":[]}')
    run = collected(Table({**ESTATE, where: page(*networks), tags: answer}), tmp_path)

    assert records(run)[-1]["id"].endswith("/serviceTags/P")
    assert document.gaps(run.spool) == []
    run.spool.close()


@pytest.mark.parametrize("id", ["x", "/", "/subscriptions/", "/providers/Microsoft.Network/a/b"])
def test_an_id_that_is_none_of_a_subscription_ends_no_run(tmp_path: Path, id: str) -> None:
    vnet = {"id": id, "type": "Microsoft.Network/virtualNetworks", "location": "westeurope"}
    table = Table({f"{S}/providers/Microsoft.Network/virtualNetworks": page(vnet)})
    run = collected(table, tmp_path)

    assert [each["id"] for each in records(run)] == [id]
    run.spool.close()


def test_a_resource_group_that_is_nowhere_is_a_mistake_of_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no subscription in scope has a resource group"):
        collected(Table(dict(ESTATE)), tmp_path, resource_groups=("nowhere",))


def test_one_of_two_groups_that_is_nowhere_is_a_gap(tmp_path: Path) -> None:
    found = gaps_of(Table(dict(ESTATE)), tmp_path, resource_groups=("rg-app", "nowhere"))

    assert found == [("failed", "nowhere")]


def test_when_nothing_may_be_read_there_is_no_snapshot(tmp_path: Path) -> None:
    table = Table(otherwise=lambda _path: refusal(403, "AuthorizationFailed"))

    with pytest.raises(NothingRead, match="nothing could be read"):
        collected(table, tmp_path)


def test_when_no_subscription_is_seen_there_is_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(NothingRead, match="sees no subscription"):
        collected(Table(), tmp_path, subscriptions=())


def test_management_groups_tell_their_subscriptions(tmp_path: Path) -> None:
    below = "/providers/Microsoft.Management/managementGroups"
    table = Table(
        {
            **ESTATE,
            f"{below}/corp/descendants": page(
                {"id": f"{below}/inner", "type": "Microsoft.Management/managementGroups"},
                {"id": S, "type": f"{below[11:]}/subscriptions", "name": "s"},
            ),
        }
    )
    run = collected(table, tmp_path, subscriptions=(), management_groups=("corp",))

    assert run.told_scope() == [S]
    run.spool.close()


@pytest.mark.parametrize("name", ["", "a/b", "x?y", "../x", " "])
def test_a_subscription_is_named_by_an_id(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is no id"):
        collected(Table(), tmp_path, subscriptions=(name,))
