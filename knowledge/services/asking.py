"""What kind of thing a question wants to know: a price and a duration are not the same, however alike the rest is.

The kinds are those of everyday questions to a shop or an office, in Chinese and English; a question may be of several.
"""

import re

from knowledge.services.folding import fold
from knowledge.services.remembering import remembered

_HAN = re.compile("[\u3400-\u9fff]")

_CHINESE = {
    "cause": "为什么|为啥|为何|原因|怎么回事|咋回事|怎么会|怎么就|缘故|导致|因为",
    "handle": "怎么办|咋办|(?:怎么|如何|怎样)(?:处理|解决|治|缓解|补救)|办法|治疗|补救|应对|修复",
    "duration": "多久|多长时间|[几多少]+(?:天|小时|个?月|年|分钟)|时长|周期|期限",
    "when": "什么时[候间]|何时|几点|啥时候|哪天|几号",
    "price": "多少钱|价格|费用|收费|价钱|报价|几块|要钱|花钱|贵吗|免费|运费|手续费|利息",
    "amount": "多少(?!钱|天|年|小时|分钟)|几[个次件](?!月)|额度|数量|用量|多大",
    "where": "哪里|哪儿|在哪|什么地方|何处|地址|位置|入口|去哪",
    "who": "谁|什么人|哪些人|人群|对象",
    "difference": "区别|不同|差别|差异|哪个好|对比|比较好",
    "meaning": "什么意思|什么是|含义|定义|指什么|指的是",
    "effect": "作用|功效|效果|用途|好处|有用|管用",
    "harm": "副作用|危害|影响|严重|后果|传染|危险|风险|伤害|坏处|有害",
    "sign": "症状|表现|征兆|特征|迹象|现象",
    "care": "注意|禁忌|保养|护理|事项|清洗|维护",
    "need": "需要|要不要|用不用|必须|必要",
    "may": "可以|能不能|能否|可否|允许|(?<!可)能(?!力)|行不行",
    "condition": "条件|要求|资格|材料|证件|手续(?!费)|前提|标准",
    "which": "哪些|哪种|哪个|哪款|什么样|什么(?!时|人|意思|地方|是)|啥(?!时候)",
    "how": "怎么(?!办|回事|会|就|样)|如何|怎样|咋(?!办|回事)|步骤|流程|方法|操作|方式",
    "whether": "吗|是不是|是否|会不会|有没有|有无|对不对|好不好",
}
_ENGLISH = {
    "cause": "why|reasons?|causes?d?|how come|due to",
    "handle": "fix|solve|what (?:should|can|do) i do|what to do|resolve|deal with",
    "duration": "how long|how many (?:days|hours|weeks|months|minutes)|how soon|how quick(?:ly)?|how fast|takes?",
    "when": "when|what time|what day|what date",
    "price": "how much|costs?|price[sd]?|fees?|charges?d?|pay for|expensive|free of charge|rates?",
    "amount": "how many|limits?|maximum|minimum|amounts?|number of",
    "where": "where|which place|location|address",
    "who": "who|whom|whose|anyone|anybody",
    "difference": "difference|differ|versus|vs|compare|better",
    "meaning": "what is|what's|what are|meaning|means?|define|definition",
    "may": "can i|could i|may i|am i able|are we able|allowed|possible|is it ok|able to",
    "how": "how (?:do|can|could|should|would|to|does)|way to|steps?|process|procedure",
    "which": "which|what (?:kind|type|sort)s?|list of",
    "whether": "^(?:is|are|am|do|does|did|was|were|has|have|will|would|should)|whether|is there|are there|do you",
}
_CLAUSE = re.compile(r"(?:[^，,。！!；;？?\n.]|\.(?!\s))+(?:[，,。！!；;？?\n.]\s*)*")
_IN_CHINESE = {kind: re.compile(words) for kind, words in _CHINESE.items()}
_IN_ENGLISH = {kind: re.compile(rf"\b(?:{words})\b") for kind, words in _ENGLISH.items()}


@remembered
def kinds(question: str) -> frozenset[str]:
    """Return the kinds of what `question` wants to know; none when it only names a thing."""
    folded = fold(question)
    known = _IN_CHINESE if _HAN.search(folded) else _IN_ENGLISH
    return frozenset(kind for kind, words in known.items() if words.search(folded))


def asking_part(text: str) -> str:
    """Return the clauses of `text` that ask something, without what is told around them; empty when that is all or none.

    「我上周在你们店租了一套，归还时要交回哪些物品？谢谢」 asks 「归还时要交回哪些物品？」.
    """
    clauses = [clause.group().strip() for clause in _CLAUSE.finditer(text)]
    asking = [clause for clause in clauses if clause.rstrip().endswith(("?", "？")) or kinds(clause)]
    return "" if len(asking) in (0, len(clauses)) else "".join(asking)
