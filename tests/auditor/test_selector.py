"""Endpoints as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.addresses import parse_prefix
from auditor.errors import UsageError
from auditor.selector import LONGEST, Kind, globbing, parse_selector


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("internet", Kind.INTERNET, ""),
        (" Internet ", Kind.INTERNET, ""),
        ("onprem", Kind.ON_PREMISES, ""),
        ("ONPREM", Kind.ON_PREMISES, ""),
        ("type:applicationGateways", Kind.TYPE, "applicationGateways"),
        ("Type: Microsoft.Network/azureFirewalls ", Kind.TYPE, "Microsoft.Network/azureFirewalls"),
        ("name:vm-*", Kind.NAME, "vm-*"),
        ("name:a:b", Kind.NAME, "a:b"),
        ("RG:rg-hub", Kind.GROUP, "rg-hub"),
        ("subnet:hub/web", Kind.SUBNET, "hub/web"),
        ("service:ingress/nginx", Kind.SERVICE, "ingress/nginx"),
        ("/subscriptions/s/resourceGroups/rg", Kind.ID, "/subscriptions/s/resourceGroups/rg"),
        ("*/networkInterfaces/web", Kind.ID, "*/networkInterfaces/web"),
        ("networkInterfaces/web", Kind.ID, "networkInterfaces/web"),
        ("*", Kind.ID, "*"),
    ],
)  # fmt: skip
def test_a_kind_and_what_follows_it(text: str, kind: Kind, value: str) -> None:
    told = parse_selector(text)
    assert (told.kind, told.value, told.text) == (kind, value, text)
    assert str(told) == text


@pytest.mark.parametrize("text", ["10.0.0.0/24", "10.0.0.4", "fd00::/8", "2001:db8::4", " ::1 "])
def test_an_address_or_a_cidr(text: str) -> None:
    told = parse_selector(text)
    assert told.kind is Kind.ADDRESS
    assert told.prefix == parse_prefix(text.strip())


def test_a_tag_has_a_key_and_a_value_that_may_hold_anything() -> None:
    told = parse_selector("tag: env = a=b:c ")
    assert (told.kind, told.key, told.value) == (Kind.TAG, "env", "a=b:c")
    assert parse_selector("tag:env=").value == ""


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("typ:virtualMachines", "did you mean type:?"),
        ("nam:web", "did you mean name:?"),
        ("servcie:a/b", "did you mean service:?"),
        ("vnet:hub", "did you mean name:?"),
        ("resourceGroup:hub", "did you mean rg:?"),
        ("internt", "did you mean internet?"),
        ("on-prem", "did you mean onprem?"),
        ("any", "did you mean 0.0.0.0/0?"),
        ("web-01", "did you mean name:web-01?"),
        ("zzz:web", "write one of: internet, onprem"),
        ("10.0.0.0/33", "a CIDR 10.0.0.0/24"),
        ("10.0.0", "a CIDR 10.0.0.0/24"),
        ("fd00::/129", "a CIDR 10.0.0.0/24"),
        ("", "write one of: internet"),
        ("   ", "write one of: internet"),
        ("type:", "type:applicationGateways"),
        ("tag:env", "tag:env=prod"),
        ("tag:=prod", "tag:env=prod"),
        ("service:nginx", "service:ingress/nginx"),
        ("service:a/b/c", "service:ingress/nginx"),
        ("name:" + "x" * LONGEST, f"write at most {LONGEST}"),
    ],
)
def test_what_is_no_endpoint_is_an_error_with_advice(text: str, advice: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_selector(text)
    assert advice in caught.value.advice
    assert caught.value.exit_status == 2


def test_hostile_text_is_told_in_printable_characters() -> None:
    with pytest.raises(UsageError) as caught:
        parse_selector("typ:\x1b[31m\n<b>")
    assert caught.value.what.isprintable()
    assert caught.value.advice.isprintable()


@given(st.text(max_size=40) | st.from_regex(r"(type|tag|subnet|service|name):[*?\[\]/=a-z!^-]*"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        told = parse_selector(text)
    except UsageError:
        return
    assert told.text == text
    globbing(told.value)("anything")


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("A*", "abc/def", True),
        ("a?c", "ABC", True),
        ("a[bx]c", "abc", True),
        ("abc", "abcd", False),
        ("a.c", "abc", False),
        ("[z-a]", "z", False),
        ("[", "[", True),
    ],
)
def test_globs_cross_slashes_and_mind_no_case(pattern: str, text: str, fits: bool) -> None:
    assert globbing(pattern)(text) is fits


def test_a_glob_may_mind_case() -> None:
    assert globbing("Prod*", cased=True)("Production")
    assert not globbing("Prod*", cased=True)("production")


def test_a_glob_of_many_stars_is_quick() -> None:
    assert not globbing("*a" * 1000)("a" * 900 + "b" * 2000)
