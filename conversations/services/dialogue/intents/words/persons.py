"""Words for a person: asked for, spoken of, refused."""

import re
from typing import Final

from conversations.services.dialogue.intents.words.alternatives import any_of

_PERSON = (
    r"(?:人工(?:客服|服务|坐席|座席|咨询|台|热线)?|真人(?:客服)?|活人"
    r"|(?:在线)?客服(?:人员|专员|小姐姐|小哥|经理|代表)?|坐席|座席"
    r"|(?:你们)?(?:经理|主管|领导|负责人)|工作人员|专员)"
)
_PERSON_EN = (
    r"(?:(?:a |an |the |your |some )?(?:real |live |actual |human )*"
    r"(?:human(?: being)?|person|representative|rep|operator|supervisor|manager|agent|live chat"
    r"|(?:customer (?:service|support|care)|support|service)(?: agent| rep| representative| person| staff| team)?))"
)
# What turns the word for a person into something else: 人工智能, 人工费, 客服电话.
_NO_PERSON_AFTER = (
    r"(?!智能|费|成本|审核|授精|湖|草坪|合成|处理|操作|录入|说(?!话)|告诉|答应|回复|不理|态度|打电话|上班|下班"
    r"|几点|时间|电话|热线|号码|在哪|工号|系统|软件|培训|岗位|招聘|外包)"
)
_NOT_ONE_EN = r"(?! (?:resources|error|name|id|software|else|about a))"
_FETCH = (
    r"(?:转|转接|转到|(?<!人)接|接入|接通|换|换成|叫|呼叫|召唤|喊|找|要|来|给我|帮我|联系|连线"
    r"|请求|需要|申请|想和|想跟|我和|直接|让|连接)"
)
# Folded as everything is: the characters that Chinese simplifies are written simplified here too.
_PERSON_JA = (
    r"(?:担当(?:者|の方|の人)?|オペレーター?|スタッフ(?:の方|さん)?|(?:カスタマー)?サポート(?:の人|の方|スタッフ)?|店员(?:さん)?"
    r"|系の(?:人|方)|有人(?:チャット|対応|对応|窓口)?|(?<![\u4e00-\u9fff\d])人(?:间)?(?![気气工形数]))"
)
_REFUSE = r"(?:不用|不要|不需要|无需|不必|别|先不|暂不|暂时不|没必要)"

WANTS_PERSON: Final = any_of(
    rf"(?<!无人){_FETCH}(?:一下|下|个|一个|位|一位|到|成|给|你们的?|你们?|我|的|和|跟|接)*{_PERSON}{_NO_PERSON_AFTER}",
    rf"(?:和|跟|与|同){_PERSON}(?:说话|聊|谈|沟通|对话|讲|通话|联系)",
    rf"有(?:没有)?{_PERSON}(?:吗|么|嘛|可以|能|在吗|没有|$)",
    rf"{_PERSON}(?:在吗|在不在|在么|呢|帮我|帮忙|处理(?:一下|吧)|来(?:一下|处理|回答)|介入)",
    r"(?:转|要|换|叫|找)(?:接)?(?:一?个|位)?人(?:来(?!取|拿|送|收)|吧|$|处理|跟我|和我|回答)",
    r"(?:不想|不要|别)(?:和|跟|与|同)?(?:再)?(?:机器人?|ai)(?:说|聊|谈|回)",
    r"(?:不要|别用|不想要)(?:再)?(?:用)?机器人(?:客服)?(?:回复|回答|糊弄|敷衍|了|\W*$)",
    (
        r"\b(?:talk|speak|chat|connect|transfer|escalate|switch|put me|get me|reach|contact|call)\b(?: me)?(?: now)?"
        rf"(?: through)?(?: to| with| for)? ?(?:{_PERSON_EN}|(?:some|any)(?:one|body))\b{_NOT_ONE_EN}"
    ),
    rf"\b(?:want|need|prefer|i'?d like|would like|give me|send me) {_PERSON_EN}\b{_NOT_ONE_EN}",
    (
        r"^(?:please )?(?:a )?(?:human|agent|representative|operator|real (?:person|human)|live (?:agent|person)|human agent"
        r"|customer (?:service|support))(?:,? (?:please|now))*\W*$"
    ),
    (
        r"\b(?:can|could) (?:an? )?(?:real |live |actual )?(?:person|human|agent) (?:please )?"
        r"(?:help|assist|call|contact|answer)\b"
    ),
    r"\b(?:can|could) (?:someone|somebody) (?:please )?(?:call|contact|phone) (?:me|us)\b",
    r"\b(?:some|any)(?:one|body)(?: there| here| else)?(?: that| who)? i (?:can|could) (?:talk|speak|chat) (?:to|with)\b",
    rf"{_PERSON_JA}(?:さん|样)?(?:と|に|へ)(?:直接|少し)?(?:话|会话|相谈|连络|连絡|电话)(?!し?(?:まし)?た(?!い))",
    rf"{_PERSON_JA}(?:に|へ|と)?(?:つない|つなげて|繋い|繋げて|代わって|替わって|かわって|切り替え|取り次)",
    rf"{_PERSON_JA}(?:を|に|で)?(?:お愿い|呼ん(?!だ)|出して|希望)",
    r"\b(?:is there|are there|any) (?:a |an |any )?(?:human|real person|live (?:agent|person)|representative|agent)s?\b",
)
# The whole message is nothing but the word for a person.
ONLY_PERSON: Final = re.compile(
    rf"(?:请|麻烦|我要|帮我|快|能|可以)*(?:转|转接|接|找|要|叫)*(?:{_PERSON})(?:请|谢谢|在吗|在|啊|吧|呢|吗|呀|你好|您好)*"
    rf"(?:(?:转|转接|找|要)*(?:{_PERSON}))*"
    r"|(?:担当者|オペレーター?|有人チャット|人间)(?:を?お?愿い(?:します)?)?"
)
# About a person, not for one: "do I have to ask one?", "the agent told me".
ABOUT_PERSON: Final = any_of(
    rf"(?:{_REFUSE}|不想|不|没有?)(?:再|给我|帮我|用|要)*(?:转|找|联系|接|叫|换)+(?:接|到|成|一下)*{_PERSON}",
    rf"{_REFUSE}(?:{_PERSON})",
    (
        rf"(?:是不是|是否|需不需要|用不用|要不要|必须|一定|需要|得)(?:要|先|得)?(?:先)?(?:联系|找)(?:一下|下)?{_PERSON}"
        r".{0,8}(?:吗|么|呢|审批|确认|才|\?|$)"
    ),
    rf"(?:联系|找|问|打)过(?:了)?(?:你们)?{_PERSON}",
    rf"{_PERSON}(?:吗|么)?[\s,，]*(?:几点|什么时候)(?:上班|下班|在线|工作)",
    (
        r"(?:昨天|刚才?|之前|上次|上午|下午|早上|已经).{0,6}(?:联系|找|问|打给)(?:了)?"
        rf"(?:你们)?{_PERSON}"
    ),
    (
        rf"{_PERSON}(?:昨天|刚才|之前|已经|都|一直|就)?"
        r"(?:说(?!话)|告诉|答应|回复|不理|没理|态度|给我打|打了?电话|联系我)"
    ),
    rf"(?:找|联系|问)(?:的)?(?:是)?(?:哪|谁)(?:个|位|一)*(?:{_PERSON})?",
    rf"(?:无人|没有?人)(?:接|理)(?:听)?(?:{_PERSON})",
    (
        r"\b(?:don'?t|do not|no need|not) (?:want |need |to )*"
        r"(?:transfer|talk|speak|escalate|connect|a human|an agent|human|contact)(?: to| with)*(?: an?| the)?"
        r"(?: (?:human|agent|person|representative|someone))?"
    ),
    r"\b(?:the|your|an?) (?:agent|representative|person|rep|manager) (?:said|told|promised|i spoke|who|that)",
    r"\b(?:i|we) (?:already |just )?(?:spoke|talked|chatted) (?:to|with)",
    r"\bno (?:human|agent)s?\b",
)
DECLINES_PERSON: Final = any_of(
    rf"{_REFUSE}(?:再|给我|帮我|用|要)*(?:转|找|联系|接|叫)*(?:接|到|一下)*{_PERSON}",
    (
        r"\b(?:don'?t|do not|no need to) (?:want to |need to )?(?:transfer|talk to|speak to|escalate|connect|get|bring)\b"
        r".{0,24}(?:human|agent|person|representative)"
    ),
    r"\b(?:don'?t|do not) (?:want|need) (?:a |an )?(?:human|agent|person|representative)",
)
ASKED_HOW_TO_REACH: Final = any_of(
    (
        r"(?:怎么|怎样|如何|哪里|在哪|咋)(?:样)?(?:才能|才可以|可以|能|去)?(?:联系|找|转|接|呼叫)(?:到|接|通)?"
        rf"(?:你们的?)?{_PERSON}(?:客服)?"
    ),
    (
        r"\bhow (?:do|can|could|to)\b.{0,12}(?:talk|speak|contact|reach|get|chat)\b.{0,16}"
        r"(?:human|person|agent|representative|someone|customer service|support team)"
    ),
)
OFFERS_PERSON: Final = any_of(
    r"转接?人工", r"人工客服吗", r"human agent\?", r"bring in a (?:human|person)", r"担当者におつなぎ"
)
