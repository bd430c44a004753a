"""Which template a parameter file belongs to, and the values that it gives.

`main.parameters.json` belongs to the `main.json` beside it. One of another name belongs to the
template that declares all it names, when that is one alone: of those in its folder, and, for a
file that was given by name, of those that were given by name. Whatever else could be meant is
told, and not used.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from msgspec import Struct

from auditor.snapshot.discover import SUFFIXES, Input
from auditor.snapshot.document import Gap
from auditor.snapshot.faults import shown
from auditor.snapshot.formats.deployment import ParameterFile
from auditor.snapshot.formats.document import FOREIGN, Document

_MARK = ".parameters"


class Template(Struct, frozen=True):
    """A template that waits for its values."""

    item: Input
    document: Document

    @property
    def called(self) -> str:
        """The name of the file, without its folder."""
        return shown(os.path.basename(self.item.name), 80)

    def declares(self, names: Iterable[str]) -> bool:
        """Tell whether it has a parameter of each name."""
        return not undeclared(names, self.document.parameters)


class Values(Struct, frozen=True):
    """A parameter file."""

    item: Input
    file: ParameterFile

    def unused(self, why: str) -> ParameterFile:
        """Refuse the file for a reason."""
        return ParameterFile(self.file.document, why)


class Pairing(Struct, frozen=True):
    """What belongs together: a file of values by the name of its template; and what does not."""

    owned: dict[str, Values]
    refused: list[tuple[Input, ParameterFile]]


def pair(templates: list[Template], files: list[Values], inputs: Collection[str]) -> Pairing:
    """Give each template the one parameter file that belongs to it.

    `inputs` are the names of all files there are, templates or not.
    """
    if not files:
        return Pairing({}, [])
    by_place = {_place(each.item.name): each for each in templates}
    others = {_place(name) for name in inputs} - by_place.keys()
    refused: list[tuple[Input, ParameterFile]] = []
    claims: dict[str, list[Values]] = defaultdict(list)
    for each in files:
        owner = _owner(each, by_place, others)
        if isinstance(owner, Template):
            claims[owner.item.name].append(each)
        else:
            refused.append((each.item, each.unused(owner)))
    for rivals in claims.values():
        if len(rivals) > 1:
            why = f"{_named(each.item for each in rivals)} are for one template"
            refused += [(each.item, each.unused(why)) for each in rivals]
    return Pairing({name: one[0] for name, one in claims.items() if len(one) == 1}, refused)


def _owner(
    values: Values, by_place: dict[tuple[str, str], Template], others: Collection[tuple[str, str]]
) -> Template | str:
    """Give the template that a file belongs to, or why it belongs to none."""
    names = values.file.entries
    if not names:
        return "it gives no value"
    folder, stem = _place(values.item.name)
    namesake = (folder, stem.removesuffix(_MARK))
    if stem.endswith(_MARK) and namesake in by_place:
        return by_place[namesake]
    if stem.endswith(_MARK) and namesake in others:
        return "the file that it is called after is no template that can be read"
    near = [
        template
        for place, template in by_place.items()
        if place[0] == folder or (values.item.named and template.item.named)
    ]
    if not near:
        return "no template lies beside it"
    found = [template for template in near if template.declares(names)]
    if not found:
        return "no template beside it declares all of its parameters"
    if len(found) > 1:
        return f"it may be for any of {_named(template.item for template in found)}"
    return found[0]


def _named(items: Iterable[Input]) -> str:
    *names, last = sorted(shown(os.path.basename(item.name), 80) for item in items)
    return f"{', '.join(names)} and {last}"


def _place(name: str) -> tuple[str, str]:
    """Give the folder of a file, and its name without suffix and letter case."""
    folder, _, base = os.path.abspath(name).replace(os.sep, "/").rpartition("/")
    suffix = next((end for end in SUFFIXES[::-1] if base.lower().endswith(end)), "")
    return folder, base.lower().removesuffix(suffix)


def undeclared(names: Iterable[str], declared: Collection[str]) -> list[str]:
    """Give the names that no parameter has, as spelled."""
    known = {name.lower() for name in declared}
    return [name for name in names if name.lower() not in known]


def told_beyond(values: Values, template: Template) -> list[Gap]:
    """Tell the values that a file gives to parameters that its template does not have."""
    document = values.file.document
    names = undeclared(values.file.entries, template.document.parameters)
    if not names:
        return []
    listed = ", ".join(shown(name, 40) for name in sorted(names)[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    detail = f"values of {listed}{more}, which {template.called} does not declare, are not used"
    return [Gap(FOREIGN, values.item.name, detail, document.where("/parameters"))]


def given(values: Values, template: Template) -> dict[str, Any]:
    """Give the value of each parameter that a file tells, or why it cannot be known."""
    from auditor.snapshot.formats.values import value_of  # brings the evaluator of templates

    declared = {name.lower(): what for name, what in template.document.parameters.items()}
    return {
        name: value_of(name, entry, declared[name.lower()])
        for name, entry in values.file.entries.items()
        if name.lower() in declared
    }
