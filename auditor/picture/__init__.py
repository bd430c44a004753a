"""The network as a picture: what stands where, who is joined to whom, where the internet gets in.

`picture` makes it; `svg`, `mermaid`, `graphml` and `drawio` write it. It shows what the snapshot
holds and says what it does not: a line from the internet is a public address or name and no verdict
on who gets in, which is for `auditor.reach` and the rules.
"""

from auditor.picture.draw import picture as picture
