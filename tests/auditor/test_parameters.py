from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from auditor import registry, settings
from auditor.errors import UsageError
from auditor.parameters import parameters_of

from ..few_rules import RULES, Limits


def test_parameters_take_the_types_of_the_defaults() -> None:
    given = {
        "nsg-001": {
            "max-days": 3,
            "share": 1,
            "words": ["x", "y"],
            "loud": True,
            "since": date(2027, 2, 3),
        }
    }

    assert parameters_of(RULES, given, "f") == {
        "NSG-001": Limits(3, 1.0, ("x", "y"), True, date(2027, 2, 3))
    }
    assert parameters_of(RULES, {"NSG-001": {}}, "f") == {"NSG-001": Limits()}
    assert parameters_of(RULES, {}, "f") == {}


def test_a_wrong_value_is_told_without_the_name_it_has_in_python() -> None:
    with pytest.raises(UsageError) as caught:
        parameters_of(RULES, {"NSG-001": {"max-days": "3"}}, "f")

    assert str(caught.value).endswith("params.NSG-001.max-days: Expected `int`, got `str`")


@pytest.mark.parametrize(
    ("given", "what", "advice"),
    [
        ({"NSG-001": {"max-days": "3"}}, "Expected `int`, got `str`", ""),
        ({"NSG-001": {"max-days": True}}, "Expected `int`, got `bool`", ""),
        ({"NSG-001": {"max-days": 1.5}}, "Expected `int`, got `float`", ""),
        ({"NSG-001": {"max-days": -1}}, "max-days is negative", ""),
        ({"NSG-001": {"words": "x"}}, "Expected `array`, got `str`", ""),
        ({"NSG-001": {"words": [1]}}, "Expected `str`, got `int`", ""),
        ({"NSG-001": {"max_days": 3}}, "unknown key", "did you mean max-days?"),
        ({"NSG-014": {"x": 3}}, "NSG-014 takes no parameters", ""),
        ({"NSG-02": {}}, "there is no rule", "did you mean NSG-0"),
        ({"NSG-001": {}, "nsg-001": {}}, "has its parameters twice", ""),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    given: dict[str, dict[str, Any]], what: str, advice: str
) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        parameters_of(RULES, given, "auditor.toml")

    assert advice in caught.value.advice
    assert caught.value.where.startswith("auditor.toml: params.")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("[params.PE-010]\nport = 99999", "2: params.PE-010.port: Expected `int` <= 65535"),
        ("[params.pe-010]\nport = -5", "2: params.pe-010.port: Expected `int` >= 0"),
        ("[params.NSG-011]\n\nports = [22, 70000]", "3: params.NSG-011.ports: Expected `int` <="),
        ("[params.NSG-011]\nports = [-1]", "2: params.NSG-011.ports: Expected `int` >= 0"),
        ("[params.NSG-008]\ntcp = [65536]", "2: params.NSG-008.tcp: Expected `int` <= 65535"),
        ("[params.EXP-007]\nports = [-1]", "2: params.EXP-007.ports: Expected `int` >= 0"),
        (
            '[params.EXP-005]\nallow = ["ports"]\nports = ["ssh"]',
            '3: params.EXP-005.ports: "ssh" is neither a port',
        ),
        (
            '[params.NAT-005.declared]\n"*/aks" = ["hello"]',
            '1: params.NAT-005.declared: "hello" is not a CIDR',
        ),
        (
            '[params.GW-023]\nclients = ["AzureCloud", "10.0.0.0/40"]',
            '2: params.GW-023.clients: "10.0.0.0/40"',
        ),
        (
            '[params.NAT-006.declared]\n"*/aks" = "nat"',
            '1: params.NAT-006.declared: "nat" is none of route, nat-gateway, public-ip, ',
        ),
        (
            "[params.EXP-005]\nports = []",
            "2: params.EXP-005.ports: without ports nothing is judged",
        ),
        (
            "[params.EXP-007]\nports = []",
            "2: params.EXP-007.ports: without ports nothing is judged",
        ),
        (
            "[params.NSG-011]\nports = []",
            "2: params.NSG-011.ports: without ports nothing is judged",
        ),
        ("[params.NSG-019]\ntags = []", "2: params.NSG-019.tags: without tags nothing is judged"),
        (
            "[params.NSG-008]\ntcp = []\nudp = []",
            "1: params.NSG-008: without tcp and udp nothing is judged",
        ),
        ("[params.GW-020]\nrecommended-v1 = 33", "2: params.GW-020.recommended-v1: Expected `int`"),
        ("[params.ADR-009]\nlongest-prefix = -1", "2: params.ADR-009.longest-prefix: Expected"),
        ("[params.TLS-001]\nalarm-days = -1", "2: params.TLS-001.alarm-days: Expected `int`"),
        ("[params.NAT-003]\nports-per-machine = 70000", "2: params.NAT-003.ports-per-machine: "),
        ("[params.RTE-007]\nallowed = ['x']", "2: params.RTE-007.allowed: "),
        ("\n[params.TLS-001]\nalarm_days = 1", "3: params.TLS-001.alarm_days: unknown key"),
        ("\n[params.TLS-0O1]\nalarm-days = 1", '2: params.TLS-0O1: there is no rule "TLS-0O1"'),
        ("\nparams.NSG-003.x = 1", "2: params.NSG-003: NSG-003 takes no parameters"),
    ],
)
def test_a_value_that_a_rule_cannot_use_is_told_with_its_place(
    given: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "auditor.toml"
    path.write_text(given)
    read_ = settings.read(path)

    with pytest.raises(UsageError) as caught:
        parameters_of(registry.rules(), read_.parameters, read_.file)

    assert str(caught.value).startswith(f"{path}:{told}")
