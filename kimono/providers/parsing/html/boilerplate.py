"""What a page shows besides its content: menus, footers, hidden parts."""

import re

from bs4.element import Tag

_DROPPED = (
    "script style noscript template iframe object embed applet svg canvas audio video button select option input textarea"
    " nav footer aside dialog menu link meta base datalist progress meter"
)
_DROPPED_TAGS = frozenset(_DROPPED.split())
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_SIDE_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "alert"})
_SIDE_NAMES = frozenset(
    {
        "nav",
        "navbar",
        "navigation",
        "menu",
        "breadcrumb",
        "breadcrumbs",
        "footer",
        "sidebar",
        "cookie",
        "cookies",
        "advert",
    }
    | {"ads", "share", "social", "pagination", "pager", "skip", "toolbar", "copyright", "newsletter", "popup"}
)
_NAME_PART = re.compile(r"[a-z]+")


def drop_hidden(root: Tag) -> None:
    """Remove what a reader of the page does not see, and all that is not text."""
    for tag in root.find_all(True):
        hidden = tag.get("hidden") is not None and tag.get("hidden") != "until-found"
        if tag.name == "script" and "math/tex" in str(tag.get("type", "")):
            tag.replace_with(f"${tag.get_text()}$")
        elif (
            tag.name in _DROPPED_TAGS - {"nav", "footer", "aside", "menu"}
            or hidden
            or str(tag.get("aria-hidden")).lower() == "true"
            or _HIDDEN_STYLE.search(str(tag.get("style") or ""))
        ):
            tag.extract()


def drop_sides(root: Tag, whole: int) -> None:
    """Remove what surrounds the content on every page of a site, but nothing that is half of the page or titles it."""
    for tag in root.find_all(True):
        if not _is_side(tag):
            continue
        if tag.find(["h1", "main", "article"]) is None and len(tag.get_text(" ", strip=True)) * 2 < whole:
            tag.extract()


def _is_side(tag: Tag) -> bool:
    if tag.name in _DROPPED_TAGS or str(tag.get("role", "")).lower() in _SIDE_ROLES:
        return True
    if tag.name == "header":
        return tag.find(re.compile("^h[1-6]$")) is None
    if tag.name not in ("div", "section", "ul", "ol", "p", "form", "table", "span"):
        return False
    classes = tag.get("class") or []
    names = " ".join([*classes, str(tag.get("id") or "")]).lower()
    return not _SIDE_NAMES.isdisjoint(_NAME_PART.findall(names))


def main_part(body: Tag) -> Tag:
    """Return the one element that says it is the content, when it holds a good part of the text; else the body."""
    for name in ("main", "article"):
        found = body.find_all(name)
        if len(found) == 1:
            part: Tag = found[0]
            if len(part.get_text(" ", strip=True)) * 10 >= len(body.get_text(" ", strip=True)) * 3:
                return part
    return body
