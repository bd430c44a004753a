"""The picture alone, as a page."""

from __future__ import annotations

from auditor import __version__
from auditor.topology import Picture
from auditor.web import page, pictured, vendor


def html(picture: Picture) -> str:
    """Write the page. Names are text whatever they look like."""
    drawn = pictured.prepared(picture)
    return page.write(
        "graph.html",
        styles=pictured.STYLES,
        scripts=pictured.SCRIPTS,
        data={"picture": pictured.data_of(drawn)},
        title="Azure network",
        summary=pictured.summary(picture),
        picture=pictured.values_of(drawn),
        version=__version__,
        elk=vendor.ELK_VERSION,
    )
