"""TLS on application gateways: policies in effect and certificates served (A-40 to A-47)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from auditor.certificates import (
    CertificateError,
    Chain,
    KeyVaultReference,
    key_vault_secret,
    parse_public_cert_data,
)
from auditor.errors import Undetermined, quoted
from auditor.network.doubt import Doubt
from auditor.network.gateways import gateway_of, listeners, may_be_served, rules_of
from auditor.network.graph import Network, possibly, question
from auditor.remedy import az
from auditor.resources.application_gateways import ApplicationGateway, Listener
from auditor.resources.gateway_tls import SslCertificate, SslPolicy, SslProfile

_PREDEFINED = {
    "appgwsslpolicy20150501": (1, 0),
    "appgwsslpolicy20170401": (1, 1),
    "appgwsslpolicy20170401s": (1, 2),
    "appgwsslpolicy20220101": (1, 2),
    "appgwsslpolicy20220101s": (1, 2),
}
"""The lowest version that each predefined policy accepts (A-45)."""

_VERSIONS = {"tlsv1_0": (1, 0), "tlsv1_1": (1, 1), "tlsv1_2": (1, 2), "tlsv1_3": (1, 3)}


class Minimum(msgspec.Struct, frozen=True):
    """The lowest TLS version accepted somewhere: `(1, 2)`; `pointer` and `value` say by what."""

    version: tuple[int, int]
    pointer: str
    value: str

    def __str__(self) -> str:
        return f"TLS {self.version[0]}.{self.version[1]}"


@question
def _policy_users(network: Network) -> dict[str, tuple[Listener, ...]]:
    """Give, by the key of what sets a TLS policy, the listeners in use it is set for.

    Among them those that do not tell whether they speak TLS. A gateway that does not tell its
    listeners has none here.
    """
    users: dict[str, list[Listener]] = defaultdict(list)
    for gateway in network.all(ApplicationGateway):
        try:
            listeners = gateway.listeners
        except Undetermined:
            users[gateway.key] = []
            continue
        for listener in listeners:
            if possibly(_is_encrypted, listener) and may_be_served(network, listener):
                users[_policy_holder(network, gateway, listener).key].append(listener)
    return {key: tuple(listeners) for key, listeners in users.items()}


def _is_encrypted(listener: Listener) -> bool:
    return listener.encrypted


def _policy_holder(
    network: Network, gateway: ApplicationGateway, listener: Listener
) -> ApplicationGateway | SslProfile:
    """A profile without a policy of its own leaves it to the gateway.

    So does, here, one the snapshot does not tell of; `require_profiles` raises for it.
    """
    try:
        profile = network.get(listener.properties.ssl_profile, SslProfile)
        own = profile is not None and profile.properties.ssl_policy is not None
    except Undetermined:
        return gateway
    return profile if profile is not None and own else gateway


def tls_policies(network: Network) -> tuple[ApplicationGateway | SslProfile, ...]:
    """Give what sets the TLS policy of some listener in use: gateways, and profiles of theirs."""
    users = _policy_users(network)
    gateways = (one for one in network.all(ApplicationGateway) if one.key in users)
    profiles = (one for one in network.all(SslProfile) if one.key in users)
    return (*gateways, *profiles)


def listeners_with_policy(
    network: Network, holder: ApplicationGateway | SslProfile
) -> tuple[Listener, ...]:
    """Give the listeners in use whose TLS policy a gateway or a profile sets.

    Raises Undetermined when not even one is known to speak TLS.
    """
    users = _policy_users(network).get(holder.key, ())
    certain = tuple(one for one in users if not possibly(_is_plain, one) and _serves(network, one))
    if not certain:
        _require_listeners(network, holder, users)
    return certain


def _serves(network: Network, listener: Listener) -> bool:
    try:
        return bool(rules_of(network, listener))
    except Undetermined:
        return False


def _is_plain(listener: Listener) -> bool:
    return not listener.encrypted


def _require_listeners(
    network: Network, holder: ApplicationGateway | SslProfile, users: tuple[Listener, ...]
) -> None:
    """Raise Undetermined when a gateway does not tell its listeners, or one whether it has TLS."""
    if isinstance(holder, ApplicationGateway):
        _ = holder.listeners
    for listener in users:
        _ = listener.encrypted
        rules_of(network, listener)


def require_profiles(network: Network, holder: ApplicationGateway | SslProfile) -> None:
    """Raise Undetermined when a listener has a profile that the snapshot does not tell of."""
    users = _policy_users(network).get(holder.key, ())
    _require_listeners(network, holder, ())
    for listener in users:
        profile = network.get(listener.properties.ssl_profile, SslProfile)
        if profile is not None:
            _ = profile.properties.ssl_policy


def minimum_version(node: ApplicationGateway | SslProfile) -> Minimum:
    """Give the lowest version a gateway's or a profile's policy accepts (A-44, A-45).

    Raises Undetermined when the snapshot does not tell: a gateway without a policy has the default
    of the API version that created it.
    """
    policy = node.properties.ssl_policy
    if policy is not None:
        return _of_policy(policy, node.id)
    default = None
    if isinstance(node, ApplicationGateway):
        default = node.properties.default_predefined_ssl_policy
    if default is None:
        raise Undetermined(
            "the default TLS policy of the gateway (defaultPredefinedSslPolicy): it follows from "
            "the API version that created the gateway",
            resource=node.id,
        )
    return _named(default, "/properties/defaultPredefinedSslPolicy", node.id)


def _of_policy(policy: SslPolicy, resource: str) -> Minimum:
    at = "/properties/sslPolicy"
    if policy.min_protocol_version:
        known = _VERSIONS.get(policy.min_protocol_version.lower())
        if known is None:
            raise Undetermined(
                f"which TLS version {quoted(policy.min_protocol_version)} means", resource=resource
            )
        return Minimum(known, f"{at}/minProtocolVersion", policy.min_protocol_version)
    if policy.policy_name:
        return _named(policy.policy_name, f"{at}/policyName", resource)
    disabled = {one.lower() for one in policy.disabled_ssl_protocols or ()}
    if policy.disabled_ssl_protocols is not None:
        left = min(v for name, v in _VERSIONS.items() if name not in disabled or v == (1, 3))
        return Minimum(left, f"{at}/disabledSslProtocols", ", ".join(sorted(disabled)))
    raise Undetermined(
        "what the TLS policy accepts (sslPolicy has neither name nor minimum)", resource=resource
    )


def _named(name: str, pointer: str, resource: str) -> Minimum:
    known = _PREDEFINED.get(name.lower())
    if known is None:
        raise Undetermined(
            f"what the TLS policy {quoted(name)} accepts",
            resource=resource,
            remedy="look the policy up in Azure's list, or name a policy that is known here",
        )
    return Minimum(known, pointer, name)


@question
def served_certificates(network: Network) -> tuple[SslCertificate | Doubt, ...]:
    """Give the certificates that listeners in use present.

    A certificate that no listener names is never shown to anybody. A doubt stands for each
    listener that presents one and does not tell which, and for each gateway without its listeners.
    """
    known = (one for one in network.all(SslCertificate) if _presenting(network, one))
    return (*known, *_untold_certificates(network))


def _presenting(network: Network, certificate: SslCertificate) -> tuple[Listener, ...]:
    """The listeners that name a certificate and are, or may be, in use."""
    sources = (edge.source for edge in network.referrers(certificate, "sslCertificate"))
    return tuple(
        one for one in sources if isinstance(one, Listener) and may_be_served(network, one)
    )


def _untold_certificates(network: Network) -> Iterator[Doubt]:
    for subject in listeners(network):
        if isinstance(subject, Doubt):
            yield subject
        elif possibly(_is_encrypted, subject) and may_be_served(network, subject):
            missing = _untold_certificate(network, subject)
            if missing:
                yield Doubt(subject.id, missing)


def _untold_certificate(network: Network, listener: Listener) -> str:
    try:
        found = network.get(listener.properties.ssl_certificate, SslCertificate)
        known = found is not None or not listener.encrypted
    except Undetermined as unknown:
        return f"the certificate of the listener {listener.label}: {unknown.missing}"
    return "" if known else f"the certificate of the listener {listener.label}"


def listeners_presenting(network: Network, certificate: SslCertificate) -> tuple[Listener, ...]:
    """Give the listeners in use that present a certificate.

    Raises Undetermined when of none it is known that a rule serves it.
    """
    possible = _presenting(network, certificate)
    certain = tuple(one for one in possible if _serves(network, one))
    if not certain:
        for one in possible:
            rules_of(network, one)
    return certain


def chain_of(network: Network, certificate: SslCertificate) -> Chain:
    """Read what a certificate holds (A-40). Raises Undetermined when the snapshot does not tell."""
    p = certificate.properties
    if p.public_cert_data:
        try:
            return parse_public_cert_data(p.public_cert_data)
        except CertificateError as error:
            raise Undetermined(
                f"the certificate {certificate.label}: its publicCertData cannot be read: {error}",
                resource=certificate.id,
            ) from error
    if p.key_vault_secret_id:
        vault = key_vault_secret(p.key_vault_secret_id)
        where = f"secret {vault.name} of {vault.host}" if vault else quoted(p.key_vault_secret_id)
        raise Undetermined(
            f"the certificate {certificate.label}: it lies in Key Vault ({where}), and the export "
            "does not show it",
            resource=certificate.id,
            remedy=_look_into(vault) if vault else "",
        )
    gateway = gateway_of(network, certificate)
    raise Undetermined(
        f"the certificate {certificate.label} of {gateway.label}: the export has no publicCertData",
        resource=certificate.id,
    )


def _look_into(secret: KeyVaultReference) -> str:
    vault = secret.host.partition(".")[0]
    shown = az("keyvault", "certificate", "show", vault_name=vault, name=secret.name)
    return f"look at the certificate itself: {shown}"


def certificates_from_vaults(network: Network) -> tuple[SslCertificate | Doubt, ...]:
    """Give the certificates in use that the gateway fetches from Key Vault, and doubts."""
    return tuple(
        one for one in served_certificates(network) if isinstance(one, Doubt) or _from_vault(one)
    )


def _from_vault(certificate: SslCertificate) -> bool:
    try:
        return bool(certificate.properties.key_vault_secret_id)
    except Undetermined:
        return True


def certificate_remedy(gateway: ApplicationGateway, certificate: SslCertificate) -> str:
    """Say how to replace a certificate, with a command for where it lies."""
    reference = key_vault_secret(certificate.properties.key_vault_secret_id or "")
    if reference is not None:
        return f"renew it in Key Vault {reference.vault}: " + az(
            *("keyvault", "certificate", "import"),
            vault_name=reference.vault,
            name=reference.name,
            file="new.pfx",
        )
    return "renew it and upload it: " + az(
        *("network", "application-gateway", "ssl-cert", "update"),
        resource_group=gateway.resource_group,
        gateway_name=gateway.label,
        name=certificate.label,
        cert_file="new.pfx",
        cert_password="PASSWORD",
    )
