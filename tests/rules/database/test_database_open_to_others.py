from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, ask, estate, resource

from ...clusters import cluster, pool
from ...exposed import SUBNET, deny, nic, nsg, rule, subnet, vnet
from ...networks import gateway, site, tunnel
from ...networks import vnet as far_vnet
from ...reaching import app_gateway
from ...routing import endpoint

FLEXIBLE = "Microsoft.DBforMySQL/flexibleServers"
NODES = rule("nodes", 100, "10.0.0.0/24", "3306")
OTHERS = deny("others", 4000)
DELEGATED: Any = {
    "delegations": [{"name": "d", "properties": {"serviceName": FLEXIBLE}}],
}


def server(**more: Any) -> dict[str, Any]:
    place = {"delegatedSubnetResourceId": arm_id(SUBNET, "vnet", "data")}
    return resource(FLEXIBLE, "shop", {"network": place}, **more)


def in_jobs(gateway: Any) -> Any:
    """Put a gateway into vnet/jobs."""
    return json.loads(json.dumps(gateway).replace("/subnets/gw", "/subnets/jobs"))


def worker() -> Any:
    """Give a NIC in vnet/jobs."""
    return nic("worker", address="10.0.2.9", subnet="jobs")


def asked(
    *rules: Any,
    clusters: Any = None,
    group: str = "nsg",
    jobs: Any = None,
    inside: Any = (),
    beside: Any = (),
    **more: Any,
) -> Any:
    """Server shop in vnet/data, a cluster in vnet/nodes, and a subnet vnet/jobs."""
    network: Network = estate(
        nsg(*rules),
        *inside,
        server(),
        *(clusters if clusters is not None else [cluster("shop", pool(in_=("vnet", "nodes")))]),
        vnet(
            subnet("nodes", "10.0.0.0/24"),
            subnet("data", "10.0.1.0/24", nsg=group, **DELEGATED),
            subnet("jobs", "10.0.2.0/24", **(jobs or {})),
            *beside,
        ),
    )
    return ask("DB-008", network, **more)


def test_the_default_rules_let_every_subnet_in() -> None:
    (finding,) = asked().broken

    assert finding.subject == arm_id(FLEXIBLE, "shop")
    assert finding.message == (
        "vnet/jobs reaches shop on port 3306 besides its application "
        "(tcp 10.0.2.4 to 10.0.1.4:3306)"
    )
    assert finding.related == (arm_id(SUBNET, "vnet", "jobs"),)
    assert "allow 3306 from nodes alone" in finding.remedy


def test_the_remedy_lets_in_whoever_is_approved_too() -> None:
    (finding,) = asked(allow=("*/subnets/admin",), beside=[subnet("admin", "10.0.3.0/24")]).broken

    assert finding.remedy.startswith("allow 3306 from admin, nodes alone in the")
    assert "--source-address-prefixes 10.0.3.0/24 10.0.0.0/24 --dest" in finding.remedy
    assert "--source-address-prefixes VirtualNetwork --dest" in finding.remedy


def test_where_sites_are_approved_the_remedy_denies_the_others_by_name() -> None:
    (finding,) = asked(allow=("onprem",)).broken

    assert "and deny it from the others: az" in finding.remedy
    assert "--access Deny --protocol Tcp --source-address-prefixes 10.0.2.0/24" in finding.remedy


def test_the_application_alone_is_kept() -> None:
    assert asked(NODES, OTHERS).kept == 1


def test_another_port_is_no_matter() -> None:
    assert asked(NODES, rule("ssh", 110, "10.0.2.0/24", "22"), OTHERS).kept == 1


def test_the_application_may_be_declared() -> None:
    jobs = ("*/subnets/JOBS",)

    (finding,) = asked(application=jobs).broken
    assert finding.message.startswith("vnet/nodes reaches shop")
    assert asked(application=jobs, allow=("*/subnets/nodes",)).kept == 1


def test_a_declared_application_that_is_not_there_is_unknown() -> None:
    answer = asked(application=("*/subnets/nodse",))

    assert answer.broken == []
    assert "none is called */subnets/nodse" in answer.unknown[0].missing


def test_nobody_tells_who_the_application_is() -> None:
    answer = asked(clusters=())

    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_of_two_clusters_the_one_in_the_servers_group_is_the_application() -> None:
    mine = cluster("shop", pool(in_=("vnet", "nodes")))
    other = cluster("other", pool(in_=("vnet", "jobs")))
    other["id"] = other["id"].replace("/resourceGroups/rg/", "/resourceGroups/elsewhere/")

    (finding,) = asked(clusters=[mine, other]).broken

    assert finding.message.startswith("vnet/jobs reaches shop")


def test_a_cluster_that_does_not_tell_its_subnets_makes_it_unknown() -> None:
    lost = cluster("shop", pool(in_=("gone", "nodes")))

    answer = asked(clusters=[lost])

    assert answer.broken == []
    assert len(answer.unknown) == 1


@pytest.mark.parametrize("group", ["gone"])
def test_a_group_that_is_not_in_the_snapshot_makes_it_unknown(group: str) -> None:
    answer = asked(group=group)

    assert answer.broken == []
    assert answer.unknown[0].missing.startswith("whether vnet/jobs reaches shop on port 3306: ")


ANSWERED: Any = {"provisioningState": "Succeeded"}


@pytest.mark.parametrize(
    ("settings", "inside"),
    [
        (ANSWERED, []),
        (DELEGATED, []),
        ({}, [endpoint("pe", "10.0.2.5", ("vnet", "jobs"))]),
        ({}, [in_jobs(app_gateway())]),
    ],
    ids=["empty", "databases", "endpoints", "gateway"],
)
def test_a_subnet_where_nobody_starts_such_connections_is_left_out(
    settings: Any, inside: Any
) -> None:
    assert asked(jobs=settings, inside=inside).kept == 1
    assert len(asked(jobs=settings, inside=[*inside, worker()]).broken) == 1


def behind_circuits(rule_for_far: Any, kind: str = "ExpressRoute") -> Any:
    """Server shop and a far network, each behind a gateway; a rule lets others in, or not."""
    network = estate(
        nsg(NODES, rule_for_far, OTHERS),
        server(),
        cluster("shop", pool(in_=("vnet", "nodes"))),
        vnet(
            subnet("nodes", "10.0.0.0/24"),
            subnet("data", "10.0.1.0/24", nsg="nsg", **DELEGATED),
            subnet("GatewaySubnet", "10.0.9.0/27"),
        ),
        far_vnet(
            "far", "10.9.0.0/16", subnets={"jobs": "10.9.0.0/24", "GatewaySubnet": "10.9.9.0/27"}
        ),
        gateway("near", "vnet", kind=kind),
        gateway("far", "far", kind=kind),
    )
    return ask("DB-008", network)


def test_R_25_others_may_come_by_the_circuit_that_both_networks_lead_to() -> None:
    (unknown,) = behind_circuits(rule("far", 110, "10.9.0.0/24", "3306")).unknown

    assert "far/jobs" in unknown.missing
    assert "bgp-routes-unknown" in unknown.missing


def test_others_behind_a_circuit_are_no_others_where_rules_keep_them_out() -> None:
    answer = behind_circuits(deny("far", 110, "10.9.0.0/24"))

    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_L_20_a_server_that_does_not_tell_where_it_lives_is_unknown() -> None:
    hidden = server()
    del hidden["properties"]["network"]
    made = cluster("shop", pool(in_=("vnet", "nodes")))
    home = vnet(subnet("nodes", "10.0.0.0/24"), subnet("data", "10.0.1.0/24", **DELEGATED))

    answer = ask(
        "DB-008", estate(hidden, made, home), application=(arm_id(SUBNET, "vnet", "nodes"),)
    )

    assert (answer.kept, answer.broken) == (0, [])
    assert "the network settings of MySQL server shop" in answer.unknown[0].missing


def test_R_24_a_site_that_is_not_told_may_be_anybody_on_premises() -> None:
    """Nobody seemed to be there."""
    others = [cluster("shop", pool(in_=("vnet", "nodes"))), gateway("vgw", "vnet")]
    home = vnet(
        subnet("nodes", "10.0.0.0/24"),
        subnet("data", "10.0.1.0/24", **DELEGATED),
        subnet("GatewaySubnet", "10.0.9.0/27"),
    )
    made = [server(), home, *others, tunnel("t", "vgw", "office")]

    (unknown,) = ask("DB-008", estate(*made)).unknown
    (finding,) = ask("DB-008", estate(*made, site("office", "192.168.0.0/16"))).broken

    assert "office is not in the snapshot" in unknown.missing
    assert unknown.remedy.endswith("/localNetworkGateways/office")
    assert "on premises reaches shop" in finding.message
