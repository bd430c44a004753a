"""`auditor snapshot`, with Azure's own clients, against a stand-in of Azure."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.spool import Spool

from ...command import Command, Ran, apart
from ...standin import Estate, Fault, StandIn, identity
from ...standin.faults import denied, page_of_a_proxy, pointing_to, throttled
from ...standin.identity import SECRET
from ..snapshot.planted import ENCODED, PLANTED, planted
from ..snapshot.planted import SECRET as PLANT

pytest.importorskip("azure.identity")

from auditor.snapshot import azure as clients

ROOT = Path(__file__).parents[3]
ESTATES = sorted(path.parent for path in (ROOT / "fixtures/estates").glob("*/expected.toml"))
SUBSCRIPTION = "6f1d0c52-8a3e-4b77-9c41-2e5b7a90d318"
OTHER = "99999999-0000-4000-8000-000000000000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-shop"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
LISTS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network"


def resource(kind: str, name: str, **properties: Any) -> dict[str, Any]:
    id = f"{NETWORK}/{kind}/{name}"
    return {"id": id, "name": name, "type": f"Microsoft.Network/{kind}", "properties": properties}


SMALL = [
    resource("routeTables", "rt-app", routes=[]),
    resource("routeTables", "rt-db", routes=[]),
    resource("networkSecurityGroups", "nsg-app", securityRules=[]),
]


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(clients.RETRIES, "retry_backoff_factor", 0)


@pytest.fixture
def azure() -> Iterator[StandIn]:
    with StandIn(Estate.of(SMALL), page_size=1) as standin, standin.signed():
        yield standin


def options(azure: StandIn) -> list[str]:
    return [
        *("snapshot", "--arm-endpoint", azure.base, "--authority", azure.base),
        *("--credential", "environment", "--sweep", "arm"),
    ]


def taken(auditor: Command, azure: StandIn, *more: str) -> tuple[Ran, dict[str, Any]]:
    """Take a snapshot that succeeds."""
    ran = auditor(*options(azure), "--output", "s.json", *more)
    assert ran.status == 0, ran.err
    found: dict[str, Any] = json.loads((auditor.folder / "s.json").read_bytes())
    return ran, found


def names(snapshot: dict[str, Any]) -> list[str]:
    return [each["id"].rpartition("/")[2] for each in snapshot["resources"]]


def gaps(snapshot: dict[str, Any]) -> list[tuple[str, str]]:
    return [(gap["kind"], gap["subject"].rpartition("/")[2]) for gap in snapshot["gaps"]]


def untimed(text: bytes) -> bytes:
    return re.sub(rb'"taken_at": "[^"]*"', b'"taken_at": ""', text)


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


# Cut off, and resumed


def begun(azure: StandIn, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "auditor", *options(azure), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def until(test: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not test():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_leaves_no_half_file_and_resumes_to_the_same_bytes(
    auditor: Command, azure: StandIn, by: signal.Signals
) -> None:
    taken(auditor, azure)
    whole = (auditor.folder / "s.json").read_bytes()
    (auditor.folder / "s.json").unlink()
    azure.calls.clear()
    slow = Fault(f"{LISTS}/virtualWans", delay=60, times=None)
    azure.faults.append(slow)
    running = begun(azure, "--output", "s.json", "--concurrency", "3")
    until(lambda: slow.met > 0 and len(azure.calls) > 20)
    running.send_signal(by)
    _, err = running.communicate(timeout=20)

    if by is signal.SIGKILL:
        assert running.returncode == -by
    else:
        assert running.returncode == 130
        assert b"--resume" in err
    assert [each.name for each in auditor.folder.iterdir()] == ["s.json.part"]
    azure.faults.clear()
    before = {call.path for call in azure.calls if call.status == 200} - {
        f"{LISTS}/virtualwans".lower()
    }
    azure.calls.clear()
    taken(auditor, azure, "--resume", "--concurrency", "5")

    assert untimed((auditor.folder / "s.json").read_bytes()) == untimed(whole)
    again = {call.path for call in azure.calls} & before
    assert len(again) <= 4, again
    assert [each.name for each in auditor.folder.iterdir()] == ["s.json"]


def test_a_new_run_says_that_it_leaves_an_old_one_aside(auditor: Command, azure: StandIn) -> None:
    auditor.write("s.json.part/journal", "")
    ran, _ = taken(auditor, azure)

    assert "begun anew; --resume would go on with s.json.part" in ran.err


def test_a_run_whose_credential_ends_can_be_resumed(
    auditor: Command, azure: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge = {"WWW-Authenticate": 'Bearer error="insufficient_claims", claims="eyJhIjp7fX0="'}

    def revoke() -> None:
        monkeypatch.setattr(identity, "SECRET", "another")

    where = f"{LISTS}/virtualWans"
    azure.faults.append(Fault(where, status=401, headers=challenge, times=None, then=revoke))
    ran = auditor(*options(azure), "--output", "s.json", "--concurrency", "1")

    assert ran.status == 3, ran.err
    assert "help: give the same command with --resume" in ran.err
    assert "eyJ" not in ran.err
    azure.faults.clear()
    monkeypatch.setattr(identity, "SECRET", SECRET)
    _, snapshot = taken(auditor, azure, "--resume")

    assert (names(snapshot), gaps(snapshot)) == (["nsg-app", "rt-app", "rt-db"], [])


# What is refused


def test_an_output_that_stood_there_stays_when_nothing_can_be_read(
    auditor: Command, azure: StandIn
) -> None:
    auditor.write("s.json", "before")
    azure.faults.append(denied("/subscriptions"))
    ran = auditor(*options(azure), "--output", "s.json")

    assert ran.status == 3
    assert ran.err.startswith("auditor: no snapshot was taken\n")
    assert "help: " in ran.err
    assert [each.name for each in auditor.folder.iterdir()] == ["s.json"]
    assert (auditor.folder / "s.json").read_text() == "before"


def test_a_wrong_secret_is_told_in_a_few_lines(
    auditor: Command, azure: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2")
    ran = auditor(*options(azure), "--output", "s.json")

    assert ran.status == 3
    assert len(ran.err.splitlines()) == 3
    assert "AZURE_CLIENT_SECRET" in ran.err
    assert "hunter2" not in ran.err
    assert list(auditor.folder.iterdir()) == []


def test_no_credential_at_all_is_told_in_a_few_lines(
    auditor: Command, azure: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name)
    ran = auditor(*options(azure), "--output", "s.json")

    assert (ran.status, len(ran.err.splitlines())) == (3, 3)
    assert "help: set AZURE_TENANT_ID" in ran.err


OWN = ("--authority", "https://y")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--arm-endpoint", "https://x"), "--authority together"),
        (
            ("--cloud", "china", "--arm-endpoint", "https://x", "--authority", "https://y"),
            "--cloud",
        ),
        (("--arm-endpoint", "http://x", *OWN), "https://"),
        (("--resume",), "--resume needs --output"),
        (("--output", "absent/s.json"), "no such folder"),
        (("--output", "."), "is a folder"),
        (("--resume", "--output", "s.json"), "nothing to resume"),
        (("--concurrency", "0"), "0 is not in the range"),
    ],
)
def test_a_command_line_that_cannot_be_followed(
    auditor: Command, arguments: tuple[str, ...], said: str
) -> None:
    ran = auditor("snapshot", *arguments)

    assert ran.status == 2
    assert said in ran.err


def test_a_snapshot_is_not_for_a_terminal(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    ran = auditor("snapshot")

    assert ran.status == 2
    assert "auditor snapshot | auditor check -" in ran.err


def test_without_the_libraries_it_is_told_how_to_get_them(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "azure.mgmt.network", None)
    ran = auditor("snapshot", "--output", "s.json")

    assert ran.status == 2
    assert "uv tool install --force '.[azure]'" in ran.err


def test_other_commands_do_not_wait_for_azures_libraries() -> None:
    told = "import sys, auditor.cli; auditor.cli.main(['snapshot', '--help'])\n"
    ran = apart(python=told + "assert not [m for m in sys.modules if m.startswith('azure')]")

    assert ran.returncode == 0, ran.stderr
