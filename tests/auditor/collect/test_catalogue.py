"""The table of what is read covers everything that auditor understands."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from auditor.collect import catalogue
from auditor.collect.catalogue import KINDS, By
from auditor.resources.base import TYPES

ROOT = Path(__file__).parents[3]

READ = {kind.type.lower() for kind in KINDS} | {
    f"{kind.parent}/{kind.suffix}".lower() for kind in KINDS if kind.parent
}

EMBEDDED = {
    "microsoft.network/applicationgateways",
    "microsoft.network/expressroutecircuits",
    "microsoft.network/frontdoors",
    "microsoft.network/loadbalancers",
    "microsoft.network/networksecuritygroups",
    "microsoft.network/routetables",
    "microsoft.network/virtualnetworkgateways",
    "microsoft.network/virtualnetworks",
    "microsoft.containerservice/managedclusters",
}
"""Types whose children stand inside them, in lists of their own."""

RECORDS = {"microsoft.network/dnszones", "microsoft.network/privatednszones"}
"""Types of which one list tells children of several types."""

OLD_NAMES = {"microsoft.network/virtualhubs/virtualhubvnetconnections"}


def test_every_type_that_is_understood_is_read() -> None:
    import auditor.network.build  # noqa: F401  knows all types

    missing = {
        kind
        for kind in TYPES
        if kind not in READ | OLD_NAMES
        and not any(kind.startswith(f"{parent}/") for parent in EMBEDDED | RECORDS)
    }

    assert missing == set()


def test_the_script_for_az_reads_nothing_that_the_command_does_not() -> None:
    script = runpy.run_path(str(ROOT / "docs/export.py"))
    told = {kind.lower() for kind in script["LISTS"]}
    told |= {f"microsoft.network/{kind.lower()}" for kind in script["BY_GROUP"]}
    told |= {f"{parent}/{rest}".lower() for parent, rest, _ in script["CHILDREN"]}

    assert told <= READ


def test_each_kind_is_told_once_with_a_version() -> None:
    paths = [kind.path("/p").lower() for kind in KINDS if not kind.parent]
    below = [(kind.parent.lower(), kind.suffix.lower()) for kind in KINDS if kind.parent]

    assert len(paths) == len(set(paths))
    assert len(below) == len(set(below))
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", kind.version) for kind in KINDS)


def test_each_parent_is_read_itself() -> None:
    listed = {kind.type.lower() for kind in KINDS}

    assert {kind.parent.lower() for kind in KINDS if kind.by is By.PARENT} <= listed


def test_an_action_is_the_permission_that_the_path_takes() -> None:
    actions = {kind.action for kind in KINDS}

    assert {
        "Microsoft.Network/virtualNetworks/read",
        "Microsoft.Network/privateDnsZones/ALL/read",
        "Microsoft.Insights/diagnosticSettings/read",
        "Microsoft.Compute/virtualMachineScaleSets/networkInterfaces/read",
    } <= actions


def test_a_parents_name_is_quoted() -> None:
    (kind,) = (kind for kind in KINDS if kind.suffix == "flowLogs")

    assert (
        kind.path("/a b/ü?x#y%2f")
        == f"/a%20b/%C3%BC%3Fx%23y%252f/flowLogs?api-version={kind.version}"
    )
    assert catalogue.children("microsoft.network/networkwatchers") == (kind,)
