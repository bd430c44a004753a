"""What a template declares for a group that it does not tell, and others name, or the reverse.

An id that is written out may mean it, and one that a template makes up for its own group may mean
what an export holds: nothing is proved by the two not being the same text.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ..endpoints import endpoint, zone, zone_group, zone_link
from ..exposed import nic, nsg
from ..networks import peer, vnet, vnet_id
from .certificates.test_unreadable_certificate import (
    OTHERS,
    OURS,
    READER,
    SECRETS_USER,
    VAULT,
    assignment,
    made,
)
from .certificates.test_unreadable_certificate import vault as read
from .certificates.test_vault_firewall import SERVICE, network
from .certificates.test_vault_firewall import made as fetching
from .certificates.test_vault_firewall import vault as guarded
from .gateways import HOME

Json = dict[str, Any]
OPEN = "/subscriptions/{subscription}/resourceGroups/{resource-group:site}"
LIVE = arm_id("Microsoft.Network/virtualNetworks", "a").partition("/resourceGroups")[0]
OTHER = f"{LIVE}/resourceGroups/rg-other"
NETWORKS = "/providers/Microsoft.Network/virtualNetworks"
HERE = f"{LIVE}/resourceGroups/rg"


def apart(wanted: str, home: str, resources: list[Json], *, declared: bool) -> list[Json]:
    """Move a resource to another group: as it says itself, or as the others name it."""
    moved = wanted.replace(HERE, home)
    return [
        json.loads(json.dumps(each).replace(wanted, moved))
        if each["id"].startswith(wanted) is declared
        else each
        for each in resources
    ]


def machine() -> list[Json]:
    owner = {"id": arm_id("Microsoft.Compute/virtualMachines", "vm")}
    listed = {"networkInterfaces": [{"id": arm_id("Microsoft.Network/networkInterfaces", "web")}]}
    settings = {"networkProfile": listed}
    return [
        nic("web", virtualMachine=owner),
        resource("Microsoft.Compute/virtualMachines", "vm", settings),
    ]


def home(**more: Any) -> Json:
    return vnet("vnet", "10.0.0.0/16", subnets={"app": {"addressPrefix": "10.0.0.0/29", **more}})


NSG = {"networkSecurityGroup": {"id": arm_id("Microsoft.Network/networkSecurityGroups", "nsg")}}
PEERED = [
    vnet("a", "10.0.0.0/16", peers=[peer("b", "10.1.0.0/16")]),
    vnet("b", "10.1.0.0/16", peers=[peer("a", "10.0.0.0/16")]),
]
JOINED = [
    vnet("a", "10.0.0.0/16", peers=[peer("b", "10.1.0.0/16")]),
    vnet("b", "10.1.0.0/16", peers=[peer("a", "10.0.0.0/16")]),
]

GRANTS = [
    assignment(OURS, SECRETS_USER),
    assignment(OTHERS, READER, HERE),
]

STORIES = {
    "TLS-007": (VAULT, [made(), read(rbac=True), *GRANTS]),
    "PER-002": (vnet_id("a"), PEERED),
    "ADR-002": (vnet_id("a"), JOINED),
    "NAT-001": (vnet_id("vnet"), [*machine(), home()]),
    "NAT-002": (vnet_id("vnet"), [*machine(), home(defaultOutboundAccess=False)]),
    "NSG-010": (vnet_id("vnet"), [*machine(), nsg(), home(**NSG)]),
    "ADR-013": (vnet_id("vnet"), [*machine(), home()]),
}


def said(rule: str, where: str, *, declared: bool) -> Answer:
    wanted, resources = STORIES[rule]
    top = wanted.partition("/subnets/")[0]
    return ask(rule, estate(*apart(top, where, resources, declared=declared)))


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("rule", sorted(STORIES))
def test_what_may_be_meant_is_not_told(rule: str, declared: bool) -> None:
    answer = said(rule, OPEN, declared=declared)

    assert answer.unknown
    assert answer.broken == []


@pytest.mark.parametrize(("where", "told"), [(OPEN, False), (OTHER, True)])
def test_the_link_of_a_zone_may_be_to_the_network_of_a_template(where: str, told: bool) -> None:
    link = json.loads(json.dumps(zone_link("a")).replace(vnet_id("a"), f"{where}{NETWORKS}/a"))
    here = vnet("a", "10.0.0.0/16", subnets={"ends": "10.0.0.0/24"})

    answer = ask("DNS-005", estate(here, endpoint(), zone_group("kv"), zone(), link))

    assert (len(answer.broken), len(answer.unknown)) == ((1, 0) if told else (0, 1))


def test_the_link_may_be_of_the_zone_of_a_template() -> None:
    """The zone has a link of its own, to another network."""
    open_id = f"{OPEN}/providers/Microsoft.Network/privateDnsZones"
    declared = json.dumps([zone(), zone_link("b"), zone_group("kv")])
    declared = declared.replace(f"{HERE}/providers/Microsoft.Network/privateDnsZones", open_id)
    here = vnet("a", "10.0.0.0/16", subnets={"ends": "10.0.0.0/24"})
    other = vnet("b", "10.1.0.0/16")

    def said(*more: Json) -> Answer:
        return ask("DNS-005", estate(here, other, endpoint(), *json.loads(declared), *more))

    assert len(said().broken) == 1
    assert (said(zone_link("a")).broken, len(said(zone_link("a")).unknown)) == ([], 1)


@pytest.mark.parametrize(("where", "told"), [(OPEN, False), (OTHER, True)])
def test_the_rule_of_a_vault_may_name_the_subnet_of_a_template(where: str, told: bool) -> None:
    named = guarded(subnets=[HOME.replace(HERE, where)])

    answer = ask("TLS-008", estate(fetching(), named, network({"serviceEndpoints": SERVICE})))

    assert (len(answer.broken), len(answer.unknown)) == ((1, 0) if told else (0, 1))
    assert told or "names snet-gateway, of which group" in answer.unknown[0].missing


def test_another_group_that_is_told_is_another() -> None:
    for rule in ("PER-002",):
        assert said(rule, OTHER, declared=True).broken, rule


def test_a_group_is_its_own() -> None:
    assert said("PER-002", HERE, declared=True).unknown == []
