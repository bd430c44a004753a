"""What a template asks of the resources that it makes itself."""

from __future__ import annotations

from typing import Any

import pytest

from .reading import bodies, read
from .templates import NETWORK, resource, template

Json = dict[str, Any]
HUB = f"{NETWORK}/virtualNetworks/hub"
BY_ID = "reference(resourceId('Microsoft.Network/virtualNetworks', 'hub'), '2024-05-01')"


def hub(*subnets: str, **more: Any) -> Json:
    listed = [{"name": each, "properties": {"addressPrefix": "10.0.0.0/24"}} for each in subnets]
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    return resource(properties={"addressSpace": space, "subnets": listed}, **more)


def asked(expression: str, *resources: Json, symbolic: bool = False) -> Any:
    """What an expression in a network interface is, beside some resources."""
    nic = resource("nic", "networkInterfaces", properties={"x": f"[{expression}]"})
    told = template(*resources, nic)
    if symbolic:
        told["languageVersion"] = "2.0"
        told["resources"] = {f"r{n}": each for n, each in enumerate(told["resources"])}
    (found,) = [one for one in bodies(read(told)) if one["name"] == "nic"]
    return found["properties"].get("x")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("subnets[0].id", f"{HUB}/subnets/web"),
        ("subnets[0].name", "web"),
        ("subnets[0].properties.addressPrefix", "10.0.0.0/24"),
        ("addressSpace.addressPrefixes[0]", "10.0.0.0/16"),
        ("subnets[1].id", None),
        ("resourceGuid", None),
    ],
)
def test_settings_come_back_as_they_were_asked_for(path: str, value: Any) -> None:
    """Bicep files write `vnet.properties.subnets[0].id` for the subnet of a machine."""
    assert asked(f"{BY_ID}.{path}", hub("web")) == value
    assert asked(f"reference('r0').{path}", hub("web"), symbolic=True) == value


@pytest.mark.parametrize(
    "resources",
    [
        (hub("web", "db"),),
        (hub("web", condition=False),),
        (hub("web", copy={"name": "c", "count": 1}),),
        (hub("web"), resource("hub/more", "virtualNetworks/subnets", properties={})),
        (hub("web", resources=[{"type": "subnets", "name": "more", "properties": {}}]),),
        (),
    ],
)
def test_not_where_azure_may_list_another_one_first(resources: tuple[Json, ...]) -> None:
    assert asked(f"{BY_ID}.subnets[0].id", *resources) is None


@pytest.mark.parametrize(
    "expression",
    [
        "reference(resourceId('Microsoft.Storage/storageAccounts', 's')).name",
        f"{BY_ID[:-1]}, 'full').subnets[0].id",
        f"{BY_ID}.subnets[0].id.x",
    ],
)
def test_what_azure_alone_knows_stays_unknown(expression: str) -> None:
    store = {"type": "Microsoft.Storage/storageAccounts", "name": "s", "properties": {"name": "s"}}
    assert asked(expression, hub("web"), store) is None


def test_a_value_that_azure_gives_is_not_told_by_its_absence() -> None:
    shown = "reference(resourceId('Microsoft.Network/publicIPAddresses', 'pip')).ipAddress"
    pip = resource("pip", "publicIPAddresses", properties={"ipAddress": None})
    assert asked(f"coalesce({shown}, 'none')", pip) is None
