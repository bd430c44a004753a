"""Sign-in as Microsoft Entra ID spells it: discovery, tokens, metadata of the cloud."""

from __future__ import annotations

import base64
import itertools
import json
import threading
import time
from typing import Any

TENANT = "7d3c1a52-0000-4000-8000-00000000aad0"
CLIENT = "5f1d2f0e-0000-4000-8000-0000000c11e7"
SECRET = "not-a-secret-but-long-enough"


def _part(values: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


class Identity:
    """Gives tokens and knows them again."""

    def __init__(self) -> None:
        self._count = itertools.count(1)
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def token(self, audience: str = "https://management.azure.com") -> str:
        """Give a token that Resource Manager takes: unsigned, one hour."""
        now = int(time.time())
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{TENANT}/",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "tid": TENANT,
            "oid": "00000000-0000-4000-8000-0000000000ad",
            "appid": CLIENT,
            "jti": str(next(self._count)),
        }
        made = f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}.unsigned"
        with self._lock:
            self._known.add(made)
        return made

    def knows(self, authorization: str) -> bool:
        """Tell whether a header carries one of our tokens."""
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            return scheme.lower() == "bearer" and token in self._known

    def grant(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer the token endpoint."""
        secret = form.get("client_secret")
        if secret is not None and secret != SECRET:
            return 401, {
                "error": "invalid_client",
                "error_description": "AADSTS7000215: Invalid client secret provided.",
                "error_codes": [7000215],
            }
        audience = form.get("scope", "").split(" ")[0].removesuffix("/.default")
        return 200, {
            "token_type": "Bearer",
            "expires_in": 3599,
            "ext_expires_in": 3599,
            "access_token": self.token(audience),
        }


def openid(base: str, tenant: str) -> dict[str, Any]:
    """Give the OpenID configuration of a tenant."""
    return {
        "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
        "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/devicecode",
        "issuer": f"{base}/{tenant}/v2.0",
        "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def clouds(base: str) -> dict[str, Any]:
    """Give the metadata of the cloud, as `/metadata/endpoints` does since 2022-09-01."""
    return {
        "name": "StandIn",
        "portal": base,
        "authentication": {
            "loginEndpoint": base,
            "audiences": [base, f"{base}/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": base,
        "graph": base,
        "graphAudience": base,
        "microsoftGraphResourceId": base,
        "batch": base,
        "media": base,
        "sqlManagement": base,
        "gallery": base,
        "activeDirectoryDataLake": base,
        "vmImageAliasDoc": base,
        "suffixes": {
            "keyVaultDns": ".vault.standin.example",
            "storage": "storage.standin.example",
            "mysqlServerEndpoint": ".mysql.standin.example",
            "acrLoginServer": ".acr.standin.example",
        },
    }
