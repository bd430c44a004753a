from __future__ import annotations

import pytest

from auditor.certificates import KeyVaultReference, key_vault_secret

VERSION = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("id", "version"),
    [
        ("https://contoso.vault.azure.net/secrets/shop-tls", None),
        ("https://contoso.vault.azure.net/secrets/shop-tls/", None),
        (" https://contoso.vault.azure.net:443/secrets/shop-tls\n", None),
        (f"https://contoso.vault.azure.net/secrets/shop-tls/{VERSION}", VERSION),
        (f"https://contoso.vault.azure.net/secrets/shop-tls/{VERSION}/", VERSION),
        ("https://contoso.vault.azure.net/secrets/shop-tls/version-A", "version-A"),
    ],
)
def test_T_8_a_version_pins_the_certificate(id: str, version: str | None) -> None:
    assert key_vault_secret(id) == KeyVaultReference(
        "contoso", "contoso.vault.azure.net", "shop-tls", version, "secrets"
    )


def test_hosts_compare_without_case_and_names_stay_as_spelled() -> None:
    found = key_vault_secret("HTTPS://Contoso.Vault.Azure.NET/Certificates/Shop-TLS")

    assert found == KeyVaultReference(
        "contoso", "contoso.vault.azure.net", "Shop-TLS", None, "certificates"
    )


@pytest.mark.parametrize(
    "suffix", ["vault.azure.cn", "vault.usgovcloudapi.net", "vault.microsoftazure.de"]
)
def test_vaults_of_other_clouds_are_known(suffix: str) -> None:
    found = key_vault_secret(f"https://contoso.{suffix}/secrets/shop")

    assert found is not None
    assert (found.vault, found.host) == ("contoso", f"contoso.{suffix}")


@pytest.mark.parametrize(
    "id",
    [
        "",
        "shop",
        "http://contoso.vault.azure.net/secrets/shop",
        "https://contoso.vault.azure.net/secrets",
        "https://contoso.vault.azure.net/secrets/",
        "https://contoso.vault.azure.net/secrets//",
        "https://contoso.vault.azure.net/keys/shop",
        "https://contoso.vault.azure.net/secrets/shop/1/2",
        "https://contoso.vault.azure.net.evil.example/secrets/shop",
        "https://vault.azure.net/secrets/shop",
        "https://a.b.vault.azure.net/secrets/shop",
        "https://contoso.vault.azure.net/secrets/sh op",
        "https://contoso.vault.azure.net/secrets/shop?x=1",
        "[reference('vault').id]",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets/shop",
    ],
)
def test_any_other_text_is_no_reference(id: str) -> None:
    assert key_vault_secret(id) is None
