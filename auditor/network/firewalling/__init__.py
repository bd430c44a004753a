"""What an Azure Firewall does with packets: its rules in order, as sets (E-20 to E-25).

`sides` reads what a rule matches, `collections` puts rule collections in the order of evaluation,
`program` joins the two, `private_ranges` tells towards what a source is kept, `filtering` answers
for one packet and gives rules over packets; `idle` finds rules that never decide. Ask
`firewall_program`, then `decide`, `filter_rules` or `nat_rules`.
"""

from auditor.network.firewalling.filtering import (
    NOT_TOLD,
    Answer,
    Verdict,
    decide,
    filter_rules,
    nat_rules,
)
from auditor.network.firewalling.program import firewall_program, policy_program
from auditor.network.firewalling.terms import (
    FirewallAction,
    FirewallProgram,
    FirewallTerm,
    Translation,
)

__all__ = [
    "NOT_TOLD",
    "Answer",
    "FirewallAction",
    "FirewallProgram",
    "FirewallTerm",
    "Translation",
    "Verdict",
    "decide",
    "filter_rules",
    "firewall_program",
    "nat_rules",
    "policy_program",
]
