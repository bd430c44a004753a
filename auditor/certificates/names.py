"""Which host names a certificate serves, and whether they are those a listener accepts.

Certificates and Application Gateway both write `*`, and mean different things: in a certificate
it is one whole label (RFC 9525, T-4), in a listener any characters, dots included (T-5).
"""

from __future__ import annotations

import enum
import re
import socket
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice, product
from string import ascii_lowercase, digits

import msgspec

from auditor.certificates.certificate import Certificate

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_PATTERN = r"[a-z0-9_.*?-]{1,253}"
_LONGEST = 253
_LONGEST_LABEL = 63
_FILL = ascii_lowercase + digits + "-"
_SHOWN = 5


class Coverage(enum.Enum):
    """How much of what a listener accepts a certificate serves."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class Cover(msgspec.Struct, frozen=True):
    """The answer to "does this certificate serve what this listener accepts?".

    FULL: every name. PARTIAL: a wildcard pattern's names without further labels, but no deeper
    ones; or, for a listener that accepts any name, just the certificate's own names. NONE: some
    name that the pattern plainly means is not served. `reason` is a sentence without its full
    stop. `uncovered` is a host name that the listener accepts and the certificate does not serve;
    None when there is no such name, or when the listener's name is none that a client could ask
    for.
    """

    coverage: Coverage
    reason: str
    uncovered: str | None = None


_NO_HOST = Cover(Coverage.NONE, "the listener's host name is no valid host name")


def matches(san: str, host: str) -> bool:
    """Tell whether a dNSName serves a host name (RFC 9525, 6.3; T-4).

    `*` counts only as the whole left-most label and stands for exactly one label: `*.a.example`
    serves neither `a.example` nor `c.b.a.example`. Letter case, one dot at the end and the
    spelling of international names (as A-labels or not) make no difference. An IP address, a name
    with a wildcard and a text that is no host name are served by no dNSName.
    """
    name = _host(host)
    if name is None:
        return False
    first, _, rest = san.partition(".")
    if first != "*":
        return _host(san) == name
    suffix = _host(rest)
    return suffix is not None and name.partition(".")[2] == suffix


def covers(certificate: Certificate, pattern: str | None) -> Cover:
    """Compare a certificate with a listener's host name (T-5, T-6).

    `pattern` may hold `*` (any characters, dots included) and `?` (one character of a label)
    anywhere. None, an empty text and a bare `*` stand for any name. A literal IP address is
    looked up among the certificate's addresses.
    """
    names = certificate.dns_names
    if pattern is None or pattern in ("", "*"):
        return _any_name(names)
    if "*" in pattern or "?" in pattern:
        return _wildcard(names, pattern)
    address = _address(pattern)
    if address is not None:
        return _literal_address(certificate.ip_addresses, pattern, address)
    host = _host(pattern)
    if host is None:
        return _NO_HOST
    return _literal(names, host)


@lru_cache(maxsize=4096)
def _host(text: str) -> str | None:
    """Give the comparable form of a host name: lower-case A-labels; None for anything else."""
    if len(text) > 2 * _LONGEST:
        return None
    name = text.removesuffix(".")
    if not name.isascii():
        try:
            name = ".".join(map(_a_label, _DOTS.split(name))).removesuffix(".")
        except UnicodeError:
            return None
    name = name.lower()
    labels = name.split(".")
    if len(name) > _LONGEST or not all(map(_LABEL.fullmatch, labels)):
        return None
    # A name whose last label is a number is read as an IPv4 address.
    return None if labels[-1].isdigit() else name


_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_KEPT = frozenset("\xdf\u03c2\u200c\u200d")
"""What IDNA of 2003, which Python encodes, takes for something else: sharp s, final sigma, joiners.

Browsers look such names up as they are, by IDNA of 2008.
"""


def _a_label(label: str) -> str:
    if label.isascii():
        return label
    if _KEPT.isdisjoint(label.lower()):
        return label.encode("idna").decode("ascii")
    kept = unicodedata.normalize("NFC", label.lower())
    return "xn--" + kept.encode("punycode").decode("ascii")


def _address(text: str) -> bytes | None:
    """Give the bytes of a literal IPv4 or IPv6 address."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            return socket.inet_pton(family, text)
        except (OSError, ValueError):
            continue
    return None


def _literal_address(addresses: Iterable[str], wanted: str, address: bytes) -> Cover:
    if any(_address(one) == address for one in addresses):
        return Cover(Coverage.FULL, f"the certificate names the address {wanted}")
    return Cover(Coverage.NONE, f"the certificate does not name the address {wanted}", wanted)


def _any_name(names: Sequence[str]) -> Cover:
    served = _Served.of(names)
    example = served.first_without(f"{word}.example.net" for word in _words() if word)
    if not names:
        return Cover(Coverage.NONE, _no_names(), example)
    reason = f"the listener accepts any name, and the certificate serves only {_listed(names)}"
    return Cover(Coverage.PARTIAL, reason, example)


def _literal(names: Sequence[str], host: str) -> Cover:
    for name in names:
        if matches(name, host):
            return Cover(Coverage.FULL, f"{name} serves {host}")
    return Cover(Coverage.NONE, _why_not(names, host), host)


def _why_not(names: Sequence[str], host: str) -> str:
    """Name the usual mistakes: the apex of a wildcard, a label too many."""
    if not names:
        return _no_names()
    for name in names:
        suffix = _host(name[2:]) if name.startswith("*.") else None
        if suffix == host:
            return f"{name} does not serve {host} itself"
        if suffix is not None and host.endswith("." + suffix):
            return f"{name} stands for one label only, and {host} has more"
    return f"the certificate serves {_listed(names)}, not {host}"


def _wildcard(names: Sequence[str], pattern: str) -> Cover:
    folded = pattern.lower().removesuffix(".")
    if not re.fullmatch(_PATTERN, folded) or not any(_level(folded, _Served.of(()))):
        return _NO_HOST
    served = _Served.of(names)
    flat = served.first_without(_level(folded, served))
    if flat is not None:
        return Cover(Coverage.NONE, _why_not_pattern(names, pattern), flat)
    if "*" not in folded:
        return Cover(Coverage.FULL, f"the certificate serves every name that {pattern} accepts")
    reason = (
        f"the listener's {pattern} accepts names with any number of labels, "
        "and the certificate's wildcard stands for just one"
    )
    return Cover(Coverage.PARTIAL, reason, served.first_without(_grown(folded, served.count)))


def _why_not_pattern(names: Sequence[str], pattern: str) -> str:
    if not names:
        return _no_names()
    return f"the certificate serves {_listed(names)}, and not every name that {pattern} accepts"


class _Served(msgspec.Struct, frozen=True):
    """A certificate's DNS names, for asking about many hosts.

    `exact` holds whole names, `parents` what follows the `*.` of wildcards.
    """

    exact: frozenset[str]
    parents: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str]) -> _Served:
        folded = [(name.startswith("*."), _host(name.removeprefix("*."))) for name in names]
        return cls(
            exact=frozenset(name for wild, name in folded if name and not wild),
            parents=frozenset(name for wild, name in folded if name and wild),
        )

    @property
    def count(self) -> int:
        return len(self.exact) + len(self.parents)

    def first_without(self, hosts: Iterable[str]) -> str | None:
        """Give the first host that no name serves."""
        return next((host for host in hosts if not self._serve(host)), None)

    def _serve(self, host: str) -> bool:
        return host in self.exact or host.partition(".")[2] in self.parents


def _level(pattern: str, served: _Served) -> Iterator[str]:
    """Give names that a pattern accepts with as many labels as it has itself.

    As many as it takes: one name of a certificate serves a single name, or all that differ in
    the first label alone. Hence among more first labels than names, and among more rests than
    names, one goes unserved whenever any does.
    """
    first, *rest = pattern.split(".")
    most = served.count + 1
    for tail in _combined(rest, most):
        if ".".join(tail) in served.parents:
            continue
        for head in islice(_label(first, last=not rest), most):
            name = ".".join((head, *tail))
            if len(name) <= _LONGEST:
                yield name


def _combined(labels: list[str], most: int) -> Iterator[tuple[str, ...]]:
    """Give `most` different fillings of several labels, or all when there are fewer."""
    choices: list[tuple[str, ...]] = []
    have = 1
    for at, label in enumerate(labels, start=1):
        last = at == len(labels)
        found = tuple(islice(_label(label, last=last), -(-most // have)))
        choices.append(found)
        have *= max(len(found), 1)
    return islice(product(*choices), most)


def _label(pattern: str, *, last: bool) -> Iterator[str]:
    """Give the labels that a pattern without dots accepts; no numbers at the `last` place."""
    if pattern.startswith("-") or pattern.endswith("-"):
        return
    for word in _words() if "*" in pattern else ("",):
        filled = pattern.replace("*", word)
        if len(filled) > _LONGEST_LABEL:
            if len(word) > 1:
                return
            continue
        for letters in product(_FILL, repeat=filled.count("?")):
            spare = iter(letters)
            label = "".join(next(spare) if c == "?" else c for c in filled)
            if _LABEL.fullmatch(label) and not (last and label.isdigit()):
                yield label


def _words() -> Iterator[str]:
    """Give what a `*` may stand for within a label: a, b, ... then nothing, then aa, ab, ..."""
    yield from ascii_lowercase + digits
    yield ""
    for length in range(2, _LONGEST_LABEL + 1):
        yield from map("".join, product(ascii_lowercase + digits, repeat=length))


def _grown(pattern: str, served: int) -> Iterator[str]:
    """Give names with more labels than the pattern, with more different ends than are `served`."""
    head, _, tail = pattern.replace("?", "a").partition("*")
    tail = tail.replace("*", "a")
    start = head + ("www" if head[-1:] in ("", ".") else "a")
    # Twice: at the end of a name the words that are numbers do not count.
    for word in islice(_words(), 2 * served + 100):
        name = f"{start}.{word}{tail}"
        if _host(name) is not None:
            yield name


def _no_names() -> str:
    return "the certificate has no DNS name, and its common name does not count"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(islice(names, _SHOWN))
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
