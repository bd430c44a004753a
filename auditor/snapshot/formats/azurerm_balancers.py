"""What load balancers of Terraform's azurerm provider are called in ARM."""

from __future__ import annotations

from auditor.snapshot.formats.azurerm_blocks import (
    Block,
    Body,
    common,
    each,
    ip_configuration,
    named,
    reference,
    references,
    settings,
    sku,
    unset,
)
from auditor.snapshot.formats.functions import Unknown, Value


def load_balancer(block: Block) -> Body:
    """Give a load balancer."""
    frontends = each(
        block.blocks("frontend_ip_configuration"),
        lambda one: (
            named(one, "frontendIPConfigurations", _frontend_settings(one))
            | settings(zones=one.get("zones"))
        ),
    )
    return common(block, {"frontendIPConfigurations": frontends}, sku=sku(block))


_PRIVATE = ("subnet", "privateIPAddress", "privateIPAllocationMethod", "privateIPAddressVersion")
_PUBLIC = ("publicIPAddress", "publicIPPrefix")


def _frontend_settings(block: Block) -> Body:
    """Give the settings of a frontend, which is public or private.

    What nobody writes of the other kind a plan calls known after apply; Azure has none of it.
    """
    made = ip_configuration(block)
    if any(isinstance(made.get(key), dict) for key in _PUBLIC):
        return _without_unknown(made, (*_PRIVATE, *_PUBLIC))
    if not isinstance(made.get("subnet"), dict):
        return made
    if isinstance(made.get("privateIPAddressVersion"), Unknown):
        made["privateIPAddressVersion"] = "IPv4"  # the provider's own word for it
    return _without_unknown(made, _PUBLIC)


def _without_unknown(made: Body, keys: tuple[str, ...]) -> Body:
    return {
        key: value
        for key, value in made.items()
        if key not in keys or not isinstance(value, Unknown)
    }


def _frontend(block: Block) -> Value:
    """Give the reference to a frontend that is named, not identified."""
    name = block.get("frontend_ip_configuration_name")
    parent = block.id("loadbalancer_id")
    if isinstance(name, str) and isinstance(parent, str):
        return reference(f"{parent}/frontendIPConfigurations/{name}")
    return name if isinstance(name, Unknown) else parent


def lb_pool(block: Block) -> Body:
    """Give a backend pool, whose members come on their own."""
    return settings(virtualNetwork=reference(block.id("virtual_network_id")))


def _pools(block: Block) -> Value:
    pools = block.ids("backend_address_pool_ids")
    return block.id("backend_address_pool_id") if unset(pools) else pools


def lb_rule(block: Block) -> Body:
    """Give a load-balancing rule."""
    pools = _pools(block)
    several = isinstance(pools, list) and len(pools) > 1
    one = pools[0] if isinstance(pools, list) and len(pools) == 1 else pools
    return settings(
        protocol=block.get("protocol"),
        frontendPort=block.get("frontend_port"),
        backendPort=block.get("backend_port"),
        frontendIPConfiguration=_frontend(block),
        backendAddressPool=None if several else reference(one),
        backendAddressPools=references(pools) if several else None,
        probe=reference(block.id("probe_id")),
        enableFloatingIP=block.get("floating_ip_enabled", "enable_floating_ip"),
        disableOutboundSnat=block.get("disable_outbound_snat"),
        idleTimeoutInMinutes=block.get("idle_timeout_in_minutes"),
        loadDistribution=block.get("load_distribution"),
    )


def lb_nat_rule(block: Block) -> Body:
    """Give an inbound NAT rule."""
    return settings(
        protocol=block.get("protocol"),
        frontendPort=block.get("frontend_port"),
        frontendPortRangeStart=block.get("frontend_port_start"),
        frontendPortRangeEnd=block.get("frontend_port_end"),
        backendPort=block.get("backend_port"),
        frontendIPConfiguration=_frontend(block),
        backendAddressPool=reference(block.id("backend_address_pool_id")),
    )


def lb_nat_pool(block: Block) -> Body:
    """Give an inbound NAT pool."""
    return settings(
        protocol=block.get("protocol"),
        frontendPortRangeStart=block.get("frontend_port_start"),
        frontendPortRangeEnd=block.get("frontend_port_end"),
        backendPort=block.get("backend_port"),
        frontendIPConfiguration=_frontend(block),
    )


def lb_member(block: Block) -> Body:
    """Give a member of a pool by address, or of a global balancer's by frontend."""
    frontend = reference(block.id("backend_address_ip_configuration_id"))
    home = reference(block.id("virtual_network_id"))
    return settings(name=block.get("name")) | {
        "properties": settings(
            ipAddress=block.get("ip_address"),
            virtualNetwork=home,
            loadBalancerFrontendIPConfiguration=frontend,
        )
    }


def lb_probe(block: Block) -> Body:
    """Give a health probe."""
    return settings(
        protocol=block.get("protocol") or "Tcp",
        port=block.get("port"),
        requestPath=block.get("request_path"),
        intervalInSeconds=block.get("interval_in_seconds"),
        numberOfProbes=block.get("number_of_probes"),
    )


def lb_outbound_rule(block: Block) -> Body:
    """Give an outbound rule."""
    parent = block.id("loadbalancer_id")
    frontends = block.blocks("frontend_ip_configuration")
    if isinstance(parent, str) and isinstance(frontends, list):
        base = f"{parent}/frontendIPConfigurations"
        frontends = [reference(f"{base}/{one.get('name')}") for one in frontends]
    return settings(
        protocol=block.get("protocol"),
        frontendIPConfigurations=frontends,
        backendAddressPool=reference(block.id("backend_address_pool_id")),
        allocatedOutboundPorts=block.get("allocated_outbound_ports"),
        idleTimeoutInMinutes=block.get("idle_timeout_in_minutes"),
    )
