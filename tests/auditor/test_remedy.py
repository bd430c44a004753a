from __future__ import annotations

import shlex

import pytest

from auditor.remedy import az, kubectl


def test_a_command_names_the_resource() -> None:
    assert (
        az("network", "nsg", "rule", "delete", resource_group="rg", nsg_name="n", name="ssh")
        == "az network nsg rule delete --resource-group rg --nsg-name n --name ssh"
    )


def test_several_values_booleans_and_nothing() -> None:
    line = az("x", prefixes=("10.0.0.0/24", "10.0.1.0/24"), on=False, size=3, gone=None)

    assert line == "az x --prefixes 10.0.0.0/24 10.0.1.0/24 --on false --size 3"


@pytest.mark.parametrize("name", ["$(reboot)", "a b", "`id`", "x;y", "'quoted'", "*"])
def test_a_hostile_name_stays_one_word(name: str) -> None:
    assert shlex.split(az("x", name=name)) == ["az", "x", "--name", name]


def test_a_name_cannot_end_the_line() -> None:
    assert "\n" not in az("x", name="a\nrm -rf /\x1b[2J")


def test_a_name_like_an_option_stays_a_value() -> None:
    assert az("x", name="--help") == "az x --name=--help"


def test_every_word_of_a_kubectl_command_is_quoted() -> None:
    line = kubectl("annotate", "service", "$(reboot)", "a=b", namespace="web; ls")

    assert shlex.split(line) == [
        "kubectl", "annotate", "service", "$(reboot)", "a=b", "--namespace", "web; ls",
    ]  # fmt: skip
