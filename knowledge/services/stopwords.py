"""Function words: they hold a sentence together and say nothing that a source could support or contradict.

Negations, modal words that permit or forbid, and question words are not here; they change what is said.
"""

_CHINESE_WORDS = (
    "的 地 得 了 着 过 们 吗 呢 吧 啊 呀 哦 嗯 嘛 啦 喔 哈 之 其 所 者 也 都 就 还 又 再 才 便 则 而 且"
    " 并 及 与 和 跟 同 或 把 被 让 给 对 向 往 从 自 由 于 在 以 按 据 为 为了 因 因为 由于 所以 因此"
    " 于是 但 但是 不过 然而 虽 虽然 尽管 如 如果 若 要是 即 即使 这 那 这个 那个 这些 那些 这里 那里 这样"
    " 那样 此 该 各 每 某 我 你 您 他 她 它 我们 你们 他们 她们 它们 咱们 自己 大家 是 有 会 将 来 去 到"
    " 上 下 中 里 内 一个 一些 一下 一种 等 等等 等于 通过 根据 按照 关于 对于 以及 并且 而且 或者 还是"
    " 另外 此外 其中 其他 然后 接着 最后 首先 请 请问 谢谢 您好 你好 进行 可 来说 的话 时 时候 之后 之前"
    " 以后 以前 后 前"
)
CHINESE = frozenset(_CHINESE_WORDS.split())

_ENGLISH_WORDS = (
    "a an and are as at am be been being but by did do does done for from had has have having he her hers him his how i if"
    " in into is it its itself me my mine of on or our ours out over she should so some such than that the their theirs"
    " them then there these they this those to too up us was we were what when where which while who whom whose why will"
    " with would you your yours also any each just about again here please let s t re ve ll d m very via per"
)
ENGLISH = frozenset(_ENGLISH_WORDS.split())
