"""What watches the network: diagnostic settings, workspaces, watchers, flow logs (facts G-*)."""

from msgspec import field

from auditor.resources.base import ArmId, Resource, Sku, Wire, Word, arm, settings


class LogSettings(Wire, gc=False):
    """One entry of `logs` or `metrics`: by category or by category group (G-2)."""

    category: Word | None = None
    category_group: Word | None = None
    enabled: bool | None = None


class DiagnosticSettingProperties(Wire):
    """Settings of a diagnostic setting: what goes where."""

    workspace_id: ArmId | None = None
    storage_account_id: str | None = None
    event_hub_authorization_rule_id: str | None = None
    marketplace_partner_id: str | None = None
    log_analytics_destination_type: Word | None = None
    logs: list[LogSettings] | None = None
    metrics: list[LogSettings] | None = None


@arm("Microsoft.Insights/diagnosticSettings")
class DiagnosticSetting(Resource):
    """A diagnostic setting. The resource it watches is its `owner`, when that was exported."""

    properties: DiagnosticSettingProperties = settings(DiagnosticSettingProperties)


class WorkspaceCapping(Wire, gc=False):
    """`workspaceCapping`."""

    daily_quota_gb: float | None = None


class WorkspaceProperties(Wire):
    """Settings of a Log Analytics workspace (G-7)."""

    sku: Sku | None = None
    retention_in_days: int | None = None
    workspace_capping: WorkspaceCapping | None = None
    public_network_access_for_ingestion: str | None = None
    public_network_access_for_query: str | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.OperationalInsights/workspaces")
class Workspace(Resource):
    """A Log Analytics workspace."""

    properties: WorkspaceProperties = settings(WorkspaceProperties)


class NetworkWatcherProperties(Wire, gc=False):
    """Settings of a network watcher."""

    provisioning_state: Word | None = None


@arm("Microsoft.Network/networkWatchers")
class NetworkWatcher(Resource):
    """The watcher of one region."""

    properties: NetworkWatcherProperties = settings(NetworkWatcherProperties)


class RetentionPolicy(Wire, gc=False):
    """`retentionPolicy` of a flow log: 0 days means for ever."""

    days: int | None = None
    enabled: bool | None = None


class TrafficAnalytics(Wire, gc=False):
    """`networkWatcherFlowAnalyticsConfiguration`."""

    enabled: bool | None = None
    workspace_resource_id: ArmId | None = None


class FlowAnalytics(Wire):
    """`flowAnalyticsConfiguration`."""

    network_watcher_flow_analytics_configuration: TrafficAnalytics | None = None


class FlowLogProperties(Wire):
    """Settings of a flow log (G-9)."""

    target_resource_id: ArmId | None = None
    storage_id: str | None = None
    enabled: bool | None = None
    retention_policy: RetentionPolicy | None = None
    flow_analytics_configuration: FlowAnalytics | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/networkWatchers/flowLogs")
class FlowLog(Resource):
    """A flow log. The network watcher of its region is its `owner`."""

    properties: FlowLogProperties = settings(FlowLogProperties)


class DataSourceStream(Wire, gc=False):
    """One entry of a data collection rule's `dataFlows`."""

    streams: list[str] | None = None
    destinations: list[str] | None = None


class LogAnalyticsDestination(Wire, gc=False):
    """One entry of `destinations.logAnalytics`."""

    name: str | None = None
    workspace_resource_id: ArmId | None = None


class Destinations(Wire):
    """`destinations` of a data collection rule."""

    log_analytics: list[LogAnalyticsDestination] | None = None


class DataCollectionRuleProperties(Wire):
    """Settings of a data collection rule (G-4)."""

    data_flows: list[DataSourceStream] | None = None
    destinations: Destinations | None = None


@arm("Microsoft.Insights/dataCollectionRules")
class DataCollectionRule(Resource):
    """A data collection rule: which streams go to which workspace."""

    properties: DataCollectionRuleProperties = settings(DataCollectionRuleProperties)


class DataCollectionRuleAssociationProperties(Wire, gc=False):
    """Settings of an association."""

    data_collection_rule_id: ArmId | None = field(default=None, name="dataCollectionRuleId")


@arm("Microsoft.Insights/dataCollectionRuleAssociations")
class DataCollectionRuleAssociation(Resource):
    """The use of a data collection rule by a resource, its `owner`."""

    properties: DataCollectionRuleAssociationProperties = settings(
        DataCollectionRuleAssociationProperties
    )
