"""References whose id is an expression: whoever nobody names may be meant by one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.network.build import build
from auditor.snapshot.load import load
from auditor.testing import Answer, ask

from ..exposed import nic, pip, subnet, vnet
from ..reaching import app_gateway, lb, lb_rule

Json = dict[str, Any]
EXPRESSION = "[reference('elsewhere').outputs.id.value]"
HOME = vnet(subnet(), subnet("gw", "10.0.1.0/26"))


def judge(asked: str, folder: Path, *resources: Json) -> Answer:
    """Ask a rule about what `bicep snapshot` evaluated, but for the expressions left in it."""
    path = folder / "predicted.json"
    path.write_text(json.dumps({"predictedResources": [HOME, *resources]}))
    return ask(asked, build(load((str(path),))).network)


def naming(key: str, *, many: bool = True) -> Json:
    """A NIC that names somebody and does not tell whom."""
    blank = {"id": EXPRESSION}
    return nic("nic-web", configuration={key: [blank] if many else blank})


@pytest.mark.parametrize(
    ("asked", "key", "pooled"),
    [
        ("LB-001", "loadBalancerBackendAddressPools", lb(lb_rule(), members=())),
        ("GW-006", "applicationGatewayBackendAddressPools", app_gateway(members=())),
    ],
)
def test_a_pool_may_be_the_one_that_an_interface_does_not_tell(
    asked: str, key: str, pooled: Json, tmp_path: Path
) -> None:
    assert len(judge(asked, tmp_path, pip("pip"), pooled, nic("nic-web")).broken) == 1

    answer = judge(asked, tmp_path, pip("pip"), pooled, naming(key))

    assert answer.broken == []
    (unknown,) = answer.unknown
    assert unknown.missing.startswith("whether nic-web names ")
    assert unknown.missing.endswith(f" as its {key}")


def test_E_1_an_address_may_be_the_one_that_an_interface_does_not_tell(tmp_path: Path) -> None:
    assert judge("EXP-001", tmp_path, pip("pip"), nic("nic-web")).kept == 1

    answer = judge("EXP-001", tmp_path, pip("pip"), naming("publicIPAddress", many=False))

    assert (answer.kept, answer.broken) == (0, [])
    assert "whether nic-web names pip" in answer.unknown[0].missing


def test_what_cannot_be_told_is_said_in_words(tmp_path: Path) -> None:
    other = vnet(subnet("own", networkSecurityGroup={"id": EXPRESSION}), name="other")

    (unknown,) = judge("NSG-001", tmp_path, other).unknown

    assert unknown.missing == "where a reference leads whose id is not told"
