from __future__ import annotations

from typing import Any

from auditor.testing import Answer, ask, estate

from ...exposed import deny, nsg, rule, subnet, vnet
from ...networks import peer
from ...routing import endpoint

ENABLED: Any = {"privateEndpointNetworkPolicies": "Enabled"}
APP = rule("app", 100, "10.0.0.0/24", "443")
OPEN: Any = {"allowVirtualNetworkAccess": True}
NOBODY = deny("nobody", 4000)


def asked(*rules: Any, policies: Any = ENABLED, peered: bool = True, **more: Any) -> Answer:
    """Endpoint pe at 10.0.1.5 in vnet/links, a subnet vnet/app and a peer far/jobs."""
    far = vnet(
        subnet("jobs", "10.9.0.0/24"),
        name="far",
        prefix="10.9.0.0/16",
        virtualNetworkPeerings=[peer("vnet", "10.0.0.0/16", **OPEN)],
    )
    far["properties"]["subnets"][0]["id"] = f"{far['id']}/subnets/jobs"
    here = vnet(
        subnet("app", "10.0.0.0/24"),
        subnet("links", "10.0.1.0/24", nsg="nsg", **policies),
        virtualNetworkPeerings=[peer("far", "10.9.0.0/16", **OPEN)] if peered else [],
    )
    links = endpoint("pe", "10.0.1.5", ("vnet", "links"))
    return ask("PE-010", estate(nsg(*rules), here, far, links), **more)


def test_the_default_rules_let_peers_in() -> None:
    (finding,) = asked().broken

    assert finding.message == (
        "far/jobs reaches pe without being meant to (tcp 10.9.0.4 to 10.0.1.5:443)"
    )


def test_its_own_network_is_meant_to_use_it() -> None:
    assert asked(peered=False).kept == 1
    assert asked(APP, NOBODY).kept == 1


def test_L_4_a_group_counts_only_where_policies_are_on() -> None:
    (finding,) = asked(APP, NOBODY, policies={"privateEndpointNetworkPolicies": "Disabled"}).broken

    assert finding.message.startswith("far/jobs reaches pe")
    assert finding.remedy.startswith("set privateEndpointNetworkPolicies of links to Enabled, so")
    (heed,) = finding.remedy.split(" && ")  # its rules say already what is wanted
    assert heed.endswith("--name links --private-endpoint-network-policies Enabled")


def test_N_48_the_rules_come_before_the_group_counts() -> None:
    (finding,) = asked(policies={"privateEndpointNetworkPolicies": "Disabled"}).broken

    allow, no, heed = finding.remedy.split(" && ")
    assert "--name allow-meant-443 --priority 4095 " in allow
    assert "--source-address-prefixes 10.0.0.0/24 --dest" in allow
    assert "--name deny-others-443 --priority 4096 " in no
    assert heed.endswith("--name links --private-endpoint-network-policies Enabled")


def test_where_the_group_counts_rules_are_enough() -> None:
    (finding,) = asked().broken

    assert finding.remedy.startswith("allow whoever is meant to use it and deny VirtualNetwork: az")
    assert "policies" not in finding.remedy


def test_sources_may_be_declared() -> None:
    everyone = ("*/virtualNetworks/VNET/*", "*/virtualNetworks/far/*")
    (finding,) = asked(sources=("*/subnets/jobs",)).broken

    assert finding.message.startswith("vnet/app reaches pe")
    assert asked(sources=everyone).kept == 1


def test_the_port_may_be_another() -> None:
    mysql = rule("mysql", 110, "10.9.0.0/24", "3306")

    assert asked(APP, mysql, NOBODY).kept == 1
    assert len(asked(APP, mysql, NOBODY, port=3306).broken) == 1


def test_a_group_that_is_not_in_the_snapshot_makes_it_unknown() -> None:
    links = endpoint("pe", "10.0.1.5", ("vnet", "links"))
    here = vnet(subnet("app", "10.0.0.0/24"), subnet("links", "10.0.1.0/24", nsg="gone", **ENABLED))

    answer = ask("PE-010", estate(here, links), sources=("*/none",))

    assert answer.broken == []
    assert answer.unknown[0].missing.startswith("whether vnet/app reaches pe")


def test_a_subnet_of_endpoints_uses_none() -> None:
    here = vnet(
        subnet("links", "10.0.1.0/24", nsg="nsg", **ENABLED),
        subnet("more", "10.0.2.0/24"),
    )
    links = endpoint("pe", "10.0.1.5", ("vnet", "links"))
    more = endpoint("other", "10.0.2.5", ("vnet", "more"))

    answer = ask("PE-010", estate(nsg(), here, links, more), sources=("*/none",))

    assert (answer.kept, answer.broken) == (2, [])
