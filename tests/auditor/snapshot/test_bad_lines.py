"""JSON lines of which some are damaged: with --keep-going the others are read, each is named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import InputError
from auditor.network.build import build
from auditor.snapshot.document import Snapshot
from auditor.snapshot.load import load
from auditor.testing import ask, resource

VNET = "Microsoft.Network/virtualNetworks"


def line(name: str) -> bytes:
    return json.dumps(resource(VNET, name, {"subnets": []})).encode()


def read(folder: Path, *lines: bytes, keep_going: bool = True) -> Snapshot:
    file = folder / "lines.json"
    file.write_bytes(b"\n".join(lines) + b"\n")
    return load([str(file)], keep_going=keep_going)


def names(snapshot: Snapshot) -> list[str]:
    return [record.id.rpartition("/")[2] for record in snapshot.records]


def told(snapshot: Snapshot) -> list[tuple[str, str]]:
    found = [gap for gap in snapshot.gaps if gap.kind == "damaged"]
    return [(gap.detail.partition(":")[0], gap.where.partition(".json:")[2]) for gap in found]


BAD = [b'{"id": ', b'{"id": nope}', b"nothing", b'{"a": 1} }', b"[" * 300 + b"]" * 300]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_bad_line_drops_no_other(tmp_path: Path, bad: bytes, place: int) -> None:
    lines = [line("a"), line("b")]
    lines.insert(place, bad)

    snapshot = read(tmp_path, *lines)

    assert names(snapshot) == ["a", "b"]
    [(detail, where)] = told(snapshot)
    assert detail == f"line {place + 1}"
    assert where.startswith(f"{place + 1}:")


@pytest.mark.parametrize("bad", BAD)
def test_without_keep_going_it_is_refused(tmp_path: Path, bad: bytes) -> None:
    with pytest.raises(InputError):
        read(tmp_path, line("a"), bad, line("b"), keep_going=False)


def test_every_bad_line_is_a_gap_and_a_finding_of_its_own(tmp_path: Path) -> None:
    snapshot = read(tmp_path, line("a"), b'{"x":', b"", b'{"x":', line("b"))

    assert told(snapshot) == [("line 2", "2:6"), ("line 4", "4:6")]
    broken = ask("GOV-006", build(snapshot, keep_going=True).network).broken
    places = {(each.location.file[-10:], each.location.line) for each in broken if each.location}
    assert places == {("lines.json", 2), ("lines.json", 4)}
    assert len({each.key for each in broken}) == 2


def test_a_record_knows_the_line_it_stands_on(tmp_path: Path) -> None:
    snapshot = read(tmp_path, line("a"), b"}", line("b"))

    [source] = snapshot.sources
    assert source.shape == "JSON lines"
    assert [source.line(record.start) for record in snapshot.records] == [1, 3]


def test_packed_lines_are_lines(tmp_path: Path) -> None:
    file = tmp_path / "lines.json.gz"
    file.write_bytes(gzip.compress(b"\n".join([line("a"), b"{", line("b")])))

    assert names(load([str(file)], keep_going=True)) == ["a", "b"]


def test_a_list_of_which_the_end_is_missing_is_no_lines(tmp_path: Path) -> None:
    """What is left of it is not known to be a half or the whole."""
    whole: Any = {"value": [resource(VNET, "a"), resource(VNET, "b")]}
    cut = json.dumps(whole, indent=1).encode()[:-9].split(b"\n")
    array = [b"[", line("a") + b",", line("b")]
    for lines in (cut, array):
        other = tmp_path / "other.json"
        other.write_bytes(line("c"))
        (tmp_path / "lines.json").write_bytes(b"\n".join(lines))
        snapshot = load([str(tmp_path)], keep_going=True)
        assert names(snapshot) == ["c"]
        assert len(snapshot.gaps) == 1


def test_lines_of_which_none_is_sound_are_one_gap(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_bytes(line("c"))
    (tmp_path / "lines.json").write_bytes(b'{"a":\n{"b":\n')

    snapshot = load([str(tmp_path)], keep_going=True)

    assert (names(snapshot), len(snapshot.gaps)) == (["c"], 1)


TORN = [
    b'{"id": ', b'{"id": "/subscriptions/s/x", "properties": {', b"WARNING: slow answer",
    b'{"id": "x", "tags": {"a": "b"},', b'{"value": [1, 2', b"}",
]  # fmt: skip


@pytest.mark.parametrize("bad", TORN)
def test_few_sound_lines_among_many_bad_are_kept(tmp_path: Path, bad: bytes) -> None:
    lines = [line("a"), *[b'{"id": "/subscri', b"no"] * 3, bad, line("b")]

    snapshot = read(tmp_path, *lines)

    assert names(snapshot) == ["a", "b"]
    assert [detail for detail, _ in told(snapshot)] == [f"line {each}" for each in range(2, 9)]


def test_the_only_sound_line_is_kept(tmp_path: Path) -> None:
    assert names(read(tmp_path, b'{"id": "/subscri', b"no", line("a"), b'{"id":')) == ["a"]


@pytest.mark.parametrize("indent", [1, 2, 4, None])
def test_a_document_on_several_lines_is_no_lines_wherever_it_is_cut(
    tmp_path: Path, indent: int | None
) -> None:
    settings: Any = {"subnets": [{"name": "s"}], "dhcpOptions": {"dnsServers": ["10.0.0.4"]}}
    several = [resource(VNET, name, settings) for name in ("a", "b", "c")]
    if indent is None:  # an element a line
        text = b"[" + b",\n".join(json.dumps(each).encode() for each in several) + b"]"
    else:
        text = json.dumps({"value": several}, indent=indent).encode()
    (tmp_path / "other.json").write_bytes(line("c"))
    for lost in range(1, len(text) - text.index(b"\n"), 7):
        (tmp_path / "lines.json").write_bytes(text[:-lost])
        snapshot = load([str(tmp_path)], keep_going=True)
        assert (names(snapshot), len(snapshot.gaps)) == (["c"], 1)
