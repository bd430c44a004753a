from __future__ import annotations

from typing import Any

from auditor.testing import arm_id, ask, estate, resource

from ...exposed import PIP, SCALE_SET, pip

BARE: dict[str, Any] = {"name": "public"}


def scale_set(public: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    settings = {"publicIPAddressConfiguration": public} if public else {}
    interface = {"ipConfigurations": [{"name": "ipconfig1", "properties": settings}]}
    profile = {"networkInterfaceConfigurations": [{"name": "nic", "properties": interface}]}
    return resource(
        SCALE_SET, "vmss", {"virtualMachineProfile": {"networkProfile": profile}}, **more
    )


def test_instances_without_public_addresses_are_kept() -> None:
    assert ask("EXP-003", estate(scale_set(None))).kept == 1


def test_E_2_instances_get_public_addresses() -> None:
    (finding,) = ask("EXP-003", estate(scale_set(BARE))).broken

    assert finding.subject == arm_id(SCALE_SET, "vmss")
    assert finding.message.startswith(
        "vmss gives its instances public addresses (ipconfig1); open from the internet: perhaps"
    )
    assert "az vmss update --resource-group rg --name vmss --remove" in finding.remedy
    assert finding.evidence[0].pointer.endswith("/publicIPAddressConfiguration")


def test_an_aks_pool_is_named_and_has_another_remedy() -> None:
    network = estate(scale_set(BARE, tags={"aks-managed-poolName": "web"}))

    (finding,) = ask("EXP-003", network).broken

    assert "the nodes of AKS pool web" in finding.message
    assert "delete pool web" in finding.remedy


def test_it_speaks_for_the_addresses_of_its_instances() -> None:
    owner = arm_id(SCALE_SET, "vmss") + (
        "/virtualMachines/3/networkInterfaces/n/ipConfigurations/c/publicIPAddresses/p"
    )
    network = estate(scale_set(BARE), pip("pip", owner))

    own = arm_id(PIP, "pip")
    assert ask("EXP-003", network).broken[0].covers == (("EXP-001", own), ("EXP-009", own))
    assert ask("EXP-001", network, beside=["EXP-003"]).broken == []


def test_it_speaks_for_the_interfaces_of_its_instances() -> None:
    """EXP-002 said it of each of them again, with a command for NICs of virtual machines."""
    card = f"{SCALE_SET}/virtualMachines/networkInterfaces"
    address = f"{card}/ipConfigurations/publicIPAddresses"
    own = arm_id(address, "vmss", "3", "nic", "ipconfig1", "public")
    carries = {"name": "ipconfig1", "properties": {"publicIPAddress": {"id": own}}}
    instance = resource(card, "vmss/3/nic", {"ipConfigurations": [carries]})
    network = estate(scale_set(BARE), instance, {**pip("public"), "id": own, "type": address})

    (finding,) = ask("EXP-002", network).broken
    assert finding.message.startswith("vmss/3/nic carries the public address")
    assert finding.remedy.endswith("take the address out of the model of scale set vmss (EXP-003)")
    assert ask("EXP-002", network, beside=["EXP-003"]).broken == []
    assert len(ask("EXP-003", network).broken) == 1


def test_it_speaks_for_the_addresses_of_an_aks_pool_s_nodes() -> None:
    """EXP-009 said of each node to find the Service that owns its address."""
    owner = arm_id(SCALE_SET, "vmss") + (
        "/virtualMachines/3/networkInterfaces/n/ipConfigurations/c/publicIPAddresses/p"
    )
    cluster = resource(
        "Microsoft.ContainerService/managedClusters", "aks", {"nodeResourceGroup": "rg"}
    )
    network = estate(scale_set(BARE), cluster, pip("pip", owner))

    assert len(ask("EXP-009", network).broken) == 1
    assert ask("EXP-009", network, beside=["EXP-003"]).broken == []


def test_scale_sets_are_approved_by_name() -> None:
    assert ask("EXP-003", estate(scale_set(BARE)), allow=("*/vmss",)).kept == 1


def test_a_model_that_is_not_told_is_unknown() -> None:
    network = estate(
        scale_set(BARE), unresolved=(("/properties/virtualMachineProfile", "a parameter"),)
    )

    assert len(ask("EXP-003", network).unknown) == 1


def test_each_address_of_the_model_is_taken_out() -> None:
    settings = {"properties": {"publicIPAddressConfiguration": BARE}}
    nics = [
        {"name": name, "properties": {"ipConfigurations": [{"name": name, **settings}]}}
        for name in ("front", "back")
    ]
    profile = {"networkProfile": {"networkInterfaceConfigurations": nics}}
    made = resource(SCALE_SET, "vmss", {"virtualMachineProfile": profile})
    (finding,) = ask("EXP-003", estate(made)).broken
    assert finding.remedy.count("az vmss update") == 2
    assert "networkInterfaceConfigurations[1].ipConfigurations[0]" in finding.remedy
