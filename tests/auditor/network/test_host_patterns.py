from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.network.host_patterns import meet, swallows

PATTERNS = st.text(alphabet="ab.*?", min_size=1, max_size=5)
NAMES = ["".join(chars) for length in range(1, 5) for chars in product("abc.", repeat=length)]


def accepts(pattern: str, host: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(expression, host) is not None


@given(PATTERNS, PATTERNS)
def test_what_it_says_is_true_of_every_name(wide: str, narrow: str) -> None:
    if swallows(wide, narrow):
        assert all(accepts(wide, host) for host in NAMES if accepts(narrow, host))


@given(PATTERNS, st.sampled_from(NAMES))
def test_for_a_host_name_it_is_the_match(wide: str, host: str) -> None:
    assert swallows(wide, host) is accepts(wide, host)


@pytest.mark.parametrize(
    ("wide", "narrow", "answer"),
    [
        ("*.contoso.com", "a.contoso.com", True),
        ("*.contoso.com", "customer1.b2b.contoso.com", True),
        ("*.contoso.com", "*.b2b.contoso.com", True),
        ("*.contoso.com", "contoso.com", False),
        ("*.b2b.contoso.com", "*.contoso.com", False),
        ("*", "*", True),
        ("A.com", "a.COM", True),
        ("?.com", "*.com", False),
        ("*", "?", True),
    ],
)
def test_t_5_examples(wide: str, narrow: str, answer: bool) -> None:
    assert swallows(wide, narrow) is answer


def test_a_pattern_made_to_be_slow_is_not() -> None:
    assert swallows("*a" * 120, "a" * 253 + "b") is False


@pytest.mark.parametrize(
    ("listener", "ingress", "common"),
    [
        ("", "shop.example", True),
        ("shop.example", "", True),
        ("shop.example", "SHOP.example", True),
        ("shop.example", "example", False),
        ("*.example", "a.b.example", True),
        ("*.example", "*.example", True),
        ("*.b.example", "*.example", False),
        ("*.b.example", "*.b.example", True),
        ("a.example", "*.example", True),
        ("a.b.example", "*.example", False),
        (".example", "*.example", False),
        ("*", "*.example", True),
        ("a*.example", "*.example", True),
        ("*a.?xample", "*.example", True),
        ("*.other", "*.example", False),
        ("[a].example", "a.example", False),
    ],
)
def test_names_in_common(listener: str, ingress: str, common: bool) -> None:
    assert meet(listener, ingress) is common


@given(PATTERNS, st.text(alphabet="ab.", min_size=1, max_size=3))
def test_names_in_common_are_those_that_both_accept(listener: str, rest: str) -> None:
    served = [label + "." + rest for label in ("a", "b", "c", "aa", "ab", "ba", "bb", "abb")]
    if any(accepts(listener, host) for host in served):
        assert meet(listener, "*." + rest)
    if not meet(listener, "*." + rest):
        assert not any(accepts(listener, host) for host in served)
    assert meet(listener, rest) is accepts(listener, rest)
