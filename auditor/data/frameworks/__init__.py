"""Frameworks as data: control numbers, titles in our own words, and what no rule looks at."""
