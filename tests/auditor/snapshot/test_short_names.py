"""How inputs are called where their folders would be too much."""

from __future__ import annotations

import pytest

from auditor.snapshot.discover import Input, short_names


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["exports/east/main.json"], ["main.json"]),
        (["east/main.json", "east/other.json"], ["main.json", "other.json"]),
        (["east/main.json", "west/main.json"], ["east/main.json", "west/main.json"]),
        (["a/x/main.json", "a/y/main.json", "b/x/main.json"],
         ["a/x/main.json", "y/main.json", "b/x/main.json"]),
        (["-"], ["-"]),
    ],
)  # fmt: skip
def test_as_many_folders_as_tell_it_from_others(paths: list[str], names: list[str]) -> None:
    assert short_names(map(Input, paths)) == dict(zip(paths, names, strict=True))


def test_one_that_ends_like_another_has_a_name_of_its_own() -> None:
    found = short_names([Input("/main.json"), Input("/a/main.json")])
    assert len(set(found.values())) == 2
