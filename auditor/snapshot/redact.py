"""Secrets taken out of a record before it is written anywhere.

Reader rights show few secrets, but some (a VPN's shared key of old, a point-to-site RADIUS secret,
a token in a probe's path, a header that a gateway adds), and records of unknown types may hold
any. What is replaced becomes `"<redacted>"`; everything else stays byte for byte.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

REDACTED = "<redacted>"

_EXACT = frozenset(
    {
        "customdata",
        "userdata",
        "protectedsettings",
        "protectedsetting",
        "authorizationkey",
        "authtoken",
        "kubeconfig",
        "kubeconfigs",
        "pwd",
        "pfx",
        "pfxdata",
        "privatekey",
        "psk",
        "sastoken",
        "sasuri",
        "sasurl",
        "sharedkey",
        "instrumentationkey",
    }
)
_ENDS = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "secretvalue",
    "secretkey",
    "token",
    "connectionstring",
    "connectionstrings",
    "accesskey",
    "accountkey",
    "apikey",
    "sharedkey",
    "primarykey",
    "secondarykey",
    "masterkey",
    "privatekey",
    "sharedaccesskey",
    "sharedaccesssignature",
    "credential",
)
"""How keys end (without case, `-` and `_`) whose values are secrets."""

_DEEP = frozenset(
    {"protectedsettings", "protectedsetting", "kubeconfig", "kubeconfigs", "connectionstrings"}
)
"""Keys below which everything is a secret."""

_CERTIFICATES = frozenset({"sslcertificates"})
_PRIVATE_PARTS = frozenset({"data", "password"})
"""What holds the private key in a list of certificates; elsewhere `data` is public."""

_SENSITIVE_NAME = re.compile(
    r"authorization|cookie|api-?_?key|functions-key|subscription-key|password|passwd|secret"
    r"|token|connection_?string|access_?key|credential",
    re.IGNORECASE,
)
_NAMES = frozenset({"headername", "name"})
_VALUES = frozenset({"headervalue", "value"})

_HINTS = (
    *b"pass secret token key connectionstring credential customdata userdata kubeconfig".split(),
    *b"protectedsetting psk pfx pwd sasur sig= code= bearer authorization cookie".split(),
    *b"accesssignature sslcertificates eyj \\u".split(),
    b"basic ",
)
"""What a text holds, in small letters without `-` and `_`, that may hold a secret.

Most records hold none of it, and are done with. Not a regular expression: looking for each in
turn takes a tenth of its time.
"""

_USER = re.compile(rb"://[^\"]*@")

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^{}\[\],:"\s]+')

_WITHIN = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"((?:^|[?&;])(?:sig|code|token|access_token|api[_-]?key)=)[^&;#\s]+",
        r"((?:AccountKey|SharedAccessKey|SharedSecret|Password|Pwd)\s*=\s*)[^;\"]+",
        r"(\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}",
        r"()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*",
        r"(://[^/@:\s]*:)[^/@\s]+(?=@)",
        r"()-----BEGIN [A-Z ]*PRIVATE KEY-----.*",
    )
)
"""Secrets inside a text that is none as a whole; what is in front of each stays."""

_MARK = re.compile(r"[=@]|earer\s|asic\s|eyJ|PRIVATE KEY", re.IGNORECASE)
"""What each of these has in it; few texts do."""


def is_secret(key: str) -> bool:
    """Tell whether a key names a secret.

    Annotations of Kubernetes that end so (`nginx.ingress.kubernetes.io/auth-secret`) name the
    object that holds one.
    """
    folded = _folded(key)
    if "/" in folded and folded.endswith("secret"):
        return False
    return folded in _EXACT or folded.endswith(_ENDS)


def redacted(text: bytes) -> bytes:
    """Give a JSON text, sound and without superfluous space, with the secrets in it replaced."""
    if not _hinted(text):
        return text
    edits = _Reader(text).edits()
    if not edits:
        return text
    pieces, at = [], 0
    for start, end, instead in edits:
        pieces += [text[at:start], instead]
        at = end
    return b"".join([*pieces, text[at:]])


def _hinted(text: bytes) -> bool:
    small = text.lower().translate(None, b"-_")
    if any(hint in small for hint in _HINTS):
        return True
    return b"@" in text and _USER.search(text) is not None


@dataclass(slots=True)
class _Level:
    """An object or a list that is open, and what was said in it so far.

    `deep`: every text below is a secret. `secret`: every text of this list is one.
    """

    is_object: bool
    deep: bool = False
    secret: bool = False
    certificate: bool = False
    key: str = ""
    name: str = ""
    value: tuple[int, int] | None = None


@dataclass(slots=True)
class _Reader:
    """Walks through a text once, without recursion: a hostile one may be nested deeply."""

    text: bytes
    levels: list[_Level] = field(default_factory=list)
    found: dict[int, tuple[int, str]] = field(default_factory=dict)
    expects_key: bool = False

    def edits(self) -> list[tuple[int, int, bytes]]:
        """Give what is to be replaced: from, to, by what; in order."""
        for match in _TOKEN.finditer(self.text):
            token = match.group()
            if token in (b"{", b"["):
                self._open(token == b"{")
            elif token in (b"}", b"]"):
                self._close()
            elif token == b",":
                self.expects_key = bool(self.levels) and self.levels[-1].is_object
            elif token != b":":
                self._word(token, match.start(), match.end())
        return [
            (start, end, json.dumps(instead, ensure_ascii=False).encode("utf-8", "surrogateescape"))
            for start, (end, instead) in sorted(self.found.items())
        ]

    def _open(self, is_object: bool) -> None:
        level = _Level(is_object)
        if self.levels:
            above = self.levels[-1]
            key = _folded(above.key) if above.is_object else ""
            level.deep = above.deep or key in _DEEP
            # An object under such a key is often a reference to a secret: its own keys tell.
            level.secret = not is_object and (above.secret or is_secret(key))
            level.certificate = above.certificate or key in _CERTIFICATES
        self.levels.append(level)
        self.expects_key = is_object

    def _close(self) -> None:
        if self.levels:
            level = self.levels.pop()
            if level.value is not None and _SENSITIVE_NAME.search(level.name):
                start, end = level.value
                self.found[start] = (end, REDACTED)
        self.expects_key = False

    def _word(self, token: bytes, start: int, end: int) -> None:
        if self.expects_key:
            self.levels[-1].key = _decoded(token)
            self.expects_key = False
            return
        if token in (b"null", b"true", b"false", b'""'):
            return
        level = self.levels[-1] if self.levels else _Level(False)
        key = _folded(level.key) if level.is_object else ""
        private = level.certificate and key in _PRIVATE_PARTS
        if level.deep or level.secret or private or is_secret(key):
            self.found[start] = (end, REDACTED)
        elif token[:1] == b'"':
            self._text(level, key, _decoded(token), (start, end))

    def _text(self, level: _Level, key: str, text: str, place: tuple[int, int]) -> None:
        if key in _NAMES:
            level.name = f"{level.name} {text}"
        elif key in _VALUES:
            level.value = place
        if not _MARK.search(text):
            return
        kept = text
        for pattern in _WITHIN:
            kept = pattern.sub(r"\1" + REDACTED, kept)
        if kept != text:
            self.found[place[0]] = (place[1], kept)


def _folded(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")


def _decoded(token: bytes) -> str:
    if b"\\" not in token:
        return token[1:-1].decode("utf-8", "surrogateescape")
    found: str = json.loads(token.decode("utf-8", "surrogateescape"))
    return found
