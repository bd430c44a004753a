from __future__ import annotations

import json
import shlex
from itertools import chain, count, islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import ids
from auditor.network.build import build
from auditor.remedy import az, kubectl, unless_alone, unused_name
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.snapshot.load import load
from auditor.testing import ask, estate, resource


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


@pytest.mark.parametrize("file", ["web.json", "my {deploy}.json"])
def test_what_a_template_does_not_say_of_its_deployment_is_left_to_fill_in(
    file: str, tmp_path: Path
) -> None:
    """A template names neither its resource group nor its subscription."""
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{"type": "Microsoft.Network/virtualNetworks", "name": "hub"}],
    }
    (tmp_path / file).write_text(json.dumps(template), encoding="utf-8")
    [hub] = build(load([str(tmp_path / file)])).network.all(VirtualNetwork)
    group = f"<resource group of {file}>"
    assert shlex.split(az("x", resource_group=hub.resource_group, id=hub.id)) == [
        "az", "x", "--resource-group", group, "--id",
        f"/subscriptions/<subscription>/resourceGroups/{group}"
        "/providers/Microsoft.Network/virtualNetworks/hub",
    ]  # fmt: skip


def test_a_template_from_standard_input_has_no_name_to_tell() -> None:
    assert (
        az("x", resource_group="{resource-group:-}") == "az x --resource-group '<resource group>'"
    )


@settings(max_examples=300, deadline=None)
@given(
    taken=st.sets(
        st.builds(
            lambda stem, join, number: f"{stem}{join}{number}",
            st.sampled_from(["web", "web-2", "web2", "api", ""]),
            st.sampled_from(["", "-", "--"]),
            st.sampled_from(["", *map(str, range(14)), "02", "20", "9999999999"]),
        )
    ),
    name=st.sampled_from(["web", "Web-2", "web2", "new"]),
    nth=st.integers(0, 15),
    join=st.sampled_from(["-", ""]),
)
def test_a_name_is_the_nth_that_nothing_has(
    taken: set[str], name: str, nth: int, join: str
) -> None:
    """As if each was tried in turn."""
    tried = chain((name,), (f"{name}{join}{number}" for number in count(2)))
    free = (each for each in tried if each.lower() not in taken)
    assert unused_name(name, taken, nth=nth, join=join) == next(islice(free, nth, None))


def test_a_name_for_one_of_many_is_found_without_trying_those_before_it() -> None:
    assert unused_name("web", frozenset({"web", "web-3"}), nth=10**12) == f"web-{10**12 + 3}"


HERE, THERE = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"


def test_a_resource_group_tells_its_subscription() -> None:
    group = ids.resource_group(f"/subscriptions/{HERE}/resourceGroups/rg/providers/N/n/v")
    line = az("network", "nsg", "delete", resource_group=group, name="n")
    assert line == f"az network nsg delete --resource-group rg --name n --subscription {HERE}"
    assert az("network", "nsg", "delete", resource_group="rg").endswith("--resource-group rg")
    untold = ids.resource_group("/subscriptions/{subscription}/resourceGroups/rg")
    assert "--subscription" not in az("network", "nsg", "delete", resource_group=untold)


def test_the_only_subscription_of_an_input_goes_without_saying() -> None:
    one, two = (f"az group show --name g --subscription {each}" for each in (HERE, THERE))
    assert unless_alone(f"{one} && {two}", HERE) == f"az group show --name g && {two}"
    assert (
        unless_alone(f"{one}; then, {two}", THERE.upper()) == f"{one}; then, az group show --name g"
    )
    assert unless_alone(f"{one}5", HERE) == f"{one}5"
    assert unless_alone(one, "") == one


@pytest.mark.parametrize("heads", [(HERE,), (HERE, THERE), (HERE, HERE.upper())])
def test_commands_name_a_subscription_where_the_input_has_several(heads: tuple[str, ...]) -> None:
    idle = [
        resource("Microsoft.Network/routeTables", name, {"provisioningState": "Succeeded"})
        for name in ("a", "b")[: len(heads)]
    ]
    for each, head in zip(idle, heads, strict=True):
        each["id"] = each["id"].replace(HERE, head)
    remedies = [finding.remedy for finding in ask("GOV-001", estate(*idle)).broken]
    assert len(remedies) == len(heads)
    several = len({head.lower() for head in heads}) > 1
    assert ["--subscription" in remedy for remedy in remedies] == [several] * len(heads)
