"""What every report needs to say something safely: nothing from the input acts, all of it shows."""

from __future__ import annotations

import json
import re
from typing import TextIO

from auditor.finding import Json, Judged, Location, Status
from auditor.trends import ASCII_BARS, BARS

# Characters that act instead of show: controls, bidirectional overrides, zero-width and
# separator characters, tags, and lone surrogates, which no encoding can write.
_ACTING = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
# What a pipeline's agent obeys in a log: `##vso[...]` and `##[...]` anywhere in a line (Azure
# Pipelines), `::name ...::` where a line begins (GitHub Actions), which wrapping may bring about.
# No command is called like a group of an IPv6 address.
_COMMANDING = re.compile(
    r"(?<=#)#(?=(?:vso)?\[)"
    r"|(?<=:):(?![0-9a-f]{1,4}(?![\w-]))(?=[a-z][a-z-]*(?:[ \t].*?)?::)",
    re.IGNORECASE,
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    r"""Show what would act: a newline as `\n`, an escape as `\x1b`, an override as `\u202e`.

    Commands to a pipeline's agent lose their spell: `##vso[` becomes `#\x23vso[`.
    """
    if not text.isprintable():
        text = _ACTING.sub(_escape, text)
    return _COMMANDING.sub(_escape, text) if "##" in text or "::" in text else text


def value_text(value: Json) -> str:
    """Write one evidence value as JSON on one line, with nothing in it that acts."""
    return visible(json.dumps(value, ensure_ascii=False, sort_keys=True))


def place(location: Location | None) -> str:
    """Write a location as `file:line`, or the file alone, or nothing."""
    if location is None:
        return ""
    file = visible(location.file)
    return file if location.line is None else f"{file}:{location.line}"


UNTOLD = "cannot tell: "


def sentence(finding: Judged) -> str:
    """Write the finding's message so that an unknown cannot be taken for a broken rule."""
    said = visible(finding.message)
    return UNTOLD + said.removeprefix(UNTOLD) if finding.status is Status.UNKNOWN else said


def title(text: str) -> str:
    """Write a rule's title as one writes titles: without a full stop."""
    return visible(text).rstrip().removesuffix(".")


def subject(finding: Judged) -> str:
    """Write the whole id of what was judged; a rule may judge the network as a whole."""
    return visible(finding.subject) or WHOLE


WHOLE = "the network as a whole"


def repository_path(location: Location | None, default: str = "auditor.toml") -> str:
    """Give the input's path as platforms want it: relative to the repository, `/` between parts.

    Leading `..` and the root are dropped: what is audited from a folder of the repository is
    still found by its end, and nothing points outside. A finding without a place gets `default`.
    """
    file = location.file if location is not None else ""
    parts = [part for part in file.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or default


def line_of(location: Location | None) -> int:
    """Give the line for platforms that insist on one."""
    return (location.line if location is not None else None) or 1


def plural(number: int, one: str, many: str = "") -> str:
    """Write `1 rule`, `2 rules`, `1,000 rules`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def remedy_lines(finding: Judged) -> list[str]:
    """Give the remedy's lines; a newline that came in with a name is shown, not obeyed."""
    remedy = finding.remedy
    if remedy.isprintable():
        return [visible(remedy).rstrip()] if remedy.strip() else []
    resources = (finding.subject, *finding.related, *(e.resource for e in finding.evidence))
    for resource in resources:
        for name in (resource, *resource.split("/")):
            if not name.isprintable():
                remedy = remedy.replace(name, visible(name))
    return [visible(line).rstrip() for line in remedy.splitlines() if line.strip()]


_ASCII_MARKS = str.maketrans(
    {"·": "|", "›": ">", "…": "...", **dict(zip(BARS, ASCII_BARS, strict=True))}
)


def emit(out: TextIO, text: str) -> None:
    """Write to a stream that may not know every character (an ASCII or Windows terminal)."""
    encoding = getattr(out, "encoding", None)
    if encoding:
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            text = text.translate(_ASCII_MARKS)
            text = text.encode(encoding, "backslashreplace").decode(encoding)
    out.write(text)
