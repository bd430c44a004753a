"""The certificates that estates carry are what fixtures/certificates/README.md says."""

from __future__ import annotations

import json
import runpy
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from auditor.certificates import (
    CertificateError,
    Chain,
    Validity,
    parse_public_cert_data,
    parse_root,
    validity,
)

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "fixtures" / "certificates"
CORPUS = ROOT.parent / "shared" / "corpus"

STORIES = {
    "wildcard": ("*.shop.contoso.example", date(2026, 10, 1), date(2027, 10, 1)),
    "wildcard-expiring": ("*.shop.contoso.example", date(2026, 9, 6), date(2026, 12, 5)),
    "www": ("www.shop.contoso.example", date(2026, 10, 1), date(2027, 10, 1)),
    "wildcard-expired": ("*.shop.contoso.example", date(2026, 3, 3), date(2026, 6, 1)),
    "weak-self-signed": ("www.shop.contoso.example", date(2026, 10, 1), date(2027, 10, 1)),
}


def read(folder: Path, name: str) -> Chain:
    return parse_public_cert_data((folder / f"{name}.b64").read_text(encoding="ascii"))


@pytest.mark.parametrize("name", STORIES)
def test_each_story_has_its_name_and_its_dates(name: str) -> None:
    chain = read(FOLDER, name)
    dns, begins, ends = STORIES[name]

    assert chain.leaf.dns_names == (dns,)
    assert (chain.leaf.not_before.date(), chain.leaf.not_after.date()) == (begins, ends)
    assert chain.complete
    assert chain.problems == ()
    assert len(chain.path) == (1 if name == "weak-self-signed" else 3)


def test_the_stories_differ_as_told() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)

    assert str(read(FOLDER, "weak-self-signed").leaf.key) == "RSA 1024"
    assert validity(read(FOLDER, "wildcard-expired").leaf, now) is Validity.EXPIRED
    assert validity(read(FOLDER, "wildcard-expiring").leaf, now) is Validity.VALID


def test_the_root_is_the_one_that_the_chains_reach() -> None:
    root = parse_root((FOLDER / "root.b64").read_text(encoding="ascii"))

    assert root == read(FOLDER, "wildcard").path[-1]


def test_no_private_key_is_beside_them() -> None:
    assert {path.suffix for path in FOLDER.iterdir() if path.is_file()} == {".b64", ".md", ".py"}


def test_making_them_again_tells_the_same_stories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["make.py", str(tmp_path)])

    runpy.run_path(str(FOLDER / "make.py"), run_name="__main__")

    assert {path.name for path in tmp_path.iterdir()} == {
        path.name for path in FOLDER.glob("*.b64")
    }
    for name in STORIES:
        new, old = read(tmp_path, name).leaf, read(FOLDER, name).leaf
        assert new.thumbprint != old.thumbprint
        assert (new.subject, new.serial, new.dns_names) == (old.subject, old.serial, old.dns_names)
        assert (new.not_before, new.not_after) == (old.not_before, old.not_after)


def corpus_texts() -> dict[str, str]:
    """Give what real gateways hold where certificates belong, by file and pointer."""
    texts: dict[str, str] = {}
    for path in sorted(CORPUS.glob("appgw/**/*.json")) + sorted(CORPUS.glob("rest_spec/**/*.json")):
        raw = path.read_bytes()
        if b"ertData" in raw or b"Certificates" in raw:
            _gather(json.loads(raw), path.name, texts)
    return texts


def _gather(value: object, where: str, texts: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str) and key in ("data", "publicCertData", "validatedCertData"):
                texts[f"{where}/{key}"] = inner
            _gather(inner, f"{where}/{key}", texts)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            _gather(inner, f"{where}/{at}", texts)


def test_real_gateways_give_certificates_unless_masked() -> None:
    for where, text in corpus_texts().items():
        if set(text) == {"*"}:
            with pytest.raises(CertificateError, match="masked"):
                parse_public_cert_data(text)
        else:
            assert parse_public_cert_data(text).leaf.subject, where
