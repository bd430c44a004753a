"""The document: sorted, once each, as Azure spelled it, whole or not at all."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest
import zstandard

from auditor.collect import document
from auditor.collect.desk import MOST_DEEP, Workplace
from auditor.collect.spool import Done, Spool
from auditor.collect.work import Member
from auditor.errors import UsageError
from auditor.snapshot.document import Gap
from auditor.snapshot.load import load

from .table import Table, desk

ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/routeTables/"


def finish(at: Workplace, key: str = "list") -> None:
    at.spool.finish(Done(key, "k", key, "complete", "", tuple(at.entries), tuple(at.dropped)))


def written(spool: Spool) -> bytes:
    out = io.BytesIO()
    document.write(
        out,
        spool,
        taken_at="2026-11-29T10:00:00+00:00",
        endpoint="https://arm.example",
        scope=["/subscriptions/s"],
        missing=[Gap("denied", "/x", "refused")],
    )
    return out.getvalue()


def test_records_stay_as_they_are_but_for_space_and_version(tmp_path: Path) -> None:
    at = desk(Table(), tmp_path)
    raw = (
        b'{ "id": "%sa",\n "newField": null, "properties": {"kind": "NeverHeardOf", "n": 1.00,'
        b' "big": 123456789012345678901234567890, "t": "\\u00e9 \xc3\xa9"} }'
    ) % ID.encode()
    assert at.keep(raw, version="2024-05-01")
    finish(at)

    assert (
        b'\n{"apiVersion":"2024-05-01","id":"%sa","newField":null,"properties":{"kind":'
        b'"NeverHeardOf","n":1.00,"big":123456789012345678901234567890,"t":"\\u00e9 \xc3\xa9"}}\n'
    ) % ID.encode() in written(at.spool)
    at.spool.close()


def test_a_snapshot_is_sorted_by_id_whatever_the_order_and_letter_case(tmp_path: Path) -> None:
    texts = []
    for number, names in enumerate(("aBc", "cBa")):
        at = desk(Table(), tmp_path / str(number))
        for name in names:
            at.keep(b'{"id":"%s%s"}' % (ID.encode(), name.encode()))
        finish(at)
        texts.append(written(at.spool))
        at.spool.close()

    assert texts[0] == texts[1]
    assert [each["id"][-1] for each in json.loads(texts[0])["resources"]] == ["a", "B", "c"]


def test_of_two_lists_that_tell_one_resource_the_same_is_taken_always(tmp_path: Path) -> None:
    texts = []
    for number, keys in enumerate((("a", "b"), ("b", "a"))):
        spool = Spool(tmp_path / str(number), b"{}")
        for key in keys:
            at = desk(Table(), tmp_path / f"{number}{key}")
            at.spool.close()
            at.spool = spool
            at.keep(b'{"id":"%sx","by":"%s"}' % (ID.encode(), key.encode()))
            finish(at, key)
        texts.append(written(spool))
        spool.close()

    assert texts[0] == texts[1]
    assert b'"by":"b"' in texts[0]


def test_what_is_kept_for_the_run_alone_is_not_written(tmp_path: Path) -> None:
    at = desk(Table(), tmp_path)
    at.keep(b'{"id":"%sa"}' % ID.encode(), member=Member.NOWHERE)
    at.keep(b'{"metadata":{}}', id="service/a/b", type="Service", member=Member.KUBERNETES)
    finish(at)
    told = json.loads(written(at.spool))

    assert told["resources"] == []
    assert told["kubernetes"] == [{"metadata": {}}]
    at.spool.close()


def test_what_could_not_be_read_again_is_not_kept(tmp_path: Path) -> None:
    at = desk(Table(), tmp_path / "spool")

    def nested(levels: int) -> bytes:
        inner = b'{"a":' * levels + b"1" + b"}" * levels
        return b'{"id":"%sdeep","properties":%s}' % (ID.encode(), inner)

    kept = [at.keep(nested(levels)) for levels in (MOST_DEEP, 100_000, MOST_DEEP - 1)]
    finish(at)
    path = tmp_path / "snapshot.json"
    path.write_bytes(written(at.spool))
    at.spool.close()

    assert kept == [False, False, True]
    assert len(load([str(path)]).records) == 1


def test_auditor_reads_what_it_writes(tmp_path: Path) -> None:
    at = desk(Table(), tmp_path / "spool")
    at.keep(b'{"id":"%sa","properties":{}}' % ID.encode(), version="2024-05-01")
    finish(at)
    path = tmp_path / "snapshot.json"
    path.write_bytes(written(at.spool))
    at.spool.close()
    found = load([str(path)])

    assert [record.api_version for record in found.records] == ["2024-05-01"]
    assert found.taken_at == "2026-11-29T10:00:00+00:00"
    assert found.scope == ("/subscriptions/s",)
    assert [gap.kind for gap in found.gaps] == ["denied"]


@pytest.mark.parametrize(
    ("name", "unpack"),
    [
        ("s.json", bytes),
        ("s.json.gz", gzip.decompress),
        ("s.json.zst", lambda b: zstandard.ZstdDecompressor().decompressobj().decompress(b)),
    ],
)
def test_a_name_tells_how_to_compress(tmp_path: Path, name: str, unpack: object) -> None:
    assert callable(unpack)
    texts = []
    for _ in range(2):
        with document.replacing(tmp_path / name) as out:
            out.write(b'{"a":1}')
        texts.append((tmp_path / name).read_bytes())

    assert unpack(texts[0]) == b'{"a":1}'
    assert texts[0] == texts[1]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(b"before")

    def cut_off() -> None:
        with document.replacing(path) as out:
            out.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_off()
    assert [each.name for each in tmp_path.iterdir()] == ["s.json"]
    assert path.read_bytes() == b"before"


def test_what_a_killed_run_had_begun_to_write_goes_with_the_next(tmp_path: Path) -> None:
    for name in (".s.json.a1b2.half", ".s.json.swp", ".other.json.a1b2.half"):
        (tmp_path / name).write_text("half")
    with document.replacing(tmp_path / "s.json") as out:
        out.write(b"whole")

    names = sorted(each.name for each in tmp_path.iterdir())
    assert names == [".other.json.a1b2.half", ".s.json.swp", "s.json"]


def test_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="cannot be written"),
        document.replacing(tmp_path / "absent/s.json"),
    ):
        pass
