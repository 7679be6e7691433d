"""Papers as HTML pages. Every text passes the escaping of `format_html` or of a template; nothing is trusted."""

import base64
from collections.abc import Callable

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import override
from markdown_it.tree import SyntaxTreeNode

from conversations.services.exports import formulas, markup
from conversations.services.exports.shapes import Entry, Medium, Paper

_LINKS = ("http://", "https://", "mailto:")
_BREAK, _RULE, _NOTHING = format_html("<br>{}", ""), format_html("<hr>{}", ""), format_html("{}", "")
_SAME = {
    "paragraph": "p",
    "bullet_list": "ul",
    "list_item": "li",
    "blockquote": "blockquote",
    "thead": "thead",
    "tbody": "tbody",
    "tr": "tr",
    "strong": "strong",
    "em": "em",
    "s": "s",
    "table": "table",
}


def html_of(paper: Paper) -> str:
    """Return a paper as one HTML document that needs nothing from outside."""
    with override("en" if paper.language == "en" else "zh-hans"):
        return render_to_string(
            "conversations/exports/paper.html",
            {
                "paper": paper,
                "lang": "en" if paper.language == "en" else "zh-Hans",
                "entries": [
                    {"entry": each, "body": body_of(each), "media": [_medium(one) for one in each.media]}
                    for each in paper.entries
                ],
            },
        )


def body_of(entry: Entry) -> SafeString:
    """Return what a message says."""
    if entry.marked_up:
        return _inside(markup.parse(entry.content))
    lines = entry.content.split("\n")
    return format_html("<p>{}</p>", format_html_join(_BREAK, "{}", ((line,) for line in lines)))


def _inside(node: SyntaxTreeNode) -> SafeString:
    return format_html_join("", "{}", ((_html(child),) for child in markup.children(node)))


def _html(node: SyntaxTreeNode) -> SafeString:
    if node.type in _SAME:
        return format_html("<{0}>{1}</{0}>", _SAME[node.type], _inside(node))
    return _SPECIAL.get(node.type, _inside)(node)


def _link(node: SyntaxTreeNode) -> SafeString:
    address, label = str(node.attrs.get("href", "")), markup.words(node)
    if not address.startswith(_LINKS):
        return _inside(node)
    shown = address.removeprefix("mailto:")
    if label in (shown, address):
        return format_html('<a href="{}">{}</a>', address, label)
    # On paper nobody sees where a link leads.
    return format_html('<a href="{}">{}</a> <span class="address">({})</span>', address, _inside(node), shown)


def _ordered(node: SyntaxTreeNode) -> SafeString:
    return format_html('<ol start="{}">{}</ol>', int(node.attrs.get("start", 1)), _inside(node))


def _cell(node: SyntaxTreeNode) -> SafeString:
    side = str(node.attrs.get("style", "")).removeprefix("text-align:")
    if side in ("right", "center"):
        return format_html('<{0} class="{1}">{2}</{0}>', node.tag, side, _inside(node))
    return format_html("<{0}>{1}</{0}>", node.tag, _inside(node))


_SPECIAL: dict[str, Callable[[SyntaxTreeNode], SafeString]] = {
    "text": lambda node: format_html("{}", node.content),
    "code_inline": lambda node: format_html("<code>{}</code>", node.content),
    "fence": lambda node: format_html("<pre>{}</pre>", node.content),
    "heading": lambda node: format_html('<p class="heading">{}</p>', _inside(node)),
    "math": lambda node: formulas.html(node.content, display=node.info == markup.DISPLAY),
    "image": lambda node: format_html("{}", markup.words(node)),
    "softbreak": lambda node: _BREAK,
    "hardbreak": lambda node: _BREAK,
    "hr": lambda node: _RULE,
    "ordered_list": _ordered,
    "link": _link,
    "th": _cell,
    "td": _cell,
}


def _medium(medium: Medium) -> SafeString:
    caption = format_html("<figcaption>{}</figcaption>", medium.caption)
    if medium.picture is not None:
        encoded = base64.b64encode(medium.picture.content).decode()
        content = format_html(
            '<img src="data:{};base64,{}" alt="{}">', medium.picture.mime, encoded, medium.caption
        )
    elif medium.markdown:
        content = _inside(markup.parse(medium.markdown))
    elif medium.latex:
        content = formulas.html(medium.latex, display=True)
    else:
        content = _NOTHING
    return format_html('<figure class="of-{}">{}{}</figure>', medium.kind, content, caption)
