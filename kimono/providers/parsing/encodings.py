"""Turn the bytes of a text file into text, whatever encoding they were saved in."""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(code for code in range(32) if code not in (7, 8, 9, 10, 11, 12, 13, 26, 27))
# The common Han characters by which a wrong guess between encodings of Chinese shows: text is full of them or it is not.
_COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家"
    "種們個時來說這為國會對過發後裡還沒與點問請價錢貨單號電話網頁開關請退换货款单号电话服务客户产品使用如何什么怎么多少"
    "日期时间地址支持提供需要可以进行信息系统问题答案内容标题订单快递发票账号密码登录注册商品价格租赁和服会员积分优惠"
)
_ACCENTED = frozenset("àâäæçèéêëîïôœùûüÿñáíóúößåøìòãõÀÂÄÆÇÈÉÊËÎÏÔŒÙÛÜÑÁÍÓÚÖÅØ")


def looks_binary(data: bytes) -> bool:
    """Return whether `data` cannot be text: it has NUL bytes outside UTF-16 and UTF-32, or many control bytes."""
    if not data:
        return False
    if any(data.startswith(mark) for mark, _ in _MARKS):
        return False
    if b"\x00" in data:
        return _wide(data) is None
    return sum(data.count(control) for control in _CONTROLS) * 50 > len(data)


def decode(data: bytes, *, partial: bool = False) -> str:
    """Return the text of `data`: by its byte order mark, as UTF-8, UTF-16 without mark, GB18030, Big5, or the best guess.

    `partial` says that the end may be cut inside a character. Never raises: bytes that no encoding explains become
    U+FFFD.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    wide = _wide(data)
    if wide:
        return data.decode(wide, "replace")
    text = _strict(data, "utf-8", partial)
    if text is not None:
        return text
    return _chinese(data, partial) or _western(data) or _guessed(data) or data.decode("utf-8", "replace")


def _wide(data: bytes) -> str | None:
    """Return the UTF-16 byte order of text without a mark: every other byte of its Latin characters is NUL."""
    sample = data[:4096]
    if len(sample) < 4 or b"\x00" not in sample:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    for zeros, others, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros > half * 0.3 and others * 10 <= zeros:
            return encoding
    return None


def _strict(data: bytes, encoding: str, partial: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final=not partial)
    except UnicodeDecodeError:
        return None


def _chinese(data: bytes, partial: bool) -> str | None:
    """Return the text by the Chinese encoding whose result has the larger share of common characters, if that is clear.

    GB18030 decodes nearly everything, so that decoding without an error proves nothing by itself.
    """
    best: tuple[float, str] | None = None
    for encoding in ("gb18030", "big5"):
        text = _strict(data, encoding, partial)
        if text is None:
            continue
        wide = [character for character in text if ord(character) > 0x7F]
        share = sum(character in _COMMON for character in wide) / max(1, len(wide))
        if share >= 0.08 and (best is None or share > best[0]):
            best = share, text
    return best[1] if best else None


def _western(data: bytes) -> str | None:
    """Return the text as Windows-1252 when, so read, its accented letters are those of Western Europe and few."""
    text = _strict(data, "cp1252", False)
    if text is None:
        return None
    letters = [character for character in text if character.isalpha()]
    accented = [character for character in letters if not character.isascii()]
    usual = sum(character in _ACCENTED for character in accented)
    return text if len(accented) * 4 < len(letters) and usual * 10 >= len(accented) * 9 else None


def _guessed(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    guess = from_bytes(data[:200_000]).best()
    return data.decode(guess.encoding, "replace") if guess else None
