"""Addresses of published sheets, as the addresses of their data."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_SHEET = re.compile(r"(?P<base>/spreadsheets/(?:u/\d+/)?d/(?!e/)[\w-]+)(?:/.*)?")
_PUBLISHED = re.compile(r"(?P<base>/spreadsheets/d/e/[\w-]+)(?:/.*)?")
_ONEDRIVE = frozenset({"onedrive.live.com"})


def data_address(url: str) -> str:
    """Return where the data of a published Google or Excel sheet is; any other address as it is.

    A Google sheet comes as CSV, of the sheet that `gid` names; an Excel workbook as the file.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    host = (parts.hostname or "").lower()
    query = dict(parse_qsl(f"{parts.query}&{parts.fragment}"))
    if host == "docs.google.com":
        sheet = {"gid": query["gid"]} if query.get("gid", "").isdigit() else {}
        if found := _PUBLISHED.fullmatch(parts.path):
            return _at(url, f"{found['base']}/pub", {**sheet, "single": "true", "output": "csv"})
        if found := _SHEET.fullmatch(parts.path):
            return _at(url, f"{found['base']}/export", {"format": "csv", **sheet})
    if host in _ONEDRIVE and parts.path in ("/embed", "/view.aspx", "/edit.aspx", "/redir"):
        return _at(url, "/download", dict(parse_qsl(parts.query)))
    if host.endswith(".sharepoint.com") and parts.path.startswith("/:x:/"):
        return _at(url, parts.path, {**dict(parse_qsl(parts.query)), "download": "1"})
    return url


def _at(url: str, path: str, query: dict[str, str]) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))
