from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, ask, estate

from ...clusters import cluster, cluster_id

Json = dict[str, Any]


def asked(access: Json | None, **more: Any) -> Answer:
    return ask("AKS-001", estate(cluster(apiServerAccessProfile=access, **more)))


@pytest.mark.parametrize(
    ("access", "pointer"),
    [
        (None, "/properties"),
        ({}, "/properties/apiServerAccessProfile"),
        ({"enablePrivateCluster": False}, "/properties/apiServerAccessProfile"),
        ({"enablePrivateCluster": None}, "/properties/apiServerAccessProfile"),
        ({"authorizedIPRanges": []}, "/properties/apiServerAccessProfile"),
        (
            {"authorizedIPRanges": ["203.0.113.7", "0.0.0.0/0"]},
            "/properties/apiServerAccessProfile/authorizedIPRanges",
        ),
        (
            {"authorizedIPRanges": ["128.0.0.0/1", "0.0.0.0/1"]},
            "/properties/apiServerAccessProfile/authorizedIPRanges",
        ),
        (
            {"enablePrivateCluster": False, "enableVnetIntegration": True},
            "/properties/apiServerAccessProfile",
        ),
    ],
)
def test_open_to_everybody(access: Json | None, pointer: str) -> None:
    [finding] = asked(access, fqdn="shop.hcp.westeurope.azmk8s.io").broken
    assert finding.subject == cluster_id()
    assert "shop (shop.hcp.westeurope.azmk8s.io)" in finding.message
    assert finding.evidence[0].pointer == pointer
    assert "az aks update --resource-group rg --name shop" in finding.remedy


@pytest.mark.parametrize(
    "access",
    [
        {"enablePrivateCluster": True},
        {"enablePrivateCluster": True, "enablePrivateClusterPublicFQDN": True},
        {"authorizedIPRanges": ["203.0.113.7"]},
        {"authorizedIPRanges": ["0.0.0.0/32"]},
        {"authorizedIPRanges": [" 203.0.113.0/24 "]},
        {"authorizedIPRanges": ["0.0.0.0/1", "128.0.0.0/2"]},
    ],
)
def test_restricted(access: Json) -> None:
    assert asked(access).kept == 1


def test_ranges_that_are_none_are_unknown() -> None:
    answer = asked({"authorizedIPRanges": ["our office"]})
    assert (answer.kept, answer.broken) == (0, [])
    assert "authorizedIPRanges" in answer.unknown[0].missing


def test_what_the_input_does_not_give_is_unknown() -> None:
    network = estate(cluster(), unresolved=(("/properties/apiServerAccessProfile", "a parameter"),))
    answer = ask("AKS-001", network)
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)
