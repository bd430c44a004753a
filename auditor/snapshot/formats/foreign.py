"""JSON of other worlds (a `package.json`) told from what a query may have left of a resource."""

from __future__ import annotations

import re

from auditor.snapshot.formats.document import FOREIGN, Document

_OF_AZURE = rb"""(?ix)
    /subscriptions/ | /providers/                   # an id
    | "microsoft\.[a-z.]+/                          # a type
    | azurerm                                       # a type of Terraform
    | "(location|provisioningstate|resourcegroup(name)?|subscription(id)?|tenantid|apiversion)"
    | "\d{1,3}(\.\d{1,3}){3}(/\d{1,2})?"             # an address, a prefix
    | "[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*(/\d{1,3})?"
    """


def kind_of(document: Document) -> str:
    """Give the kind of gap that an unknown document is.

    Foreign is an object that says something, names nothing of Azure's, and tells no address. All
    others may be what was left of resources: a list of names, the answer to a query.
    """
    if document.first != b"{" or not document.keys or re.search(_OF_AZURE, document.raw):
        return "unsupported"
    return FOREIGN
