"""Who can reach whom, and why: exact for every packet, in two bounds where the input is silent.

A packet as it is sent is followed to where it arrives: the filters at its source, the way it goes,
what translates it, the filters at its target, the way of the reply (P-1, P-2, P-11). Each of these
is a *stage*: the set of packets *as sent* that get through it. What passes all stages of a path
arrives.

- `space`, `bounds`: sets of packets, as certain and as possible ones.
- `filtering`: what the security rules at a place let through. `ways`: where routes lead.
- `frame`: what translation makes of a packet, and sets of packets seen from before it.
- `points`: where packets start and end. `stages`, `paths`: how they get from one to the other.
- `entrances`: what the internet can address, and what stands behind it.
- `answer`, `explain`: the verdict, with a witness, hops and blockers.
"""
