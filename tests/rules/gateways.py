"""Application gateways in a few words, for tests: parts, and a gateway made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from auditor.finding import Finding
from auditor.testing import arm_id, resource

AGW = "Microsoft.Network/applicationGateways"
VNET = "Microsoft.Network/virtualNetworks"
CERTIFICATES = Path(__file__).parents[2] / "fixtures/certificates"

PUBLIC_IP = arm_id("Microsoft.Network/publicIPAddresses", "pip-shop")
HOME = arm_id(f"{VNET}/subnets", "vnet-shop", "snet-gateway")
NAME = "agw-shop"


class Part(NamedTuple):
    """A part of a gateway: the array it goes into, and the object."""

    collection: str
    body: dict[str, Any]


def part_id(collection: str, name: str, gateway: str = NAME) -> str:
    return arm_id(f"{AGW}/{collection}", gateway, name)


def part(collection: str, name: str, **properties: Any) -> Part:
    return Part(collection, {"name": name, "properties": properties})


def ref(collection: str, name: str) -> dict[str, str]:
    """A reference to a part; the gateway's name is put in when the gateway is made."""
    return {"id": part_id(collection, name)}


def listener(
    name: str,
    *hosts: str,
    protocol: str = "Http",
    frontend: str = "public",
    port: int | None = None,
    certificate: str | None = None,
    **more: Any,
) -> Part:
    properties: dict[str, Any] = {
        "frontendIPConfiguration": ref("frontendIPConfigurations", frontend),
        "frontendPort": ref("frontendPorts", str(port or (80 if protocol == "Http" else 443))),
        "protocol": protocol,
        **more,
    }
    if hosts:
        properties["hostNames"] = list(hosts)
    if certificate:
        properties["sslCertificate"] = ref("sslCertificates", certificate)
    return part("httpListeners", name, **properties)


def rule(
    name: str,
    listener: str,
    *,
    pool: str | None = None,
    redirect: str | None = None,
    path_map: str | None = None,
    **more: Any,
) -> Part:
    properties: dict[str, Any] = {"httpListener": ref("httpListeners", listener), **more}
    if pool:
        properties["backendAddressPool"] = ref("backendAddressPools", pool)
    if redirect:
        properties["redirectConfiguration"] = ref("redirectConfigurations", redirect)
    if path_map:
        properties["urlPathMap"] = ref("urlPathMaps", path_map)
    return part("requestRoutingRules", name, **properties)


def pool(name: str, *addresses: str, **more: Any) -> Part:
    entries = [{"fqdn" if each[-1].isalpha() else "ipAddress": each} for each in addresses]
    return part("backendAddressPools", name, backendAddresses=entries, **more)


def redirect(name: str, *, to: str | None = None, url: str | None = None) -> Part:
    target: dict[str, Any] = {"targetUrl": url} if url else {}
    if to:
        target["targetListener"] = ref("httpListeners", to)
    return part("redirectConfigurations", name, redirectType="Permanent", **target)


def path_map(name: str, default: dict[str, Any], **paths: dict[str, Any]) -> Part:
    """`default` are properties of the map; `paths` properties of path rules, by their name."""
    rules = [{"name": key, "properties": value} for key, value in paths.items()]
    return part("urlPathMaps", name, **default, pathRules=rules)


def certificate(
    name: str = "wildcard", *, file: str | None = None, secret: str | None = None
) -> Part:
    properties = {}
    if file:
        properties["publicCertData"] = (CERTIFICATES / f"{file}.b64").read_text().strip()
    if secret:
        properties["keyVaultSecretId"] = secret
    return part("sslCertificates", name, **properties)


def gateway(
    *parts: Part, name: str = NAME, tier: str = "WAF_v2", subnet: str = HOME, **properties: Any
) -> dict[str, Any]:
    """A gateway of its parts, with a public and a private frontend and ports 80, 443, 8443."""
    beside = {key: properties.pop(key) for key in ("tags", "identity") if key in properties}
    settings: dict[str, Any] = {
        "sku": {"name": tier, "tier": tier, "capacity": 2},
        "gatewayIPConfigurations": [{"name": "home", "properties": {"subnet": {"id": subnet}}}],
        "frontendIPConfigurations": [
            {"name": "public", "properties": {"publicIPAddress": {"id": PUBLIC_IP}}},
            {
                "name": "private",
                "properties": {"privateIPAddress": "10.0.1.10", "subnet": {"id": subnet}},
            },
        ],
        "frontendPorts": [
            {"name": str(port), "properties": {"port": port}} for port in (80, 443, 8443)
        ],
        **{each: [] for each in ("backendAddressPools", "httpListeners", "requestRoutingRules")},
        **properties,
    }
    for collection, body in parts:
        settings.setdefault(collection, []).append(body)
    made = resource(AGW, name, _renamed(settings, name), **beside)
    for collection, bodies in made["properties"].items():
        if isinstance(bodies, list):
            for body in bodies:
                body["id"] = part_id(collection, body["name"], name)
    return made


def _renamed(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(each, name) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, name) for each in value]
    if isinstance(value, str) and f"/applicationGateways/{NAME}/" in value:
        return value.replace(f"/applicationGateways/{NAME}/", f"/applicationGateways/{name}/")
    return value


def vnet(
    name: str = "vnet-shop", space: str = "10.0.0.0/16", **subnets: dict[str, Any]
) -> dict[str, Any]:
    """A VNet; `subnets` are properties of subnets by name, `_` standing for `-`."""
    named = [
        {
            "name": key.replace("_", "-"),
            "id": arm_id(f"{VNET}/subnets", name, key.replace("_", "-")),
            "properties": value,
        }
        for key, value in subnets.items()
    ]
    listed: dict[str, Any] = {"subnets": named, "virtualNetworkPeerings": []}
    return resource(VNET, name, {"addressSpace": {"addressPrefixes": [space]}, **listed})


def home(**more: Any) -> dict[str, Any]:
    """The VNet with the gateway's subnet, whose properties are `more`."""
    return vnet(snet_gateway={"addressPrefix": "10.0.1.0/24", **more})


def told(finding: Finding, *resources: dict[str, Any]) -> bool:
    """Tell whether every evidence of a finding can be looked up in the resources."""
    by_id = {each["id"]: each for each in resources}
    return all(_exists(by_id[proof.resource], proof.pointer) for proof in finding.evidence)


def _exists(here: Any, pointer: str) -> bool:
    for token in pointer.split("/")[1:]:
        try:
            here = here[int(token)] if isinstance(here, list) else here[token]
        except (KeyError, IndexError, ValueError):
            return False
    return True
