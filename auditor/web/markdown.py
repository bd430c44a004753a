"""Rule pages as HTML: plain Markdown, no markup of its own, links to the web only."""

from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup

_BARE = re.compile(r"^(\s*- )(https://[^\s<>]+)$", re.MULTILINE)
_NEAR = re.compile(r"\[([^\]\n]+)\]\((?!https://)[^)\n]*\)")


def html(text: str, deepen: int = 1) -> Markup:
    """Render Markdown; headings go `deepen` levels down. Markup in it is shown, not obeyed."""
    text = _NEAR.sub(r"\1", _BARE.sub(r"\1<\2>", text))
    tokens = _parser().parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + deepen, 6)}"
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("rel", "noopener noreferrer")
    return Markup(_parser().renderer.render(tokens, _parser().options, {}))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).disable(
        ["image", "html_block", "html_inline"]
    )
    parser.validateLink = lambda url: url.startswith("https://")  # type: ignore[method-assign]
    return parser
