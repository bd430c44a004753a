from __future__ import annotations

import re
import string
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from auditor.certificates import Coverage, covers, matches, parse_root

from .issuing import base64, family

BLANK = replace(parse_root(base64(family()[0].der)), dns_names=(), ip_addresses=())

FULL, PARTIAL, NONE = Coverage.FULL, Coverage.PARTIAL, Coverage.NONE


def cover(names: Sequence[str], pattern: str | None, *addresses: str) -> Coverage:
    certificate = replace(BLANK, dns_names=tuple(names), ip_addresses=addresses)
    return covers(certificate, pattern).coverage


@pytest.mark.parametrize(
    ("san", "host", "expected"),
    [
        ("shop.example", "shop.example", True),
        ("shop.example", "SHOP.Example", True),
        ("Shop.EXAMPLE", "shop.example", True),
        ("shop.example", "shop.example.", True),
        ("shop.example.", "shop.example", True),
        ("shop.example", "www.shop.example", False),
        ("www.shop.example", "shop.example", False),
        ("*.shop.example", "www.shop.example", True),
        ("*.shop.example", "WWW.shop.example.", True),
        ("*.SHOP.example", "www.shop.example", True),
        ("*.shop.example", "shop.example", False),
        ("*.shop.example", "a.www.shop.example", False),
        ("*.shop.example", "wwwshop.example", False),
        ("*.shop.example", ".shop.example", False),
        ("*.shop.example", "*.shop.example", False),
        ("*.shop.example", "xn--bcher-kva.shop.example", True),
        ("w*.shop.example", "www.shop.example", False),
        ("*w.shop.example", "www.shop.example", False),
        ("www.*.example", "www.shop.example", False),
        ("*.*.example", "www.shop.example", False),
        ("**.example", "shop.example", False),
        ("*", "shop", False),
        ("*", "shop.example", False),
        ("*.", "shop", False),
        ("*.0.0.1", "10.0.0.1", False),
        ("10.0.0.1", "10.0.0.1", False),
        ("*.2.3", "1.2.3", False),
        ("*.db8::1", "2001.db8::1", False),
        ("xn--bcher-kva.example", "bücher.example", True),
        ("bücher.example", "XN--BCHER-KVA.example", True),
        ("*.xn--bcher-kva.example", "www.Bücher.example", True),
        ("xn--strae-oqa.example", "Straße.example", True),
        ("strasse.example", "straße.example", False),
        ("xn--fa-hia.xn--bcher-kva.example", "faß\u3002bücher.example", True),
        ("shop.example", "shop。example", True),
        ("a_b.example", "a_b.example", True),
        ("-a.example", "-a.example", False),
        ("", "", False),
        (".", ".", False),
        ("a..b", "a..b", False),
        ("a b", "a b", False),
        ("shop.example\n", "shop.example\n", False),
        ("\ud800.example", "\ud800.example", False),
        (f"{'a' * 63}.example", f"{'a' * 63}.example", True),
        (f"{'a' * 64}.example", f"{'a' * 64}.example", False),
        ("ü" * 9999, "ü" * 9999, False),
    ],
)
def test_T_4_a_wildcard_is_one_whole_label_on_the_left(san: str, host: str, expected: bool) -> None:
    assert matches(san, host) is expected


WILDCARD = ("*.shop.example",)


@pytest.mark.parametrize(
    ("names", "pattern", "expected"),
    [
        (WILDCARD, "www.shop.example", FULL),
        (WILDCARD, "WWW.Shop.Example.", FULL),
        (WILDCARD, "shop.example", NONE),
        (WILDCARD, "a.b.shop.example", NONE),
        (WILDCARD, "*.shop.example", PARTIAL),
        (WILDCARD, "*.SHOP.example", PARTIAL),
        (WILDCARD, "w*.shop.example", PARTIAL),
        (WILDCARD, "*-w.shop.example", PARTIAL),
        (WILDCARD, "?.shop.example", FULL),
        (WILDCARD, "app-??.shop.example", FULL),
        (WILDCARD, "*.sho?.example", NONE),
        (WILDCARD, "*.example", NONE),
        (WILDCARD, "*.b.shop.example", NONE),
        (WILDCARD, "www.*.example", NONE),
        (WILDCARD, "www.shop.*", NONE),
        (WILDCARD, "*.shop.*", NONE),
        (("*.shop.example", "*.b.shop.example"), "*.shop.example", PARTIAL),
        (("www.shop.example",), "*.shop.example", NONE),
        (("www.shop.example",), "www.shop.example", FULL),
        (("www.shop.example",), "ww?.shop.example", NONE),
        (("shop.example", "*.shop.example"), "shop.example", FULL),
        ((), "www.shop.example", NONE),
        ((), "*.shop.example", NONE),
        (WILDCARD, "*", PARTIAL),
        (WILDCARD, "", PARTIAL),
        (WILDCARD, None, PARTIAL),
        ((), None, NONE),
        (WILDCARD, "www.shop.example\n", NONE),
        (WILDCARD, "*..shop.example", NONE),
        (WILDCARD, "-?.shop.example", NONE),
        (WILDCARD, "*.shöp.example", NONE),
        (("*.xn--bcher-kva.example",), "www.bücher.example", FULL),
    ],
)
def test_T_6_a_listener_is_covered_in_full_in_part_or_not(
    names: Sequence[str], pattern: str | None, expected: Coverage
) -> None:
    assert cover(names, pattern) is expected


def test_T_5_a_deeper_name_shows_what_a_wildcard_listener_accepts_in_vain() -> None:
    answer = covers(replace(BLANK, dns_names=WILDCARD), "*.shop.example")

    assert answer.uncovered == "www.a.shop.example"
    assert "any number of labels" in answer.reason


def test_the_example_avoids_names_that_another_wildcard_serves() -> None:
    names = (*WILDCARD, *(f"*.{letter}.shop.example" for letter in "abc"))

    answer = covers(replace(BLANK, dns_names=names), "*.shop.example")

    assert answer.uncovered == "www.d.shop.example"


@pytest.mark.parametrize(
    ("names", "pattern", "words"),
    [
        (WILDCARD, "shop.example", "does not serve shop.example itself"),
        (WILDCARD, "a.b.shop.example", "stands for one label only"),
        (("a.example", "b.example"), "c.example", "serves a.example, b.example, not c.example"),
        (tuple("abcdefg"), "c.example", "serves a, b, c, d, e and 2 more"),
        ((), "c.example", "has no DNS name"),
        ((), "*.example", "has no DNS name"),
        (("a.example",), "*.example", "not every name that *.example accepts"),
        (WILDCARD, "a b", "no valid host name"),
    ],
)
def test_the_reason_names_the_mistake(names: tuple[str, ...], pattern: str, words: str) -> None:
    assert words in covers(replace(BLANK, dns_names=names), pattern).reason


def test_addresses_are_looked_up_among_addresses() -> None:
    assert cover((), "203.0.113.7", "203.0.113.7") is FULL
    assert cover((), "2001:DB8:0::7", "2001:db8::7") is FULL
    assert cover(("203.0.113.7", "*.0.113.7"), "203.0.113.7", "203.0.113.8") is NONE


def test_a_question_mark_is_covered_once_every_character_is() -> None:
    every = [f"{letter}.example" for letter in string.ascii_lowercase + string.digits]
    certificate = replace(BLANK, dns_names=tuple(every))

    assert covers(certificate, "?.example").coverage is FULL
    for missing in ("a.example", "q.example", "9.example"):
        less = replace(BLANK, dns_names=tuple(name for name in every if name != missing))
        assert covers(less, "?.example").coverage is NONE
        assert covers(less, "?.example").uncovered == missing


def test_a_question_mark_in_the_last_label_makes_no_address() -> None:
    every = tuple(f"*.a{c}" for c in string.ascii_lowercase + string.digits)

    assert cover(every, "w.a?") is FULL
    assert cover(every[:-1], "w.a?") is NONE
    assert cover(tuple(f"*.{c}" for c in string.ascii_lowercase), "w.?") is FULL


@pytest.mark.parametrize(
    "pattern",
    [
        "?" * 253,
        ".".join(["*"] * 127),
        ".".join(["?"] * 127),
        "-" + "?" * 60 + ".example",
        "?" * 60 + "-.example",
        "*" * 253,
        "a" * 63 + "*.example",
        "?" * 10_000,
    ],
)
def test_hostile_patterns_and_certificates_are_answered_at_once(pattern: str) -> None:
    names = tuple(f"{kind}n{at}.example" for at in range(3000) for kind in ("", "*."))

    assert cover(names, pattern) is NONE


# An independent judge over tiny alphabets: names of a, b and dots, all of them.

WORDS = ["a", "b", "aa", "ab", "ba", "bb"]
HOSTS = [
    ".".join(labels)
    for count, words in ((1, WORDS), (2, WORDS), (3, ["a", "b", "ab"]), (4, ["a", "b"]))
    for labels in product(words, repeat=count)
]


def accepts(pattern: str, host: str) -> bool:
    """Judge as a gateway does: `*` is any characters, `?` one that is no dot."""
    translated = {"*": "[a-z0-9_.-]*", "?": "[a-z0-9_-]", ".": r"\."}
    return bool(re.fullmatch("".join(translated.get(c, c) for c in pattern), host))


def served(names: Sequence[str], host: str) -> bool:
    """Judge as a client does, label by label."""
    labels = host.split(".")
    return any(
        len(san) == len(labels)
        and (san[0] in ("*", labels[0]))
        and (len(san) > 1 or san[0] != "*")
        and san[1:] == labels[1:]
        for san in (name.split(".") for name in names)
    )


SANS = st.builds(
    lambda wild, labels: ".".join([*(["*"] if wild else []), *labels]),
    st.booleans(),
    st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=3),
)
LABELS = st.sampled_from(["a", "b", "ab", "*", "?", "a*", "*b", "a?", "?b", "??", "?*"])
PATTERNS = st.lists(LABELS, min_size=1, max_size=3).map(".".join)


@settings(max_examples=300, deadline=None)
@given(st.lists(SANS, max_size=4), st.sampled_from(HOSTS))
def test_a_literal_host_is_covered_exactly_when_a_name_matches(names: list[str], host: str) -> None:
    expected = served(names, host)

    assert any(matches(name, host) for name in names) is expected
    assert cover(names, host) is (FULL if expected else NONE)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(SANS, max_size=4), PATTERNS.filter(lambda text: set(text) & set("*?") and text != "*")
)
def test_T_6_cover_agrees_with_trying_every_name(names: list[str], pattern: str) -> None:
    answer = covers(replace(BLANK, dns_names=tuple(names)), pattern)
    level = pattern.count(".")
    missed = [host for host in HOSTS if accepts(pattern, host) and not served(names, host)]

    if answer.coverage is FULL:
        assert not missed
        assert answer.uncovered is None
        return
    assert answer.uncovered is not None
    assert accepts(pattern, answer.uncovered)
    assert not served(names, answer.uncovered)
    if answer.coverage is NONE:
        assert answer.uncovered.count(".") == level
    else:
        assert answer.uncovered.count(".") > level
        assert all(host.count(".") > level for host in missed)
