"""`auditor snapshot`, with Azure's own clients, against a stand-in of Azure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.spool import Spool

from ....command import Command
from ....standin import Estate, Fault, StandIn, identity
from ....standin.faults import denied, page_of_a_proxy, pointing_to, throttled
from ....standin.identity import SECRET
from ...snapshot.planted import ENCODED, PLANTED, planted
from ...snapshot.planted import SECRET as PLANT
from .taking import (
    ESTATES,
    GROUP,
    LISTS,
    OTHER,
    ROOT,
    SMALL,
    SUBSCRIPTION,
    gaps,
    names,
    options,
    resource,
    taken,
    untimed,
)

pytest.importorskip("azure.identity")


@pytest.mark.parametrize("estate", ESTATES, ids=lambda path: path.name)
def test_a_snapshot_of_an_estate_is_judged_as_its_files_are(auditor: Command, estate: Path) -> None:
    with StandIn(Estate.of_path(estate), page_size=3) as azure, azure.signed():
        _, snapshot = taken(auditor, azure)
    assert snapshot["gaps"] == []

    def findings(path: Path | str) -> Any:
        found = auditor("check", path, "--report", "json", "--as-of", "2026-11-23").report
        return [{**each, "location": None} for each in found["findings"]]

    assert findings("s.json") == findings(estate)


def test_fields_and_words_that_nobody_knows_survive(auditor: Command) -> None:
    strange = {
        **resource("routeTables", "rt", provisioningState="Astonished", newSetting={"a": [None]}),
        "fieldOfTomorrow": "x",
        "nothing": None,
    }
    with StandIn(Estate.of([strange])) as azure, azure.signed():
        _, snapshot = taken(auditor, azure)

    assert snapshot["resources"] == [{"apiVersion": "2024-05-01", **strange}]


def test_two_runs_give_the_same_bytes_but_for_the_time(auditor: Command, azure: StandIn) -> None:
    texts = []
    for concurrency in ("16", "1"):
        taken(auditor, azure, "--concurrency", concurrency)
        texts.append(untimed((auditor.folder / "s.json").read_bytes()))

    assert texts[0] == texts[1]
    assert sorted(each.name for each in auditor.folder.iterdir()) == ["s.json"]


def test_secrets_and_tokens_are_nowhere(auditor: Command) -> None:
    probes = [{"properties": {"path": "/health?code=hunter2"}}]
    estate = [
        resource("connections", "conn", sharedKey="hunter2"),
        resource("applicationGateways", "agw", sslCertificates=[], probes=probes),
    ]
    with StandIn(Estate.of(estate)) as azure, azure.signed():
        azure.faults.append(denied("/routeTables"))
        ran, snapshot = taken(auditor, azure)
    text = (auditor.folder / "s.json").read_text() + ran.err + ran.out

    assert names(snapshot) == ["agw", "conn"]
    assert text.count("<redacted>") == 2
    for secret in ("hunter2", SECRET, "eyJ", "Bearer"):
        assert secret not in text


@pytest.mark.parametrize("sweep", ["arm", "graph"])
def test_no_secret_of_any_type_reaches_the_disk(
    auditor: Command, sweep: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Spool, "remove", Spool.close)
    with StandIn(Estate.of(map(planted, PLANTED))) as azure, azure.signed():
        ran, snapshot = taken(auditor, azure, "--sweep", sweep)
    read = {each["type"].lower() for each in snapshot["resources"]}
    written = [each for each in auditor.folder.rglob("*") if each.is_file()]

    assert {kind.lower() for kind in PLANTED} - read == {"microsoft.example/oftomorrow"}
    assert {"s.json", "records", "journal"} <= {each.name for each in written}
    for text in (*(each.read_bytes() for each in written), ran.err.encode()):
        for secret in (PLANT, ENCODED[40:], SECRET):
            assert secret.encode() not in text


def test_the_output_can_be_piped_and_compressed(auditor: Command, azure: StandIn) -> None:
    ran = auditor(*options(azure))
    assert ran.status == 0
    assert auditor("check", "-", stdin=json.loads(ran.out)).status in (0, 1)

    for name in ("s.json.gz", "s.json.zst"):
        assert auditor(*options(azure), "--output", name).status == 0
        assert auditor("check", name).status in (0, 1)


def test_what_is_no_plain_file_is_written_to_and_not_replaced(
    auditor: Command, azure: StandIn
) -> None:
    os.mkfifo(auditor.folder / "pipe")
    os.symlink("real.json", auditor.folder / "link.json")
    reader = subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE, cwd=auditor.folder)
    assert auditor(*options(azure), "--output", "pipe").status == 0
    out, _ = reader.communicate(timeout=20)
    assert auditor(*options(azure), "--output", "link.json").status == 0

    assert untimed(out) == untimed((auditor.folder / "real.json").read_bytes())
    assert (auditor.folder / "link.json").is_symlink()
    assert sorted(each.name for each in auditor.folder.iterdir()) == [
        "link.json", "pipe", "real.json",
    ]  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_device_that_is_full_is_no_fault_of_auditor(auditor: Command, azure: StandIn) -> None:
    ran = auditor(*options(azure), "--output", "/dev/full")

    assert ran.status == 2
    assert "/dev/full: cannot be written: No space left on device" in ran.err


def test_a_pipe_from_end_to_end(azure: StandIn) -> None:
    program = f"{sys.executable} -m auditor"
    line = f"{program} {' '.join(options(azure))} | {program} check - --report json"
    ran = subprocess.run(line, shell=True, capture_output=True, timeout=120, check=False)

    assert json.loads(ran.stdout)["audit"]["scope"] == [f"/subscriptions/{SUBSCRIPTION}"]


def test_a_reader_that_goes_away_is_no_fault(azure: StandIn) -> None:
    line = f"{sys.executable} -m auditor {' '.join(options(azure))} | true"
    ran = subprocess.run(line, shell=True, capture_output=True, timeout=120, check=False)

    assert b"fault of auditor" not in ran.stderr


def test_a_resource_group_brings_the_node_groups_of_its_clusters(auditor: Command) -> None:
    estate = ROOT / "fixtures/estates/docker-to-aks-broken"
    with StandIn(Estate.of_path(estate)) as azure, azure.signed():
        _, snapshot = taken(auditor, azure, "--resource-group", "RG-SHOP")
    groups = {each["id"].split("/")[4].lower() for each in snapshot["resources"]}

    assert snapshot["scope"] == [
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/MC_rg-shop_aks-shop_westeurope",
        GROUP,
    ]
    assert groups - {"microsoft.network"} == {"rg-shop", "mc_rg-shop_aks-shop_westeurope"}


def test_a_tenant_is_asked_for_its_token(auditor: Command, azure: StandIn) -> None:
    _, snapshot = taken(auditor, azure, "--tenant", identity.TENANT)

    assert names(snapshot) == ["nsg-app", "rt-app", "rt-db"]


# What Azure may do


def test_throttling_and_failures_are_waited_out(auditor: Command, azure: StandIn) -> None:
    azure.faults += [
        throttled("/routeTables", times=2),
        Fault("/networkSecurityGroups", status=503, times=2),
        Fault("/virtualNetworks", status=500),
    ]
    ran, snapshot = taken(auditor, azure)

    assert (names(snapshot), gaps(snapshot)) == (["nsg-app", "rt-app", "rt-db"], [])
    assert "5 retries" in ran.err


@pytest.mark.parametrize(
    ("fault", "gap"),
    [
        (lambda path: denied(path), ("denied", "routeTables")),
        (lambda path: Fault(path, status=401, times=None), ("denied", "routeTables")),
        (lambda path: Fault(path, status=500, times=None), ("failed", "routeTables")),
        (lambda path: Fault(path, drop=True, times=None), ("failed", "routeTables")),
        (lambda path: Fault(path, truncate=True, times=None), ("failed", "routeTables")),
        (lambda path: Fault(path, halve=True, times=None), ("failed", "routeTables")),
        (lambda path: page_of_a_proxy(path), ("failed", "routeTables")),
        (lambda path: Fault(path, status=200, body=b"{}", times=None), ("failed", "routeTables")),
        (lambda path: Fault(path, after=1, status=403, times=None), ("partial", "routeTables")),
    ],
    ids=["403", "401", "500", "drop", "truncate", "halve", "html", "no value", "second page"],
)
def test_what_cannot_be_read_is_a_gap_and_the_rest_is_read(
    auditor: Command, azure: StandIn, fault: Callable[[str], Fault], gap: tuple[str, str]
) -> None:
    azure.faults.append(fault(f"{LISTS}/routeTables"))
    ran, snapshot = taken(auditor, azure)

    assert gaps(snapshot) == [gap]
    assert "nsg-app" in names(snapshot)
    assert f"not read ({gap[0]}): {LISTS}/routeTables" in ran.err
    report = auditor("check", "s.json", "--report", "json").report
    assert "GOV-006" in {each["rule"] for each in report["findings"]}


def test_a_redirect_is_not_followed(auditor: Command, azure: StandIn) -> None:
    elsewhere = {"Location": f"{azure.base}/subscriptions/elsewhere?api-version=2024-05-01"}
    azure.faults.append(Fault(f"{LISTS}/routeTables", status=302, headers=elsewhere, times=None))
    _, snapshot = taken(auditor, azure)

    assert gaps(snapshot) == [("failed", "routeTables")]
    assert "/subscriptions/elsewhere" not in azure.count()


def test_the_token_goes_to_no_other_host(auditor: Command, azure: StandIn) -> None:
    with StandIn() as other:
        link = f"{other.base}{LISTS}/routeTables?api-version=2024-05-01"
        azure.faults.append(pointing_to(f"{LISTS}/routeTables", lambda _link: link))
        _, snapshot = taken(auditor, azure)

        assert gaps(snapshot) == [("partial", "routeTables")]
        assert other.calls == []


def test_nothing_is_ever_written_not_even_a_registration(auditor: Command, azure: StandIn) -> None:
    azure.azure.unregistered.add("microsoft.dbformysql")
    _, snapshot = taken(auditor, azure)

    assert gaps(snapshot) == []
    assert {call.method for call in azure.calls} == {"GET"}


def test_no_name_can_do_anything_to_a_terminal(auditor: Command) -> None:
    evil = resource("privateDnsZones", "\x1b[2Jevil<b>\u202e")
    with StandIn(Estate.of([*SMALL, evil])) as azure, azure.signed():
        azure.faults.append(denied("privateDnsZones/.*/virtualNetworkLinks"))
        ran, snapshot = taken(auditor, azure)

    assert gaps(snapshot) == [("denied", "virtualNetworkLinks")]
    assert "evil" in ran.err
    assert "\x1b" not in ran.err
    assert "\u202e" not in ran.err


def test_a_denied_subscription_is_one_gap(auditor: Command, azure: StandIn) -> None:
    azure.estate.add_subscription(OTHER)
    azure.azure.denied.add(OTHER)
    named = (
        "--subscription",
        SUBSCRIPTION,
        "--subscription",
        OTHER,
    )
    _, snapshot = taken(auditor, azure, *named)

    assert gaps(snapshot) == [("denied", OTHER)]


def test_a_subscription_that_is_not_there_is_one_gap(auditor: Command, azure: StandIn) -> None:
    named = ("--subscription", SUBSCRIPTION, "--subscription", OTHER)
    _, snapshot = taken(auditor, azure, *named)

    assert gaps(snapshot) == [("failed", OTHER)]
    assert "no such subscription" in snapshot["gaps"][0]["detail"]


def test_a_resource_that_vanishes_between_pages_is_no_gap(auditor: Command) -> None:
    zone = resource("privateDnsZones", "shop.internal")
    with StandIn(Estate.of([*SMALL, zone])) as azure, azure.signed():
        path = f"{LISTS}/privateDnsZones"
        azure.faults.append(Fault(f"{path}\\?", then=lambda: azure.estate.forget(zone["id"])))
        _, snapshot = taken(auditor, azure)

    assert (names(snapshot), gaps(snapshot)) == (["nsg-app", "rt-app", "rt-db"], [])
