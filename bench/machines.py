"""Virtual machines, scale sets, internal load balancers and private endpoints."""

from __future__ import annotations

from dataclasses import dataclass

from bench.arm import COMPUTE, NETWORK, Estate, Json, Scope, part, part_id, ref
from bench.hub import Hub, record
from bench.network import Subnet, add_nic

LOAD_BALANCER = f"{NETWORK}/loadBalancers"
SCALE_SET = f"{COMPUTE}/virtualMachineScaleSets"


@dataclass(frozen=True, slots=True)
class Machine:
    """A virtual machine: ids of itself and of its NIC, and its address."""

    id: str
    nic: str
    address: str


def add_machine(estate: Estate, scope: Scope, name: str, subnet: Subnet) -> Machine:
    """Make a machine with a disk and a NIC without a public address."""
    arm_id = scope.id(f"{COMPUTE}/virtualMachines", name)
    disk = estate.add(
        scope,
        f"{COMPUTE}/disks",
        f"{name}-os",
        {
            "osType": "Linux",
            "hyperVGeneration": "V2",
            "diskSizeGB": 64,
            "diskIOPSReadWrite": 500,
            "diskMBpsReadWrite": 60,
            "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
            "timeCreated": "2026-02-03T09:10:11.1234567+00:00",
            "diskState": "Attached",
            "networkAccessPolicy": "DenyAll",
            "publicNetworkAccess": "Disabled",
        },
        managedBy=arm_id,
        sku={"name": "Premium_LRS", "tier": "Premium"},
    )
    nic, address = add_nic(estate, scope, f"{name}-nic", subnet, machine=arm_id)
    properties: Json = {
        "vmId": estate.guid(),
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {
            "imageReference": {
                "publisher": "Canonical",
                "offer": "ubuntu-24_04-lts",
                "sku": "server",
                "version": "latest",
                "exactVersion": "24.04.202601050",
            },
            "osDisk": {
                "osType": "Linux",
                "name": f"{name}-os",
                "createOption": "FromImage",
                "caching": "ReadWrite",
                "managedDisk": {"storageAccountType": "Premium_LRS", "id": disk},
                "deleteOption": "Delete",
                "diskSizeGB": 64,
            },
            "dataDisks": [],
            "diskControllerType": "SCSI",
        },
        "osProfile": {
            "computerName": name,
            "adminUsername": "operator",
            "linuxConfiguration": {
                "disablePasswordAuthentication": True,
                "provisionVMAgent": True,
                "patchSettings": {
                    "patchMode": "AutomaticByPlatform",
                    "assessmentMode": "AutomaticByPlatform",
                },
            },
            "secrets": [],
            "allowExtensionOperations": True,
            "requireGuestProvisionSignal": True,
        },
        "securityProfile": {
            "securityType": "TrustedLaunch",
            "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
        },
        "networkProfile": {
            "networkInterfaces": [{"id": nic, "properties": {"deleteOption": "Delete"}}]
        },
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        "timeCreated": "2026-02-03T09:10:12.7654321+00:00",
    }
    zone = str(1 + estate.rng.randrange(3))
    estate.add(scope, f"{COMPUTE}/virtualMachines", name, properties, zones=[zone])
    return Machine(arm_id, nic, address)


def add_scale_set(
    estate: Estate, scope: Scope, name: str, subnet: Subnet, capacity: int, pools: list[str]
) -> str:
    """Make a uniform scale set whose instances hold addresses and join load balancer pools."""
    arm_id = scope.id(SCALE_SET, name)
    for instance in range(capacity):
        holder = (
            f"{arm_id}/virtualMachines/{instance}/networkInterfaces/{name}"
            "/ipConfigurations/ipconfig1"
        )
        subnet.take(holder)
        for pool in pools:
            join(estate, pool, holder)
    interface: Json = {
        "primary": True,
        "enableAcceleratedNetworking": True,
        "enableIPForwarding": False,
        "dnsSettings": {"dnsServers": []},
        "ipConfigurations": [
            {
                "name": "ipconfig1",
                "properties": {
                    "primary": True,
                    "subnet": ref(subnet.id),
                    "privateIPAddressVersion": "IPv4",
                    "loadBalancerBackendAddressPools": [ref(pool) for pool in pools],
                },
            }
        ],
    }
    properties: Json = {
        "singlePlacementGroup": False,
        "orchestrationMode": "Uniform",
        "upgradePolicy": {"mode": "Manual"},
        "virtualMachineProfile": {
            "osProfile": {
                "computerNamePrefix": name[:9],
                "adminUsername": "operator",
                "linuxConfiguration": {"disablePasswordAuthentication": True},
                "secrets": [],
            },
            "storageProfile": {
                "osDisk": {
                    "osType": "Linux",
                    "createOption": "FromImage",
                    "caching": "ReadOnly",
                    "managedDisk": {"storageAccountType": "Premium_LRS"},
                    "diskSizeGB": 128,
                },
                "diskControllerType": "SCSI",
            },
            "networkProfile": {
                "networkInterfaceConfigurations": [{"name": name, "properties": interface}]
            },
        },
        "overprovision": False,
        "uniqueId": estate.guid(),
        "platformFaultDomainCount": 1,
    }
    sku = {"name": "Standard_D4s_v5", "tier": "Standard", "capacity": capacity}
    return estate.add(scope, SCALE_SET, name, properties, sku=sku, zones=["1", "2", "3"])


def join(estate: Estate, pool: str, ip_configuration: str) -> None:
    """Put an IP configuration into the pool of a load balancer."""
    balancer, _, name = pool.partition("/backendAddressPools/")
    for made in estate.properties(balancer)["backendAddressPools"]:
        if made["name"] == name:
            made["properties"].setdefault("backendIPConfigurations", []).append(
                ref(ip_configuration)
            )


def add_internal_balancer(
    estate: Estate, scope: Scope, name: str, subnet: Subnet, frontend: str, pool: str, port: int
) -> tuple[str, str]:
    """Make an internal Standard load balancer with one rule; give the pool's id and the address."""
    arm_id = scope.id(LOAD_BALANCER, name)
    frontend_id = part_id(arm_id, "frontendIPConfigurations", frontend)
    pool_id = part_id(arm_id, "backendAddressPools", pool)
    rule_name = f"{frontend}-TCP-{port}"
    rule_id = part_id(arm_id, "loadBalancingRules", rule_name)
    probe_id = part_id(arm_id, "probes", rule_name)
    address = subnet.take(frontend_id)
    rule = {
        "frontendIPConfiguration": ref(frontend_id),
        "frontendPort": port,
        "backendPort": port,
        "enableFloatingIP": True,
        "idleTimeoutInMinutes": 4,
        "protocol": "Tcp",
        "enableTcpReset": True,
        "loadDistribution": "Default",
        "disableOutboundSnat": True,
        "backendAddressPool": ref(pool_id),
        "backendAddressPools": [ref(pool_id)],
        "probe": ref(probe_id),
    }
    front = {
        "privateIPAddress": address,
        "privateIPAllocationMethod": "Static",
        "privateIPAddressVersion": "IPv4",
        "subnet": ref(subnet.id),
        "loadBalancingRules": [ref(rule_id)],
    }
    probe = {
        "protocol": "Tcp",
        "port": 30000 + port % 2000,
        "intervalInSeconds": 5,
        "numberOfProbes": 2,
        "probeThreshold": 2,
        "loadBalancingRules": [ref(rule_id)],
    }
    pool_properties = {"loadBalancingRules": [ref(rule_id)]}
    properties: Json = {
        "frontendIPConfigurations": [part(arm_id, "frontendIPConfigurations", frontend, front)],
        "backendAddressPools": [part(arm_id, "backendAddressPools", pool, pool_properties)],
        "loadBalancingRules": [part(arm_id, "loadBalancingRules", rule_name, rule)],
        "probes": [part(arm_id, "probes", rule_name, probe)],
        "inboundNatRules": [],
        "outboundRules": [],
        "inboundNatPools": [],
    }
    sku = {"name": "Standard", "tier": "Regional"}
    estate.add(scope, LOAD_BALANCER, name, properties, sku=sku)
    return pool_id, address


def put_behind(estate: Estate, machine: Machine, pool: str) -> None:
    """Make a machine a member of a load balancer's pool, from both sides."""
    ip_configuration = estate.properties(machine.nic)["ipConfigurations"][0]
    ip_configuration["properties"]["loadBalancerBackendAddressPools"] = [ref(pool)]
    join(estate, pool, ip_configuration["id"])


def add_private_endpoint(
    hub: Hub, scope: Scope, name: str, subnet: Subnet, target: str, group: str, zone: str
) -> str:
    """Make a private endpoint of `target` with its NIC, zone group and record."""
    estate = hub.estate
    arm_id = scope.id(f"{NETWORK}/privateEndpoints", name)
    nic, address = add_nic(estate, scope, f"{name}.nic", subnet, endpoint=arm_id)
    public_name = zone.removeprefix("privatelink.")
    host = target.rpartition("/")[2]
    connection = part(
        arm_id,
        "privateLinkServiceConnections",
        name,
        {
            "privateLinkServiceId": target,
            "groupIds": [group],
            "privateLinkServiceConnectionState": {
                "status": "Approved",
                "description": "Auto-Approved",
                "actionsRequired": "None",
            },
        },
    )
    properties: Json = {
        "privateLinkServiceConnections": [connection],
        "manualPrivateLinkServiceConnections": [],
        "customNetworkInterfaceName": f"{name}.nic",
        "subnet": ref(subnet.id),
        "ipConfigurations": [],
        "networkInterfaces": [ref(nic)],
        "customDnsConfigs": [{"fqdn": f"{host}.{public_name}", "ipAddresses": [address]}],
    }
    subnet.properties.setdefault("privateEndpoints", []).append(ref(arm_id))
    estate.add(scope, f"{NETWORK}/privateEndpoints", name, properties)
    config = part(
        f"{arm_id}/privateDnsZoneGroups/default",
        "privateDnsZoneConfigs",
        group,
        {
            "privateDnsZoneId": hub.zones[zone],
            "recordSets": [
                {
                    "recordType": "A",
                    "recordSetName": host,
                    "fqdn": f"{host}.{zone}",
                    "ttl": 10,
                    "ipAddresses": [address],
                }
            ],
        },
    )
    estate.child(arm_id, "privateDnsZoneGroups", "default", {"privateDnsZoneConfigs": [config]})
    record(estate, hub.zones[zone], host, address)
    return arm_id
