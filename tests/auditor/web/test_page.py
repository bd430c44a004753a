"""Pages hold all they need, and nothing in them acts."""

from __future__ import annotations

import hashlib
import json as stdlib
from pathlib import Path

import pytest

from auditor.web import markdown, page, vendor


def test_data_is_ascii_and_comes_back_whole() -> None:
    told = {"name": "</script><!--é\u2028\U0001f600&\ud800".replace("\ud800", "?")}
    text = page.json(told)

    assert text.isascii()
    assert not set(text) & set("<>&")
    assert stdlib.loads(text) == told


def test_a_style_that_could_end_its_element_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    true = page.asset  # templates are kept once they are read: only the style may be another
    monkeypatch.setattr(page, "asset", lambda name: "a</style>b" if ".css" in name else true(name))
    with pytest.raises(ValueError, match="cannot stand"):
        page.write("report.html")


def test_what_is_vendored_is_what_came_with_its_licence() -> None:
    folder = Path(vendor.__file__).parent
    code = (folder / vendor.ELK).read_bytes()

    assert hashlib.sha256(code).hexdigest() == vendor.ELK_SHA256
    assert "Eclipse Public License - v 2.0" in (folder / "elkjs-LICENSE.md").read_text("utf-8")
    assert code.isascii()
    assert b"eval(" not in code


def test_markdown_shows_markup_and_follows_links_to_the_web_only() -> None:
    text = markdown.html(
        "## Why\n<b>x</b> [a](javascript:alert(1)) [Facts](../facts.md)\n\n"
        "- https://learn.microsoft.com/a\n- ![i](https://x.example/i.png)\n\nRun\n\n    az x --y\n"
    )

    assert "<h3>Why</h3>" in text
    assert "&lt;b&gt;" in text
    assert 'href="java' not in text
    assert '<a href="https://learn.microsoft.com/a" rel="noopener noreferrer">' in text
    assert "Facts" in text
    assert "<img" not in text
    assert "<pre><code>az x --y" in text
