from __future__ import annotations

import shlex
from typing import Any

import pytest

from auditor.testing import arm_id, ask, estate, resource

from ...exposed import (
    GATEWAY,
    NSG,
    PIP,
    balancer,
    forwards,
    front,
    nic,
    nsg,
    outbound,
    pip,
    ref,
    rule,
)

MC = "MC_rg_aks_westeurope"
NAME = "kubernetes-a5b0"


def cluster(*outbound_ips: str, **more: Any) -> dict[str, Any]:
    profile = {"effectiveOutboundIPs": [ref(arm_id(PIP, each, group=MC)) for each in outbound_ips]}
    return resource(
        "Microsoft.ContainerService/managedClusters",
        "aks",
        {
            "nodeResourceGroup": MC.upper(),
            "networkProfile": {"loadBalancerProfile": profile},
            **more,
        },
    )


def service(tags: dict[str, str] | None = None, name: str = NAME) -> dict[str, Any]:
    tags = {"k8s-azure-service": "web/nginx"} if tags is None else tags
    return pip(name, front("kubernetes", MC), group=MC, tags=tags)


def slb(**rules: Any) -> dict[str, Any]:
    return balancer("kubernetes", public=NAME, group=MC, **rules)


def serving(port: int = 443) -> dict[str, Any]:
    return forwards("web", port, of="kubernetes", group=MC, enableFloatingIP=True)


def test_services_that_share_an_address_are_all_made_internal() -> None:
    shared = service({"k8s-azure-service": "web/nginx,tools/admin"})
    network = estate(cluster(), shared, slb(loadBalancingRules=[serving()]))

    (finding,) = ask("EXP-009", network).broken

    assert finding.message.startswith(
        "Kubernetes Services web/nginx, tools/admin of cluster aks let "
    )
    assert "annotate service nginx" in finding.remedy
    assert finding.remedy.endswith("--namespace tools")
    assert " && kubectl annotate service admin" in finding.remedy


def test_a_gateway_is_told_of_where_there_is_one() -> None:
    gateway = resource("Microsoft.Network/applicationGateways", "agw")
    network = estate(cluster(), service(), slb(loadBalancingRules=[serving()]), gateway)

    (finding,) = ask("EXP-009", network).broken

    assert finding.message.endswith(f"20.50.1.2 ({NAME}), beside the gateway")


def test_a_public_service_is_named() -> None:
    network = estate(cluster(), service(), slb(loadBalancingRules=[serving()]))

    (finding,) = ask("EXP-009", network).broken

    assert finding.subject == arm_id(PIP, NAME, group=MC)
    assert finding.message == (
        "Kubernetes Service web/nginx of cluster aks lets TCP 443 in from the internet at "
        f"20.50.1.2 ({NAME})"
    )
    command = finding.remedy.partition(": ")[2]
    assert shlex.split(command)[:4] == ["kubectl", "annotate", "service", "nginx"]
    assert command.endswith("--namespace web")
    assert [e.pointer for e in finding.evidence] == [
        "/properties/ipConfiguration/id",
        "/tags/k8s-azure-service",
    ]


def test_K_57_the_older_tag_counts() -> None:
    network = estate(
        cluster(), service({"service": "a/b,c/d"}), slb(loadBalancingRules=[serving()])
    )

    assert "Services a/b, c/d of" in ask("EXP-009", network).broken[0].message


def test_an_address_without_tags_is_told_all_the_same() -> None:
    network = estate(cluster(), service({}), slb(loadBalancingRules=[serving()]))

    (finding,) = ask("EXP-009", network).broken
    assert "the load balancer of cluster aks lets TCP 443 in" in finding.message


def test_K_58_addresses_of_egress_are_kept() -> None:
    egress = estate(
        cluster(NAME), service({}), slb(outboundRules=[outbound(of="kubernetes", group=MC)])
    )
    unlisted = estate(cluster(), service({}), slb())

    assert ask("EXP-009", egress).kept == 1
    assert ask("EXP-009", unlisted).kept == 1


def test_an_egress_address_that_also_forwards_is_an_entrance() -> None:
    network = estate(cluster(NAME), service({}), slb(loadBalancingRules=[serving()]))

    assert ask("EXP-009", network).names == [NAME]


def test_nobodys_address_and_other_groups_are_kept() -> None:
    assert ask("EXP-009", estate(cluster(), pip(NAME, group=MC))).kept == 1
    answer = ask("EXP-009", estate(cluster(), pip(NAME, front("kubernetes"))))
    assert (answer.kept, answer.broken) == (0, [])


def test_a_gateway_made_by_the_ingress_addon_is_approved() -> None:
    owner = arm_id(f"{GATEWAY}/frontendIPConfigurations", "agw", "front", group=MC)
    network = estate(cluster(), pip("pip-agw", owner, group=MC))

    assert ask("EXP-009", network).kept == 1
    assert ask("EXP-009", network, allow=()).names == ["pip-agw"]


@pytest.mark.parametrize(
    ("tags", "listed", "answer"),
    [
        ({"k8s-azure-service": "web/nginx"}, (), "broken"),
        ({}, (), "unknown"),
        ({}, (NAME,), "kept"),
    ],
)
def test_without_the_load_balancer(
    tags: dict[str, str], listed: tuple[str, ...], answer: str
) -> None:
    found = ask("EXP-009", estate(cluster(*listed), service(tags)))

    assert {"broken": len(found.broken), "unknown": len(found.unknown), "kept": found.kept}[
        answer
    ] == 1


@pytest.mark.parametrize("general", ["EXP-001", "EXP-006", "NSG-003"])
def test_one_fault_is_told_once(general: str) -> None:
    written = rule("k8s-azure-lb_allow_IPv4_x", 500, "Internet", "31080")
    group = nsg(written)
    group["id"] = arm_id(NSG, "nsg", group=MC)
    network = estate(cluster(), service(), slb(loadBalancingRules=[serving()]), group)

    assert len(ask(general, network).broken) == 1
    assert ask(general, network, beside=["EXP-009"]).broken == []


def test_hostile_tags_stay_text() -> None:
    tags = {"k8s-azure-service": "ns;ls/$(reboot)\n"}
    network = estate(cluster(), service(tags), slb(loadBalancingRules=[serving()]))

    command = ask("EXP-009", network).broken[0].remedy.partition(": ")[2]
    assert "$(reboot)" in shlex.split(command)
    assert "\n" not in command


def test_a_cluster_that_does_not_tell_its_group_may_own_what_looks_like_a_clusters() -> None:
    hidden = cluster(nodeResourceGroup=None)
    network = estate(hidden, service(), slb(loadBalancingRules=[serving()]), pip("other"))

    answer = ask("EXP-009", network)

    assert (answer.broken, answer.kept) == ([], 0)
    (unknown,) = answer.unknown
    assert unknown.subject == arm_id(PIP, NAME, group=MC)
    assert unknown.missing == "the node resource group of cluster aks"


def test_what_a_balancer_that_is_missing_lets_in_is_left_open_once() -> None:
    network = estate(cluster(), service({}))

    (unknown,) = ask("EXP-009", network).unknown
    general = ask("EXP-001", network, beside=["EXP-009"])

    assert "loadBalancers/kubernetes/frontendIPConfigurations/front is not in" in unknown.missing
    assert (general.unknown, general.kept) == ([], 0)
    assert len(ask("EXP-001", network).unknown) == 1


def on_a_node() -> tuple[dict[str, Any], ...]:
    held = {"publicIPAddress": ref(arm_id(PIP, "pip-node", group=MC))}
    card = nic("node-0", configuration=held, group=MC)
    return cluster(), card, pip("pip-node", f"{card['id']}/ipConfigurations/primary", group=MC)


def test_the_address_of_a_network_interface_is_detached_there() -> None:
    (finding,) = ask("EXP-009", estate(*on_a_node())).broken

    assert finding.message.startswith("network interface node-0 of cluster aks lets inbound")
    assert finding.remedy.endswith(
        f"az network nic ip-config update --resource-group {MC} --nic-name node-0 --name primary "
        "--remove publicIPAddress"
    )


def test_the_address_of_a_network_interface_is_told_once() -> None:
    network = estate(*on_a_node())
    assert ask("EXP-002", network).names == ["node-0"]
    assert ask("EXP-002", network, beside=["EXP-009"]).names == []

    other = nic("node-0", public="pip-own", group=MC)
    network = estate(cluster(), other, pip("pip-own", f"{other['id']}/ipConfigurations/primary"))
    assert ask("EXP-002", network, beside=["EXP-009"]).names == ["node-0"]


def test_where_a_tag_tells_of_the_service_the_general_rules_need_not_tell() -> None:
    network = estate(cluster(), service())
    assert len(ask("EXP-009", network).broken) == 1
    assert len(ask("EXP-001", network).unknown) == 1
    assert ask("EXP-001", network, beside=["EXP-009"]).unknown == []
