"""Damaged, hostile and unreadable input: a sentence with its place, never a traceback."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
from pathlib import Path

import pytest
import zstandard

from auditor.errors import InputError
from auditor.snapshot import unpacking
from auditor.snapshot.load import load

from .reading import VNET, read, vnet

SOUND = json.dumps(vnet()).encode()


def refusal(data: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read(data)
    assert caught.value.exit_status == 3
    assert caught.value.where.startswith("-")
    assert caught.value.advice
    return caught.value


DAMAGED: list[tuple[str, bytes, str, str]] = [
    ("empty", b"", "-", "is empty"),
    ("blank", b" \r\n\t", "-", "is empty"),
    ("only a mark", b"\xef\xbb\xbf", "-", "is empty"),
    ("truncated", SOUND[:-9], "-:1:", "ends in the middle of a value"),
    ("truncated string", b'{"id":\n"/sub', "-:2:6", "ends in the middle"),
    ("truncated list", b'{"value": [{"id": "a"},', "-:1:", "ends in the middle"),
    ("truncated lines", SOUND + b"\n" + SOUND[:50], "-:2:", "ends in the middle"),
    ("garbage", b"hello", "-:1:1", "invalid character"),
    ("rubbish after", SOUND + b"\n}", "-:2:1", "invalid character"),
    ("NaN", b'{"id": "a",\n"x": NaN}', "-:2:6", "NaN and Infinity are not JSON"),
    ("infinity", b'{"id": "a",\n"x": -Infinity}', "-:2:7", "NaN and Infinity"),
    ("comment", b"{\n// no\n}", "-:2:1", "comments are not JSON"),
    ("python", b"{'id': 1}", "-:1:2", "single quote"),
    ("html", b"<html><body>sign in</body></html>", "-:1:1", "HTML or XML"),
    ("colours", b"\x1b[39;49;00m[\x1b[39;49;00m\n", "-:1:1", "colours of a terminal"),
    ("colours inside", b'{\x1b[94m"id"\x1b[39m: 1}', "-:1:2", "colours of a terminal"),
    ("warning", b"WARNING: preview\n[" + SOUND + b"]", "-:1:1", "a message of az"),
    ("error", b"ERROR: (AuthorizationFailed) The client", "-:1:1", "a message of az"),
    ("table", b"Name    Group\r\n------  -----\r\nv       g\r\n", "-:1:1", "a table"),
    ("yaml", b"- id: /subscriptions/x\n  name: a\n", "-:1:2", "YAML"),
    ("yaml object", b"id: /subscriptions/x\nname: a\n", "-:1:1", "YAML"),
    ("trailing comma", b'{"value": [1,]}', "-:1:14", "trailing comma"),
    ("control character", b'{"a": "\x01"}', "-:1:8", "invalid character"),
    ("bad escape", b'{"a": "\\x"}', "-:1:9", "invalid escaped"),
    ("lone high", b'{"a":\n"\\ud800"}', "-:2:", "half a character"),
    ("lone low", b'{"a":\n"x\\udc00 and more text"}', "-:2:", "half a character"),
    ("lone in key", b'{"\\ud800":\n1}', "-:1:", "half a character"),
    ("latin-1", b'{"id":\n"caf\xe9"}', "-:2:5", "is no UTF-8: byte 11 is 0xe9"),
    ("binary", bytes(range(128, 256)) + b"\0\1", "-:1:1", "is binary data"),
    ("machine code", b"\x7fELF\x02\x01\x01\0\0\0", "-:1:1", "invalid character"),
    ("zip", b"PK\x03\x04rest", "-", "zip archive"),
    ("pdf", b"%PDF-1.7", "-", "PDF"),
    ("xz", b"\xfd7zXZ\0", "-", "xz archive"),
    ("gzip twice", gzip.compress(gzip.compress(SOUND)), "-", "compressed twice"),
    ("gzip cut", gzip.compress(SOUND)[:-12], "-", "gzip data is damaged"),
    ("gzip garbage", b"\x1f\x8b\x08\0" + b"x" * 40, "-", "gzip data is damaged"),
    ("zstd cut", zstandard.compress(SOUND)[:-5], "-", "Zstandard data is damaged"),
    ("zstd garbage", b"\x28\xb5\x2f\xfdxxxxxxxx", "-", "Zstandard data is damaged"),
    ("utf-16", SOUND.decode().encode("utf-16"), "-:1:1", "is UTF-16, not UTF-8: byte 0 is 0xff"),
    ("utf-16-le", SOUND.decode().encode("utf-16-le"), "-:1:2", "is UTF-16, not UTF-8: byte 1"),
    ("utf-16-be", SOUND.decode().encode("utf-16-be"), "-:1:1", "is UTF-16, not UTF-8: byte 0"),
    ("utf-32", SOUND.decode().encode("utf-32"), "-:1:1", "is UTF-32, not UTF-8: byte 0 is 0xff"),
    ("utf-32-le", SOUND.decode().encode("utf-32-le"), "-:1:2", "is UTF-32, not UTF-8: byte 1"),
    ("deep list", b"[" * 10_000 + b"]" * 10_000, "-", "nests deeper"),
    ("deep object", b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "-", "nests deeper"),
    ("deep and unclosed", b"[" * 100_000, "-", "nests deeper"),
    ("deep sideways", b"[0," * 300 + b"0" + b"]" * 300, "-", "nests deeper"),
    ("huge exponent", b'{"id": "a", "value": 1e999}', "-", "out of range"),
    ("huge integer", b'{"value": ' + b"9" * 5000 + b"}", "-", "out of range"),
    ("a number", b"1e5", "-", "a JSON number"),
]


@pytest.mark.parametrize(
    ("data", "where", "what"), [row[1:] for row in DAMAGED], ids=[row[0] for row in DAMAGED]
)
def test_damage_is_told_with_its_place(data: bytes, where: str, what: str) -> None:
    error = refusal(data)

    assert what in error.what
    assert error.where.startswith(where)


def test_depth_that_real_exports_have_is_accepted() -> None:
    deep: object = 1
    for _ in range(100):
        deep = {"a": [deep]}

    assert len(read(vnet(deep=deep)).records) == 1


@pytest.mark.parametrize("end", ['"{', "\\", '\\"', '\n\\\\"', '"'])
def test_brackets_in_strings_are_no_depth(end: str) -> None:
    assert len(read(vnet(note="[" * 5000 + end, also="[" * 5000)).records) == 1


def test_equal_doubled_keys_huge_numbers_and_odd_strings_are_sound_inside_a_resource() -> None:
    body = (
        b'{"id": "%s", "a": 1, "a": 1, "properties": {"n": 1e999, "m": %s, "s": "\\ud83d\\ude00"}}'
    )

    (record,) = read(body % (VNET.encode(), b"9" * 5000)).records

    assert record.id == VNET


def test_who_exports_with_powershell_is_told_how_to_save() -> None:
    assert "Out-File -Encoding utf8" in (refusal(SOUND.decode().encode("utf-16")).advice or "")


def test_a_byte_order_mark_is_no_damage() -> None:
    snapshot = read(b"\xef\xbb\xbf" + SOUND)

    assert bytes(snapshot.sources[0].text) == SOUND
    assert snapshot.records[0].start == 0


def test_messages_hold_no_values() -> None:
    secret = "hunter2"
    for data in (
        b'{"password": "%s",, }' % secret.encode(),
        b'{"sharedKey": "%s", "a": "\xff"}' % secret.encode(),
        b'{"connectionString": "%s"}' % secret.encode(),
        b'[{"id": "%s"}]' % secret.encode(),
        b'"%s"' % secret.encode(),
    ):
        error = refusal(data)
        assert secret not in f"{error} {error.where} {error.advice}"


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_bomb_is_refused(pack: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FREE_RATIO", 1 << 16)
    assert callable(pack)

    assert "bomb" in refusal(pack(b" " * (8 << 20))).what


def test_several_members_and_frames_are_one_text() -> None:
    first, second = SOUND[:40], SOUND[40:]

    assert len(read(gzip.compress(first) + gzip.compress(second)).records) == 1
    assert len(read(zstandard.compress(first) + zstandard.compress(second)).records) == 1


def test_one_bad_file_among_many_stops_the_audit(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(SOUND)
    (tmp_path / "b.json").write_bytes(SOUND[:-1])

    with pytest.raises(InputError) as caught:
        load([str(tmp_path)])

    assert "b.json:1:" in caught.value.where


def test_with_keep_going_it_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(SOUND)
    (tmp_path / "b.json").write_bytes(SOUND[:-1])
    (tmp_path / "c.json").symlink_to(tmp_path / "nowhere")

    snapshot = load([str(tmp_path), str(tmp_path / "d.json")], keep_going=True)

    assert [gap.kind for gap in snapshot.gaps] == ["damaged"] * 3
    assert [Path(gap.subject).name for gap in snapshot.gaps] == ["b.json", "c.json", "d.json"]
    assert snapshot.files == (f"{tmp_path}/a.json",)


def test_only_damage_is_no_audit_even_with_keep_going(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{")

    with pytest.raises(InputError, match="nothing to audit"):
        load([str(tmp_path)], keep_going=True)


@pytest.mark.parametrize("name", ["absent.json", "a\0b", "x" * 5000])
def test_a_path_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load([f"{tmp_path}/{name}"])


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.json").write_bytes(SOUND)

    def refuse(*_: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(InputError, match="Permission denied"):
        load([str(tmp_path / "a.json")])


def test_a_directory_without_exports(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("x")

    with pytest.raises(InputError, match="no export found"):
        load([str(tmp_path)])
    with pytest.raises(InputError, match="no export found"):
        load([])


def test_a_pipe_in_a_directory_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(SOUND)
    os.mkfifo(tmp_path / "b.json")

    assert load([str(tmp_path)]).files == (f"{tmp_path}/a.json",)


def test_hostile_file_names_are_shown_harmless(tmp_path: Path) -> None:
    name = "a\x1b[31m\n.json"
    (tmp_path / name).write_bytes(b"")

    with pytest.raises(InputError) as caught:
        load([str(tmp_path)], stdin=io.BytesIO())

    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_random_bytes_are_refused() -> None:
    source = random.Random(7)
    for size in (1, 3, 10, 100, 1000):
        for _ in range(20):
            refusal(source.randbytes(size))


@pytest.mark.parametrize(
    ("name", "text", "what", "advice"),
    [
        ("main.bicep", b"param location string", "is Bicep source", "az bicep build"),
        ("MAIN.TF", b'resource "azurerm_x" "y" {}', "is Terraform source", "terraform show -json"),
        ("pods.yaml", b"apiVersion: v1", "is YAML", "-o json"),
    ],
)
def test_source_code_names_the_command_that_makes_json(
    tmp_path: Path, name: str, text: bytes, what: str, advice: str
) -> None:
    (tmp_path / name).write_bytes(text)

    with pytest.raises(InputError, match=what) as refused:
        load([str(tmp_path / name)])

    assert advice in refused.value.advice


def test_json_in_a_file_that_is_called_otherwise_is_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "export.tf").write_bytes(SOUND)

    assert load([str(tmp_path / "export.tf")]).records
