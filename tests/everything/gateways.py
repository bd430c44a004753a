"""An application gateway with one of each of its parts."""

from __future__ import annotations

from typing import Any

from .paths import APP, GATEWAY, NIC, PLAIN, Json, part, public, ref, thing


def gateways() -> list[Json]:
    def own(path: str) -> Json:
        return ref(f"{GATEWAY}/{path}")

    def mine(path: str, **properties: Any) -> Json:
        return part(f"{GATEWAY}/{path}", **properties)

    return [
        thing(
            GATEWAY,
            sku={"name": "WAF_v2", "tier": "WAF_v2", "capacity": 2},
            firewallPolicy=ref("ApplicationGatewayWebApplicationFirewallPolicies/whole"),
            gatewayIPConfigurations=[mine("gatewayIPConfigurations/own", subnet=ref(APP))],
            frontendIPConfigurations=[
                mine(
                    "frontendIPConfigurations/public",
                    publicIPAddress=ref(f"{PLAIN}/entry"),
                    privateLinkConfiguration=own("privateLinkConfigurations/link"),
                ),
                mine("frontendIPConfigurations/private", subnet=ref(APP)),
            ],
            frontendPorts=[
                mine("frontendPorts/https", port=443),
                mine("frontendPorts/db", port=3306),
            ],
            httpListeners=[
                mine(
                    "httpListeners/shop",
                    frontendIPConfiguration=own("frontendIPConfigurations/public"),
                    frontendPort=own("frontendPorts/https"),
                    protocol="Https",
                    sslCertificate=own("sslCertificates/wildcard"),
                    sslProfile=own("sslProfiles/strict"),
                    firewallPolicy=ref("ApplicationGatewayWebApplicationFirewallPolicies/shop"),
                )
            ],
            listeners=[
                mine(
                    "listeners/db",
                    frontendIPConfiguration=own("frontendIPConfigurations/private"),
                    frontendPort=own("frontendPorts/db"),
                    protocol="Tcp",
                )
            ],
            backendAddressPools=[
                mine("backendAddressPools/web", backendIPConfigurations=[ref(NIC)])
            ],
            backendHttpSettingsCollection=[
                mine(
                    "backendHttpSettingsCollection/https",
                    probe=own("probes/alive"),
                    trustedRootCertificates=[own("trustedRootCertificates/root")],
                )
            ],
            backendSettingsCollection=[
                mine("backendSettingsCollection/db", probe=own("probes/alive"))
            ],
            probes=[mine("probes/alive", protocol="Https")],
            requestRoutingRules=[
                mine(
                    "requestRoutingRules/shop",
                    ruleType="PathBasedRouting",
                    httpListener=own("httpListeners/shop"),
                    urlPathMap=own("urlPathMaps/shop"),
                ),
                mine(
                    "requestRoutingRules/basic",
                    ruleType="Basic",
                    httpListener=own("httpListeners/shop"),
                    backendAddressPool=own("backendAddressPools/web"),
                    backendHttpSettings=own("backendHttpSettingsCollection/https"),
                    redirectConfiguration=own("redirectConfigurations/home"),
                ),
            ],
            routingRules=[
                mine(
                    "routingRules/db",
                    listener=own("listeners/db"),
                    backendAddressPool=own("backendAddressPools/web"),
                    backendSettings=own("backendSettingsCollection/db"),
                )
            ],
            urlPathMaps=[
                mine(
                    "urlPathMaps/shop",
                    defaultBackendAddressPool=own("backendAddressPools/web"),
                    defaultBackendHttpSettings=own("backendHttpSettingsCollection/https"),
                    defaultRedirectConfiguration=own("redirectConfigurations/home"),
                    pathRules=[
                        mine(
                            "urlPathMaps/shop/pathRules/api",
                            backendAddressPool=own("backendAddressPools/web"),
                            backendHttpSettings=own("backendHttpSettingsCollection/https"),
                            redirectConfiguration=own("redirectConfigurations/home"),
                            firewallPolicy=ref(
                                "ApplicationGatewayWebApplicationFirewallPolicies/api"
                            ),
                        )
                    ],
                )
            ],
            redirectConfigurations=[
                mine("redirectConfigurations/home", targetListener=own("httpListeners/shop"))
            ],
            loadDistributionPolicies=[
                mine(
                    "loadDistributionPolicies/spread",
                    loadDistributionTargets=[
                        {
                            "name": "web",
                            "properties": {"backendAddressPool": own("backendAddressPools/web")},
                        }
                    ],
                )
            ],
            sslCertificates=[mine("sslCertificates/wildcard")],
            trustedRootCertificates=[mine("trustedRootCertificates/root")],
            trustedClientCertificates=[mine("trustedClientCertificates/partner")],
            sslProfiles=[
                mine(
                    "sslProfiles/strict",
                    trustedClientCertificates=[own("trustedClientCertificates/partner")],
                )
            ],
            privateLinkConfigurations=[
                mine(
                    "privateLinkConfigurations/link",
                    ipConfigurations=[
                        mine("privateLinkConfigurations/link/ipConfigurations/one", subnet=ref(APP))
                    ],
                )
            ],
        ),
        public(f"{PLAIN}/entry"),
        *(
            thing(f"ApplicationGatewayWebApplicationFirewallPolicies/{name}")
            for name in ("whole", "shop", "api")
        ),
    ]
