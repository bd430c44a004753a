from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.testing import arm_id, ask, estate, resource

from ...exposed import (
    BALANCER,
    NIC,
    SCALE_SET,
    balancer,
    deny,
    forwards,
    front,
    nic,
    nsg,
    pip,
    ref,
    rule,
    subnet,
    vnet,
)

RULES = f"{BALANCER}/inboundNatRules"


def nat(name: str = "ssh", port: int = 2222, backend: int = 22, **more: Any) -> dict[str, Any]:
    return forwards(name, port, backend, **more)


def test_another_number_outside_hides_nothing() -> None:
    network = estate(balancer(inboundNatRules=[nat()]), pip("pip", front()))

    (finding,) = ask("EXP-007", network).broken

    assert finding.subject == arm_id(RULES, "lb", "ssh")
    assert finding.message == (
        "ssh publishes port 22 of the machines behind lb at 20.50.1.2 (pip), TCP 2222"
    )
    assert "inbound-nat-rule delete --resource-group rg --lb-name lb --name ssh" in finding.remedy
    assert finding.evidence[0].pointer == "/properties/inboundNatRules/0/properties/backendPort"
    assert finding.severity is None


@pytest.mark.parametrize(
    ("port", "broken"), [(21, 0), (22, 1), (23, 0), (3389, 1), (5985, 1), (5986, 1), (5987, 0)]
)
def test_the_ports_that_manage(port: int, broken: int) -> None:
    network = estate(balancer(inboundNatRules=[nat(backend=port)]))

    assert len(ask("EXP-007", network).broken) == broken


def test_the_ports_are_a_parameter() -> None:
    network = estate(balancer(inboundNatRules=[nat(backend=10250)]))

    assert ask("EXP-007", network, ports=(10250,)).names == ["ssh"]


def test_udp_and_private_frontends_are_kept() -> None:
    assert ask("EXP-007", estate(balancer(inboundNatRules=[nat(protocol="Udp")]))).kept == 1
    assert ask("EXP-007", estate(balancer(public=None, inboundNatRules=[nat()]))).kept == 1


def test_load_balancing_rules_publish_as_well() -> None:
    network = estate(balancer(loadBalancingRules=[forwards("rdp", 443, 3389)]))

    assert ask("EXP-007", network).names == ["rdp"]


def test_E_13_with_floating_ip_the_machine_sees_the_frontends_port() -> None:
    floating = forwards("odd", 22, 8022, enableFloatingIP=True)

    answer = ask("EXP-007", estate(balancer(loadBalancingRules=[floating])))
    assert answer.names == ["odd"]
    shown = [(each.pointer.rpartition("/")[2], each.value) for each in answer.broken[0].evidence]
    assert shown == [("frontendPort", 22), ("enableFloatingIP", True)]


def test_a_pool_speaks_for_the_rules_that_azure_made_of_it() -> None:
    pool = nat("ssh", frontendPortRangeStart=50000, frontendPortRangeEnd=50009)
    del pool["properties"]["frontendPort"]
    network = estate(
        balancer(inboundNatPools=[pool], inboundNatRules=[nat("ssh.0", 50000), nat("ssh.1", 50001)])
    )

    assert ask("EXP-007", network).names == ["ssh"]


def pooled(*names: str) -> Any:
    """A scale set whose machines are behind some NAT pools of the balancer."""
    pools = [ref(arm_id(f"{BALANCER}/inboundNatPools", "lb", name)) for name in names]
    model = {"properties": {"loadBalancerInboundNatPools": pools}, "name": "ip"}
    interface = {"name": "nic", "properties": {"ipConfigurations": [model]}}
    profile = {"networkProfile": {"networkInterfaceConfigurations": [interface]}}
    return resource(SCALE_SET, "set", {"virtualMachineProfile": profile})


def test_a_pool_is_taken_out_of_its_scale_set_first() -> None:
    pool = nat("ssh", frontendPortRangeStart=50000, frontendPortRangeEnd=50009)
    network = estate(
        balancer(inboundNatPools=[pool], inboundNatRules=[nat("ssh.0", 50000)]), pooled("ssh")
    )
    model = "virtualMachineProfile.networkProfile.networkInterfaceConfigurations[0]"
    taken = f"--remove '{model}.ipConfigurations[0].loadBalancerInboundNatPools'"

    for rule_id in ("EXP-006", "EXP-007"):
        remedy = ask(rule_id, network).broken[0].remedy
        words, _, commands = remedy.partition(": ")
        assert "take the NAT pool out of set and its instances, " in words
        assert commands.split(" && ") == [
            f"az vmss update --resource-group rg --name set {taken}",
            "az vmss update-instances --resource-group rg --name set --instance-ids '*'",
            "az network lb inbound-nat-pool delete --resource-group rg --lb-name lb --name ssh",
        ]


def test_another_pool_of_the_scale_set_stays() -> None:
    pools = [nat("ssh"), nat("other", 2223, 8080)]
    network = estate(balancer(inboundNatPools=pools), pooled("ssh", "other"))
    (finding,) = ask("EXP-007", network).broken

    assert "loadBalancerInboundNatPools=[{" in finding.remedy
    assert "/inboundNatPools/other" in finding.remedy
    assert "/inboundNatPools/ssh" not in finding.remedy


def test_a_rule_that_points_nowhere_is_medium() -> None:
    alone = nat()
    del alone["properties"]["backendAddressPool"]
    rule_id = arm_id(RULES, "lb", "ssh")

    (finding,) = ask("EXP-007", estate(balancer(inboundNatRules=[alone]))).broken
    assert finding.severity is Severity.MEDIUM
    machine = nic("nic-web", configuration={"loadBalancerInboundNatRules": [ref(rule_id)]})
    (finding,) = ask("EXP-007", estate(balancer(inboundNatRules=[alone]), machine)).broken
    assert finding.severity is None


def test_one_fault_is_told_once() -> None:
    network = estate(balancer(inboundNatRules=[nat()]), pip("pip", front()))
    assert ask("EXP-006", network, beside=["EXP-007"]).broken == []
    assert ask("EXP-001", network, beside=["EXP-007"]).broken == []


def test_a_frontend_that_publishes_more_is_told_as_well() -> None:
    both = balancer(inboundNatRules=[nat()], loadBalancingRules=[forwards()])

    assert len(ask("EXP-006", estate(both), beside=["EXP-007"]).broken) == 1


def test_E_16_what_stops_it_is_said_of_the_rule_and_not_of_others_at_the_frontend() -> None:
    """The load-balancing rule is stopped by its probe; a NAT rule has none."""
    probe = {"name": "p", "properties": {"protocol": "Tcp", "port": 80}}
    probed: Any = {"probe": ref(f"{arm_id(BALANCER, 'lb')}/probes/p")}
    machine = ref(arm_id(f"{NIC}/ipConfigurations", "nic-web", "primary"))
    to_machine: Any = {"backendIPConfiguration": machine}

    def said(*rules: Any) -> list[str]:
        network = estate(
            nsg(*rules),
            nic("nic-web"),
            pip("pip", front()),
            balancer(
                probes=[probe],
                loadBalancingRules=[forwards("web", 80, 80, **probed)],
                inboundNatRules=[nat(**to_machine), nat("rdp", 3390, 3389, **to_machine)],
            ),
            vnet(subnet(nsg="nsg")),
        )
        found = ask("EXP-007", network).broken
        return [each.message.partition("; ")[2] for each in found]

    web, nobody = rule("web", 100, "*", "80"), deny("nobody", 200)
    stopped = "today nothing gets through, since securityRules/nobody of nsg at app denies it"
    assert said(web, nobody) == [stopped, stopped]
    assert said(rule("rdp", 90, "*", "3389"), web, nobody) == ["", stopped]


def test_approved_by_name() -> None:
    network = estate(balancer(inboundNatRules=[nat()]))

    assert ask("EXP-007", network, allow=("*/inboundNatRules/ssh",)).kept == 1


def test_what_is_not_told_is_unknown() -> None:
    portless = nat()
    del portless["properties"]["backendPort"]
    assert len(ask("EXP-007", estate(balancer(inboundNatRules=[portless]))).unknown) == 1

    elsewhere = nat(frontendIPConfiguration=ref(front("gone")))
    assert len(ask("EXP-007", estate(balancer(inboundNatRules=[elsewhere]))).unknown) == 1

    nowhere = nat(frontendIPConfiguration=None)
    assert len(ask("EXP-007", estate(balancer(inboundNatRules=[nowhere]))).unknown) == 1
