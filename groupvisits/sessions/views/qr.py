"""QR codes as part of the page: drawn by attributes, because the content security policy refuses style."""

import segno
from markupsafe import Markup


def qr_code(address: str) -> Markup:
    """The address as an SVG that keeps its contrast on any ground and stretches to the box it stands in."""
    return Markup(segno.make(address, error="m").svg_inline(border=2, omitsize=True, dark="#000", light="#fff"))  # noqa: S704 - made of our own address
