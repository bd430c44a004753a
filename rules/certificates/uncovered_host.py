r"""A certificate does not cover the host names of the listener that presents it.

## Why it matters
Application Gateway lets any certificate be attached to any listener. A browser compares the name in
the address bar with the certificate's and refuses when they differ. The usual mistakes: a wildcard
`*.example.com` for the bare `example.com`, for `a.b.example.com`, or for another domain altogether.

## What fails
For a listener for HTTPS or TLS, which some rule serves, with the certificate it presents:

- a host name of the listener that no DNS name of the certificate covers: critical. A wildcard
  covers exactly one label, never the apex; the common name does not count (RFC 9525);
- a wildcard of the listener, where the certificate lacks names that it plainly means: critical, as
  a certificate for `www.example.com` alone is at `*.example.com`;
- a wildcard of the listener, where the certificate lacks only names with more labels: medium. In a
  listener `*.example.com` also accepts `a.b.example.com`, in a certificate it does not. No
  certificate covers a wildcard with `*` whole: name the hosts one by one.

A listener without host name accepts any name, more than any certificate covers; it is not judged.
Neither is a certificate that no listener presents. The answer is *unknown*, once for each
certificate, when it lies in Key Vault and the export does not show it, or cannot be read.

## What to do
Order a certificate that names every host of the listener, or name in the listener only hosts that
the certificate covers:

    az network application-gateway http-listener update --resource-group GROUP \
        --gateway-name GATEWAY --name LISTENER --host-names www.example.com

## References
- https://learn.microsoft.com/azure/application-gateway/multiple-site-overview
- https://www.rfc-editor.org/rfc/rfc9525#section-6.3
- Facts T-4 to T-7
"""

from __future__ import annotations

from auditor.certificates import Certificate, Cover, Coverage, covers
from auditor.finding import Finding, Severity
from auditor.network.doubt import Doubt, settled
from auditor.network.gateways import gateway_of
from auditor.network.graph import Network, evidence
from auditor.network.tls import chain_of, listeners_presenting, served_certificates
from auditor.remedy import az
from auditor.resources.application_gateways import ApplicationGateway, Listener
from auditor.resources.gateway_tls import SslCertificate
from auditor.rule import Outcomes, rule


@rule("TLS-003", severity=Severity.CRITICAL, since="0.1.0", of=served_certificates)
def uncovered_host(network: Network, subject: SslCertificate | Doubt) -> Outcomes:
    """Find listeners whose host names their certificate does not cover."""
    bound = settled(subject)
    leaf = chain_of(network, bound).leaf
    for listener in listeners_presenting(network, bound):
        for host in listener.hosts:
            cover = covers(leaf, host)
            if cover.coverage is not Coverage.FULL:
                yield _finding(network, bound, listener, host, leaf, cover)


def _finding(
    network: Network,
    bound: SslCertificate,
    listener: Listener,
    host: str,
    leaf: Certificate,
    cover: Cover,
) -> Finding:
    gateway = gateway_of(network, bound)
    partial = cover.coverage is Coverage.PARTIAL
    example = f"; {cover.uncovered} gets a certificate error" if cover.uncovered else ""
    return Finding(
        listener.id,
        f"The certificate {bound.label} {'covers only a part of' if partial else 'does not cover'} "
        f"{host}, which the listener {listener.label} of {gateway.label} accepts: "
        f"{cover.reason}{example}",
        _remedy(gateway, listener, host, leaf, partial=partial),
        related=(bound.id,),
        evidence=(
            evidence(listener, _pointer(listener, host), host),
            evidence(bound, "/properties/publicCertData", {"dNSNames": list(leaf.dns_names)}),
        ),
        severity=Severity.MEDIUM if partial else None,
        key=host,
    )


def _remedy(
    gateway: ApplicationGateway, listener: Listener, host: str, leaf: Certificate, *, partial: bool
) -> str:
    covered = [each for each in listener.hosts if covers(leaf, each).coverage is Coverage.FULL]
    narrow = az(
        *("network", "application-gateway", "http-listener", "update"),
        resource_group=gateway.resource_group,
        gateway_name=gateway.label,
        name=listener.label,
        host_names=(*covered, "HOST") if partial else tuple(covered),
    )
    if partial:
        return f"name the hosts that you serve one by one in place of {host}: {narrow}"
    order = f"order a certificate that names {host} as well"
    return f"{order}, or take {host} from the listener: {narrow}" if covered else order


def _pointer(listener: Listener, host: str) -> str:
    p = listener.properties
    if p.host_name == host:
        return "/properties/hostName"
    return f"/properties/hostNames/{(p.host_names or [host]).index(host)}"
