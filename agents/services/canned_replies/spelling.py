"""How Chinese is typed without its characters."""


def pinyin(text: str) -> str:
    """Return a text in lower case with every Chinese character as its syllable, each word apart: `退货` is `tuihuo`."""
    return " ".join(_syllables(word) for word in text.lower().split())


def initials(text: str) -> str:
    """Return the first letters of the syllables, each word apart: `退货` is `th`."""
    return " ".join(_syllables(word, first=True) for word in text.lower().split())


def _syllables(word: str, *, first: bool = False) -> str:
    if word.isascii():
        return word
    # Its tables are read where the first Chinese word is spelt, not by every process.
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(word, style=Style.FIRST_LETTER if first else Style.NORMAL))
