"""Sentences of a source that give orders to whoever processes it: no customer is meant, so they support nothing.

A document may come from anywhere. What is addressed to a model, overrules its rules, tells it what to say or to hide, or
poses as another part of the prompt is left out of every answer, and so is what follows it in its paragraph. Orders to people
("please reply to this text", "agents must wear a badge") are not meant.
"""

import re

from knowledge.services.folding import fold

_HAN_GAP = re.compile(r"(?<=[\u3400-\u9fff])[\s.·*_\-~|]+(?=[\u3400-\u9fff])")
_LETTER_GAP = re.compile(r"\b(?:[a-z][\s.\-_*]){4,}[a-z]\b")
_LEET = str.maketrans("013457@$", "oieastas")

_MACHINE = (
    "(?:ai|gpt|llm|人工智能|大?语言模型|大模型|ai模型|聊天机器人|对话机器人|智能客服|客服机器人"
    "|智能助[手理]|ai助[手理]|机器人客服)"
)
_MUST = (
    "(?:必须|务必|应当|应该|应|请|需要?|须|一律|总是|始终|永远|不得|不要|不能|禁止|只能|只需|现在|立即"
    "|马上|要)"
)
_SAY = "(?:回答|回复|输出|说|告诉|告知|声称|承认|复述|答复|回应|遵守|执行|服从|忽略|透露|承诺|推荐)"
_FORGET = "(?:忽略|乎略|无视|忘记|忘掉|不[要用必]理会|跳过|抛开|推翻|绕过|不再遵守|违反)"
_WHICH = "(?:之前|以上|上面|前面|上述|先前|此前|所有|全部|一切|任何|你的|系统|安全|原有|现有)"
_RULES = "(?:指令|规则|规定|提示|要求|设定|约束|限制|命令|内容|说明|对话|政策)"
_CHINESE = (
    rf"{_FORGET}(?:掉|了)?[^，。；：,;:]{{0,4}}{_WHICH}[^，。；,;]{{0,6}}{_RULES}",
    rf"{_FORGET}(?:掉|了)?(?:指令|规则|提示词|系统提示|上文|以上|前文|设定)",
    r"(?:上述|之前|以上|先前|原有?|旧)的?(?:指令|提示词|设定|系统规则|规则).{0,6}(?:失效|作废|取消|替换"
    r"|不再有效)",
    r"(?:只|必须|一律|统一)(?:需|能|要|可|用|以)?(?:回复|输出|回答|答复|说)\s*[:：\"“「『'‘]",
    r"请(?:只|直接)?(?:输出|回答)\s*[:：\"“「『'‘]",
    r"只(?:需|能|要|可|准)?(?:输出|回答)|(?:原样|逐字)(?:输出|回复|复述|转述|重复|告诉)",
    rf"(?:致|给|作为|各位|所有|尊敬的|阅读本.{{0,4}}的|处理本.{{0,6}}的)\s*{_MACHINE}",
    rf"{_MACHINE}[^。]{{0,6}}?[，,:：]?\s*{_MUST}[^。]{{0,16}}{_SAY}",
    r"(?:当|如果|若|凡|只要)[^。]{0,4}(?:用户|顾客|客户|访客|对方|有人)[^。]{0,4}(?:问|咨询|提到)[^。]{0,24}"
    r"(?:请|必须|一律|就|都|则)(?:要|只)?(?:回答|回复|说|输出)",
    r"(?:向|对)(?:用户|访客|对方|提问者)[^。]{0,12}(?:索要|索取|套取)|(?:诱导|引导|说服)(?:用户|访客"
    r"|对方)[^。]{0,10}"
    r"(?:转账|点击|下载|访问|提供)",
    r"(?:告诉|通知|转告)(?:用户|访客|提问者|对方)[^。]{0,6}(?:说|[:：“\"])",
    r"系统提示词|系统消息|系统指令|开发者模式|越狱|隐藏指令|提示词|新的?(?:指令|命令)\s*[:：]"
    r"|你的新(?:任务|身份|角色|指令)",
    r"(?:透露|泄露|输出|打印|显示|重复|复述|翻译|列出|公布|展示|背诵)[^。]{0,12}"
    r"(?:系统提示|初始设定|内部规则|隐藏规则|初始指令|上述指令|你的(?:指令|规则|设定|配置|密钥))",
    r"你现在是|从现在(?:起|开始)[，,]?(?:你|只|所有回[答复])|(?:假装|假设)你|你(?:来)?扮演|请扮演"
    r"|你的(?:任务|身份|角色)(?:是|为)"
    r"|你(?:已)?被授权|你不再(?:是|受)|你是一个(?:没有|不受)",
    r"(?:你的|所有|每个|每次|每一?条|任何)(?:回答|回复|答案)(?:中|里|之?前|之?后|末尾|结尾|开头|最后|都)",
    r"(?:不要|不得|禁止|别|无需|不用)(?:标注|引用|提及|提到|注明|显示)(?:任何)?(?:来源|出处|本段|本条"
    r"|资料来源)",
    r"(?:致|亲爱的|尊敬的|各位)\s*(?:大?模型|ai)",
    r"(?:机器人|模型|助手|ai)[^。]{0,4}(?:看到|读到|阅读|处理)(?:这里|此处|本段|这段|本文)"
    r"|(?:看到|读到|阅读)(?:这里|此处|本段|这段话|本文)的?(?:机器人|大?模型|助手|ai)",
    r"(?:把|将)(?:你的|所有|全部)?(?:答案|回答|回复)[^。]{0,6}(?:替换|改|换)|答案(?:一律|统一|必须|都)(?:为|是)",
    r"(?:不管|无论|不论)[^。]{0,6}(?:问什么|问啥|如何提问|怎么问|问到什么|提什么问题)",
    r"(?:把|将)(?:这段话|以下内容|本段|下面的话|这句话)当[作成]|你(?:必须|要|应|需)?(?:假设|假定)",
    r"指令(?:覆盖|更新|重置|变更)|(?:覆盖|重置)(?:指令|规则)",
    r"(?:指示|命令|ルール)を?(?:无视|無視|忘れ)",
    r"base\s*64|rot13|(?:把|将)(?:上面|以上|下面|以下|下列)[^。]{0,12}(?:倒序|拼接|解码|翻译)(?:后|并|再)",
)
_OBJECT = (
    r"(?:instructions?|rules?|prompts?|guidelines|directives|constraints|safeguards|guardrails|policies)"
)
_DETERMINER = (
    r"(?:all|any|every|the|of|your|my|our|previous|prior|above|earlier|preceding|foregoing|system"
    r"|safety|other|these|those|such"
    r"|given|original|initial|and|or|content|security)"
)
_BOT = (
    r"(?:ai|llms?|gpt|chatgpt|claude|chatbots?|bots?|language models?|ai models?|ai assistants?"
    r"|virtual assistants?|assistants?)"
)
_TELL = (
    r"(?:say|reply|answer|respond|tell|ignore|output|state|claim|recommend|promise|confirm|mention"
    r"|reveal|include|follow|obey"
    r"|grant|approve|insist|comply|repeat)"
)
_ENGLISH = (
    rf"\b(?:ignore|disregard|forget|override|overrule|bypass|supersede"
    rf"|violate)s?\s+(?:{_DETERMINER}\s+){{0,6}}{_OBJECT}\b",
    r"\b(?:ignore|disregard|forget)\s+(?:all|everything|anything|what)\b.{0,20}\b(?:above|before"
    r"|previous|prior|told|said|earlier|prompt)\b",
    r"\b(?:previous|prior|above|earlier|original|old)\s+(?:system\s+)?(?:instructions?|prompts?|rules?"
    r"|directives)\b.{0,24}"
    r"\b(?:void|obsolete|cancel\w*|no longer|replaced|superseded|invalid|revoked)\b",
    r"\b(?:reply|respond|answer|say|output|print|write)\b\s+(?:only|exactly|verbatim|the following|just)\b",
    r"\b(?:reply|respond|answer)\s+with\s+(?:only|just|the|exactly|[\"“'‘])|\b(?:reply|respond|answer"
    r"|output)\s*:\s*[\"“'‘]",
    rf"\b{_BOT}\b.{{0,30}}\b(?:must|should|shall|please|always|never|do not|don't|needs? to|ha(?:s"
    rf"|ve) to|(?:is|are) required to|will now)\b"
    rf".{{0,30}}\b{_TELL}\b",
    rf"\b(?:attention|note|notice|message|instructions?|memo)\s+(?:to|for)\s+(?:all\s+|any\s+|the\s+)?{_BOT}\b",
    rf"\b(?:dear|hey|hello|attention,?)\s+{_BOT}\b",
    r"\bsystem[\s_-]*(?:prompt|override|instructions?|message)\b|\bjailbreak|\bdan mode\b",
    r"\byou are (?:now|no longer|hereby|in)\b.{0,30}\b(?:ai|assistant|bot|model|mode|unrestricted|bound"
    r"|restricted|dan|persona|free from)\b",
    r"\bfrom now on,?\s+(?:you|answer|reply|respond|say|every answer|all answers)\b|\bpretend (?:to be"
    r"|you|that)\b|\broleplay\b",
    r"\bact as (?:if you|an? (?:different|unrestricted|system|admin\w*|developer|hacker|assistant|ai))\b",
    r"\b(?:your )?new (?:instructions?|persona|system)\b|\bnew task\s*:|\byour (?:new |real "
    r"|only )?(?:task|role|job) is (?:now )?to\b",
    r"\b(?:reveal|show|print|repeat|leak|disclose|output|expose|dump|recite|translate|summari[sz]e)\b.{0,20}"
    r"\b(?:your|system|hidden|secret|initial|internal)\b.{0,12}\b(?:prompt|instructions?|rules?"
    r"|messages?|configuration|api key)",
    r"\b(?:tell|instruct|urge|convince|persuade|trick) (?:the |this |every |any )?(?:user|visitor"
    r"|reader|human)s?\b",
    r"\b(?:when|if|whenever) (?:asked|(?:the|a|any) (?:user|customer|visitor)|anyone|someone|users?"
    r"|customers?)\b.{0,60}"
    r"\b(?:say|reply|answer|respond|claim)\b\s+(?:that|with|yes|no|[\"“'‘:])",
    r"\b(?:in|(?:at|to) the (?:end|start|beginning) of|append|add|include).{0,20}\b(?:your|every"
    r"|each) (?:answers?|repl(?:y|ies)|responses?|outputs?)\b",
    r"\b(?:do not|don't|never) (?:cite|mention|quote|refer to) (?:this|the|any|your) (?:source|document"
    r"|note|text|instruction|page)",
    r"\b(?:regardless of|no matter|whatever)\b.{0,24}\b(?:question|asks?|asked)\b.{0,40}"
    r"\b(?:answer|say|reply|respond|state|tell)\b",
    r"\bto (?:the|all|any) (?:large )?(?:language models?|ai models?|ais?|llms?|chatbots?)\s*[:,]"
    r"|\b(?:note|message|instructions?) (?:for|to) (?:the |all )?(?:summari[sz]ers?|crawlers?|models?)\b",
    r"\bnew (?:directives?|commands?)\s*:|\bdo as i say\b|\btell everyone that\b",
    r"\bact as the (?:store |shop )?(?:owner|manager|admin\w*|boss|developer)\b",
    r"\b(?:pretend|assume|suppose)\b.{0,8}\bthe user is\b|\bforget what\b.{0,24}\b(?:says?|said)\b",
    r"\b(?:assistant|model|bot|ai)\s*,\s*(?:disregard|ignore|forget|output|print|say)\b"
    r"|\bdisregard the (?:document|source|context|text)\b",
    r"\bignor(?:ez|a|ar|iere|ieren|iert|i)\b.{0,40}\b(?:instru[ck]\w+|istruzioni|anweisungen|regeln|r[eè]gles|reglas)\b",
    r"\bdecode (?:this|the following)\b|\bbase64\b|\brot13\b|\bend of (?:the )?(?:document|source"
    r"|context|prompt)s?\b"
    r"|\bbegin(?:ning)? (?:of )?(?:the )?(?:system|admin|new)\b",
)
_MARKUP = (
    r"</?\s*(?:source|question|conversation|system|assistant|instructions?|prompt)\b|\[/?inst\]"
    r"|<\|?(?:im_|endof|system|user|assistant)"
    r"|\"role\"\s*:\s*\"(?:system|assistant|developer)\""
    r"|^\s*(?:#+\s*)?(?:system|assistant|developer)\s*[:：]|^\s*#+\s*(?:instructions?\s*\Z|new task"
    r"|系统|指令)|\bno_answer\b"
)
_ORDER = re.compile("|".join((*_CHINESE, *_ENGLISH, _MARKUP)), re.IGNORECASE | re.MULTILINE)
# Cyrillic and Greek letters that look like Latin ones.
_ALIKE = str.maketrans("аеорсхуіѕјԁһοαει", "aeopcxyisjdhoaei")
_BETRAYING = ("assistant", "system", "ignore", "instruct", "prompt", "disregard")


def is_order(text: str) -> bool:
    """Return whether a sentence gives orders to whoever processes it, however its letters are spread or dressed."""
    folded = fold(text)
    # Sources write "AI 助手" with a space, which no pattern names.
    joined = re.sub(r"(?<=[\u3400-\u9fff])\s(?=[a-z])|(?<=[a-z])\s(?=[\u3400-\u9fff])", "", folded)
    if _ORDER.search(folded) or (joined != folded and _ORDER.search(joined)):
        return True
    closed = _LETTER_GAP.sub(lambda match: re.sub(r"[\s.\-_*]", "", match.group()), _HAN_GAP.sub("", joined))
    if closed != joined and _ORDER.search(closed):
        return True
    plain = folded.translate(_ALIKE).translate(_LEET)
    return plain != folded and any(word in plain for word in _BETRAYING) and bool(_ORDER.search(plain))
