"""What is installed is what is in the checkout."""

from __future__ import annotations

import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUP: dict[str, Any] = PROJECT["tool"]["setuptools"]
PACKAGES = [*SETUP["packages"]]


def folder_of(package: str) -> Path:
    """The folder of a package, following `package-dir`."""
    for mapped, folder in SETUP["package-dir"].items():
        if package == mapped or package.startswith(f"{mapped}."):
            return ROOT / (str(folder) + package.removeprefix(mapped).replace(".", "/"))
    return ROOT / package.replace(".", "/")


def test_every_package_of_the_checkout_is_installed_and_no_other() -> None:
    roots = [ROOT / "auditor", *(ROOT / folder for folder in SETUP["package-dir"].values())]
    found = {path.parent for root in roots for path in root.rglob("__init__.py")}

    assert {folder_of(package) for package in PACKAGES} == found
    assert len(PACKAGES) == len(set(PACKAGES))


def test_every_module_is_in_a_package() -> None:
    roots = [ROOT / "auditor", *(ROOT / folder for folder in SETUP["package-dir"].values())]
    modules = {path.parent for root in roots for path in root.rglob("*.py")}

    assert modules == {folder_of(package) for package in PACKAGES}


def test_data_files_are_installed() -> None:
    patterns = SETUP["package-data"]
    wanted = {
        path
        for package, globs in patterns.items()
        for glob in globs
        for path in folder_of(package).glob(glob)
    }
    code = (".py", ".pyc")
    there = {
        path
        for package in PACKAGES
        for path in folder_of(package).iterdir()
        if path.is_file() and path.suffix not in code
    }

    assert wanted == there


@pytest.mark.parametrize("group", sorted(PROJECT["project"]["entry-points"]))
def test_entry_points_lead_to_what_there_is(group: str) -> None:
    for name, value in PROJECT["project"]["entry-points"][group].items():
        module, _, function = value.partition(":")
        package = folder_of(module)
        assert package.is_dir() or package.with_suffix(".py").is_file(), name
        if function:
            assert f"def {function}(" in package.with_suffix(".py").read_text(encoding="utf-8")


def test_the_version_is_told_once() -> None:
    from auditor import __version__

    assert PROJECT["project"]["version"] == __version__
    assert distribution("auditor").version == __version__


def test_what_auditor_imports_is_declared() -> None:
    declared = {
        name.partition(">")[0].replace("-", "_") for name in PROJECT["project"]["dependencies"]
    }

    assert declared == {
        *("click", "cryptography", "jinja2", "markdown_it_py"),
        *("msgspec", "netaddr", "rich", "zstandard"),
    }
