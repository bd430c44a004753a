"""TLS-008: the ways through the firewall of a vault, for the gateway that fetches there."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...endpoints import VAULTS, record, zone, zone_group, zone_id, zone_link
from ...exposed import NSG, PIP, nsg
from ...guarded import out_deny
from ..gateways import HOME, NAME, VNET, certificate, gateway, listener, pool, rule, told, vnet

AGW = arm_id("Microsoft.Network/applicationGateways", NAME)
VAULT = arm_id("Microsoft.KeyVault/vaults", "kv-shop")
ENDPOINT = arm_id("Microsoft.Network/privateEndpoints", "pe-vault")
ENDS = arm_id(f"{VNET}/subnets", "vnet-shop", "snet-ends")
SERVICE = [{"service": "Microsoft.KeyVault", "provisioningState": "Succeeded"}]


def vault(
    bypass: str | None = "None", action: str = "Deny", subnets: Any = (), **more: Any
) -> dict[str, Any]:
    acls = {
        "bypass": bypass,
        "defaultAction": action,
        "ipRules": [{"value": each} for each in more.pop("addresses", ())],
        "virtualNetworkRules": [{"id": each} for each in subnets],
    }
    if bypass is None:
        del acls["bypass"]
    return resource("Microsoft.KeyVault/vaults", "kv-shop", {"networkAcls": acls, **more})


def made(*names: str, **more: Any) -> dict[str, Any]:
    """A gateway with a listener for each certificate, all from one vault."""
    parts = []
    for name in names or ("www",):
        secret = f"https://KV-shop.vault.azure.net/secrets/{name}"
        parts += [
            certificate(name, secret=secret),
            listener(f"l-{name}", f"{name}.example", protocol="Https", certificate=name),
            rule(f"r-{name}", f"l-{name}", pool="servers"),
        ]
    return gateway(*parts, pool("servers", "10.0.2.4"), **more)


def network(gateways: Any = None) -> dict[str, Any]:
    ends = {"addressPrefix": "10.0.3.0/24", "privateEndpointNetworkPolicies": "Disabled"}
    home = {"addressPrefix": "10.0.1.0/24", **(gateways or {})}
    return vnet(snet_gateway=home, snet_ends=ends)


def endpoint(status: str = "Approved", address: str = "10.0.3.4") -> tuple[dict[str, Any], ...]:
    """A private endpoint of the vault, with its NIC."""
    link = {
        "privateLinkServiceId": VAULT,
        "groupIds": ["vault"],
        "privateLinkServiceConnectionState": {"status": status},
    }
    nic = arm_id("Microsoft.Network/networkInterfaces", "nic-vault")
    return (
        resource(
            "Microsoft.Network/privateEndpoints",
            "pe-vault",
            {
                "subnet": {"id": ENDS},
                "networkInterfaces": [{"id": nic}],
                "privateLinkServiceConnections": [{"name": "kv", "properties": link}],
            },
        ),
        resource(
            "Microsoft.Network/networkInterfaces",
            "nic-vault",
            {
                "privateEndpoint": {"id": ENDPOINT},
                "ipConfigurations": [
                    {
                        "name": "kv",
                        "properties": {"privateIPAddress": address, "subnet": {"id": ENDS}},
                    }
                ],
            },
        ),
    )


def link(name: str = "vnet-shop", **more: Any) -> dict[str, Any]:
    settings = {"virtualNetwork": {"id": arm_id(VNET, name)}, **more}
    kind = "Microsoft.Network/privateDnsZones/virtualNetworkLinks"
    return resource(kind, f"{VAULTS}/to-shop", settings)


RECORD = record("kv-shop", "10.0.3.4")


def judged(*resources: dict[str, Any], **more: Any) -> Answer:
    return ask("TLS-008", estate(*resources, **more))


def test_T_9_a_vault_that_lets_nobody_in_is_told() -> None:
    resources = made("www", "api"), vault(), network()

    (finding,) = judged(*resources).broken

    assert (finding.subject, finding.key) == (AGW, "kv-shop.vault.azure.net")
    assert finding.message == (
        "the firewall of kv-shop keeps out agw-shop, which fetches api, www there: "
        "trusted services do not pass; no rule names the subnet snet-gateway; "
        "no rule names its address; it has no approved private endpoint"
    )
    assert finding.remedy.endswith(
        "az keyvault update --resource-group rg --name kv-shop --bypass AzureServices"
    )
    assert len(finding.related) == 3
    assert told(finding, *resources)


@pytest.mark.parametrize("bypass", ["AzureServices", "azureservices", "Logging, AzureServices"])
def test_T_9_trusted_services_pass(bypass: str) -> None:
    assert judged(made(), vault(bypass), network()).kept == 1
    closed = vault(bypass, publicNetworkAccess="Disabled")
    assert judged(made(), closed, network()).kept == 1


def test_a_bypass_that_is_not_told_is_unknown() -> None:
    answer = judged(made(), vault(None), network())
    assert "the bypass of kv-shop" in answer.unknown[0].missing


def test_a_vault_without_firewall_is_kept() -> None:
    assert judged(made(), vault(action="Allow"), network()).kept == 1
    assert judged(made(), resource("Microsoft.KeyVault/vaults", "kv-shop", {"vaultUri": "u"}),
                  network()).kept == 1  # fmt: skip


def test_disabled_access_closes_an_open_firewall() -> None:
    answer = judged(made(), vault(action="Allow", publicNetworkAccess="Disabled"), network())
    assert answer.broken[0].evidence[0].pointer == "/properties/publicNetworkAccess"


def test_access_that_nobody_knows_is_unknown() -> None:
    answer = judged(made(), vault(publicNetworkAccess="SecuredByPerimeter"), network())
    assert "SecuredByPerimeter" in answer.unknown[0].missing


def test_T_9_a_rule_for_the_subnet_needs_the_service_endpoint() -> None:
    named = vault(subnets=[HOME.upper().replace("/SUBSCRIPTIONS", "/subscriptions")])

    assert judged(made(), named, network({"serviceEndpoints": SERVICE})).kept == 1
    (finding,) = judged(made(), named, network()).broken
    assert "which a rule names, has no service endpoint" in finding.message
    other = [{"service": "Microsoft.Storage"}]
    assert len(judged(made(), named, network({"serviceEndpoints": other})).broken) == 1


def test_a_rule_for_another_subnet_is_none() -> None:
    named = vault(subnets=[ENDS])
    assert len(judged(made(), named, network({"serviceEndpoints": SERVICE})).broken) == 1


def test_rules_count_for_nothing_when_access_is_disabled() -> None:
    named = vault(subnets=[HOME], addresses=["20.50.2.4"], publicNetworkAccess="Disabled")
    pip = resource(PIP, "pip-shop", {"ipAddress": "20.50.2.4"})
    (finding,) = judged(made(), named, network({"serviceEndpoints": SERVICE}), pip).broken
    assert "public network access is disabled, whatever its rules say; it has no" in finding.message
    assert "no rule names" not in finding.message
    assert finding.remedy.startswith("let trusted services pass: az keyvault update")


def test_rules_for_addresses_may_let_it_in() -> None:
    def answered(address: str | None, allowed: str, **subnet: Any) -> tuple[int, int]:
        pip = resource(PIP, "pip-shop", {"ipAddress": address} if address else {})
        answer = judged(made(), vault(addresses=[allowed]), network(subnet), pip)
        assert all("CallerIPAddress" in unknown.remedy for unknown in answer.unknown)
        return len(answer.broken), len(answer.unknown)

    assert answered("20.50.2.4", "20.50.0.0/16") == (0, 1)
    assert answered("20.50.2.4", "20.51.0.0/16") == (1, 0)
    assert answered(None, "20.51.0.0/16") == (0, 1)
    nat = {"id": arm_id("Microsoft.Network/natGateways", "nat")}
    assert answered("20.50.2.4", "20.51.0.0/16", natGateway=nat) == (0, 1)


def test_L_11_a_private_endpoint_that_its_name_leads_to_is_kept() -> None:
    resources = made(), vault(), network(), *endpoint(), zone(), link(), RECORD
    assert judged(*resources).kept == 1


@pytest.mark.parametrize("status", ["Pending", "Rejected", "Disconnected"])
def test_L_1_an_endpoint_that_nobody_approved_is_none(status: str) -> None:
    resources = made(), vault(), network(), *endpoint(status), zone(), link(), RECORD
    (finding,) = judged(*resources).broken
    told = f"it has no approved private endpoint, its private endpoint pe-vault is {status}"
    assert told in finding.message


def test_L_12_a_name_without_record_is_told() -> None:
    linked = made(), vault(), network(), *endpoint(), zone(), link(), record("other", "10.0.3.9")
    alone = zone(numberOfVirtualNetworkLinks=0)
    unlinked = made(), vault(), network(), *endpoint(), alone, RECORD

    for resources in (linked, unlinked):
        (finding,) = judged(*resources).broken
        assert (
            "no private zone that vnet-shop asks has a record "
            "kv-shop.privatelink.vaultcore.azure.net" in finding.message
        )


def test_L_12_a_zone_or_its_links_outside_the_input_are_unknown() -> None:
    """Zones are listed by themselves, and their links one zone at a time."""
    without_links = judged(made(), vault(), network(), *endpoint(), zone(), RECORD)
    assert without_links.broken == []
    assert "network links of private zone" in without_links.unknown[0].missing
    without_zones = judged(made(), vault(), network(), *endpoint())
    assert without_zones.broken == []
    assert "the private zones" in without_zones.unknown[0].missing
    elsewhere = zone("corp.example"), zone_group("kv-shop", of="pe-vault")
    named = judged(made(), vault(), network(), *endpoint(), *elsewhere)
    assert named.broken == []
    assert f"{zone_id()} is not in the snapshot" in named.unknown[0].missing


def test_a_record_that_leads_elsewhere_is_told() -> None:
    wrong = record("kv-shop", "10.0.3.99")
    (finding,) = judged(made(), vault(), network(), *endpoint(), zone(), link(), wrong).broken
    assert "leads to 10.0.3.99/32, which is no endpoint of the vault" in finding.message


def test_A_8_dns_servers_of_ones_own_are_unknown() -> None:
    own = network()
    own["properties"]["dhcpOptions"] = {"dnsServers": ["192.168.0.4"]}
    answer = judged(made(), vault(), own, *endpoint(), zone(), link(), RECORD)
    assert "192.168.0.4" in answer.unknown[0].missing


def test_an_endpoint_out_of_reach_is_told_with_the_rule() -> None:
    shut = nsg(out_deny("no-ends", 100, "10.0.3.0/24"))
    guarded = network({"networkSecurityGroup": {"id": arm_id(NSG, "nsg")}})
    resources = made(), vault(), guarded, *endpoint(), zone(), link(), RECORD, shut

    (finding,) = judged(*resources).broken

    assert "its private endpoint is out of reach: securityRules/no-ends of nsg" in finding.message
    assert finding.witness is not None
    assert finding.witness["destination"] == "10.0.3.4"
    assert told(finding, *resources)


def test_an_endpoint_that_is_not_here_is_unknown() -> None:
    connection = {
        "properties": {
            "privateEndpoint": {"id": ENDPOINT},
            "privateLinkServiceConnectionState": {"status": "Approved"},
        }
    }
    answer = judged(made(), vault(privateEndpointConnections=[connection]), network())
    assert "pe-vault" in answer.unknown[0].missing
    connection["properties"]["privateLinkServiceConnectionState"] = {"status": "Rejected"}
    assert len(judged(made(), vault(privateEndpointConnections=[connection]), network()).broken)


def test_a_vault_that_is_not_here_is_unknown() -> None:
    answer = judged(made(), network())
    assert "kv-shop.vault.azure.net is not in the snapshot" in answer.unknown[0].missing
    assert answer.unknown[0].remedy.endswith("az keyvault show --name kv-shop")


def test_certificates_that_nobody_presents_are_not_judged() -> None:
    idle = gateway(certificate("www", secret="https://kv-shop.vault.azure.net/secrets/www"))
    uploaded = gateway(
        certificate("www", file="www"),
        listener("shop", protocol="Https", certificate="www"),
        rule("shop", "shop", pool="servers"),
        pool("servers", "10.0.2.4"),
    )
    for resources in (idle, uploaded):
        answer = judged(resources, vault(), network())
        assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_two_gateways_are_two_subjects() -> None:
    answer = judged(made(), made(name="agw-two"), vault(), network())
    assert answer.names == ["agw-shop", "agw-two"]


def test_a_link_that_tells_no_network_is_unknown() -> None:
    loose = zone_link("x")
    loose["properties"] = {"virtualNetwork": {"id": arm_id(VNET, "vnet-other")}}
    resources = made(), vault(), network(), *endpoint(), zone(), loose, RECORD
    assert len(judged(*resources).broken) == 1
    assert zone_id().endswith(VAULTS)
