"""Where a gateway fetches its certificate: a Key Vault secret, pinned to a version or not."""

from __future__ import annotations

import re

import msgspec

_SUFFIXES = (
    "vault.azure.net",
    "vault.azure.cn",
    "vault.usgovcloudapi.net",
    "vault.microsoftazure.de",
)
_REFERENCE = (
    r"https://(?P<host>(?P<vault>[a-z0-9-]{1,127})\.(?P<suffix>[a-z0-9.]+))(?::443)?"
    r"/(?P<kind>secrets|certificates)/(?P<name>[a-z0-9-]{1,127})(?:/(?P<version>[a-z0-9-]{1,127}))?/?"
)


class KeyVaultReference(msgspec.Struct, frozen=True):
    """A secret or certificate in a vault.

    `vault` and `host` (`contoso.vault.azure.net`) are in lower case, `name` and `version` as
    spelled. `version` is None when the reference follows renewals; with a version the gateway
    keeps that one for good (T-8). `kind` is `secrets` or `certificates`.
    """

    vault: str
    host: str
    name: str
    version: str | None
    kind: str


def key_vault_secret(id: str) -> KeyVaultReference | None:
    """Take apart `https://VAULT.vault.azure.net/secrets/NAME[/VERSION]` (T-8).

    Also `/certificates/`, a slash at the end and the vaults of other clouds. None for any other
    text: whoever asked cannot tell what the gateway reads.
    """
    found = re.fullmatch(_REFERENCE, id.strip(), re.IGNORECASE)
    if found is None or found["suffix"].lower() not in _SUFFIXES:
        return None
    return KeyVaultReference(
        vault=found["vault"].lower(),
        host=found["host"].lower(),
        name=found["name"],
        version=found["version"] or None,
        kind=found["kind"].lower(),
    )
