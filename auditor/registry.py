"""Finding rules and reports by name, ours and anybody's alike.

Rules come from packages named by the entry-point group `auditor.rules` (each package is walked,
every `Rule` a module holds is taken) and from folders given with `--rules`. Reports come from the
entry-point group `auditor.reports`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from auditor.errors import UsageError
from auditor.extras import lacking
from auditor.finding import Report
from auditor.rule import BadRule, Rule

Renderer: TypeAlias = Callable[[Report, Any], None]
"""Writes a report to a stream: of text, or of bytes when it says so (`auditor.rendering`)."""


@cache
def rules(folders: tuple[str, ...] = ()) -> dict[str, Rule[Any]]:
    """Give every rule by id, sorted by id.

    Raises UsageError when a rule cannot be loaded, and when two rules share an id.
    """
    found: dict[str, Rule[Any]] = {}
    for module in (*_packaged(), *_in_folders(folders)):
        for value in _rules_of(module):
            other = found.setdefault(value.id, value)
            if other is not value:
                raise UsageError(
                    f"two rules are called {value.id}: {_place(other)} and {_place(value)}",
                    advice="give one of them another id",
                )
    return dict(sorted(found.items()))


def _rules_of(module: ModuleType) -> list[Rule[Any]]:
    """Give the rules that a module makes; those that it imports are another's."""
    named = vars(module).values()
    return [each for each in named if isinstance(each, Rule) and each.module == module.__name__]


def _place(rule: Rule[Any]) -> str:
    return getattr(sys.modules.get(rule.module), "__file__", None) or rule.module


def _packaged() -> Iterator[ModuleType]:
    for point in sorted(_points("auditor.rules"), key=lambda p: (p.name, p.value)):
        package = _load(point.value, point.load)
        yield package
        for info in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}."):
            yield _load(info.name, partial(import_module, info.name))


def _in_folders(folders: Iterable[str]) -> Iterator[ModuleType]:
    for root in dict.fromkeys(Path(folder).resolve() for folder in folders):
        if not root.is_dir():
            raise UsageError(
                f"{root} is no folder", where="--rules", advice="give a folder of rule files"
            )
        modules = [_load(str(path), partial(_from_file, path)) for path in _files(root)]
        if not any(map(_rules_of, modules)):
            raise UsageError(
                f"{root} holds no rule",
                where="--rules",
                advice="name the folder of your rules, or leave the option out; a rule is a "
                "function with @rule, in a .py file not called `_…`, `.…` or `test_…`",
            )
        yield from modules


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*.py")):
        below = path.relative_to(root).parts
        if not any(part.startswith(("_", ".", "test_")) for part in below):
            yield path


def _from_file(path: Path) -> ModuleType:
    name = f"auditor_rules_{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadRule("not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _load(name: str, load: Callable[[], ModuleType]) -> ModuleType:
    try:
        return load()
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"cannot load the rules of {name}: {type(error).__name__}: {error}",
            advice="correct the module, or uninstall the package that brings it",
        ) from error


def renderer_names() -> tuple[str, ...]:
    """Give the names of the formats that `--report` takes."""
    return tuple(sorted(_renderer_points()))


def renderer(name: str) -> Renderer:
    """Give one report. Raises UsageError, naming the formats there are."""
    points = _renderer_points()
    if name not in points:
        raise UsageError(
            f"there is no report called {name!r}",
            where="--report",
            advice="choose from " + ", ".join(renderer_names()),
        )
    try:
        loaded: Renderer = points[name].load()
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"cannot load the report {name}: {type(error).__name__}: {error}",
            advice="uninstall the package that brings it, or choose another",
        ) from error
    for module in getattr(loaded, "modules", ()):
        if importlib.util.find_spec(module) is None:
            extra = getattr(loaded, "extra", "")
            if extra:
                raise lacking(f"the report {name}", module, extra, where="--report")
            raise UsageError(
                f"the report {name} needs {module}, which is not installed",
                where="--report",
                advice=f"pip install {module}",
            )
    return loaded


@cache
def _renderer_points() -> dict[str, EntryPoint]:
    return {point.name: point for point in _points("auditor.reports")}


def _points(group: str) -> Iterable[EntryPoint]:
    points: Iterable[EntryPoint] = _installed().select(group=group)
    return points


@cache
def _installed() -> Any:
    """Everything that the installed packages bring; they are asked once, for that takes long."""
    return entry_points()
