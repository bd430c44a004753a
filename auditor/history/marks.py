"""What makes two audits the same: the text that was read, and the rules that judged it.

The day is no part of it: a snapshot that is audited again says nothing new of the network.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from auditor import __version__
from auditor.assemble import Policy
from auditor.intent import Intent
from auditor.rule import Rule
from auditor.snapshot.document import Snapshot


def snapshot_mark(snapshot: Snapshot) -> str:
    """Give a digest of all that was read, whatever the files are called and in which order."""
    texts = []
    for source in snapshot.sources:
        texts.append(hashlib.sha256(source.text).hexdigest())
        source.release()
    return _digest(*sorted(texts))


def rules_mark(
    rules: Iterable[Rule[Any]],
    parameters: Mapping[str, Any],
    policy: Policy,
    intents: Sequence[Intent] = (),
    *others: str,
) -> str:
    """Give a digest of what was asked and of what is accepted: a change may change any answer.

    `others` are the contents of other files that answers depend on.
    """
    asked = sorted((rule.id, rule.severity.word, rule.page, _code(rule)) for rule in rules)
    baseline = sorted(policy.baseline.fingerprints) if policy.baseline else None
    waivers = [
        [w.rule, w.resource, w.reason, w.owner, str(w.expires), *w.lacking] for w in policy.waivers
    ]
    wanted = [
        [i.name, str(i.sources), str(i.targets), i.expect.value, i.protocol, str(i.ports)]
        for i in intents
    ]
    told = [
        asked,
        {key: repr(value) for key, value in parameters.items()},
        waivers,
        baseline,
        wanted,
        [policy.threshold.word, policy.strict],
    ]
    text = msgspec.json.encode(told, order="deterministic")
    return _digest(__version__, hashlib.sha256(text).hexdigest(), *others)


def _code(rule: Rule[Any]) -> str:
    """Give a digest of a rule of the user's own; ours go by the version of auditor."""
    file = getattr(sys.modules.get(rule.module), "__file__", None)
    if file is None or not rule.module.startswith("auditor_rules_"):
        return ""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def run_mark(snapshot: str, rules: str) -> str:
    """Give the name by which a run is recorded once."""
    return _digest(snapshot, rules)


def return_mark(mark: str, times: int) -> str:
    """Give the name of a run that returns to what was recorded so many times before."""
    return _digest(mark, str(times)) if times else mark


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


def file_mark(path: str) -> str:
    """Give a digest of a file that answers depend on; of what is no file, its name."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return path
