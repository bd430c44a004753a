from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import ask, estate

from ..gateways import certificate, gateway, listener, part, part_id, pool, ref, rule, told

SECURE = (
    certificate(),
    listener("secure", protocol="Https", certificate="wildcard"),
    rule("secure", "secure", pool="servers"),
    pool("servers", "10.0.2.4"),
)


def made(**properties: Any) -> dict[str, Any]:
    return gateway(*SECURE, **properties)


@pytest.mark.parametrize(
    ("policy", "version"),
    [
        ({"policyType": "Predefined", "policyName": "AppGwSslPolicy20150501"}, "TLS 1.0"),
        ({"policyType": "Predefined", "policyName": "appgwsslpolicy20170401"}, "TLS 1.1"),
        ({"policyType": "Custom", "minProtocolVersion": "TLSv1_0"}, "TLS 1.0"),
        ({"policyType": "Custom", "minProtocolVersion": "tlsv1_1"}, "TLS 1.1"),
        ({"disabledSslProtocols": ["TLSv1_0"]}, "TLS 1.1"),
    ],
)
def test_a_44_a_45_old_versions_are_told(policy: dict[str, Any], version: str) -> None:
    gate = made(sslPolicy=policy)

    (finding,) = ask("GW-011", estate(gate)).broken

    assert f"accepts {version} on secure" in finding.message
    assert "ssl-policy set" in finding.remedy
    assert told(finding, gate)


@pytest.mark.parametrize(
    "policy",
    [
        {"policyType": "Predefined", "policyName": "AppGwSslPolicy20170401S"},
        {"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101"},
        {"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101S"},
        {"policyType": "CustomV2", "minProtocolVersion": "TLSv1_2"},
        {"policyType": "CustomV2", "minProtocolVersion": "TLSv1_3"},
        {"disabledSslProtocols": ["TLSv1_0", "TLSv1_1"]},
    ],
)
def test_newer_versions_are_kept(policy: dict[str, Any]) -> None:
    assert ask("GW-011", estate(made(sslPolicy=policy))).kept == 1


def test_a_44_the_default_follows_from_what_azure_shows() -> None:
    old = estate(made(defaultPredefinedSslPolicy="AppGwSslPolicy20150501"))
    new = estate(made(defaultPredefinedSslPolicy="AppGwSslPolicy20220101"))
    silent = ask("GW-011", estate(made()))

    assert len(ask("GW-011", old).broken) == 1
    assert ask("GW-011", new).kept == 1
    assert "defaultPredefinedSslPolicy" in silent.unknown[0].missing


@pytest.mark.parametrize(
    "policy",
    [
        {"policyType": "Predefined", "policyName": "AppGwSslPolicy20990101"},
        {"policyType": "Custom", "minProtocolVersion": "TLSv9"},
        {"policyType": "Custom"},
    ],
)
def test_a_policy_nobody_knows_is_unknown(policy: dict[str, Any]) -> None:
    assert len(ask("GW-011", estate(made(sslPolicy=policy))).unknown) == 1


NEW = {"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101"}
OLD = {"policyType": "Custom", "minProtocolVersion": "TLSv1_1"}


def with_profile(policy: dict[str, Any] | None, profile: str = "legacy") -> dict[str, Any]:
    own = {"sslPolicy": policy} if policy else {}
    return gateway(
        *SECURE,
        listener(
            "old", protocol="Https", certificate="wildcard", sslProfile=ref("sslProfiles", profile)
        ),
        rule("old", "old", pool="servers"),
        part("sslProfiles", "legacy", **own),
        sslPolicy=NEW,
    )


def test_a_46_a_profile_goes_before_the_gateways_policy() -> None:
    (finding,) = ask("GW-011", estate(with_profile(OLD))).broken

    assert finding.subject == part_id("sslProfiles", "legacy")
    assert "accepts TLS 1.1 on old" in finding.message
    assert "ssl-profile update" in finding.remedy


def test_a_profile_keeps_no_version_beside_the_name_of_a_policy() -> None:
    """An update keeps what it is not told, and Azure refuses a named policy with a version."""
    (finding,) = ask("GW-011", estate(with_profile(OLD))).broken
    assert finding.remedy.endswith("--name legacy --min-protocol-version TLSv1_2")
    named = {"policyType": "Predefined", "policyName": "AppGwSslPolicy20150501"}
    (finding,) = ask("GW-011", estate(with_profile(named))).broken
    assert finding.remedy.endswith(
        "--name legacy --policy-type Predefined --policy-name AppGwSslPolicy20220101"
    )


def test_a_profile_without_policy_leaves_it_to_the_gateway() -> None:
    assert ask("GW-011", estate(with_profile(None))).kept == 1


def test_a_profile_that_is_nowhere_leaves_it_unknown() -> None:
    answer = ask("GW-011", estate(with_profile(None, profile="gone")))
    assert (answer.kept, len(answer.unknown)) == (0, 1)


def test_a_gateway_without_encrypted_listener_is_not_judged() -> None:
    plain = gateway(listener("plain"), rule("plain", "plain", pool="servers"), sslPolicy=OLD)
    answer = ask("GW-011", estate(plain))
    assert (answer.kept, answer.broken) == (0, [])
