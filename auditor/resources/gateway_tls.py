"""Certificates and TLS settings of application gateways."""

from auditor.resources.base import Node, Ref, Wire, Word, arm, settings

_AGW = "Microsoft.Network/applicationGateways"


class SslCertificateProperties(Wire, gc=False):
    """Settings of a certificate: what Azure shows of an upload, or where Key Vault holds it."""

    public_cert_data: Word | None = None
    key_vault_secret_id: str | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/sslCertificates")
class SslCertificate(Node):
    """A server certificate (A-40, T-8). The gateway is its `owner`."""

    properties: SslCertificateProperties = settings(SslCertificateProperties)


class TrustedCertificateProperties(Wire, gc=False):
    """Settings of a trusted root or of a trusted client certificate chain."""

    data: str | None = None
    key_vault_secret_id: str | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/trustedRootCertificates")
class TrustedRootCertificate(Node):
    """A root that backends may be signed by (A-43). The gateway is its `owner`."""

    properties: TrustedCertificateProperties = settings(TrustedCertificateProperties)


@arm(f"{_AGW}/trustedClientCertificates")
class TrustedClientCertificate(Node):
    """A chain that client certificates must lead to (A-46). The gateway is its `owner`."""

    properties: TrustedCertificateProperties = settings(TrustedCertificateProperties)


class SslPolicy(Wire, gc=False):
    """`sslPolicy`: a predefined policy by name, or a minimum version and ciphers (A-44)."""

    policy_type: Word | None = None
    policy_name: Word | None = None
    min_protocol_version: Word | None = None
    disabled_ssl_protocols: list[str] | None = None
    cipher_suites: list[str] | None = None


class SslProfileProperties(Wire):
    """Settings of a TLS profile that listeners may use in place of the gateway's (A-46)."""

    ssl_policy: SslPolicy | None = None
    trusted_client_certificates: list[Ref] | None = None
    provisioning_state: Word | None = None


@arm(f"{_AGW}/sslProfiles")
class SslProfile(Node):
    """A TLS profile. The gateway is its `owner`."""

    properties: SslProfileProperties = settings(SslProfileProperties)
