"""Application Gateways as they should be: WAF, TLS 1.2, redirect, Key Vault, private backends."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bench.arm import NETWORK, Estate, Json, Scope, part, part_id, ref
from bench.hub import Hub
from bench.machines import add_private_endpoint
from bench.network import Subnet, add_public_ip

GATEWAY = f"{NETWORK}/applicationGateways"
WAF_POLICY = f"{NETWORK}/ApplicationGatewayWebApplicationFirewallPolicies"
DOMAIN = "shop.contoso.example"
TENANT = "11111111-2222-4333-8444-555555555555"

_CERTIFICATES = Path(__file__).parent.parent / "fixtures" / "certificates"


@cache
def certificate(name: str) -> str:
    """Give one of the fixtures' certificates as `publicCertData`; all are for `*.DOMAIN`."""
    return (_CERTIFICATES / f"{name}.b64").read_text("ascii").strip()


def add_gateway(
    hub: Hub, scope: Scope, name: str, subnet: Subnet, endpoints: Subnet, backends: list[str]
) -> str:
    """Make a gateway for `name.DOMAIN` with everything it refers to; `backends` are addresses."""
    estate = hub.estate
    arm_id = scope.id(GATEWAY, name)
    public = _add_frontend_address(hub, scope, name, arm_id)
    policy = _add_policy(estate, scope, name, arm_id)
    vault, identity = _add_vault(hub, scope, name, endpoints)
    subnet.properties.setdefault("applicationGatewayIPConfigurations", []).append(
        ref(part_id(arm_id, "gatewayIPConfigurations", "subnet"))
    )
    parts = _parts(arm_id, name, subnet.id, public, backends, vault)
    properties: Json = {
        "sku": {"name": "WAF_v2", "tier": "WAF_v2", "family": "Generation_1"},
        "operationalState": "Running",
        **parts,
        "autoscaleConfiguration": {"minCapacity": 2, "maxCapacity": 10},
        "sslPolicy": {"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101"},
        "firewallPolicy": ref(policy),
        "enableHttp2": True,
        "forceFirewallPolicyAssociation": True,
    }
    user_assigned = {
        "type": "UserAssigned",
        "userAssignedIdentities": {identity: _principal(estate, identity)},
    }
    estate.add(scope, GATEWAY, name, properties, zones=["1", "2", "3"], identity=user_assigned)
    estate.diagnostics(
        arm_id, hub.workspace, "ApplicationGatewayAccessLog", "ApplicationGatewayFirewallLog"
    )
    return arm_id


def _principal(estate: Estate, identity: str) -> Json:
    properties = estate.properties(identity)
    return {key: properties[key] for key in ("principalId", "clientId")}


def _add_frontend_address(hub: Hub, scope: Scope, name: str, gateway: str) -> str:
    frontend = part_id(gateway, "frontendIPConfigurations", "public")
    return add_public_ip(hub.estate, scope, f"pip-{name}", hub.public.take(), frontend)


def _add_policy(estate: Estate, scope: Scope, name: str, gateway: str) -> str:
    properties: Json = {
        "customRules": [],
        "policySettings": {
            "requestBodyCheck": True,
            "maxRequestBodySizeInKb": 128,
            "fileUploadLimitInMb": 100,
            "state": "Enabled",
            "mode": "Prevention",
            "requestBodyInspectLimitInKB": 128,
            "fileUploadEnforcement": True,
            "requestBodyEnforcement": True,
        },
        "managedRules": {
            "managedRuleSets": [
                {"ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "2.1"},
                {"ruleSetType": "Microsoft_BotManagerRuleSet", "ruleSetVersion": "1.1"},
            ],
            "exclusions": [],
        },
        "applicationGateways": [ref(gateway)],
    }
    return estate.add(scope, WAF_POLICY, f"waf-{name}", properties)


def _add_vault(hub: Hub, scope: Scope, name: str, endpoints: Subnet) -> tuple[str, str]:
    """Make the vault of the certificate and the identity that may read it."""
    estate = hub.estate
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
    principal = {"tenantId": TENANT, "principalId": estate.guid(), "clientId": estate.guid()}
    identity = estate.add(scope, kind, f"id-{name}", principal)
    vault_name = f"kv-{name}"
    properties: Json = {
        "sku": {"family": "A", "name": "standard"},
        "tenantId": TENANT,
        "accessPolicies": [
            {
                "tenantId": TENANT,
                "objectId": principal["principalId"],
                "permissions": {
                    "keys": [],
                    "secrets": ["get"],
                    "certificates": [],
                    "storage": [],
                },
            }
        ],
        "enabledForDeployment": False,
        "enableSoftDelete": True,
        "enablePurgeProtection": True,
        "softDeleteRetentionInDays": 90,
        "enableRbacAuthorization": False,
        "vaultUri": f"https://{vault_name}.vault.azure.net/",
        "publicNetworkAccess": "Disabled",
        "networkAcls": {
            "bypass": "AzureServices",
            "defaultAction": "Deny",
            "ipRules": [],
            "virtualNetworkRules": [],
        },
    }
    vault = estate.add(scope, "Microsoft.KeyVault/vaults", vault_name, properties)
    zone = "privatelink.vaultcore.azure.net"
    add_private_endpoint(hub, scope, f"pe-{vault_name}", endpoints, vault, "vault", zone)
    return vault_name, identity


def _parts(
    gateway: str, name: str, subnet: str, public: str, backends: list[str], vault: str
) -> Json:
    def at(kind: str, named: str) -> Json:
        return ref(part_id(gateway, kind, named))

    def one(kind: str, named: str, **properties: object) -> Json:
        return part(gateway, kind, named, dict(properties))

    def listener(named: str, port: str, protocol: str, **more: object) -> Json:
        return one(
            "httpListeners",
            named,
            frontendIPConfiguration=at("frontendIPConfigurations", "public"),
            frontendPort=at("frontendPorts", port),
            protocol=protocol,
            hostName=f"{name}.{DOMAIN}",
            hostNames=[],
            requireServerNameIndication=protocol == "Https",
            customErrorConfigurations=[],
            **more,
        )

    secret = f"https://{vault}.vault.azure.net/secrets/wildcard"
    return {
        "gatewayIPConfigurations": [one("gatewayIPConfigurations", "subnet", subnet=ref(subnet))],
        "sslCertificates": [
            one(
                "sslCertificates",
                "wildcard",
                publicCertData=certificate("wildcard"),
                keyVaultSecretId=secret,
                httpListeners=[at("httpListeners", "https")],
            )
        ],
        "trustedRootCertificates": [],
        "trustedClientCertificates": [],
        "sslProfiles": [],
        "frontendIPConfigurations": [
            one(
                "frontendIPConfigurations",
                "public",
                privateIPAllocationMethod="Dynamic",
                publicIPAddress=ref(public),
                httpListeners=[at("httpListeners", "http"), at("httpListeners", "https")],
            )
        ],
        "frontendPorts": [
            one("frontendPorts", "http", port=80, httpListeners=[at("httpListeners", "http")]),
            one("frontendPorts", "https", port=443, httpListeners=[at("httpListeners", "https")]),
        ],
        "backendAddressPools": [
            one(
                "backendAddressPools",
                "application",
                backendAddresses=[{"ipAddress": address} for address in backends],
                requestRoutingRules=[at("requestRoutingRules", "https")],
            )
        ],
        "loadDistributionPolicies": [],
        "backendHttpSettingsCollection": [
            one(
                "backendHttpSettingsCollection",
                "application",
                port=443,
                protocol="Https",
                cookieBasedAffinity="Disabled",
                hostName=f"{name}.{DOMAIN}",
                pickHostNameFromBackendAddress=False,
                requestTimeout=30,
                connectionDraining={"enabled": True, "drainTimeoutInSec": 60},
                probe=at("probes", "application"),
                requestRoutingRules=[at("requestRoutingRules", "https")],
            )
        ],
        "backendSettingsCollection": [],
        "httpListeners": [
            listener(
                "http", "http", "Http", requestRoutingRules=[at("requestRoutingRules", "http")]
            ),
            listener(
                "https",
                "https",
                "Https",
                sslCertificate=at("sslCertificates", "wildcard"),
                requestRoutingRules=[at("requestRoutingRules", "https")],
            ),
        ],
        "listeners": [],
        "urlPathMaps": [],
        "requestRoutingRules": [
            one(
                "requestRoutingRules",
                "http",
                ruleType="Basic",
                priority=100,
                httpListener=at("httpListeners", "http"),
                redirectConfiguration=at("redirectConfigurations", "to-https"),
            ),
            one(
                "requestRoutingRules",
                "https",
                ruleType="Basic",
                priority=110,
                httpListener=at("httpListeners", "https"),
                backendAddressPool=at("backendAddressPools", "application"),
                backendHttpSettings=at("backendHttpSettingsCollection", "application"),
            ),
        ],
        "routingRules": [],
        "probes": [
            one(
                "probes",
                "application",
                protocol="Https",
                host=f"{name}.{DOMAIN}",
                path="/healthz",
                interval=30,
                timeout=30,
                unhealthyThreshold=3,
                pickHostNameFromBackendHttpSettings=False,
                minServers=0,
                match={"statusCodes": ["200-399"]},
                backendHttpSettings=[at("backendHttpSettingsCollection", "application")],
            )
        ],
        "rewriteRuleSets": [],
        "redirectConfigurations": [
            one(
                "redirectConfigurations",
                "to-https",
                redirectType="Permanent",
                targetListener=at("httpListeners", "https"),
                includePath=True,
                includeQueryString=True,
                requestRoutingRules=[at("requestRoutingRules", "http")],
            )
        ],
        "privateLinkConfigurations": [],
        "privateEndpointConnections": [],
    }
