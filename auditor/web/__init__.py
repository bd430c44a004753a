"""HTML pages, each one file that holds all it needs and asks nobody for anything.

`page.write` fills a template of this folder. Every value is escaped (jinja2, autoescape on); styles
and scripts stand in the page, and its content security policy names them by hash, so that nothing
else runs whatever the input holds.
"""
