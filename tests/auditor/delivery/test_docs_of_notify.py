"""What docs/notify.md shows works."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from auditor import settings
from auditor.delivery import targets
from auditor.delivery.webhooks import signature

PAGE = (Path(__file__).parents[3] / "docs" / "notify.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_configuration_is_valid(tmp_path: Path) -> None:
    (tmp_path / "auditor.toml").write_text(block("toml"), encoding="utf-8")
    told = settings.read(tmp_path / "auditor.toml").targets

    assert [*told] == ["team", "network-channel", "soc", "monday"]


def test_every_key_is_documented() -> None:
    keys = {key for each in targets._KEYS.values() for key in each}

    assert [key for key in sorted(keys) if f"`{key}`" not in PAGE] == []


def test_the_receiver_tells_genuine_from_false() -> None:
    made: dict[str, Any] = {}
    exec(block("python"), made)
    stamp = str(int(time.time()))
    body = b'{"a": 1}'
    headers = {"X-Auditor-Timestamp": stamp, "X-Auditor-Signature": signature("k", stamp, body)}
    old = str(int(time.time()) - 1000)
    late = {"X-Auditor-Timestamp": old, "X-Auditor-Signature": signature("k", old, body)}

    assert made["is_genuine"]("k", headers, body)
    assert not made["is_genuine"]("k", headers, b'{"a": 2}')
    assert not made["is_genuine"]("other", headers, body)
    assert not made["is_genuine"]("k", late, body)
