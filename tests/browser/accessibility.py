"""What axe finds on a page as it is now."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_COUNTS = frozenset({"serious", "critical"})


def findings(page: Page) -> list[str]:
    """Return the serious and critical findings, each with the elements that it is about."""
    found = Axe().run(page).response["violations"]
    return [
        f"{each['impact']} {each['id']}: " + "; ".join(node["html"][:200] for node in each["nodes"])
        for each in found
        if each["impact"] in _COUNTS
    ]
