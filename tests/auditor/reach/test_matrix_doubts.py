"""What a matrix says of a pair beside its verdict: which rule stops it, and why it is not told."""

from __future__ import annotations

from auditor.network.graph import Network
from auditor.reach.cell import Blocker, Cell
from auditor.testing import arm_id, estate, resource

from ...networks import Json, nic, peer, subnet_id
from ...networks import vnet as net
from ...reaching import ref
from ...routing import route, table
from ..network.filtering.test_naive import written
from .test_matrix import cells, one_by_one

A, B, HUB = "10.1.0.0/16", "10.2.0.0/16", "10.0.0.0/16"
MANAGER = "Microsoft.Network/networkManagers"
CONFIGURATION = f"{MANAGER}/securityAdminConfigurations"


def admin(access: str, ports: str = "443", collection: str = "some") -> list[Json]:
    """A rule of administrators for TCP that comes in: whether it is in force, nobody tells."""
    everything = [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}]
    rule = {
        "access": access, "priority": 10, "direction": "Inbound", "protocol": "Tcp",
        "sources": everything, "destinations": everything,
        "sourcePortRanges": ["0-65535"], "destinationPortRanges": [ports],
    }  # fmt: skip
    group = {"appliesToGroups": [{"networkGroupId": arm_id(f"{MANAGER}/networkGroups", "m", "g")}]}
    return [
        resource(MANAGER, "m"),
        resource(CONFIGURATION, "m/c"),
        resource(f"{CONFIGURATION}/ruleCollections", f"m/c/{collection}", group),
        resource(
            f"{CONFIGURATION}/ruleCollections/rules", f"m/c/{collection}/one", rule, kind="Custom"
        ),
    ]


def denied() -> Json:
    rule = {"name": "shut", "priority": 4096, "direction": "Inbound", "access": "Deny",
            "protocol": "*", "from": "*", "to": "*", "ports": "*"}  # fmt: skip
    return written([rule], "shut")


def pair(*more: Json, group: bool = True) -> Network:
    """Network a with subnets x and y, the second behind a group that denies everything."""
    target: Json = {"addressPrefix": "10.1.1.0/24"}
    if group:
        target["networkSecurityGroup"] = ref("Microsoft.Network/networkSecurityGroups", "shut")
    return estate(net("a", A, subnets={"x": "10.1.0.0/24", "y": target}), denied(), *more)


def told(network: Network, source: tuple[str, str], target: tuple[str, str]) -> Cell:
    """The cell of a pair, where all cells are what each pair is told by itself."""
    found = cells(network)
    assert found == one_by_one(network)
    return found[subnet_id(*source).lower(), subnet_id(*target).lower(), 4]


def labels(cell: Cell) -> set[str]:
    return {reason.label for reason in cell.reasons}


def test_N_50_a_group_that_denies_whatever_admin_rules_do_is_named() -> None:
    cell = told(pair(*admin("Deny")), ("a", "x"), ("a", "y"))
    assert cell.blocker == Blocker("nsg-inbound", "to", "", "securityRules/shut")


def test_N_50_an_admin_rule_that_may_skip_a_group_is_why_a_pair_is_not_told() -> None:
    cell = told(pair(*admin("AlwaysAllow", "0-65535")), ("a", "x"), ("a", "y"))
    assert cell.unsure
    assert labels(cell) == {"avnm-unknown"}


SPOKES: Json = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}


def test_N_52_each_port_is_in_doubt_for_a_reason_of_its_own() -> None:
    network = pair(*admin("Deny"), *admin("Deny", "8081", "more"), group=False)
    cell = told(network, ("a", "x"), ("a", "y"))
    assert {reason.resource.rpartition("/")[2] for reason in cell.reasons} == {"some", "more"}


def test_N_22_the_tags_of_an_appliance_are_why_a_pair_is_not_told() -> None:
    """A route of its subnet may put the sender's network into VirtualNetwork."""
    apart: Json = {**SPOKES, "allowVirtualNetworkAccess": False}
    hub = net("hub", HUB, subnets={"edge": {
        "addressPrefix": "10.0.1.0/24",
        "networkSecurityGroup": ref("Microsoft.Network/networkSecurityGroups", "g"),
        "routeTable": ref("Microsoft.Network/routeTables", "hops"),
    }}, peers=[peer("a", A, **apart), peer("b", B, **SPOKES)])  # fmt: skip
    steered: Json = {"addressPrefix": "10.1.0.0/24"}
    steered["routeTable"] = ref("Microsoft.Network/routeTables", "rt")
    network = estate(
        hub,
        net("a", A, subnets={"x": steered}, peers=[peer("hub", HUB, **SPOKES)]),
        net("b", B, subnets={"y": "10.2.0.0/24"}, peers=[peer("hub", HUB, **SPOKES)]),
        table("rt", route(B, "VirtualAppliance", "10.0.1.4")),
        table("hops", route("10.1.0.0/17", "VirtualAppliance", "10.0.1.9", name="far")),
        nic("nva", "10.0.1.4", ("hub", "edge"), enableIPForwarding=True),
        written([], "g"),
    )
    cell = told(network, ("a", "x"), ("b", "y"))
    assert "semantics:N-22" in labels(cell)
