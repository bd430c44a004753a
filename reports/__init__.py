"""The reports: a file per format, each a function from a report to a text stream."""
