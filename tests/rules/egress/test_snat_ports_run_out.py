from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import subnet_id

ID = "NAT-003"
Json = dict[str, Any]
LB = "Microsoft.Network/loadBalancers"
PREFIX = arm_id("Microsoft.Network/publicIPPrefixes", "prefix")


def balancer(
    machines: int, ports: int | None, *, frontends: int = 1, group: str = "rg", **front: Any
) -> Json:
    own = front or {"publicIPAddress": {"id": arm_id("Microsoft.Network/publicIPAddresses", "pip")}}
    base = arm_id(LB, "lb", group=group)
    names = [f"front{n}" for n in range(frontends)]
    rule: Json = {
        "frontendIPConfigurations": [{"id": f"{base}/frontendIPConfigurations/{n}"} for n in names],
        "backendAddressPool": {"id": f"{base}/backendAddressPools/pool"},
    }
    if ports is not None:
        rule["allocatedOutboundPorts"] = ports
    nic = "Microsoft.Network/networkInterfaces/ipConfigurations"
    members = [{"id": arm_id(nic, f"n{n}", "c")} for n in range(machines)]
    return resource(
        LB, "lb",
        {
            "frontendIPConfigurations": [{"name": n, "properties": own} for n in names],
            "backendAddressPools": [
                {"name": "pool", "properties": {"backendIPConfigurations": members}}
            ],
            "outboundRules": [{"name": "out", "properties": rule}],
        },
        group=group,
    )  # fmt: skip


def judge(*resources: Json, **parameters: Any) -> Answer:
    return ask(ID, estate(*resources), **parameters)


@pytest.mark.parametrize(
    ("machines", "ports", "frontends", "broken"),
    [(8, 8000, 1, 0), (9, 8000, 1, 1), (9, 8000, 2, 0), (8, 8008, 1, 1), (400, 0, 1, 0)],
)
def test_r_35_what_is_promised_and_what_there_is(
    machines: int, ports: int, frontends: int, broken: int
) -> None:
    answer = judge(balancer(machines, ports, frontends=frontends))
    assert (len(answer.broken), answer.kept) == (broken, 1 - broken)


def test_r_35_outbound_rules_that_are_not_listed_are_unknown() -> None:
    hidden = {**balancer(9, 8000), "sku": {"name": "Standard"}}
    del hidden["properties"]["outboundRules"]

    (unknown,) = judge(hidden).unknown

    assert unknown.missing == "the outbound rules of lb"


def test_a_finding_does_the_sum() -> None:
    (finding,) = judge(balancer(9, 8000)).broken
    assert finding.subject == arm_id(f"{LB}/outboundRules", "lb", "out")
    assert finding.message == (
        "outbound rule out of lb: 9 machines times 8000 ports is more than the 64000 there are"
    )
    assert finding.remedy.endswith("--lb-name lb --name out --outbound-ports 7104")
    assert finding.evidence[0].value == 8000


def test_azure_divides_the_ports_itself_without_a_number() -> None:
    assert judge(balancer(400, None)).kept == 1
    assert "gets 64 ports and needs 128" in judge(balancer(401, None)).broken[0].message
    assert judge(balancer(900, None), ports_per_machine=0).kept == 1


@pytest.mark.parametrize(("ports", "broken"), [(128, 0), (120, 1), (64, 1)])
def test_a_promise_of_too_few_ports(ports: int, broken: int) -> None:
    assert len(judge(balancer(3, ports)).broken) == broken


@pytest.mark.parametrize(("need", "broken"), [(512, 0), (513, 1)])
def test_a_declared_need_is_compared_with_what_each_machine_gets(need: int, broken: int) -> None:
    assert len(judge(balancer(51, None), ports_per_machine=need).broken) == broken
    assert len(judge(balancer(51, 512), ports_per_machine=need).broken) == broken


def scale_set(capacity: int | None) -> Json:
    pool = {"id": arm_id(f"{LB}/backendAddressPools", "lb", "pool")}
    each = {
        "name": "ip",
        "properties": {
            "subnet": {"id": subnet_id("a", "app")},
            "loadBalancerBackendAddressPools": [pool],
        },
    }
    profile = {
        "networkInterfaceConfigurations": [
            {"name": "n", "properties": {"ipConfigurations": [each]}}
        ]
    }
    sku = {"name": "D2"} if capacity is None else {"name": "D2", "capacity": capacity}
    return resource(
        "Microsoft.Compute/virtualMachineScaleSets",
        "workers",
        {"virtualMachineProfile": {"networkProfile": profile}},
        sku=sku,
    )


def test_E_2b_machines_of_a_flexible_scale_set_are_counted_once() -> None:
    """By their NICs, which are in the pool themselves; the capacity tells of those that lack."""

    def flexible(capacity: int) -> Json:
        workers = scale_set(capacity)
        workers["properties"]["orchestrationMode"] = "Flexible"
        return workers

    owner = {"id": scale_set(1)["id"]}
    kind = "Microsoft.Compute/virtualMachines"
    machines = [resource(kind, f"vm{n}", {"virtualMachineScaleSet": owner}) for n in range(8)]
    assert judge(balancer(8, 8000), flexible(8), *machines).kept == 1
    assert "9 machines" in judge(balancer(8, 8000), flexible(9), *machines).broken[0].message


def test_scale_sets_count_by_their_capacity() -> None:
    assert judge(balancer(0, 8000), scale_set(8)).kept == 1
    assert "9 machines" in judge(balancer(0, 8000), scale_set(9)).broken[0].message
    assert "10 machines" in judge(balancer(1, 8000), scale_set(9)).broken[0].message
    assert "the capacity" in judge(balancer(0, 8000), scale_set(None)).unknown[0].missing


def public_prefix(text: str | None = None, length: int | None = None) -> Json:
    told: Json = {}
    if text:
        told["ipPrefix"] = text
    if length:
        told["prefixLength"] = length
    return resource("Microsoft.Network/publicIPPrefixes", "prefix", told)


@pytest.mark.parametrize("prefix", [public_prefix("203.0.113.0/30"), public_prefix(length=30)])
def test_a_prefix_counts_all_its_addresses(prefix: Json) -> None:
    by_prefix: Json = {"publicIPPrefix": {"id": PREFIX}}
    assert judge(balancer(32, 8000, **by_prefix), prefix).kept == 1
    assert judge(balancer(33, 8000, **by_prefix), prefix).broken


def test_a_prefix_that_is_absent_or_tells_no_length_is_unknown() -> None:
    by_prefix: Json = {"publicIPPrefix": {"id": PREFIX}}
    assert "prefix is not" in judge(balancer(1, 8000, **by_prefix)).unknown[0].missing
    assert judge(balancer(1, 8000, **by_prefix), public_prefix()).unknown


def cluster(count: int, ports: int | None, **more: Any) -> Json:
    profile: Json = {"managedOutboundIPs": {"count": 1}, **more}
    if ports is not None:
        profile["allocatedOutboundPorts"] = ports
    return resource(
        "Microsoft.ContainerService/managedClusters", "aks",
        {
            "nodeResourceGroup": "MC_aks",
            "networkProfile": {"outboundType": "loadBalancer", "loadBalancerProfile": profile},
            "agentPoolProfiles": [
                {"name": "np", "count": count, "upgradeSettings": {"maxSurge": "1"}}
            ],
        },
    )  # fmt: skip


def test_r_39_a_cluster_is_counted_at_its_most_and_its_rule_is_not() -> None:
    assert judge(cluster(7, 8000)).kept == 1
    answer = judge(cluster(8, 8000), balancer(9, 8000, group="mc_aks"))
    (finding,) = answer.broken
    assert finding.subject.endswith("/managedClusters/aks")
    assert finding.message.startswith("cluster aks at its most: 9 machines times 8000 ports")
    assert "--load-balancer-managed-outbound-ip-count 2" in finding.remedy


def test_a_clusters_addresses_as_azure_reports_them() -> None:
    two: Json = {"effectiveOutboundIPs": [{"id": "/a"}, {"id": "/b"}]}
    assert judge(cluster(15, 8000, **two)).kept == 1
    assert judge(cluster(16, 8000, **two)).broken
    none: Json = {"managedOutboundIPs": None}
    assert "outbound addresses" in judge(cluster(8, 8000, **none)).unknown[0].missing


def test_a_cluster_that_promises_nothing_is_kept() -> None:
    assert judge(cluster(399, None)).kept == 1
    assert judge(cluster(399, 0)).kept == 1
    assert "gets 64 ports" in judge(cluster(400, 0)).broken[0].message


def test_a_rule_that_says_another_number_than_its_cluster_is_judged() -> None:
    answer = judge(cluster(3, None), balancer(3, 64, group="mc_aks"))
    assert answer.names == ["out"]
    assert judge(cluster(3, 64), balancer(3, 64, group="mc_aks")).names == ["aks"]


def test_a_cluster_that_tells_no_outbound_type_is_unknown_when_it_matters() -> None:
    quiet = cluster(3, None)
    del quiet["properties"]["networkProfile"]["outboundType"]
    assert judge(quiet).kept == 1
    quiet["properties"]["networkProfile"]["loadBalancerProfile"]["allocatedOutboundPorts"] = 64
    assert "outbound type" in judge(quiet).unknown[0].missing


def nat(*addresses: str, prefix: bool = False) -> Json:
    base = "Microsoft.Network/publicIPAddresses"
    told: Json = {"publicIpAddresses": [{"id": arm_id(base, each)} for each in addresses]}
    if prefix:
        told["publicIpPrefixes"] = [{"id": PREFIX}]
    return resource("Microsoft.Network/natGateways", "nat", told)


@pytest.mark.parametrize(("need", "broken"), [(129_024, 0), (129_025, 1)])
def test_r_31_a_nat_gateway_and_a_declared_need(need: int, broken: int) -> None:
    answer = judge(nat("one", "two"), nat_gateway_ports=need)
    assert len(answer.broken) == broken
    assert len(
        judge(nat(prefix=True), public_prefix(length=31), nat_gateway_ports=need).broken
    ) == (broken)


def test_a_nat_gateway_without_an_address_gives_nobody_a_way_out() -> None:
    (finding,) = judge(nat()).broken
    assert finding.message == "NAT gateway nat has no public address"
    assert "az network nat gateway update --resource-group rg --name nat" in finding.remedy
    assert judge(nat(prefix=True)).kept == 1
    assert judge(nat(prefix=True), nat_gateway_ports=1).unknown


def test_a_nat_gateway_that_an_address_names_as_its_owner_has_one() -> None:
    named = {"natGateway": {"id": arm_id("Microsoft.Network/natGateways", "NAT")}}
    answer = judge(nat(), resource("Microsoft.Network/publicIPAddresses", "one", named))
    assert (answer.kept, answer.broken) == (0, [])
    assert answer.unknown[0].missing == "the addresses of NAT gateway nat: one says it is its"
