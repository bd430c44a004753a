"""Resources of every type with secrets where Azure, or people, are known to put them.

Each secret holds SECRET; nothing else does.
"""

from __future__ import annotations

import base64
import json
from typing import Any

SECRET = "hunter2"
_KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----\n"
ENCODED = base64.b64encode(_KEY.encode()).decode()
_SAS = f"https://a.blob.core.windows.net/c/f?sv=2024-01-01&sp=r&sig={SECRET}%3D&se=2030"
_STORAGE = f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={SECRET}==;EndpointSuffix=x"

PLANTED: dict[str, dict[str, Any]] = {
    "Microsoft.Network/connections": {"sharedKey": SECRET, "authorizationKey": SECRET},
    "Microsoft.Network/expressRouteCircuits": {
        "authorizations": [{"name": "a", "properties": {"authorizationKey": SECRET}}],
        "peerings": [{"properties": {"sharedKey": SECRET, "vlanId": 7}}],
    },
    "Microsoft.Network/virtualNetworkGateways": {
        "vpnClientConfiguration": {
            "radiusServerSecret": SECRET,
            "radiusServers": [{"radiusServerAddress": "10.0.0.4", "RadiusServerSecret": SECRET}],
        }
    },
    "Microsoft.Network/vpnGateways": {
        "connections": [
            {"properties": {"vpnLinkConnections": [{"properties": {"shared_key": SECRET}}]}}
        ]
    },
    "Microsoft.Network/applicationGateways": {
        "sslCertificates": [{"name": "c", "properties": {"data": SECRET, "password": SECRET}}],
        "probes": [{"properties": {"path": f"/health?full=1&key={SECRET}"}}],
        "rewriteRuleSets": [
            {
                "properties": {
                    "rewriteRules": [
                        {
                            "actionSet": {
                                "requestHeaderConfigurations": [
                                    {"headerName": "X-Api-Key", "headerValue": SECRET},
                                    {"headerName": "Authorization", "headerValue": SECRET},
                                ]
                            }
                        }
                    ]
                }
            }
        ],
        "customErrorConfigurations": [{"customErrorPageUrl": _SAS}],
        "redirectConfigurations": [{"properties": {"targetUrl": f"https://u:{SECRET}@h/"}}],
    },
    "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies": {
        "customRules": [
            {
                "matchConditions": [
                    {
                        "matchVariables": [
                            {"variableName": "RequestHeaders", "selector": "X-Api-Key"}
                        ],
                        "operator": "Equal",
                        "matchValues": [SECRET],
                    }
                ]
            }
        ]
    },
    "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies": {
        "customRules": {
            "rules": [
                {
                    "matchConditions": [
                        {
                            "matchValue": [SECRET],
                            "matchVariable": "RequestHeader",
                            "selector": "Authorization",
                        }
                    ]
                }
            ]
        }
    },
    "Microsoft.Network/firewallPolicies": {"explicitProxy": {"pacFile": _SAS}},
    "Microsoft.Network/trafficManagerProfiles": {
        "monitorConfig": {"customHeaders": [{"name": "x-functions-key", "value": SECRET}]}
    },
    "Microsoft.Compute/virtualMachines": {
        "userData": SECRET,
        "osProfile": {
            "adminPassword": SECRET,
            "customData": SECRET,
            "windowsConfiguration": {
                "additionalUnattendContent": [{"settingName": "AutoLogon", "content": SECRET}]
            },
        },
    },
    "Microsoft.Compute/virtualMachineScaleSets": {
        "virtualMachineProfile": {
            "extensionProfile": {
                "extensions": [
                    {
                        "properties": {
                            "settings": {
                                "commandToExecute": f"bash run.sh -p {SECRET}",
                                "fileUris": [_SAS],
                                "script": f"echo {SECRET}",
                                "text": json.dumps({"nested": {"password": SECRET}}),
                                "twice": json.dumps({"a": json.dumps({"api_key": SECRET})}),
                                "yaml": f"users:\n- name: a\n  user:\n    token: {SECRET}\n",
                                "environment": f"A=1 DB_PASSWORD={SECRET}",
                            },
                            "protectedSettings": {"a": {"b": [SECRET]}},
                        }
                    }
                ]
            }
        }
    },
    "Microsoft.ContainerService/managedClusters": {
        "servicePrincipalProfile": {"clientId": "x", "secret": SECRET},
        "windowsProfile": {"adminUsername": "a", "adminPassword": SECRET},
        "aadProfile": {"serverAppSecret": SECRET},
        "httpProxyConfig": {"httpProxy": f"http://proxy:{SECRET}@10.0.0.4:3128"},
        "kubeconfigs": [{"name": "c", "value": SECRET}],
    },
    "Microsoft.DBforMySQL/flexibleServers": {"administratorLoginPassword": SECRET},
    "Microsoft.Insights/dataCollectionRules": {
        "dataSources": {"extensions": [{"extensionSettings": {"Connection String": SECRET}}]}
    },
    "Microsoft.Cache/redis": {
        "accessKeys": {"primaryKey": SECRET, "secondaryKey": SECRET},
        "redisConfiguration": {
            "rdb-storage-connection-string": _STORAGE,
            "aof-storage-connection-string-0": SECRET,
        },
    },
    "Microsoft.ServiceBus/namespaces": {
        "anything": f"Endpoint=sb://n/;SharedAccessKeyName=Root;SharedAccessKey={SECRET}="
    },
    "Microsoft.Sql/servers": {"administratorLoginPassword": {"value": SECRET}},
    "Microsoft.Storage/storageAccounts": {"note": _STORAGE, "uri": _SAS},
    "Microsoft.Web/sites": {
        "siteConfig": {
            "appSettings": [{"name": "Db", "value": SECRET}],
            "connectionStrings": [{"name": "Db", "connectionString": SECRET, "type": "MySql"}],
            "machineKey": {"validationKey": SECRET, "decryptionKey": SECRET},
            "azureStorageAccounts": {"share": {"accessKey": SECRET}},
            "authSettings": {"CLIENT_SECRET": SECRET},
            "metadata": [{"name": "API_KEY", "value": {"current": [SECRET]}}],
        },
        "hidden-link: /app-insights-instrumentation-key": SECRET,
        "hidden-link: /app-insights-conn-string": SECRET,
    },
    "Microsoft.Example/ofTomorrow": {
        "p\u0061ss-Word": SECRET,
        "authToken": 17,
        "pem": _KEY,
        "encoded": ENCODED,
        "jwt": f"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.{SECRET}",
        "header": f"Bearer {SECRET}{SECRET}",
        "tags": {"Shared Key": SECRET, "db.password": SECRET},
        "secretKeys": [[SECRET]],
        "Secrets": [{"name": "db", "value": SECRET}],
    },
}
"""Of each type, its properties."""


def planted(kind: str) -> dict[str, Any]:
    """Give a resource of a type with all that is planted there."""
    id = (
        "/subscriptions/6f1d0c52-8a3e-4b77-9c41-2e5b7a90d318/resourceGroups/rg"
        f"/providers/{kind}/planted"
    )
    return {"id": id, "name": "planted", "type": kind, "properties": PLANTED[kind]}
