"""Sets of packets with laws, and first-match policies over them.

Pure mathematics: a packet is a point in a `Space`, a tuple of non-negative integers, one for each
dimension. What the integers stand for is the caller's business.

- `intervals`: sets of integers as sorted ranges.
- `space`: dimensions and boxes. `diagram`: sets of packets, and functions on packets, as interned
  decision diagrams.
- `rule`, `compile`: ordered rules, and the diagram that tells which of them decides a packet.
- `cover`: rules that never decide, and rules whose removal changes nothing.
- `compare`: what one policy allows beyond another.
- `boxes`, `measure`, `witness`: what a set looks like to a person. `reshape`: and from elsewhere.
- `partition`, `search`: groups of rules as bitmasks, on which `compile` and `cover` work.
"""
