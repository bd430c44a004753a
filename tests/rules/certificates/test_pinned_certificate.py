from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import ask, estate

from ..gateways import certificate, gateway, listener, part_id, pool, rule, told

VAULT = "https://kv-shop.vault.azure.net"


def made(secret: str | None, file: str | None = None) -> dict[str, Any]:
    return gateway(
        certificate("wildcard", file=file, secret=secret),
        listener("shop", protocol="Https", certificate="wildcard"),
        rule("shop", "shop", pool="servers"),
        pool("servers", "10.0.2.4"),
    )


def test_t_8_a_reference_with_a_version_is_told() -> None:
    gate = made(f"{VAULT}/secrets/wildcard/3c9d8b7a6f5e4d3c")

    (finding,) = ask("TLS-005", estate(gate)).broken

    assert finding.subject == part_id("sslCertificates", "wildcard")
    assert "pinned to version 3c9d8b7a6f5e4d3c" in finding.message
    assert finding.remedy.endswith(f"--key-vault-secret-id {VAULT}/secrets/wildcard")
    assert told(finding, gate)


@pytest.mark.parametrize("tail", ["", "/"])
def test_t_8_a_reference_without_version_is_kept(tail: str) -> None:
    assert ask("TLS-005", estate(made(f"{VAULT}/secrets/wildcard{tail}"))).kept == 1


def test_an_uploaded_or_unused_certificate_is_not_judged() -> None:
    assert ask("TLS-005", estate(made(None, "wildcard"))).kept == 0
    idle = gateway(certificate("old", secret=f"{VAULT}/secrets/old/1"))
    answer = ask("TLS-005", estate(idle))
    assert (answer.kept, answer.broken) == (0, [])


def test_a_reference_that_is_none_is_unknown() -> None:
    (unknown,) = ask("TLS-005", estate(made("https://example.net/secrets/a/1"))).unknown
    assert "is no Key Vault secret" in unknown.missing
