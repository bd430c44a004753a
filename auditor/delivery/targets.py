"""Whom to tell, as `[notify.NAME]` of the configuration and `--notify URL` say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.delivery.addresses import is_loopback, open_address
from auditor.delivery.secrets import Source, source
from auditor.errors import UsageError, quoted
from auditor.keys import nearest, refuse_unknown

_COMMON = ("kind", "when", "link")
_WEBHOOK = (*_COMMON, "url", "url-env", "url-file")
_KEYS = {
    "teams": _WEBHOOK,
    "slack": _WEBHOOK,
    "json": (*_WEBHOOK, "secret-env", "secret-file"),
    "mail": (
        *(*_COMMON, "host", "port", "security", "from", "to", "user", "password-env"),
        *("password-file", "attach"),
    ),
}
_WHEN = ("always", "failed", "changed")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address to post to. `kind` is teams, slack or json; `secret` signs what json posts.

    `when` is `always`; `failed`: only when the exit status is not 0; or `changed`: only when a
    history tells something new. `link` is where the whole report can be read.
    """

    name: str
    kind: str
    url: str = ""
    url_source: Source | None = None
    secret: Source | None = None
    when: str = "always"
    link: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """Mail by SMTP. `security` is starttls, tls or none; `attach` names formats of reports."""

    name: str
    host: str
    port: int
    security: str
    sender: str
    recipients: tuple[str, ...]
    user: str = ""
    password: Source | None = None
    attach: tuple[str, ...] = ()
    when: str = "always"
    link: str = ""


Target = Webhook | Mail


def of_address(url: str) -> Webhook:
    """Give the target of `--notify URL`: generic JSON, unsigned. Raises UsageError."""
    advice = "put it into the environment: [notify.NAME] with url-env in auditor.toml"
    return Webhook("", "json", open_address(url, "--notify", advice))


def chosen(wanted: tuple[str, ...], known: Mapping[str, Target]) -> tuple[Target, ...]:
    """Give the targets named, each once. Raises UsageError for a name nobody knows."""
    found: list[Target] = []
    for each in dict.fromkeys(wanted):
        if each in known:
            found.append(known[each])
        elif "://" in each:
            found.append(of_address(each))
        else:
            raise UsageError(
                f"there is nobody called {quoted(each)} to notify",
                where="--notify",
                advice=nearest(each, known) or "add [notify.NAME] to auditor.toml",
            )
    return tuple(found)


def read(name: str, table: Any, where: str, folder: Path) -> Target:
    """Read `[notify.NAME]`; files are relative to `folder`. Secrets are not read yet.

    Raises UsageError, naming the key, for whatever is wrong.
    """
    at = f"{where}: notify.{name}"
    if not isinstance(table, dict):
        raise UsageError("must be a table, [notify.NAME]", where=at)
    kind = table.get("kind")
    if kind not in _KEYS:
        raise UsageError("needs kind", where=at, advice=f"one of {', '.join(_KEYS)}")
    refuse_unknown(table, _KEYS[kind], at)
    when = _word(table, "when", at, _WHEN)
    link = _text(table, "link", at)
    if link and not link.startswith(("https://", "http://")):
        raise UsageError("link must be an address, https://…", where=at)
    if kind == "mail":
        return _mail(name, table, at, folder, when, link)
    return _webhook(name, table, at, folder, when, link)


def _webhook(
    name: str, table: Mapping[str, Any], at: str, folder: Path, when: str, link: str
) -> Webhook:
    url, hidden = _text(table, "url", at), source(table, "url", at, folder)
    if bool(url) == bool(hidden):
        raise UsageError("needs one of url, url-env and url-file", where=at)
    if url:
        url = open_address(url, f"{at}.url", "name a variable that holds it: url-env")
    secret = source(table, "secret", at, folder)
    return Webhook(name, table["kind"], url, hidden, secret, when, link)


def _mail(name: str, table: Mapping[str, Any], at: str, folder: Path, when: str, link: str) -> Mail:
    host, security = _text(table, "host", at), _word(table, "security", at, tuple(_PORTS))
    if not host or not host.isascii() or not host.isprintable() or " " in host:
        raise UsageError("needs host, the name of a mail server", where=at)
    if security == "none" and not is_loopback(host):
        raise UsageError(
            f"mail to {quoted(host)} would travel in the clear", where=at,
            advice="security = \"starttls\" or \"tls\"; none is for this machine alone",
        )  # fmt: skip
    port = table.get("port", _PORTS[security])
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        raise UsageError("port must be a number from 1 to 65535", where=at)
    to = table.get("to")
    recipients = [to] if isinstance(to, str) else to
    if not isinstance(recipients, list) or not recipients:
        raise UsageError("needs to, one address or a list", where=at)
    user, password = _text(table, "user", at), source(table, "password", at, folder)
    if bool(user) != bool(password):
        raise UsageError("user and password-env (or password-file) belong together", where=at)
    attach = table.get("attach", [])
    if not isinstance(attach, list) or not all(isinstance(each, str) for each in attach):
        raise UsageError("attach must be a list of formats", where=at)
    return Mail(
        name=name,
        host=host,
        port=port,
        security=security,
        sender=_address(table.get("from"), "from", at),
        recipients=tuple(dict.fromkeys(_address(each, "to", at) for each in recipients)),
        user=user,
        password=password,
        attach=tuple(dict.fromkeys(attach)),
        when=when,
        link=link,
    )


def _address(value: Any, key: str, at: str) -> str:
    """Check an address of mail: one, without a name, nothing that could end a line."""
    good = isinstance(value, str) and value.isprintable() and value.isascii()
    if not good or value.count("@") != 1 or any(char in value for char in ' ,;<>()"\\[]:'):
        raise UsageError(f"{key} must be an address, name@example.com", where=at)
    if "" in value.split("@"):
        raise UsageError(f"{key} must be an address, name@example.com", where=at)
    return str(value)


def _text(table: Mapping[str, Any], key: str, at: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or not value.isprintable():
        raise UsageError(f"{key} must be one line of text", where=at)
    return value


def _word(table: Mapping[str, Any], key: str, at: str, words: tuple[str, ...]) -> str:
    value = table.get(key, words[0])
    if value not in words:
        raise UsageError(f"{key} must be one of {', '.join(words)}", where=at)
    return str(value)
