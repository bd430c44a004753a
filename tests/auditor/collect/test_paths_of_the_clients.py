"""The catalogue's lists are those that Microsoft's own clients call."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from auditor.collect import catalogue
from auditor.collect.catalogue import By, Kind

CLIENTS = ("network", "containerservice")
_TEXT = re.compile(r'_url = \(?\s*((?:"[^"]*"\s*(?:#[^\n]*)?\s*)+)')

ELSEWHERE = (
    "Microsoft.Network/dnsResolvers",
    "Microsoft.Network/dnsZones",
    "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies",
    "Microsoft.Network/frontDoors",
    "Microsoft.Network/privateDnsZones",
    "Microsoft.Network/trafficManagerProfiles",
)
"""Of Microsoft.Network, but of services with clients and api-versions of their own."""


@cache
def templates() -> frozenset[str]:
    """The paths that the clients build, lower case, each variable part as `{}`."""
    azure = pytest.importorskip("azure.mgmt.network").__file__
    texts = [
        (Path(azure).parents[1] / client / "operations/_operations.py").read_text()
        for client in CLIENTS
    ]
    found = ("".join(re.findall(r'"([^"]*)"', url)) for t in texts for url in _TEXT.findall(t))
    return frozenset(re.sub(r"\{[^}]*\}", "{}", url).lower() for url in found)


def own() -> list[Kind]:
    return [
        kind
        for kind in catalogue.KINDS
        if kind.provider in ("Microsoft.Network", "Microsoft.ContainerService")
        and not f"{kind.parent or kind.type}/".startswith(tuple(f"{one}/" for one in ELSEWHERE))
    ] + [kind for kind in catalogue.KINDS if kind.parent.endswith("/virtualMachineScaleSets")]


@pytest.mark.parametrize("kind", own(), ids=lambda kind: f"{kind.parent} {kind.type}")
def test_a_client_has_the_same_list(kind: Kind) -> None:
    under = "/subscriptions/{}"
    if kind.by is not By.SUBSCRIPTION:
        under += "/resourceGroups/{}"
    if kind.by is By.PARENT:
        namespace, *names = kind.parent.split("/")
        under += f"/providers/{namespace}" + "".join(f"/{name}/{{}}" for name in names)

    path = unquote(kind.path(under).partition("?")[0]).lower()

    assert path in templates()


def test_what_has_api_versions_of_its_own_does_not_take_the_networks() -> None:
    versions = {kind.type: kind.version for kind in catalogue.KINDS}
    network = versions["Microsoft.Network/virtualNetworks"]

    assert [one for one in ELSEWHERE if versions[one] == network] == []
