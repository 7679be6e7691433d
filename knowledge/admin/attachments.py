"""Pictures, tables and files of the knowledge on a merchant's admin site."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from knowledge.models import Attachment, QAPair, Version
from tenants.admin import shortened

MOST_SHOWN = 60


def listed(owner: QAPair | Version | None) -> SafeString | str:
    """Return the files of a pair, or the pictures and tables of a version, each with its page and caption."""
    found = list(owner.attachments.order_by("order", "id")[: MOST_SHOWN + 1]) if owner is not None else []
    if not found:
        return "–"
    rows = format_html_join(
        "",
        "<li>{}{} {}</li>",
        (
            (
                _link(each),
                format_html(" (p. {})", each.page) if each.page else "",
                shortened(" ".join([each.figure, each.caption]).strip()),
            )
            for each in found[:MOST_SHOWN]
        ),
    )
    return format_html("<ul>{}{}</ul>", rows, "…" if len(found) > MOST_SHOWN else "")


def _link(attachment: Attachment) -> SafeString:
    if not attachment.file_key:
        return format_html("{}", attachment.name)
    address = f"/api/v1/knowledge/attachments/{attachment.public_id}/file"
    return format_html('<a href="{}" target="_blank" rel="noopener">{}</a>', address, attachment.name)
