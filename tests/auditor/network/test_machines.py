"""A NIC of a machine is one whichever of the two says so: a template's NICs name no machine."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.build import build
from auditor.resources.interfaces import NetworkInterface
from auditor.testing import arm_id, ask, estate, resource

from ...egress import PRIVATE, VM, network
from ...networks import nic
from ..snapshot.planned import one, plan
from ..snapshot.reading import read

NIC = "Microsoft.Network/networkInterfaces"
APP = ("a", "app")
Json = dict[str, Any]


def machine(*nics: str, name: str = "web") -> Json:
    named = [{"id": arm_id(NIC, each)} for each in nics]
    return resource(VM, name, {"networkProfile": {"networkInterfaces": named}})


@pytest.mark.parametrize(
    ("rule", "subnet"), [("NAT-001", {}), ("NAT-002", PRIVATE), ("NSG-010", {})]
)
def test_E_1_a_machine_that_names_its_interface_is_judged_like_one_that_is_named(
    rule: str, subnet: Json
) -> None:
    there = (network(**subnet), machine("web-nic"))
    by_nic = ask(rule, estate(*there, nic("web-nic", "10.0.0.4", APP, vm="web")))
    by_machine = ask(rule, estate(*there, nic("web-nic", "10.0.0.4", APP)))

    assert by_machine.broken == by_nic.broken
    assert len(by_machine.broken) == 1


def test_an_interface_that_nobody_names_is_no_machines() -> None:
    answer = ask("NAT-001", estate(network(), machine(), nic("web-nic", "10.0.0.4", APP)))
    assert (answer.broken, answer.unknown) == ([], [])


def test_what_an_interface_says_of_itself_stays() -> None:
    joined = estate(
        *(network(), machine("web-nic"), machine(name="db")),
        nic("web-nic", "10.0.0.4", APP, vm="db"),
    )
    [found] = joined.all(NetworkInterface)
    assert found.properties.virtual_machine is not None
    assert found.properties.virtual_machine.id == arm_id(VM, "db")


def test_an_interface_without_settings_and_a_machine_with_odd_ones_change_nothing() -> None:
    odd = resource(VM, "odd", {"networkProfile": {"networkInterfaces": [{}, {"id": "x"}]}})
    joined = estate(network(), odd, machine("bare", "gone"), resource(NIC, "bare"))
    assert len(joined.all(NetworkInterface)) == 1


@pytest.mark.parametrize("rule", ["NAT-001", "NSG-010"])
@pytest.mark.parametrize("interfaces", [[True], [True, True], True])
def test_an_interface_may_be_that_of_a_machine_that_does_not_tell_its_own_yet(
    rule: str, interfaces: Any
) -> None:
    interface = one(
        "azurerm_network_interface.nic",
        unknown={"ip_configuration": [{"subnet_id": True}]},
        ip_configuration=[{"name": "ip"}],
    )
    place = {"subnet_id": {"references": ["azurerm_subnet.app.id"]}}
    interface["expressions"] = {"ip_configuration": [place]}
    planned = plan(
        interface,
        one("azurerm_virtual_network.a", address_space=["10.0.0.0/16"]),
        one("azurerm_subnet.app", virtual_network_name="a", address_prefixes=["10.0.0.0/24"]),
        one("azurerm_linux_virtual_machine.web", unknown={"network_interface_ids": interfaces}),
    )

    answer = ask(rule, build(read(planned)).network)

    assert answer.broken == []
    assert [each.missing for each in answer.unknown] == ["the interfaces of web"]
