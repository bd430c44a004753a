from __future__ import annotations

from typing import Any

from auditor.finding import Severity
from auditor.testing import ask, estate, resource

from ..gateways import HOME, gateway, told, vnet


def subnet(prefix: str, **more: Any) -> dict[str, Any]:
    return vnet(snet_gateway={"addressPrefix": prefix, **more})


def scaled(most: int, name: str = "agw-shop", **more: Any) -> dict[str, Any]:
    autoscale = {"minCapacity": 0, "maxCapacity": most}
    return gateway(name=name, autoscaleConfiguration=autoscale, **more)


def test_a_3_a_slash_26_holds_58_instances_and_a_private_frontend() -> None:
    network = [subnet("10.0.1.0/26")]

    fits = ask("GW-020", estate(*network, scaled(58)))
    bursts = ask("GW-020", estate(*network, scaled(59)))

    assert [finding.severity for finding in fits.broken] == [Severity.LOW]
    (finding,) = bursts.broken
    assert finding.severity is None
    assert "has room for 59 addresses, and agw-shop may need 60" in finding.message
    assert finding.remedy.endswith("update --resource-group rg --name agw-shop --max-capacity 58")
    assert told(finding, *network, scaled(59))


def test_a_slash_24_holds_125_instances() -> None:
    assert ask("GW-020", estate(subnet("10.0.1.0/24"), scaled(125))).kept == 1


def test_all_gateways_of_the_subnet_count() -> None:
    one, two = scaled(30), scaled(30, name="agw-partners")
    answer = ask("GW-020", estate(subnet("10.0.1.0/26"), one, two))
    assert "agw-partners, agw-shop may need 62" in answer.broken[0].message


def test_others_in_the_subnet_take_room() -> None:
    nics = [
        resource(
            "Microsoft.Network/networkInterfaces",
            f"nic-{number}",
            {"ipConfigurations": [{"name": "main", "properties": {"subnet": {"id": HOME}}}]},
        )
        for number in range(2)
    ]
    answer = ask("GW-020", estate(subnet("10.0.1.0/26"), scaled(57), *nics))
    assert "has room for 57 addresses, and agw-shop may need 58" in answer.broken[0].message


def test_several_prefixes_count_together_and_ipv6_does_not() -> None:
    both = vnet(snet_gateway={"addressPrefixes": ["10.0.1.0/25", "10.0.2.0/25", "fd00::/64"]})
    assert ask("GW-020", estate(both, scaled(125))).kept == 1


def test_the_recommended_size_is_a_parameter_and_depends_on_the_generation() -> None:
    network = (subnet("10.0.1.0/26"), scaled(10))
    assert ask("GW-020", estate(*network), recommended_v2=26).kept == 1
    assert ask("GW-020", estate(subnet("10.0.1.0/26"), gateway(tier="Standard"))).kept == 1
    small = ask("GW-020", estate(subnet("10.0.1.0/27"), gateway(tier="Standard")))
    assert "/26 that Azure recommends" in small.broken[0].message


def test_a_gateway_that_tells_no_scale_is_unknown_where_the_most_does_not_fit() -> None:
    silent = gateway(sku={"name": "WAF_v2", "tier": "WAF_v2"})

    vague = ask("GW-020", estate(subnet("10.0.1.0/26"), silent))

    assert "the most instances of agw-shop" in vague.unknown[0].missing
    assert ask("GW-020", estate(subnet("10.0.1.0/24"), silent)).kept == 1
    assert len(ask("GW-020", estate(subnet("10.0.1.0/29"), scaled(40))).broken) == 1


def test_a_subnet_that_is_not_here_is_unknown() -> None:
    answer = ask("GW-020", estate(scaled(10)))
    assert (answer.kept, len(answer.unknown)) == (0, 1)
    assert HOME in answer.unknown[0].missing


def test_other_subnets_are_not_judged() -> None:
    other = vnet("vnet-other", snet_app={"addressPrefix": "10.0.0.0/29"})
    assert ask("GW-020", estate(other)).kept == 0
