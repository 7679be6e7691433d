"""What axe finds on a page as it is now."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_COUNTS = frozenset({"serious", "critical"})


# What moves in is paler, or elsewhere, than it will be; what turns for ever is no hindrance.
_AT_REST = """() => Promise.all(
  document.getAnimations()
    .filter((each) => Number.isFinite(each.effect?.getComputedTiming().endTime))
    .map((each) => each.finished.catch(() => undefined))
)"""


def findings(page: Page) -> list[str]:
    """Return the serious and critical findings once nothing moves in any more, each with the elements it is about."""
    page.evaluate(_AT_REST)
    found = Axe().run(page).response["violations"]
    return [
        f"{each['impact']} {each['id']}: " + "; ".join(node["html"][:200] for node in each["nodes"])
        for each in found
        if each["impact"] in _COUNTS
    ]
