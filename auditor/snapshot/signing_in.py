"""Where one signs in to Azure, and as whom: the clouds and the kinds of credentials."""

from __future__ import annotations

from dataclasses import dataclass

CREDENTIALS = (
    "auto",
    "cli",
    "environment",
    "workload-identity",
    "managed-identity",
    "browser",
    "device-code",
)
"""Where a credential may come from (`--credential`)."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """An Azure: where its Resource Manager and its sign-in answer, and the token's audience."""

    endpoint: str
    authority: str
    audience: str = ""

    @property
    def scope(self) -> str:
        """What a token is asked for."""
        return (self.audience or self.endpoint).rstrip("/") + "/.default"


CLOUDS = {
    "public": Cloud("https://management.azure.com", "https://login.microsoftonline.com"),
    "china": Cloud("https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
    "usgov": Cloud(
        "https://management.usgovcloudapi.net",
        "https://login.microsoftonline.us",
        "https://management.core.usgovcloudapi.net",
    ),
}
"""The clouds that have a name (`--cloud`)."""

ADVICE = {
    "auto": "run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
    "cli": "run `az login` (with --tenant, when it is not your home tenant)",
    "environment": "set AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or "
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "workload-identity": "run in a pod with workload identity: AZURE_TENANT_ID, AZURE_CLIENT_ID "
    "and AZURE_FEDERATED_TOKEN_FILE are set there",
    "managed-identity": "run on a resource that has a managed identity; AZURE_CLIENT_ID chooses a "
    "user-assigned one",
    "browser": "sign in again; without a browser take --credential device-code",
    "device-code": "sign in again, before the code expires",
}
"""What to do when a kind of credential fails."""
