"""Taking a snapshot of a live estate: what is read, how, and what becomes of it.

`catalogue` is the table of what is read; `work` the unit of it; a `Source` finds the work to do;
`crew` does it on several threads; `spool` keeps what came; `document` writes the snapshot.
"""
