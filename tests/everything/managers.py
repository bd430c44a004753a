"""A network manager with its groups and admin rules."""

from __future__ import annotations

from .paths import VNET, Json, at, thing


def managers() -> list[Json]:
    manager = "networkManagers/central"
    rules = f"{manager}/securityAdminConfigurations/base/ruleCollections/all"
    return [
        thing(manager),
        thing(f"{manager}/networkGroups/spokes"),
        thing(f"{manager}/networkGroups/spokes/staticMembers/hub", resourceId=at(VNET)),
        thing(f"{manager}/connectivityConfigurations/mesh", connectivityTopology="Mesh"),
        thing(f"{manager}/securityAdminConfigurations/base"),
        thing(
            rules,
            appliesToGroups=[{"networkGroupId": at(f"{manager}/networkGroups/spokes")}],
        ),
        thing(
            f"{rules}/rules/no-ssh",
            beside={"kind": "Custom"},
            priority=10,
            direction="Inbound",
            access="Deny",
            protocol="Tcp",
            sources=[{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}],
            destinationPortRanges=["22"],
        ),
    ]
