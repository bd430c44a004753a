"""A field of many nodes, read in one go."""

from __future__ import annotations

from auditor.resources import walk
from auditor.resources.base import unset
from auditor.resources.interfaces import NetworkInterface
from auditor.testing import estate, resource

NIC = "Microsoft.Network/networkInterfaces"
PATH = "properties.provisioning_state"


def nics() -> tuple[NetworkInterface, ...]:
    told = {"provisioningState": "Succeeded"}
    return estate(resource(NIC, "a", told), resource(NIC, "b", {}), resource(NIC, "c", told)).all(
        NetworkInterface
    )


def test_a_field_of_each() -> None:
    assert walk.read_each(nics(), PATH) == ["Succeeded", None, "Succeeded"]


def test_a_field_that_some_do_not_tell() -> None:
    first, second, third = nics()
    unset(first.properties, "provisioning_state")
    unset(second, "properties")
    assert walk.read_each((first, second, third), PATH) == [walk.UNTOLD, walk.UNTOLD, "Succeeded"]


def test_a_field_that_the_class_does_not_have() -> None:
    assert walk.read_each(nics(), "properties.nothing") == [walk.UNTOLD] * 3
