"""What audits said over time: a database of runs and findings, and what changed between them.

A finding is known by its fingerprint. One that is gone is *fixed* only when the rule judged its
subject and found nothing; where the input does not tell, it is *untold*, and stays so.
"""
