"""What packages offer is found as `importlib.metadata` finds it."""

from __future__ import annotations

import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from auditor.entry_points import EntryPoint, entry_points

GROUP = "auditor.trial"


def install(folder: Path, name: str, text: str) -> None:
    package = folder / name
    package.mkdir(parents=True)
    (package / "METADATA").write_text(f"Name: {name.partition('-')[0]}\nVersion: 1\n")
    (package / "entry_points.txt").write_text(text)


def told(group: str = GROUP) -> list[tuple[str, str]]:
    """What is found, which is what `importlib.metadata` finds."""
    found = sorted((point.name, point.value) for point in entry_points(group))
    assert found == sorted((p.name, p.value) for p in metadata.entry_points(group=group))
    return found


@pytest.mark.parametrize("group", ["auditor.rules", "auditor.reports", "console_scripts", "none"])
def test_the_packages_that_are_installed(group: str) -> None:
    assert bool(told(group)) == (group != "none")


def test_sections_remarks_and_blanks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"# a remark\n[other]\na = b\n\n [{GROUP}] \n one=m\n two = m.n : f.g [x] \n#c = d\n"
    install(tmp_path, "some-1.dist-info", text)
    monkeypatch.syspath_prepend(tmp_path)

    assert told() == [("one", "m"), ("two", "m.n : f.g [x]")]


def test_of_two_copies_the_first_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "a", "Some_Pack-2.dist-info", f"[{GROUP}]\nnew = m")
    install(tmp_path / "b", "some.pack-1.egg-info", f"[{GROUP}]\nold = m")
    install(tmp_path / "b", "other-1.egg-info", f"[{GROUP}]\nelse = m")
    for folder in ("b", "a"):
        monkeypatch.syspath_prepend(tmp_path / folder)

    assert told() == [("else", "m"), ("new", "m")]


def test_packages_in_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        archive.writestr("pack-1.dist-info/METADATA", "Name: pack\nVersion: 1\n")
        archive.writestr("pack-1.dist-info/entry_points.txt", f"[{GROUP}]\none = m")
    monkeypatch.syspath_prepend(tmp_path / "pack.zip")

    assert told() == [("one", "m")]


def test_packages_that_another_finder_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pack(metadata.Distribution):
        def read_text(self, filename: str) -> str | None:
            named = {"METADATA": "Name: pack\n", "entry_points.txt": f"[{GROUP}]\none = m"}
            return named.get(filename)

        def locate_file(self, path: object) -> Path:
            return Path(str(path))

    class Finder:
        @staticmethod
        def find_spec(*_: object) -> None: ...

        @staticmethod
        def find_distributions(context: object = None) -> list[Pack]:
            return [Pack()]

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])

    assert told() == [("one", "m")]


def test_a_module_or_what_is_in_it_is_loaded() -> None:
    assert EntryPoint("a", "pathlib").load() is sys.modules["pathlib"]
    assert EntryPoint("a", "pathlib:Path.cwd").load() == Path.cwd
    assert EntryPoint("a", "pathlib : Path [extra]").load() is Path
