"""The real Azure CLI reads the stand-in of Azure: a second client that no one here wrote.

    make az

It is no part of the suite: azure-cli takes 700 MB and a minute to install, and its dependencies do
not go with auditor's. So it wants an environment of its own:

    python3 -m venv .tools/az && .tools/az/bin/pip install azure-cli setuptools
    AZ=.tools/az/bin/az make az

Without an az, that is what this says, and it ends with 2.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .standin import Estate, StandIn
from .standin.identity import CLIENT, SECRET, TENANT

ESTATE = Path(__file__).parents[1] / "fixtures/estates/hub-and-spoke"
NETWORK = "microsoft.network"

LISTS = {
    "network vnet list": f"{NETWORK}/virtualnetworks",
    "network nsg list": f"{NETWORK}/networksecuritygroups",
    "network nic list": f"{NETWORK}/networkinterfaces",
    "network lb list": f"{NETWORK}/loadbalancers",
    "network public-ip list": f"{NETWORK}/publicipaddresses",
    "network private-endpoint list": f"{NETWORK}/privateendpoints",
    "aks list": "microsoft.containerservice/managedclusters",
    "vmss list": "microsoft.compute/virtualmachinescalesets",
    "keyvault list": "microsoft.keyvault/vaults",
    "identity list": "microsoft.managedidentity/userassignedidentities",
}
"""Commands of az, and the type that each lists."""


@dataclass(frozen=True, slots=True)
class Az:
    """az, signed in to a stand-in, in a configuration of its own."""

    program: str
    environment: dict[str, str]

    def __call__(self, *words: str) -> Any:
        """Run it; give its JSON. Raises CalledProcessError."""
        done = subprocess.run(
            [self.program, *words, "--only-show-errors", "--output", "json"],
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            timeout=300,
        )
        return json.loads(done.stdout or b"null")


def signed_in(program: str, azure: StandIn, folder: Path) -> Az:
    """Register the stand-in as a cloud and sign in to it, as a person would."""
    own = {"AZURE_CONFIG_DIR": str(folder / "azure"), "AZURE_CORE_COLLECT_TELEMETRY": "no"}
    own["PATH"] = f"{Path(program).absolute().parent}{os.pathsep}{os.environ['PATH']}"
    kept = {k: v for k, v in azure.environment().items() if not k.startswith("AZURE_")}
    az = Az(program, {**os.environ, **kept, **own})
    az("config", "set", "core.instance_discovery=false")
    az("cloud", "register", "--name", "StandIn", "--endpoint-resource-manager", f"{azure.base}/")
    az("cloud", "set", "--name", "StandIn")
    who = ("--username", CLIENT, "--password", SECRET, "--tenant", TENANT)
    az("login", "--service-principal", *who)
    return az


def differences(az: Az, azure: StandIn) -> Iterator[str]:
    """Tell what az lists otherwise than the estate has it; each type where there is most of it."""
    for command, kind in LISTS.items():
        there = {
            subscription: azure.estate.listed(f"/subscriptions/{subscription}/providers/{kind}")
            for subscription in azure.estate.subscriptions
        }
        subscription = max(there, key=lambda one: len(there[one]))
        rows = az(*command.split(), "--subscription", subscription)
        found = sorted(row["id"].lower() for row in rows)
        print(f"az {command}: {len(found)} of {len(there[subscription])}", flush=True)
        if found != sorted(one.key for one in there[subscription]):
            yield f"az {command} of {subscription} gave {found}"


def snapshot(az: Az, azure: StandIn, folder: Path) -> Any:
    """Take a snapshot with the credential of az."""
    output = folder / "live.json"
    command = [sys.executable, "-m", "auditor", "snapshot", "--credential", "cli"]
    where = ["--arm-endpoint", azure.base, "--authority", azure.base, "--output", str(output)]
    subprocess.run([*command, *where], env=az.environment, check=True, timeout=600)
    return json.loads(output.read_bytes())


def main() -> int:
    """Run az against the stand-in; give 0 when it reads what is there, 1 when not, 2 without az."""
    program = os.environ.get("AZ") or shutil.which("az")
    if not program or not shutil.which(program):
        print(__doc__, file=sys.stderr)
        return 2
    with (
        tempfile.TemporaryDirectory(prefix="auditor-az-") as name,
        StandIn(Estate.of_path(ESTATE), page_size=2) as azure,
    ):
        folder = Path(name)
        az = signed_in(program, azure, folder)
        wrong = list(differences(az, azure))
        document = snapshot(az, azure, folder)
        read = {one["id"].lower() for one in document["resources"]}
        wrong += [f"not in the snapshot: {key}" for key in azure.estate.by_key if key not in read]
        wrong += [f"a gap: {gap}" for gap in document["gaps"]]
    print(f"{len(read)} resources in the snapshot taken with the credential of az")
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
