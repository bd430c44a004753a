"""NAT-006: who wins by R-30, and who was declared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.cli import main
from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.reach.competing import choosers, methods
from auditor.reach.leaving import Leaver, leavers
from auditor.resources.base import unset
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.virtual_networks import Subnet
from auditor.testing import Answer, ask, estate

from ...egress import (
    APP,
    BY_NAT,
    BY_TABLE,
    IN_POOL,
    PRIVATE,
    balancer,
    cluster,
    has_public,
    machine,
    nat,
    network,
    table,
)
from ...networks import gateway, site, subnet_id, tunnel

Json = dict[str, Any]
AWAY = table(("0.0.0.0/0", "VirtualAppliance"), to="10.0.9.4", disableBgpRoutePropagation=True)
BOTH = {**BY_NAT, **BY_TABLE}


def judge(*resources: Json, declared: str = "", **subnet: Any) -> Answer:
    said: Json = {"declared": {"*/SUBNETS/app": declared}} if declared else {}
    return ask("NAT-006", estate(network(**subnet), *resources), **said)


def told(answer: Answer) -> str:
    """By what it leaves, of one finding; or the answer without one."""
    if not answer.broken:
        return "unknown" if answer.unknown else "kept"
    (finding,) = answer.broken
    return finding.message.partition(" of a ")[2].partition(" by ")[2]


# --- machines, with nothing declared


def test_a_nat_gateway_behind_a_default_route() -> None:
    (finding,) = judge(*machine(), AWAY, nat("pip"), **BOTH).broken
    assert finding.subject == subnet_id(*APP)
    assert finding.message == (
        "web in subnet app of a leaves by the route to 10.0.9.4, not by NAT gateway nat"
    )
    assert finding.remedy.endswith("--vnet-name a --name app --remove natGateway")


def test_a_nat_gateway_before_an_outbound_rule() -> None:
    rules = [*machine(configuration=IN_POOL), balancer(outbound=True), nat("pip")]
    assert told(judge(*rules, **BY_NAT)) == "NAT gateway nat, not by outbound rule o of lb"
    assert told(judge(*rules)) == "kept"


def test_a_default_route_before_an_outbound_rule() -> None:
    rules = [*machine(configuration=IN_POOL), balancer(outbound=True), AWAY]
    assert told(judge(*rules, **BY_TABLE)) == "the route to 10.0.9.4, not by outbound rule o of lb"


@pytest.mark.parametrize(
    "resources",
    [
        machine(configuration=has_public("pip")),
        [*machine(configuration=IN_POOL), balancer(snat=True)],
        [*machine(configuration={**IN_POOL, **has_public("pip")}), balancer(outbound=True)],
    ],
    ids=["a public address", "a load balancing rule", "an address before an outbound rule"],
)
def test_what_lets_others_in_may_lose(resources: list[Json]) -> None:
    assert told(judge(*resources)) == "kept"


def test_a_public_address_beside_a_nat_gateway() -> None:
    assert told(judge(*machine(configuration=has_public("p")), nat("pip"), **BY_NAT)) == "kept"
    balanced = [*machine(configuration=IN_POOL), balancer(snat=True), nat("pip")]
    assert told(judge(*balanced, **BY_NAT)) == "kept"


@pytest.mark.parametrize("way", [BY_NAT, BY_TABLE])
def test_a_load_balancing_rule_may_lose_whether_or_not_it_tells_its_snat(way: Json) -> None:
    untold = balancer(snat=True)
    del untold["properties"]["loadBalancingRules"][0]["properties"]["disableOutboundSnat"]
    balanced = [*machine(configuration=IN_POOL), untold, nat("pip"), AWAY]
    assert told(judge(*balanced, **way)) == "kept"
    assert told(judge(*balanced, **BOTH)) == "the route to 10.0.9.4, not by NAT gateway nat"
    assert told(judge(*balanced, declared="load-balancer")) == "unknown"


@pytest.mark.parametrize(
    "routes",
    [
        [("0.0.0.0/0", "Internet")],
        [("20.0.0.0/8", "VirtualAppliance")],
        [("0.0.0.0/0", "VirtualAppliance"), ("20.0.0.0/8", "Internet")],
    ],
)
def test_a_route_that_leaves_some_of_the_internet_does_not_compete(
    routes: list[tuple[str, str]],
) -> None:
    some = table(*routes, to="10.0.9.4", disableBgpRoutePropagation=True)
    assert told(judge(*machine(), some, nat("pip"), **BOTH)) == "kept"


def test_a_route_to_nowhere_is_another_rules() -> None:
    nowhere = table(("0.0.0.0/0", "None"), disableBgpRoutePropagation=True)

    assert told(judge(*machine(), nowhere, nat("pip"), **BOTH)) == "kept"
    assert told(judge(*machine(), nowhere, nat("pip"), declared="nat-gateway", **BOTH)) == "kept"


def test_halves_that_together_take_everything() -> None:
    halves = table(
        ("0.0.0.0/1", "VirtualAppliance"), ("128.0.0.0/1", "VirtualAppliance"), to="10.0.9.4"
    )
    assert told(judge(*machine(), halves, nat("pip"), **BOTH)).startswith("the route to 10.0.9.4")


def test_what_bgp_may_teach_is_not_asked() -> None:
    bgp = [gateway("gw", "a"), site("office"), tunnel("t", "gw", "office", enableBgp=True)]
    assert told(judge(*machine(), *bgp, nat("pip"), **BY_NAT)) == "kept"


# --- what cannot be told


def test_an_absent_route_table_is_unknown() -> None:
    rules = [*machine(configuration=IN_POOL), balancer(outbound=True), nat("pip")]
    assert told(judge(*rules, **BOTH)) == "unknown"
    assert told(judge(*machine(), nat("pip"), **BOTH)) == "unknown"
    assert told(judge(*rules[:-1], **BY_TABLE)) == "unknown"
    assert told(judge(*machine(configuration=has_public("pip")), **BY_TABLE)) == "kept"
    assert told(judge(*machine(), **BY_TABLE)) == "kept"


@pytest.mark.parametrize(
    ("kind", "alone", "beside_a_nat_gateway"),
    [
        ("loadBalancer", "unknown", "unknown"),
        ("managedNATGateway", "unknown", "unknown"),
        ("userDefinedRouting", "kept", "unknown"),
        ("userAssignedNATGateway", "kept", "unknown"),
        ("none", "kept", "kept"),
    ],
)
def test_nodes_whose_route_table_is_absent(
    kind: str, alone: str, beside_a_nat_gateway: str
) -> None:
    assert told(judge(cluster(kind), **BY_TABLE)) == alone
    assert told(judge(cluster(kind), nat("pip"), **BOTH)) == beside_a_nat_gateway


def test_a_load_balancer_that_takes_nobody_out_is_no_way_out_if_its_sku_is_told() -> None:
    inside = [*machine(configuration=IN_POOL), AWAY]
    private = {**BY_TABLE, **PRIVATE}
    without_sku = {key: value for key, value in balancer().items() if key != "sku"}

    assert told(judge(*inside, balancer(), **private)) == "kept"
    assert told(judge(*inside, without_sku, **private)) == "unknown"


def test_an_absent_load_balancer_is_unknown() -> None:
    assert told(judge(*machine(configuration=IN_POOL), nat("pip"), **BY_NAT)) == "unknown"


def test_an_outbound_type_that_is_not_told_is_unknown() -> None:
    assert told(judge(cluster(None), nat("pip"), **BY_NAT)) == "unknown"


# --- AKS: the outbound type is the declaration


@pytest.mark.parametrize(
    ("kind", "by_nat", "by_route"),
    [
        ("loadBalancer", "NAT gateway nat", "the route to 10.0.9.4"),
        ("userAssignedNATGateway", "", "the route to 10.0.9.4"),
        ("managedNATGateway", "", "the route to 10.0.9.4"),
        ("userDefinedRouting", "", ""),
        ("none", "", ""),
    ],
)
def test_r_39_the_outbound_type(kind: str, by_nat: str, by_route: str) -> None:
    nodes = cluster(kind)
    assert told(judge(nodes, nat("pip"), **BY_NAT)).partition(", not")[0] == (by_nat or "kept")
    routed = judge(nodes, AWAY, nat("pip"), **BOTH)
    assert told(routed).partition(", not")[0] == (by_route or "kept")


def test_r_30_a_default_route_wins_whatever_else_there_may_be() -> None:
    """Whether the nodes had access by default as well does not matter."""
    assert told(judge(cluster("userDefinedRouting"), AWAY, **BY_TABLE)) == "kept"
    assert told(judge(cluster("userAssignedNATGateway"), AWAY, **BY_TABLE)).startswith(
        "the route to 10.0.9.4"
    )


def test_the_remedy_names_the_outbound_type_that_wins() -> None:
    (finding,) = judge(cluster("loadBalancer"), AWAY, **BY_TABLE).broken
    assert finding.remedy.endswith("az aks update --resource-group rg --name aks "
                                   "--outbound-type userDefinedRouting")  # fmt: skip
    assert finding.evidence[-1].value == "loadBalancer"


def test_no_way_at_all_is_nat_002s() -> None:
    nowhere = table(("0.0.0.0/0", "None"), disableBgpRoutePropagation=True)
    where = estate(network(**BY_TABLE), cluster("loadBalancer"), nowhere)
    (finding,) = ask("NAT-002", where).broken
    assert finding.covers == (("NAT-006", subnet_id(*APP)),)


# --- machines that are not asked


PLAIN = {"nothing": {}, "of a NIC's own": has_public("p"), "in a pool": IN_POOL}
SUBNETS = {
    "by nothing": {},
    "private": PRIVATE,
    "by NAT": BY_NAT,
    "by route": BY_TABLE,
    "by route, private": {**BY_TABLE, **PRIVATE},
    "by both": BOTH,
}
UNTOLD = (
    "public_ip_address",
    "load_balancer_backend_address_pools",
    "primary",
    "private_ip_address_version",
)


@pytest.mark.parametrize("subnet", SUBNETS.values(), ids=SUBNETS.keys())
@pytest.mark.parametrize("configuration", PLAIN.values(), ids=PLAIN.keys())
def test_who_is_not_asked_has_no_choice(configuration: Json, subnet: Json) -> None:
    the_nic, vm = machine(configuration=configuration)
    around = [network(**subnet), balancer(outbound=True), AWAY, nat("pip")]
    for resources in ([the_nic, vm, *around], [the_nic, *around]):
        assert not _unasked_with_a_choice(estate(*resources))


@pytest.mark.parametrize("subnet", SUBNETS.values(), ids=SUBNETS.keys())
@pytest.mark.parametrize("field", UNTOLD)
def test_who_does_not_tell_is_asked(field: str, subnet: Json) -> None:
    here = estate(network(**subnet), *machine(), balancer(outbound=True), AWAY, nat("pip"))
    (configuration,) = here.all(IpConfiguration)
    unset(configuration.properties, field)
    assert not _unasked_with_a_choice(here)


def _unasked_with_a_choice(here: Network) -> list[Leaver]:
    """Machines that are left out, although they have a choice or do not tell whether they do."""
    (where,) = here.all(Subnet)
    asked = {leaver.node.key for leaver in choosers(here, where)}
    unasked = [leaver for leaver in leavers(here, where) if leaver.node.key not in asked]
    return [leaver for leaver in unasked if _has_a_choice(here, where, leaver)]


def _has_a_choice(here: Network, where: Subnet, leaver: Leaver) -> bool:
    try:
        found = [method for method in methods(here, where, leaver) if method.word != "default"]
    except Undetermined:
        return True
    unsure = any(way.method == "unknown" for way in leaver.ways)
    return len(found) > 1 or (unsure and bool(found))


def test_most_machines_are_not_asked() -> None:
    here = estate(network(**BY_NAT), *machine(), nat("pip"))
    (where,) = here.all(Subnet)
    assert not list(choosers(here, where))


# --- the parameter


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("nat-gateway", "kept"),
        ("public-ip", "NAT gateway nat, not by the public address of web"),
        ("load-balancer", "NAT gateway nat, not by the declared load-balancer"),
    ],
)
def test_declared(declared: str, said: str) -> None:
    resources = [*machine(configuration=has_public("p")), nat("pip")]
    assert told(judge(*resources, declared=declared, **BY_NAT)) == said


def test_what_is_declared_and_not_there() -> None:
    said = "default outbound access, not by the declared nat-gateway"
    assert told(judge(*machine(), declared="nat-gateway")) == said
    assert told(judge(*machine(), declared="default")) == "kept"
    assert told(judge(*machine(), declared="nat-gateway", **PRIVATE)) == "kept"
    assert told(judge(*machine(), AWAY, declared="route", **BY_TABLE)) == "kept"
    absent = machine()[0]
    assert told(judge(absent, declared="nat-gateway")) == "unknown"


def test_a_word_nobody_knows_is_refused(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "auditor.toml"
    config.write_text('[params.NAT-006.declared]\n"*" = "nat"\n')
    (tmp_path / "x.json").write_text('{"value": []}')
    assert main(["check", str(tmp_path / "x.json"), "--config", str(config)]) == 2
    assert "NAT-006" in capsys.readouterr().err


def test_names_are_told_as_the_resources_spell_them() -> None:
    here = json.loads(json.dumps(network(**BOTH)).replace("natGateways/nat", "natgateways/NAT"))
    (finding,) = ask("NAT-006", estate(here, *machine(), AWAY, nat("pip"))).broken
    assert "not by NAT gateway nat" in finding.message
