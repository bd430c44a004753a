from __future__ import annotations

from itertools import permutations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from auditor.certificates import Chain, parse_public_cert_data

from .issuing import Issued, base64, bundle, family, issue

LEAF, MIDDLE, ROOT = family()


def pem(*certificates: Issued) -> Chain:
    return parse_public_cert_data("".join(one.pem for one in certificates))


def subjects(chain: Chain) -> list[str]:
    return [one.subject.removeprefix("CN=") for one in chain.path]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_A_42_the_leaf_is_found_in_any_order(order: tuple[int, ...]) -> None:
    chain = pem(*(family()[at] for at in order))

    assert subjects(chain) == ["Leaf", "Middle", "Root"]
    assert chain.leaf.dns_names == ("*.a.example",)
    assert chain.ordered is (order == (0, 1, 2))
    assert chain.complete
    assert chain.missing_issuer is None
    assert chain.problems == ()


def test_the_given_order_is_kept() -> None:
    chain = pem(ROOT, LEAF, MIDDLE)

    assert [one.subject for one in chain.certificates] == ["CN=Root", "CN=Leaf", "CN=Middle"]


def test_A_40_a_bundle_of_several_is_a_set_and_has_no_order() -> None:
    chain = parse_public_cert_data(base64(bundle(LEAF, MIDDLE, ROOT)))

    assert chain.ordered is None
    assert subjects(chain) == ["Leaf", "Middle", "Root"]
    assert parse_public_cert_data(base64(bundle(LEAF))).ordered is True


def test_A_40_a_bundle_whose_set_is_not_sorted_is_read_all_the_same() -> None:
    tidy = bundle(LEAF, MIDDLE)
    one, other = sorted((LEAF.der, MIDDLE.der), key=tidy.index)
    untidy = tidy.replace(one + other, other + one)
    assert untidy != tidy

    assert subjects(parse_public_cert_data(base64(untidy))) == ["Leaf", "Middle"]


def test_a_missing_root_is_named() -> None:
    chain = pem(LEAF, MIDDLE)

    assert not chain.complete
    assert chain.missing_issuer == "CN=Root"
    assert chain.ordered is True
    assert chain.problems == ("the issuer of CN=Middle is missing: CN=Root",)


def test_a_missing_intermediate_is_named() -> None:
    chain = pem(LEAF, ROOT)

    assert subjects(chain) == ["Leaf"]
    assert chain.missing_issuer == "CN=Middle"
    assert chain.ordered is False
    assert "CN=Root takes no part in the leaf's chain" in chain.problems


def test_a_self_signed_certificate_is_a_whole_chain() -> None:
    chain = pem(issue("Alone"))

    assert chain.leaf.self_signed
    assert chain.complete
    assert chain.ordered is True


def test_an_issuer_is_known_by_its_key_not_only_by_its_name() -> None:
    impostor = issue("Middle", ROOT, ca=True)

    chain = pem(LEAF, impostor, ROOT)

    assert subjects(chain) == ["Leaf"]
    assert chain.missing_issuer == "CN=Middle"


def test_equal_names_do_not_make_a_certificate_self_signed() -> None:
    chain = pem(issue("Root", ROOT))

    assert not chain.leaf.self_signed
    assert chain.missing_issuer == "CN=Root"


def test_a_cross_signed_root_prefers_the_short_way() -> None:
    other = issue("Elder", ca=True)
    crossed = issue("Root", other, ca=True, key=ROOT.key)

    assert subjects(pem(LEAF, MIDDLE, crossed, other, ROOT)) == ["Leaf", "Middle", "Root"]
    assert subjects(pem(LEAF, MIDDLE, crossed, other)) == ["Leaf", "Middle", "Root", "Elder"]


def test_authorities_that_sign_each_other_end() -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    east, west = (issue(name, ca=True, key=key) for name, key in zip("EW", keys, strict=True))
    ring = [issue("E", west, ca=True, key=keys[0]), issue("W", east, ca=True, key=keys[1])]

    assert subjects(pem(issue("Leaf", ring[0]), *ring)) == ["Leaf", "E", "W"]
    assert subjects(pem(*ring)) == ["E", "W"]


def test_two_leaves_are_a_problem_and_the_first_is_taken() -> None:
    other = issue("Other", MIDDLE, sans=[x509.DNSName("b.example")])

    chain = pem(other, LEAF, MIDDLE, ROOT)

    assert chain.leaf.subject == "CN=Other"
    assert chain.problems == (
        "2 certificates could be the leaf",
        "CN=Leaf takes no part in the leaf's chain",
    )


def test_a_server_is_taken_before_an_authority_that_issued_nothing() -> None:
    chain = pem(issue("Stray", ca=True), LEAF)

    assert chain.leaf.subject == "CN=Leaf"


def test_a_certificate_given_twice_is_a_problem() -> None:
    chain = pem(LEAF, LEAF, MIDDLE, ROOT)

    assert len(chain.certificates) == 4
    assert chain.ordered is False
    assert chain.problems == ("given more than once: 1 of the certificates",)
