"""Which runs of a Word document nobody sees."""

from xml.etree.ElementTree import Element

from kimono.providers.parsing.docx.package import W
from kimono.providers.parsing.docx.styles import Style, Styles


def is_hidden(element: Element, styles: Styles, coloured: bool) -> bool:
    """Tell whether a run is formatted so that nobody sees it: hidden, smaller than a point, or white on white.

    `coloured` says that the ground is not known to be white, as within tables and boxes.
    """
    looks = element.find(f"{W}rPr") if element.tag == f"{W}r" else None
    if looks is None:
        return False
    named = looks.find(f"{W}rStyle")
    style = styles.of(named.get(f"{W}val", "")) if named is not None else Style()
    vanish = looks.find(f"{W}vanish")
    if style.hidden if vanish is None else is_on(vanish):
        return True
    size, colour = looks.find(f"{W}sz"), looks.find(f"{W}color")
    if size is not None and size.get(f"{W}val", "9") in ("0", "1"):
        return True
    white = colour is not None and colour.get(f"{W}val", "").upper() == "FFFFFF"
    grounded = looks.find(f"{W}shd") is not None or looks.find(f"{W}highlight") is not None
    return white and not grounded and not coloured


def is_on(element: Element | None) -> bool:
    """Tell whether a property that is either on or off is there and on."""
    return element is not None and element.get(f"{W}val", "1") not in ("0", "false", "off")
