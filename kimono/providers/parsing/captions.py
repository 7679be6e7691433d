"""Join pictures with the captions that stand beside them."""

import re
from collections.abc import Sequence
from dataclasses import replace

from kimono.providers.parsing.shapes import Block, Media

_CAPTION = re.compile(
    r"(?P<label>(?P<word>附?图|附?圖|figure|fig\.?|abbildung|图表)\s*(?P<number>\d{1,3}(?:[-.–—]\d{1,3}){0,2}|[一二三四五六七八九十]{1,3}))"
    r"(?![\d一-鿿])[\s:：.、．—–-]*(?P<words>[^\n]*)\Z",
    re.IGNORECASE,
)
_TIGHT = re.compile(
    r"(?P<label>(?P<word>附?图|附?圖)\s*(?P<number>\d{1,3}(?:[-.–—]\d{1,3}){0,2}))(?P<words>[一-鿿][^\n。；]{0,40})\Z"
)
_LONGEST = 200
_ENDS = "。；;"
# Above or below: captions of pictures stand below them more often than above.
_BESIDE = (1, -1)


def with_captions(
    blocks: Sequence[Block], media: Sequence[Media]
) -> tuple[tuple[Block, ...], tuple[Media, ...]]:
    """Return the blocks with every caption moved into its picture's block, and the media with number and caption.

    A caption is a short paragraph right below or above a picture that begins with 图 3, Figure 3 or the like. It is the
    first line of the picture's description; what was known of the picture before follows.
    """
    found = list(blocks)
    gone: set[int] = set()
    facts: dict[str, tuple[str, str]] = {}
    for index, block in enumerate(found):
        if block.kind != "image":
            continue
        for step in _BESIDE:
            beside = index + step
            if 0 <= beside < len(found) and beside not in gone and (match := _match(found[beside], block)):
                gone.add(beside)
                found[index] = block = replace(block, text=_described(found[beside].text, block.text))
                break
        else:
            match = _read(block.text.split("\n", 1)[0])
        if block.media:
            facts[block.media] = _facts(match, block)
    kept = [block for index, block in enumerate(found) if index not in gone]
    numbered = tuple(replace(block, order=order) for order, block in enumerate(kept))
    places = {block.media: block.order for block in numbered if block.media}
    return numbered, tuple(
        replace(item, figure=facts[item.name][0], caption=facts[item.name][1], order=places[item.name])
        if item.name in facts
        else item
        for item in media
    )


def _match(beside: Block, picture: Block) -> re.Match[str] | None:
    if beside.kind != "text" or beside.page != picture.page or len(beside.text) > _LONGEST:
        return None
    return _read(beside.text)


def _read(text: str) -> re.Match[str] | None:
    """Return the match of a caption; a sentence that only speaks of a figure is none."""
    text = text.strip()
    match = _CAPTION.match(text) or _TIGHT.match(text)
    return match if match and not text.endswith(tuple(_ENDS)) else None


def _described(caption: str, known: str) -> str:
    caption = " ".join(caption.split())
    return caption if not known or known in caption else f"{caption}\n{known}"


def _facts(match: re.Match[str] | None, block: Block) -> tuple[str, str]:
    """Return the number of a picture and its caption without it."""
    if match is None:
        return "", block.text
    word = match["word"].rstrip(".").capitalize()
    label = f"{'Figure' if word == 'Fig' else word} {match['number']}"
    return label, match["words"].strip() or block.text
