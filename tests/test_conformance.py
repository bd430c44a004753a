"""The corpus of recorded Azure JSON beside the checkout, where there is one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from auditor.snapshot.load import load

from .conformance import CORPUS, outcomes, tables

LEAST: dict[str, tuple[int, int]] = {
    "aks": (31, 0),
    "appgw": (56, 0),
    "appgw_agic": (0, 4),
    "azcli_flattened": (3, 0),
    "batfish_cloud_azure": (11, 0),
    "cloud_provider": (17, 0),
    "data": (80, 0),
    "edge": (98, 0),
    "iac": (8, 1),
    "lb": (82, 0),
    "lists_custodian": (27, 0),
    "lists_subscription": (8, 0),
    "nsg": (27, 0),
    "psrule": (12, 0),
    "resource_graph": (2, 0),
    "rest_spec": (95, 6),
    "vnet": (70, 0),
}
"""By folder: how many files load at least, and how many are refused at most."""


def test_each_file_of_the_corpus_loads_or_is_refused_and_no_fewer_than_before_if_it_is_there() -> (
    None
):
    found = outcomes(CORPUS)
    loaded = Counter(one.folder for one in found if not one.refusal)
    refused = Counter(one.folder for one in found if one.refusal)

    for folder in {one.folder for one in found}:
        least, most = LEAST[folder]
        assert loaded[folder] >= least, folder
        assert refused[folder] <= most, folder


def test_the_corpus_in_one_piece_loads_the_same_from_any_side_if_it_is_there() -> None:
    if not CORPUS.is_dir():
        return
    folders = sorted(str(path) for path in CORPUS.iterdir() if path.is_dir())

    one, two = load(folders), load(list(reversed(folders)))

    assert [record.id for record in one.records] == [record.id for record in two.records]
    assert one.gaps == two.gaps


def test_outcomes_tell_loaded_from_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "good.json").write_text('{"id": "/subscriptions/s", "state": "Enabled"}')
    (tmp_path / "a" / "bad.json").write_text("{")

    bad, good = outcomes(tmp_path)

    assert (good.folder, good.shape, good.records) == ("a", "ARM REST resource", 1)
    assert bad.refusal.startswith("the JSON text ends")
    assert [table.row_count for table in tables([bad, good])] == [1, 1]
