"""Secrets taken out of a record before it is written anywhere.

Reader rights show few secrets, but some (a VPN's shared key of old, a point-to-site RADIUS secret,
a token in a probe's path, a header that a gateway adds), and records of unknown types may hold
any. What is replaced becomes `"<redacted>"`; everything else stays byte for byte.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache

from auditor.snapshot.secret_texts import HINTS, redacted_text

REDACTED = "<redacted>"

_EXACT = frozenset(
    {
        *("authorization", "proxyauthorization", "cookie", "setcookie", "authtoken"),
        *("authorizationkey", "sharedkey", "privatekey", "psk", "pwd", "pfx", "pfxdata"),
        *("customdata", "userdata", "cloudinit", "commandtoexecute", "script", "startupscript"),
        *("securevalue", "protectedsetting", "kubeconfig", "kubeadminconfig", "kubeconfigraw"),
        *("sas", "sasdefinition", "sastoken", "sasuri", "sasurl", "pass", "passcode", "netrc"),
        *("dockerconfigjson", "clientassertion", "secretkeybase", "accesskeyid"),
    }
)
_ENDS = (
    *("password", "passwordhash", "passwd", "passphrase", "pwd", "psk", "token", "credential"),
    *("secret", "secretdata", "secretstring", "secrettext", "secretvalue"),
    *("connectionstring", "connstring", "sharedaccesssignature", "pfxblob"),
    *("accesskey", "accountkey", "adminkey", "apikey", "authkey", "authenticationkey"),
    *("clientkey", "clientkeydata", "decryptionkey", "functionkey", "functionskey", "hmackey"),
    *("hostkey", "instrumentationkey", "integrationkey", "joinkey", "licensekey", "masterkey"),
    *("adminpass", "dbpass", "mysqlpass", "rootpass", "userpass"),
    *("md5key", "primarykey", "privatekey", "privatekeypem", "querykey", "saskey"),
    *("secondarykey", "secretkey", "sharedaccesskey", "sharedkey", "storagekey"),
    *("sharedkeyvalue", "signingkey", "subscriptionkey", "validationkey", "workspacekey"),
)
"""How keys end (their letters and digits, without case) whose values are secrets.

A number or a plural at the end does not count.
"""

_DEEP = frozenset(
    {
        *("protectedsettings", "protectedsetting", "kubeconfig", "kubeconfigs"),
        *("connectionstrings", "appsettings", "additionalunattendcontent"),
    }
)
"""Keys below which everything is a secret."""

_CERTIFICATES = frozenset({"sslcertificates"})
_PRIVATE_PARTS = frozenset({"data", "password"})
"""What holds the private key in a list of certificates; elsewhere `data` is public."""

_SECRETS = "secrets"
"""A key whose objects hold secrets, and whose texts are names or rights (of an access policy)."""

_NAMING = frozenset({"name", "id", "type", "username", "clientid", "enabled"})
"""What in an object under the plural of a secret's key names something."""

_INSIDE = frozenset({"value", "data", "current", "previous", "primary", "secondary"})
"""What holds the secret of an object under the key of one; its other keys tell for themselves."""

_SENSITIVE_NAME = re.compile(
    r"authorization|cookie|x-auth|api-?_?key|functions-key|subscription-key|password|passwd|secret"
    r"|token|connection_?string|access_?key|credential",
    re.IGNORECASE,
)
_NAMES = frozenset({"headername", "name", "selector", "variable"})
_HEADER = re.compile(r"(?:proxy-)?authorization|(?:set-)?cookie|x-auth.*|.*-key", re.IGNORECASE)
"""What a `key` beside a `value` says when the pair is a header."""
_VALUES = frozenset({"headervalue", "value", "values", "matchvalue", "matchvalues", "pattern"})
_LISTED_NAMES = frozenset({"matchvariables"})
"""Lists whose elements name what the object that has the list tells the value of."""

_HINTS = (
    *(b"xauth", b"signature=", b"securestring", b"pw:", b"pw=", b"netrc", b'"sas', b"kubeadmin"),
    *(b"cloudinit", b"dockerconfig", b"clientassertion", b"http_req", b"httpreq"),
    *(b"pass", b"secret", b"token", b"key", b"connectionstring", b"connstring", b"credential"),
    *(b"customdata", b"userdata", b"kubeconfig", b"protectedsetting", b"psk", b"pfx", b"pwd"),
    *(b"sasur", b"sig=", b"code=", b"bearer", b"authorization", b"cookie", b"accesssignature"),
    *(b"sslcertificates", b"eyj", b"ls0tls1crudjti", b"commandtoexecute", b'script"'),
    *(b"appsettings", b"securevalue", b"additionalunattend", b"\\u"),
)
"""What a text holds, in small letters without `-`, `_`, `.` and spaces, that may hold a secret.

Most records hold none of it, and are done with. Not a regular expression: looking for each in
turn takes a tenth of its time.
"""

_USER = re.compile(rb"://[^\"]*@")

_APART = re.compile(r"[^a-z0-9/]+")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^{}\[\],:"\s]+')


@lru_cache(maxsize=4096)
def is_secret(key: str) -> bool:
    """Tell whether a key names a secret.

    Annotations of Kubernetes that end so (`nginx.ingress.kubernetes.io/auth-secret`) name the
    object that holds one.
    """
    folded = _folded(key).rstrip("0123456789")
    if folded == _SECRETS:
        return False
    single = folded.removesuffix("s")
    if "/" in single and single.endswith("secret"):
        return False
    return any(each in _EXACT or each.endswith(_ENDS) for each in (folded, single))


def _is_plural(folded: str) -> bool:
    return folded == _SECRETS or is_secret(folded)


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
    small = text.lower()
    if any(hint in small for hint in HINTS):
        return True
    small = small.translate(None, b"-_ .")
    if any(hint in small for hint in _HINTS):
        return True
    return b"@" in text and _USER.search(text) is not None


@dataclass(slots=True)
class _Level:
    """An object or a list that is open, and what was said in it so far.

    `deep`: every text below is a secret. `dictionary`: every text of this object, but for names.
    `secret`: every text of this list is one, or what the object holds under the key of one.
    `naming` is the object whose name says what this is.
    """

    is_object: bool
    deep: bool = False
    secret: bool = False
    dictionary: bool = False
    listed: bool = False
    certificate: bool = False
    key: str = ""
    name: str = ""
    values: list[tuple[int, int]] = field(default_factory=list)
    naming: _Level | None = None
    named: _Level | None = None


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
            level.listed = key == _SECRETS
            level.secret = is_secret(key) or (above.secret and not above.is_object)
            level.dictionary = is_object and key.endswith("s") and _is_plural(key)
            level.secret = level.secret or (above.listed and not above.is_object)
            level.certificate = above.certificate or key in _CERTIFICATES
            level.naming = above if key in _VALUES else above.naming
            level.named = above if key in _LISTED_NAMES else above.named
        self.levels.append(level)
        self.expects_key = is_object

    def _close(self) -> None:
        if self.levels:
            level = self.levels.pop()
            if level.values and _SENSITIVE_NAME.search(level.name):
                self.found.update((start, (end, REDACTED)) for start, end in level.values)
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
        inside = level.secret and (not level.is_object or key in _INSIDE)
        inside = inside or (level.dictionary and key not in _NAMING)
        if level.deep or inside or private or is_secret(key):
            self.found[start] = (end, REDACTED)
        elif token[:1] == b'"':
            self._text(level, key, _decoded(token), (start, end))

    def _text(self, level: _Level, key: str, text: str, place: tuple[int, int]) -> None:
        if key == "keyname":
            level.name = f"{level.name} access_key {text}"
        elif key == "key" and _HEADER.fullmatch(text):
            level.name = f"{level.name} {text} credential"
        elif key in _NAMES:
            level.name = f"{level.name} {text}"
            if level.named is not None:
                level.named.name = f"{level.named.name} {text}"
        elif key in _VALUES or level.naming is not None:
            (level if key in _VALUES else level.naming or level).values.append(place)
        kept = redacted_text(text, REDACTED)
        if kept != text:
            self.found[place[0]] = (place[1], kept)


@lru_cache(maxsize=4096)
def _folded(key: str) -> str:
    return _APART.sub("", key.lower())


def _decoded(token: bytes) -> str:
    if b"\\" not in token:
        return token[1:-1].decode("utf-8", "surrogateescape")
    found: str = json.loads(token.decode("utf-8", "surrogateescape"))
    return found
