"""Secrets inside a text that is none as a whole: addresses, command lines, headers, settings.

The form tells, not the key that the text is under. What is in front of each secret stays.
"""

from __future__ import annotations

import re

_WORDS = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret|token|connection[_-]?string|client-key-data|psk"
    r"|(?:account|access|shared|api|instrumentation|master|primary|private|secondary|signing)"
    r"[_-]?key)"
)

WITHIN = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL | re.MULTILINE)
    for pattern in (
        rf"({_WORDS}\s*=\s*)(?:'[^']*'|\"[^\"]*\")",
        # addresses
        r"((?:^|[?&;#])(?:sig|(?:x-(?:amz|goog)-)?signature|code|key|pwd|password|client_secret"
        r"|secret|(?:access_)?token|(?:api|access|subscription)[_-]?key)=)[^&;#\s]+",
        r"(://[^/@:\s]*:)[^/@\s]+(?=@)",
        r"(hooks\.slack\.com/\w+/)[\w/-]+",
        r"(office\.com/webhook\w*/|discord(?:app)?\.com/api/webhooks/)[^\s\"']+",
        # settings and command lines
        rf"({_WORDS}\s*=\s*)[^;\"]+",
        rf"({_WORDS}(?:\\*[\"'])?\s*:\s*\\*\")[^\"]+",
        rf"({_WORDS}(?:\\*[\"'])?\s*:\s*\\*')[^']+",
        rf"(^[ \t]*(?:-[ \t]+)*[\w.-]*{_WORDS}:[ \t]+)[^\s\"'\\][^\r\n]*",
        rf"([{{,]\s*[\w.-]*{_WORDS}:\s+)[^,}}\s]+",
        rf"((?:^|\s)(?:--[\w-]*{_WORDS}\s+|/[\w-]*{_WORDS}:))\S+",
        r"(\bpwd?\s*[:=]\s*)[^\s;,&\"']+",
        r"((?:^|\s)(?:-u|--user)\s+[^\s:]+:)\S+",
        r"(\bsshpass\s+-p\s*)\S+",
        r"(SecureString\s+(?:-String\s+)?[\"'])[^\"']+",
        rf"(<[\w:.-]*{_WORDS}(?:\s[^<>]*)?>)[^<]+",
        rf"((?:key|name)=[\"'][^\"'<>]*{_WORDS}[^\"'<>]*[\"']\s+value=[\"'])[^\"']+",
        # headers
        r"(\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}",
        r"(\b(?:(?:x-)?api-key|x-functions-key|x-auth[\w-]*|ocp-apim-subscription-key|cookie"
        r"|authorization)\s*:\s*)[^\"'\r\n]+",
        # what has a form of its own
        r"()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*",
        r"()\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
        r"|xox[a-z]-[\w-]{10,}|[rs]k_live_\w{10,})",
        r"()(?<![\w~.-])[\w~.-]{3}[78]Q~[\w~.-]{31,34}(?![\w~.-])",
        r"()(?<![\w+/=])[A-Za-z0-9+/]{86}==(?![\w+/=])",
        r"()-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*",
        r"()LS0tLS1CRUdJTi(?:BQUklW|BSU0Eg|BFQyBQ|BFTkNSWVBU|BPUEVOU1NI|BEU0Eg)[\w+/=\s]*",
    )
)
"""Secrets, each with what stays in front of it.

Of those with a form of their own: tokens of Entra ID, GitHub, GitLab, Slack and Stripe, a client
secret of Entra ID, an account key of Storage or Cosmos DB, a private key, and one once more
encoded, as Kubernetes and kubeconfigs have them.
"""

MARK = re.compile(
    r"[=@:<]|--|earer\s|asic\s|eyJ|PRIVATE KEY|LS0tLS1CRUdJTi|hooks\.slack|/(?:api/)?webhook"
    r"|sshpass|SecureString|gh[pousr]_|github_pat_|glpat-|xox|k_live_|Q~",
    re.IGNORECASE,
)
"""What each of these has in it; few texts do."""

HINTS = (
    *(b"basic ", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-", b"xox"),
    *(b"k_live_", b"q~", b"==", b"/webhook", b"hooks.slack", b"-u ", b"-u\\t", b"--user"),
)
"""What a text in small letters holds that may hold one of them, and has no other hint."""


def redacted_text(text: str, instead: str) -> str:
    """Give a text with the secrets in it replaced."""
    if MARK.search(text):
        for pattern in WITHIN:
            text = pattern.sub(r"\1" + instead, text)
    return text
