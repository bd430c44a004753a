from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from auditor import baseline
from auditor.errors import UsageError
from auditor.finding import Judged, Severity, Status


def judged(rule: str, subject: str, mark: str, status: Status = Status.BROKEN) -> Judged:
    return Judged(
        rule=rule,
        name="n",
        title="t",
        family="F",
        severity=Severity.HIGH,
        status=status,
        subject=subject,
        message="m",
        remedy="r",
        fingerprint=mark,
    )


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = str(tmp_path / "known.json")
    found = [
        judged("B-001", "/b", "2"),
        judged("A-001", "/a", "1", Status.UNKNOWN),
        judged("A-001", "/w", "3", Status.WAIVED),
    ]

    number = baseline.write(path, found)

    assert number == 2
    assert baseline.read(path).fingerprints == {"1", "2"}
    assert json.loads(Path(path).read_text()) == {
        "schema": "auditor.baseline/1",
        "findings": [
            {"rule": "A-001", "subject": "/a", "fingerprint": "1"},
            {"rule": "B-001", "subject": "/b", "fingerprint": "2"},
        ],
    }


def test_the_order_of_findings_does_not_show(tmp_path: Path) -> None:
    found = [judged("A-001", f"/{number}", str(number)) for number in range(9)]
    one, two = tmp_path / "one", tmp_path / "two"

    baseline.write(str(one), found)
    baseline.write(str(two), found[::-1])

    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"findings": []}',
        b'{"schema": "auditor.baseline/2", "findings": []}',
        b'{"schema": "auditor.baseline/1"}',
        b'{"schema": "auditor.baseline/1", "findings": [{"rule": 1}]}',
        b'{"schema": "auditor.report/1", "findings": []}',
        b'{"schema": "auditor.baseline/1", "findings": [], "x": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_baseline_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_bytes(content)

    with pytest.raises(UsageError, match="is no baseline of this tool") as caught:
        baseline.read(str(path))

    assert caught.value.where == str(path)
    assert "--write-baseline" in caught.value.advice


def test_a_baseline_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        baseline.read(str(tmp_path / "gone.json"))


def test_fixed_are_those_of_rules_that_ran_and_say_nothing_more_of_the_subject() -> None:
    known = baseline.Baseline(
        (
            baseline.Entry("A-001", "/gone", "1"),
            baseline.Entry("A-001", "/Still", "2"),
            baseline.Entry("A-001", "/unsure", "3"),
            baseline.Entry("B-001", "/gone", "4"),
        )
    )
    now = [judged("A-001", "/still", "9"), judged("A-001", "/unsure", "8", Status.UNKNOWN)]

    assert baseline.fixed(known, now, frozenset({"A-001"})) == 1
    assert baseline.fixed(known, now, frozenset({"A-001", "B-001"})) == 2


def test_a_name_with_bytes_that_are_no_text_can_be_known(tmp_path: Path) -> None:
    path = str(tmp_path / "known.json")
    odd = judged("A-001", "exports/\udcff.json", "1")

    baseline.write(path, [odd])

    known = baseline.read(path)
    assert known.findings[0].subject == r"exports/\udcff.json"
    assert baseline.fixed(known, [odd], frozenset({"A-001"})) == 0


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")

    baseline.replace(str(path), b"new")

    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["out"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


def test_a_failed_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)

    with pytest.raises(UsageError, match="cannot be written: No space left"):
        baseline.replace(str(path), b"new")

    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("name", ["gone/out", ".", "file/out"])
def test_a_place_that_cannot_be_written_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="cannot be written"):
        baseline.replace(str(tmp_path / name), b"new")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")

    baseline.replace(str(tmp_path / "link"), b"new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        baseline.replace(str(path), b"new")
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(path.stat().st_mode)
