"""When a subject that is not in the input is surely gone, and when that is not told."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.history.sight import Sighted
from auditor.ids import parent
from auditor.network.build import build
from auditor.snapshot.document import Gap, KubernetesList, KubernetesObject, Snapshot
from auditor.testing import arm_id, resource, snapshot

VNET = "Microsoft.Network/virtualNetworks"
NSG = "Microsoft.Network/networkSecurityGroups"
SQL = "Microsoft.DBforMySQL/flexibleServers"
HUB = arm_id(VNET, "hub")
SUBSCRIPTION = HUB.partition("/resourceGroups")[0]


def hub(*subnets: str) -> dict[str, Any]:
    parts = [{"name": each, "id": f"{HUB}/subnets/{each}", "properties": {}} for each in subnets]
    return resource(VNET, "hub", {"subnets": parts})


def look(subject: str, *resources: dict[str, Any], scope: tuple[str, ...] = (),
         gaps: tuple[Gap, ...] = (), **more: Any) -> bool | None:  # fmt: skip
    found = snapshot(*resources)
    found = Snapshot(
        found.sources, found.records, gaps=gaps, scope=scope, taken_at=found.taken_at, **more
    )
    return Sighted(found, build(found).network)(subject).there


def test_what_is_in_the_input_is_there_however_it_is_spelled() -> None:
    assert look(HUB.upper(), hub())
    assert look(f"{HUB}/SUBNETS/a", hub("a"))
    assert look(arm_id("Microsoft.Storage/storageAccounts", "s"),
                resource("Microsoft.Storage/storageAccounts", "s", {}))  # fmt: skip


def test_the_network_as_a_whole_and_what_is_no_id_are_there() -> None:
    assert look("", hub())
    assert look("internet", hub())


def test_a_part_that_left_its_list_is_gone_whatever_the_input_covers() -> None:
    assert look(f"{HUB}/subnets/b", hub("a")) is False
    assert look(f"{HUB}/subnets/b", hub()) is False


def test_a_part_of_what_is_gone_is_not_told_by_a_plain_export() -> None:
    assert look(f"{HUB}/subnets/b", resource(NSG, "n", {})) is None


def test_a_list_that_is_not_told_tells_of_no_part() -> None:
    assert look(f"{HUB}/subnets/b", resource(VNET, "hub", {})) is None


def test_children_that_are_exported_alone_do_not_tell_of_one_another() -> None:
    server = resource(SQL, "db", {})
    lone = resource(f"{SQL}/firewallRules", "db/office", {"startIpAddress": "10.0.0.1"})
    lone["id"] = arm_id(SQL, "db") + "/firewallRules/office"

    assert look(arm_id(SQL, "db") + "/firewallRules/azure", server, lone) is None
    subnet = resource(f"{VNET}/subnets", "hub/a", {})
    subnet["id"] = f"{HUB}/subnets/a"
    assert look(f"{HUB}/subnets/b", hub("a"), subnet) is None


def test_a_snapshot_tells_what_is_gone_from_where_it_covers() -> None:
    spoke = arm_id(VNET, "spoke")

    assert look(spoke, hub(), scope=(SUBSCRIPTION,)) is False
    assert look(spoke, hub(), scope=(SUBSCRIPTION.upper(),)) is False
    assert look(spoke, hub(), scope=("/subscriptions/other",)) is None
    assert look(spoke, hub(), scope=(f"{SUBSCRIPTION}/resourceGroups/else",)) is None
    assert look(spoke, hub(), scope=(SUBSCRIPTION[:-1],)) is None
    assert look(spoke, hub()) is None


@pytest.mark.parametrize(
    ("hidden", "told"),
    [
        (f"{SUBSCRIPTION}/providers/{VNET}", None),
        (f"{SUBSCRIPTION}/providers/{VNET}".upper(), None),
        (f"{SUBSCRIPTION}/resourceGroups/rg/providers/{VNET}", None),
        (f"{arm_id(VNET, 'spoke')}/subnets", None),
        (arm_id(VNET, "spoke"), None),
        (SUBSCRIPTION, None),
        ("exports/networks.json", None),
        (f"{SUBSCRIPTION}/providers/{NSG}", False),
        (f"/subscriptions/other/providers/{VNET}", False),
        (f"{arm_id(VNET, 'spoke')}/virtualNetworkPeerings", False),
    ],
)
def test_a_gap_hides_what_it_may_have_held(hidden: str, told: bool | None) -> None:
    subject = arm_id(VNET, "spoke") + "/subnets/a"
    for kind in ("denied", "partial", "failed", "damaged", "unsupported"):
        gap = Gap(kind, hidden, "why")
        assert look(subject, hub(), scope=(SUBSCRIPTION,), gaps=(gap,)) is told
    mild = Gap("lossy", hidden, "why")
    assert look(subject, hub(), scope=(SUBSCRIPTION,), gaps=(mild,)) is False


def test_an_object_is_gone_when_its_list_was_read_whole() -> None:
    cluster = arm_id("Microsoft.ContainerService/managedClusters", "aks")
    web = KubernetesObject("v1", "Service", "shop", "web", b"{}", 0, 0, "", cluster=cluster)
    whole = KubernetesList(cluster, "v1", "Service")
    other = KubernetesList(f"{cluster}2", "v1", "Service")

    def told(name: str, *lists: KubernetesList) -> bool | None:
        subject = f"kubernetes/Service/shop/{name}"
        return look(subject, hub(), kubernetes=(web,), kubernetes_lists=lists)

    assert told("web") is True
    assert told("gone") is None
    assert told("gone", whole) is False
    assert told("gone", whole, other) is None
    assert told("gone", KubernetesList(cluster, "v1", "Ingress")) is None


def test_a_resource_has_no_owner() -> None:
    """What `Sighted` asks the owner for is a part of a resource, never of a group."""
    assert parent(HUB) is None


def test_all_around_a_subject_was_read_when_its_subscription_is_covered_without_a_gap() -> None:
    def whole(scope: tuple[str, ...] = (SUBSCRIPTION,), *gaps: Gap) -> bool:
        found = snapshot(hub())
        found = Snapshot(found.sources, found.records, gaps=gaps, scope=scope)
        return Sighted(found, build(found).network)(HUB).whole

    assert whole()
    assert not whole(())
    assert not whole(("/subscriptions/other",))
    assert not whole((SUBSCRIPTION,), Gap("denied", f"{SUBSCRIPTION}/providers/{NSG}", "403"))
    assert not whole((SUBSCRIPTION,), Gap("damaged", "a.json", "cut off"))
    assert whole((SUBSCRIPTION,), Gap("denied", "/subscriptions/other", "403"))
    assert whole((SUBSCRIPTION,), Gap("lossy", HUB, "tags"))
