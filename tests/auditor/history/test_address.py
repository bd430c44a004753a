from __future__ import annotations

from pathlib import Path

import pytest

from auditor.errors import UsageError
from auditor.history.address import DEFAULT, has_password, parse, wanted

SECRETS = ["s3cret", "s3%40cret", "s3@cret", "s3:cret", "s3/cret", "s3?cret", "s3#cret", "%zz@x"]


def test_a_path_is_a_file() -> None:
    address = parse("a?b=c&d %.db")

    assert address.file == Path.cwd() / "a?b=c&d %.db"
    assert address.shown == "a?b=c&d %.db"


def test_memory_is_a_file_too() -> None:
    """A history that ends with the process would be lost without a word."""
    assert parse(":memory:").file == Path.cwd() / ":memory:"
    assert parse("sqlite:///:memory:").file == Path.cwd() / ":memory:"


def test_a_url_of_sqlite_is_a_file() -> None:
    assert parse("sqlite:////tmp/a.db").file == Path("/tmp/a.db")
    assert parse("sqlite:///a.db").file == Path.cwd() / "a.db"


@pytest.mark.parametrize("text", ["sqlite://", "sqlite://a.db", "sqlite:///", "a\0b"])
def test_what_names_no_file_is_an_error(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "PostgreSQL"])
def test_a_server_is_reached_with_psycopg(scheme: str) -> None:
    address = parse(f"{scheme}://ann@db.example:6432/history?sslmode=require")

    assert address.file is None
    assert address.url.drivername == "postgresql+psycopg"
    assert address.url.query == {"sslmode": "require"}
    assert address.shown == "postgresql://ann@db.example:6432/history"


@pytest.mark.parametrize("url", ["mysql://u:s3cret@h/d", "http://u:s3cret@h", "oracle://s3cret"])
def test_another_database_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="cannot be kept in") as error:
        parse(url)

    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", ["postgresql://ann:{}@db/h", "postgresql://db/h?password={}"])
def test_a_password_is_never_shown(form: str, secret: str) -> None:
    """However badly it is written: what cannot be read is told without a word of it."""
    url = form.format(secret)
    try:
        address = parse(url)
    except UsageError as error:
        told = f"{error!r} {error} {error.advice}"
    else:
        told = f"{address!r} {address.shown} {address.hide(f'driver says {url}')}"

    assert "cret" not in told
    assert has_password(url)


def test_the_option_goes_before_the_environment_and_that_before_the_configuration() -> None:
    environment = {"AUDITOR_HISTORY": "env.db"}

    assert wanted("option.db", "file.db", environment) == "option.db"
    assert wanted(None, "file.db", environment) == "env.db"
    assert wanted(None, "file.db", {}) == "file.db"
    assert wanted(None, None, {}) == DEFAULT


def test_the_address_may_stand_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://ann:s3cret@db/h\n")

    assert wanted(f"@{secret}", None, {}) == "postgresql://ann:s3cret@db/h"
    assert wanted(None, None, {"AUDITOR_HISTORY": f"@{secret}"}).startswith("postgresql://")


@pytest.mark.parametrize("content", [b"", b"\n", b"postgresql://s3cret\nb", b"\xff\xfe"])
def test_a_file_without_an_address_is_an_error(tmp_path: Path, content: bytes) -> None:
    secret = tmp_path / "url"
    secret.write_bytes(content)

    with pytest.raises(UsageError, match="url: ") as error:
        wanted(f"@{secret}", None, {})

    assert "s3cret" not in str(error.value)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        wanted(f"@{tmp_path / 'absent'}", None, {})
