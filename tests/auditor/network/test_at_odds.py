"""A record whose id and type disagree is told, whichever of the two is read."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id, ask, estate, resource

PIP = "Microsoft.Network/publicIPAddresses"


def told(record: dict[str, Any]) -> list[str]:
    return [one.message.partition(": ")[2] for one in ask("GOV-006", estate(record)).broken]


@pytest.mark.parametrize("kind", ["x", "Microsoft.Network/natGateways", "Contoso.App/things"])
def test_a_type_that_the_id_is_not_of_is_told_with_its_place(kind: str) -> None:
    [finding] = ask("GOV-006", estate({**resource(PIP, "pip"), "type": kind})).broken

    assert finding.subject == arm_id(PIP, "pip")
    assert f'its id is that of a {PIP}, its type is "{kind}"' in finding.message
    assert finding.location is not None
    assert finding.location.pointer == "/value/0/type"


def test_an_id_of_what_nobody_reads_that_calls_itself_what_rules_read_is_told() -> None:
    record = {**resource("Contoso.App/things", "one"), "type": PIP}
    assert len(told(record)) == 1


@pytest.mark.parametrize(
    "record",
    [
        resource("microsoft.network/PublicIpAddresses", "pip") | {"type": PIP},
        resource("Contoso.App/things", "one") | {"type": "Contoso.App/others"},
        resource(
            "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces",
            "nodes/0/nic",
            {"ipConfigurations": []},
        )
        | {"type": "Microsoft.Network/networkInterfaces"},
        {
            "id": f"{arm_id(PIP, 'pip')}/providers/microsoft.insights/diagnosticSettings/logs",
            "name": "logs",
            "type": "Microsoft.Insights/diagnosticSettings",
            "properties": {},
        },
    ],
)
def test_other_letters_other_words_before_and_what_nobody_reads_are_not(
    record: dict[str, Any],
) -> None:
    assert not [message for message in told(record) if "its id is" in message]
