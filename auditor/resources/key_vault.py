"""Key vaults, as far as who may read a secret and from where (T-8 to T-10)."""

from auditor.resources.base import ArmId, Ref, Resource, Wire, Word, arm, settings
from auditor.resources.mysql import ConnectionState


class VaultPermissions(Wire, gc=False):
    """What an access policy grants, by kind of object."""

    secrets: list[str] | None = None
    certificates: list[str] | None = None


class AccessPolicy(Wire):
    """One entry of `accessPolicies`; `objectId` is the principal's id in the directory."""

    object_id: str | None = None
    tenant_id: Word | None = None
    permissions: VaultPermissions | None = None


class VaultAddressRule(Wire, gc=False):
    """One entry of `networkAcls.ipRules`."""

    value: str | None = None


class VaultNetworkRule(Wire, gc=False):
    """One entry of `networkAcls.virtualNetworkRules`."""

    id: ArmId | None = None


class VaultNetworkAcls(Wire):
    """`networkAcls`: who reaches the vault over the network."""

    bypass: str | None = None
    default_action: str | None = None
    ip_rules: list[VaultAddressRule] | None = None
    virtual_network_rules: list[VaultNetworkRule] | None = None


class VaultConnectionProperties(Wire):
    """Settings of a private endpoint connection."""

    private_endpoint: Ref | None = None
    private_link_service_connection_state: ConnectionState | None = None


class VaultConnection(Wire):
    """One entry of `privateEndpointConnections`: who asked to reach the vault privately."""

    id: str | None = None
    name: str | None = None
    properties: VaultConnectionProperties = settings(VaultConnectionProperties)


class KeyVaultProperties(Wire):
    """Settings of a vault."""

    vault_uri: str | None = None
    enable_rbac_authorization: bool | None = None
    access_policies: list[AccessPolicy] | None = None
    network_acls: VaultNetworkAcls | None = None
    public_network_access: Word | None = None
    private_endpoint_connections: list[VaultConnection] | None = None
    enable_soft_delete: bool | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.KeyVault/vaults")
class KeyVault(Resource):
    """A key vault."""

    properties: KeyVaultProperties = settings(KeyVaultProperties)
