"""What to export where a rule cannot tell, of things that hang below a resource."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from auditor.network import export_commands
from auditor.resources.base import Resource
from auditor.resources.managed_clusters import ManagedCluster
from auditor.testing import arm_id, estate, resource

from ...clusters import CLUSTER, cluster

ZONE = "Microsoft.Network/privateDnsZones"
VAULT = "Microsoft.KeyVault/vaults"
ENDPOINT = "Microsoft.Network/privateEndpoints"
ALONE = " --subscription 11111111-1111-1111-1111-111111111111"


@pytest.mark.parametrize(
    ("say", "kind", "told"),
    [
        (
            export_commands.records_of,
            ZONE,
            "export its records with the rest: az network private-dns record-set list "
            "--resource-group rg --zone-name it",
        ),
        (
            export_commands.links_of,
            ZONE,
            "export its links with the rest: az network private-dns link vnet list "
            "--resource-group rg --zone-name it",
        ),
        (
            export_commands.zone_groups_of,
            ENDPOINT,
            "export them with the rest: az network private-endpoint dns-zone-group list "
            "--resource-group rg --endpoint-name it",
        ),
        (
            export_commands.assignments_on,
            VAULT,
            "export them with the rest: az role assignment list "
            f"--scope {arm_id(VAULT, 'it')} --include-inherited",
        ),
    ],
)
def test_what_hangs_below_a_resource_has_a_list(
    say: Callable[[Resource], str], kind: str, told: str
) -> None:
    node = estate(resource(kind, "it")).nodes[arm_id(kind, "it").lower()]
    assert isinstance(node, Resource)
    assert say(node).replace(ALONE, "") == told


def test_what_aks_made_is_in_the_node_resource_group() -> None:
    def said(group: str | None) -> str:
        shop = cluster("shop", nodeResourceGroup=group)
        found = estate(shop).get(arm_id(CLUSTER, "shop"), ManagedCluster)
        assert found is not None
        return export_commands.in_node_group_of(found, "lb").replace(ALONE, "")

    assert said("MC_shop") == (
        "export the node resource group with the rest: az network lb list --resource-group MC_shop"
    )
    assert said(None) == ""
