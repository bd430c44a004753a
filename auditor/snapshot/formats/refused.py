"""Well-known JSON of the Azure world that holds no resources: each refused for its own reason."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
from msgspec import UNSET, Raw

from auditor.snapshot.formats.deployment import ParameterFile, is_parameter_file
from auditor.snapshot.formats.document import FOREIGN, Document, NotAnExport, Reading, keys_of
from auditor.snapshot.formats.foreign import kind_of
from auditor.snapshot.formats.lists import list_path
from auditor.snapshot.formats.lost import lost_resource

_CODE = r"[A-Za-z][A-Za-z0-9_.]{1,60}"
_DENIED = frozenset(
    {
        "accessdenied",
        "authenticationfailed",
        "authorizationfailed",
        "expiredauthenticationtoken",
        "forbidden",
        "invalidauthenticationtoken",
        "linkedauthorizationfailed",
        "unauthorized",
    }
)


def read(document: Document) -> Reading | None:
    """Raise NotAnExport for what is recognised; None for everything else."""
    if document.envelope is None:
        return None
    telling: tuple[Callable[[Document], NotAnExport | None], ...] = (_by_schema, _error, _answer)
    if not isinstance(document.envelope.value, list):  # the keys of a long list cost a pass
        telling += (_token, _by_keys)
    for recognise in telling:
        refusal = recognise(document)
        if refusal is not None:
            raise refusal
    return None


def _by_schema(document: Document) -> NotAnExport | None:
    envelope = document.envelope
    schema = envelope.json_schema if envelope is not None else None
    if not isinstance(schema, str):
        return None
    if is_parameter_file(document):
        return ParameterFile(document)
    if "sarif" in schema.lower():
        return NotAnExport("a SARIF report, not an export", advice="leave it out", kind=FOREIGN)
    return None


def _error(document: Document) -> NotAnExport | None:
    """Recognise Azure's error answer; its code is a word of Azure's, its message is not shown."""
    envelope = document.envelope
    if envelope is None or not isinstance(envelope.error, dict):
        return None
    if envelope.id is not UNSET or envelope.value is not UNSET or envelope.changes is not UNSET:
        return None
    code = _text(envelope.error.get("code"))
    if code is None or not re.fullmatch(_CODE, code):
        code = "no code"
    kind = "denied" if code.lower() in _DENIED else "failed"
    return NotAnExport(
        f"an error answer of Azure ({code}): what was asked for is missing",
        advice="repeat the request with an account that may read it",
        kind=kind,
        hides=_asked(_text(envelope.error.get("message")) or ""),
    )


_REFUSAL = re.compile(
    r"perform action '([\w.]+(?:/[\w.]+)+)/read' over scope "
    r"'(/subscriptions/[^/']+(?:/resourceGroups/[^/']+)?)'",
    re.IGNORECASE,
)


def _asked(message: str) -> tuple[str, ...]:
    """The list that was asked for, where a refusal names the action and its scope."""
    told = _REFUSAL.search(message[:4096])
    return (list_path(told[1], told[2]),) if told else ()


def _token(document: Document) -> NotAnExport | None:
    keys = document.keys.keys()
    if not keys & {"accessToken", "access_token", "refresh_token"}:
        return None
    return NotAnExport(
        "an access token, not an export",
        advice="delete the file: whoever reads it can act in your name",
        kind=kind_of(document),
    )


def _answer(document: Document) -> NotAnExport | None:
    """Recognise lists of computed things by the keys of their first element."""
    envelope = document.envelope
    if envelope is None or not isinstance(envelope.value, list) or not envelope.value:
        return None
    keys = keys_of(envelope.value[0]).keys()
    if {"addressPrefix", "nextHopType", "state"} <= keys:
        return _computed("the effective routes of a network interface")
    if "effectiveSecurityRules" in keys:
        return _computed("the effective security rules of a network interface")
    if "timeseries" in keys:
        return NotAnExport("metrics, not resources", advice="leave it out")
    return None


def _computed(what: str) -> NotAnExport:
    return NotAnExport(
        f"{what}, as Azure computed them: a result, not a resource",
        advice="export the network interface, its NSGs and route tables; auditor computes the rest",
    )


_POWERSHELL = "an object of PowerShell, whose keys are not those of Azure"
_BY_REST = "export with `az rest`, `az ... list -o json`, or the Content of Invoke-AzRestMethod"

_KEYED: tuple[tuple[frozenset[str], Callable[[set[str]], bool], str, str], ...] = (
    (
        frozenset({"backendAddressPools"}),
        lambda keys: "properties" not in keys and "id" not in keys,
        "the backend health of an application gateway: a result, not a resource",
        "export the gateway itself (`az network application-gateway show`)",
    ),
    (
        frozenset({"resources", "createdDateTime", "lastModified"}),
        lambda keys: True,
        "a topology of Network Watcher: names and associations without settings",
        "export the resources themselves",
    ),
    (
        frozenset({"lineage", "serial", "terraform_version"}),
        lambda keys: True,
        "a raw Terraform state file",
        "give the output of `terraform show -json`",
    ),
    (
        frozenset({"changeNumber", "cloud", "values"}),
        lambda keys: "id" not in keys,
        "the published list of service tags, not resources of an estate",
        "leave it out",
    ),
    (
        frozenset({"clusters", "contexts", "users"}),
        lambda keys: True,
        "a kubeconfig, which holds credentials",
        "leave it out; give `kubectl get -A -o json`",
    ),
    (
        frozenset({"properties"}),
        lambda keys: not keys & {"id", "ResourceId", "resourceId"},
        "a resource without an id (the body of a request?), which nothing can refer to",
        "export it from Azure, where it has an id",
    ),
    (
        frozenset({"Id", "Name", "ResourceGroupName"}),
        lambda keys: "ResourceId" not in keys,
        _POWERSHELL,
        _BY_REST,
    ),
    (
        frozenset({"ProvisioningState", "ResourceGuid", "Etag"}),
        lambda keys: True,
        _POWERSHELL,
        _BY_REST,
    ),
)


_OTHERS = ("the published list of service tags", "a kubeconfig")
"""How those are called that hold nothing of an estate."""


def objects_of_powershell(parts: list[Raw]) -> NotAnExport | None:
    """Recognise what `Get-Az... | ConvertTo-Json` gives, by the keys of the first."""
    keys = set(keys_of(parts[0]))
    told = any(
        needed <= keys and condition(keys)
        for needed, condition, what, _ in _KEYED
        if what == _POWERSHELL
    )
    what = "a list of objects of PowerShell, whose keys are not those of Azure"
    return NotAnExport(what, advice=_BY_REST) if told else None


def _kind(what: str, document: Document) -> str:
    if lost_resource(document.raw) is not None:
        return "partial"
    return kind_of(document) if what.startswith(_OTHERS) else "unsupported"


def _by_keys(document: Document) -> NotAnExport | None:
    keys = set(document.keys)
    for needed, condition, what, advice in _KEYED:
        if needed <= keys and condition(keys):
            return NotAnExport(what, advice=advice, kind=_kind(what, document))
    return None


def _text(raw: Raw | None) -> str | None:
    try:
        return msgspec.json.decode(raw, type=str) if raw is not None else None
    except msgspec.ValidationError:
        return None
