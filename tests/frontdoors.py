"""Front Doors in a line each, for tests."""

from __future__ import annotations

from typing import Any

from auditor.testing import arm_id, resource

PROFILE = "Microsoft.Cdn/profiles"
ENDPOINT = f"{PROFILE}/afdEndpoints"
DOMAIN = f"{PROFILE}/customDomains"
GROUP = f"{PROFILE}/originGroups"
SECURITY = f"{PROFILE}/securityPolicies"
WAF = "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies"

Json = dict[str, Any]


def endpoint(**more: Any) -> Json:
    return resource(ENDPOINT, "afd/shop", {"hostName": "shop-x.azurefd.net", **more})


def route(**more: Any) -> Json:
    """A route of the endpoint for both protocols, to the origins of the group."""
    settings = {
        "originGroup": {"id": arm_id(GROUP, "afd", "shop")},
        "supportedProtocols": ["Http", "Https"],
        "forwardingProtocol": "MatchRequest",
        "httpsRedirect": "Disabled",
        "ruleSets": [],
        **more,
    }
    told = {key: value for key, value in settings.items() if value is not None}
    return resource(f"{ENDPOINT}/routes", "afd/shop/all", told)


def origin(host: str = "20.50.1.2", name: str = "one", **more: Any) -> Json:
    settings = {"hostName": host, "httpPort": 80, "httpsPort": 443, **more}
    told = {key: value for key, value in settings.items() if value is not None}
    return resource(f"{GROUP}/origins", f"afd/shop/{name}", told)


def linked_origin(target: str, status: str | None = None) -> Json:
    """An origin by Private Link to something, by its id."""
    shared = {"privateLink": {"id": target}, "groupId": None, "status": status}
    return origin("private.example", sharedPrivateLinkResource=shared)


def waf(*rules: Json, mode: str = "Prevention", **settings: Any) -> Json:
    told = {"enabledState": "Enabled", "mode": mode, **settings}
    return resource(WAF, "waf", {"policySettings": told, "customRules": {"rules": list(rules)}})


def waf_rule(action: str = "Block", **more: Any) -> Json:
    return {"name": "r", "action": action, "ruleType": "MatchRule", **more}


def protects(*domains: str) -> Json:
    """A security policy that puts the WAF policy before an endpoint, or before domains by id."""
    ids = domains or (arm_id(ENDPOINT, "afd", "shop"),)
    association = {"domains": [{"id": each} for each in ids], "patternsToMatch": ["/*"]}
    parameters = {"wafPolicy": {"id": arm_id(WAF, "waf")}, "associations": [association]}
    return resource(SECURITY, "afd/sec", {"parameters": parameters})


def front_door(*origins: Json, route_of: Json | None = None) -> list[Json]:
    """A whole one, with a firewall policy that refuses nothing."""
    return [
        resource(PROFILE, "afd", {}, sku={"name": "Premium_AzureFrontDoor"}),
        endpoint(),
        route_of if route_of is not None else route(),
        resource(GROUP, "afd/shop", {}),
        waf(),
        protects(),
        *(origins or (origin(),)),
    ]
