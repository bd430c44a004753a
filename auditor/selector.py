"""Endpoints as people write them: `internet`, `10.0.0.0/24`, `name:web-*`, `subnet:hub/web`, ...

One form everywhere: on the command line and in the intents of auditor.toml. What a selector finds
in a network is told by `auditor.network.selectors`.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from fnmatch import translate
from functools import lru_cache

import msgspec

from auditor.addresses import AddressError, Prefix, parse_prefix
from auditor.errors import UsageError, quoted

LONGEST = 2048
"""Characters of a selector. No id in Azure is longer; longer text is not looked at."""

FORMS = (
    "internet, onprem, an address or CIDR, an ARM id or a glob of ids, type:TYPE, name:GLOB, "
    "rg:GLOB, tag:KEY=VALUE, subnet:VNET/SUBNET, service:NAMESPACE/NAME"
)
"""What may be written, for messages."""


class Kind(enum.Enum):
    """The kinds of selectors, as messages call them."""

    INTERNET = "internet"
    ON_PREMISES = "onprem"
    ADDRESS = "address"
    ID = "id"
    TYPE = "type"
    NAME = "name"
    GROUP = "rg"
    TAG = "tag"
    SUBNET = "subnet"
    SERVICE = "service"


_WORDS = {kind.value: kind for kind in (Kind.INTERNET, Kind.ON_PREMISES)}
_PREFIXED = {
    kind.value: kind
    for kind in (Kind.TYPE, Kind.NAME, Kind.GROUP, Kind.TAG, Kind.SUBNET, Kind.SERVICE)
}


class Selector(msgspec.Struct, frozen=True):
    """What one endpoint was said to be.

    `value` is what follows the kind, as spelled and without blanks around it (empty for
    `internet` and `onprem`); `text` is the whole as written. `key` is the tag's name, for a tag;
    `prefix` the addresses, for an address or a CIDR.
    """

    kind: Kind
    value: str
    text: str
    key: str = ""
    prefix: Prefix | None = None

    @property
    def exact(self) -> bool:
        """Whether the value names one thing, without `*`, `?` or `[`."""
        return not any(mark in self.value for mark in "*?[")

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=1024)
def parse_selector(text: str) -> Selector:
    """Read a selector; kinds and the words `internet` and `onprem` in any letter case.

    Raises UsageError for whatever is none, naming the nearest kind.
    """
    written = text.strip()
    if not written:
        raise UsageError("an endpoint is empty", advice=f"write one of: {FORMS}")
    if len(written) > LONGEST:
        raise UsageError(
            f"{quoted(written)} is no endpoint: {len(written)} characters",
            advice=f"write at most {LONGEST}",
        )
    word = _WORDS.get(written.lower())
    if word is not None:
        return Selector(word, "", text)
    head, colon, rest = written.partition(":")
    kind = _PREFIXED.get(head.strip().lower()) if colon else None
    if kind is not None:
        return _prefixed(kind, rest.strip(), text)
    try:
        return Selector(Kind.ADDRESS, written, text, prefix=parse_prefix(written))
    except AddressError:
        pass
    if written.startswith("/") or "*" in written or _like_an_id(written):
        return Selector(Kind.ID, written, text)
    raise _no_selector(written, head.strip() if colon else "")


def _like_an_id(written: str) -> bool:
    """Whether it may be the end of an id: `networkInterfaces/web`."""
    head, slash, tail = written.partition("/")
    return bool(slash and tail and head.isascii() and head.replace(".", "").isalpha())


def _prefixed(kind: Kind, value: str, text: str) -> Selector:
    where = f"{kind.value}: selects by {_MEANING[kind]}"
    if not value:
        raise UsageError(f"{quoted(text)} names nothing", advice=f"{where}, as in {_EXAMPLE[kind]}")
    if kind is Kind.TAG:
        key, equals, wanted = value.partition("=")
        if not equals or not key.strip():
            raise UsageError(
                f"{quoted(text)} is no tag and value", advice=f"write {_EXAMPLE[kind]}"
            )
        return Selector(kind, wanted.strip(), text, key=key.strip())
    if kind is Kind.SERVICE and not re.fullmatch(_SERVICE, value):
        raise UsageError(
            f"{quoted(text)} is no namespace and name", advice=f"write {_EXAMPLE[kind]}"
        )
    return Selector(kind, value, text)


_SERVICE = r"[^/\s]+/[^/\s]+"

_MEANING = {
    Kind.TYPE: "ARM type",
    Kind.NAME: "name",
    Kind.GROUP: "resource group",
    Kind.TAG: "tag",
    Kind.SUBNET: "subnet",
    Kind.SERVICE: "Kubernetes Service",
}
_EXAMPLE = {
    Kind.TYPE: "type:applicationGateways",
    Kind.NAME: "name:vm-web-*",
    Kind.GROUP: "rg:rg-shop",
    Kind.TAG: "tag:env=prod",
    Kind.SUBNET: "subnet:vnet-hub/web",
    Kind.SERVICE: "service:ingress/nginx",
}

_NUMERIC = r"(?=.*[0-9])[0-9a-fA-F.:/%]+"

_SYNONYMS = {
    "on-prem": "onprem",
    "onpremises": "onprem",
    "on-premises": "onprem",
    "on-premise": "onprem",
    "any": "0.0.0.0/0",
    "all": "*",
    "resourcegroup": "rg:",
    "resource-group": "rg:",
    "group": "rg:",
    "vnet": "name:",
    "nic": "name:",
    "vm": "name:",
    "id": "the id without id:",
}
"""What people write when they mean something that has another word here."""


def _no_selector(written: str, head: str) -> UsageError:
    given = head or written
    known = {**{kind: f"{kind}:" for kind in _PREFIXED}, **{word: word for word in _WORDS}}
    meant = _SYNONYMS.get(given.lower())
    if meant is None:
        import difflib  # nothing is misspelt, as a rule

        close = difflib.get_close_matches(given.lower()[:80], list(known), n=1)
        meant = known[close[0]] if close else None
    if meant is not None:
        return UsageError(f"{quoted(written)} is no endpoint", advice=f"did you mean {meant}?")
    if re.fullmatch(_NUMERIC, written):
        advice = "an address is written 10.0.0.4 or fd00::4, a CIDR 10.0.0.0/24"
    elif not head and re.fullmatch(r"[\w.-]+", written):
        advice = f"did you mean name:{written}? Endpoints are: {FORMS}"
    else:
        advice = f"write one of: {FORMS}"
    return UsageError(f"{quoted(written)} is no endpoint", advice=advice)


@lru_cache(maxsize=1024)
def globbing(pattern: str, *, cased: bool = False) -> Callable[[str], bool]:
    """Give a test for texts that fit a glob, compared without case unless `cased`.

    `*` stands for any text, slashes included; `?` for one character; `[ab]` for one of several.
    """
    fits = re.compile(translate(pattern if cased else pattern.lower())).match
    if cased:
        return lambda text: fits(text) is not None
    return lambda text: fits(text.lower()) is not None
