from __future__ import annotations

from typing import Any

import pytest

from auditor.snapshot.document import Gap
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import subnet_id, vnet, vnet_id

Json = dict[str, Any]
NSG = arm_id("Microsoft.Network/networkSecurityGroups", "nsg")
WATCHER = resource("Microsoft.Network/networkWatchers", "w", group="NetworkWatcherRG")


HERE = vnet_id("a").partition("/resourceGroups")[0]
ELSEWHERE = "/subscriptions/99999999-9999-9999-9999-999999999999"


def home(**subnets: Json) -> Json:
    prefixes = {
        name: {"addressPrefix": f"10.0.{n}.0/24", **more}
        for n, (name, more) in enumerate(subnets.items())
    }
    return vnet("a", "10.0.0.0/16", subnets=prefixes)


def log(target: str, *, enabled: bool | None = True, name: str = "f") -> Json:
    settings: Json = {"targetResourceId": target}
    if enabled is not None:
        settings["enabled"] = enabled
    return resource("Microsoft.Network/networkWatchers/flowLogs", f"w/{name}", settings)


OTHER = log(vnet_id("b"), name="other")
"""That flow logs were exported is told by any of them."""


def asked(*resources: Json) -> Answer:
    return ask("OBS-002", estate(*resources))


def test_no_log() -> None:
    [finding] = asked(home(web={}), WATCHER, OTHER).broken
    assert finding.subject == vnet_id("a")
    assert finding.message == "virtual network a is watched by no flow log"
    assert finding.evidence[0].pointer == "/properties/subnets"
    assert f"--location westeurope --name a-flowlog --vnet {vnet_id('a')}" in finding.remedy


@pytest.mark.parametrize("target", [vnet_id("a"), vnet_id("A").upper()])
def test_a_log_of_the_network(target: str) -> None:
    assert asked(home(web={}, data={}), log(target)).kept == 1


def test_logs_of_every_subnet() -> None:
    logs = [log(subnet_id("a", name), name=name) for name in ("web", "data")]
    assert asked(home(web={}, data={}), *logs).kept == 1
    [finding] = asked(home(web={}, data={}), logs[0]).broken
    assert finding.message == "virtual network a is only partly watched by flow logs: not data"
    assert finding.related == (subnet_id("a", "data"),)


def test_a_log_of_the_security_group_counts_for_its_subnets() -> None:
    grouped = {"networkSecurityGroup": {"id": NSG}}
    assert asked(home(web=grouped), log(NSG)).kept == 1
    assert len(asked(home(web=grouped, data={}), log(NSG)).broken) == 1


def test_a_disabled_log_watches_nothing() -> None:
    assert len(asked(home(web={}), log(vnet_id("a"), enabled=False)).broken) == 1


def test_a_log_that_does_not_say_is_unknown() -> None:
    silent = log(vnet_id("a"), enabled=None)
    answer = asked(home(web={}), silent)
    assert (answer.kept, answer.broken) == (0, [])
    assert "whether flow log f is enabled" in answer.unknown[0].missing
    assert asked(home(web={}), silent, log(vnet_id("a"), name="g")).kept == 1


def test_without_any_watcher_or_log_it_is_unknown() -> None:
    answer = asked(home(web={}))
    assert (answer.kept, answer.broken) == (0, [])
    assert answer.unknown[0].missing.endswith("were they exported?")


def test_a_region_that_is_not_told_is_not_what_is_missing() -> None:
    """A template that deploys to the region of its resource group."""
    nowhere = (("/location", "the resource group's location is not in the template"),)
    here = {key: value for key, value in home(web={}).items() if key != "location"}

    answer = ask("OBS-002", estate(here, unresolved=nowhere))
    assert answer.unknown[0].missing.endswith("were they exported?")
    assert "watcher flow-log list --location '<region>'" in answer.unknown[0].remedy

    aimless = {**log(""), "location": "westeurope"}
    answer = ask("OBS-002", estate(here, aimless, unresolved=nowhere))
    assert (answer.kept, answer.broken) == (0, [])
    assert answer.unknown[0].missing == "what flow log f watches"


def test_watchers_do_not_tell_their_logs() -> None:
    foreign = {**OTHER, "id": OTHER["id"].replace(HERE, ELSEWHERE)}
    for others in ((), (foreign,)):
        answer = asked(home(web={}), WATCHER, *others)
        assert (answer.kept, answer.broken) == (0, [])
        assert answer.unknown[0].missing.endswith("were they exported?")
        assert "watcher flow-log list --location westeurope" in answer.unknown[0].remedy


def test_a_snapshot_asks_every_watcher_it_holds() -> None:
    def of(shape: str, *watchers: Json) -> Answer:
        return ask("OBS-002", estate(home(web={}), *watchers, shape=shape))

    assert of("auditor snapshot", WATCHER).names == ["a"]
    assert len(of("auditor snapshot").unknown) == 1  # of one resource group, perhaps
    foreign = {**WATCHER, "id": WATCHER["id"].replace(HERE, ELSEWHERE)}
    assert len(of("auditor snapshot", foreign).unknown) == 1
    assert len(of("Resource Graph", WATCHER).unknown) == 1


def test_a_network_without_subnets_has_nothing_to_watch() -> None:
    assert asked(vnet("a", "10.0.0.0/16"), WATCHER).kept == 1
    untold = resource("Microsoft.Network/virtualNetworks", "a")
    assert len(asked(untold, WATCHER).unknown) == 1


def test_many_subnets_are_told_in_short() -> None:
    subnets: dict[str, Json] = {name: {} for name in "abcdef"}
    [finding] = asked(home(**subnets), log(subnet_id("a", "a"))).broken
    assert finding.message.endswith("not b, c, d and 2 more")


@pytest.mark.parametrize(
    "subject",
    [
        f"{WATCHER['id']}/flowLogs",
        f"{HERE}/providers/Microsoft.Network/networkWatchers",
        f"{HERE}/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers",
        HERE.upper(),
    ],
)
def test_the_flow_logs_of_its_subscription_were_not_read(subject: str) -> None:
    gap = Gap("partial", subject, "page 2 is missing")

    answer = ask("OBS-002", estate(home(web={}), WATCHER, gaps=(gap,)))

    assert (answer.broken, answer.kept) == ([], 0)
    assert "was not read (page 2 is missing)" in answer.unknown[0].missing


@pytest.mark.parametrize(
    "gap",
    [
        Gap("denied", f"{ELSEWHERE}/providers/Microsoft.Network/networkWatchers", "refused"),
        Gap("denied", ELSEWHERE, "refused"),
        Gap("denied", f"{HERE}/providers/Microsoft.Network/virtualWans", "refused"),
        Gap("lossy", f"{WATCHER['id']}/flowLogs", "fields are dropped"),
        Gap("partial", "flowLogs.json", "a next page"),
    ],
)
def test_what_else_was_not_read_says_nothing_of_its_flow_logs(gap: Gap) -> None:
    assert len(ask("OBS-002", estate(home(web={}), WATCHER, OTHER, gaps=(gap,))).broken) == 1


def test_a_log_that_was_read_keeps_it_whatever_was_not() -> None:
    gap = Gap("denied", f"{WATCHER['id']}/flowLogs", "refused")

    assert ask("OBS-002", estate(home(web={}), log(vnet_id("a")), gaps=(gap,))).kept == 1


def test_a_log_may_watch_the_network_of_a_template_that_tells_no_group() -> None:
    declared = home(app={})
    declared["id"] = declared["id"].replace(
        "/resourceGroups/rg/", "/resourceGroups/{resource-group:net}/"
    )
    answer = asked(declared, WATCHER, log(vnet_id("a")))
    assert answer.broken == []
    assert "its template does not tell where it goes" in answer.unknown[0].missing
