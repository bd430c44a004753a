"""What `environment()` gives in a template: the endings of the names of Azure's services.

A template does not tell to which cloud it deploys. The endings are those of the public cloud, good
in names and ids, which only have to match; whatever asks for the text itself is not answered.
Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-deployment
"""

from __future__ import annotations

from auditor.snapshot.formats.functions import Opaque, Unknown, Value

_SUFFIXES = {
    "acrLoginServer": ".azurecr.io",
    "azureDatalakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
    "azureDatalakeStoreFileSystem": "azuredatalakestore.net",
    "azureFrontDoorEndpointSuffix": "azurefd.net",
    "keyvaultDns": ".vault.azure.net",
    "sqlServerHostname": ".database.windows.net",
    "storage": "core.windows.net",
}

ENVIRONMENT: Value = {
    "name": Unknown("the template does not tell to which cloud it deploys"),
    "suffixes": {name: Opaque(ending) for name, ending in _SUFFIXES.items()},
}
"""The result of `environment()`."""
