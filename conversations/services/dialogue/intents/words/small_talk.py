"""Words that carry no question; a message is small talk when it can be read as nothing but these."""

from typing import Final

from conversations.services.dialogue.intents.words.alternatives import any_of

IDENTITY: Final = any_of(
    (
        r"你(?:们)?(?:是|叫)"
        r"(?:谁|啥|什么(?:名字)?|哪个|机器人|人工(?!智能)|真人|ai|人工智能|人(?=吗|还是))"
    ),
    r"你(?:的)?名字|是(?:人工|机器人?|真人)(?:客服)?(?:还是|吗)|(?:机器人?|ai|真人)(?:吗|还是)",
    r"你(?:会|能|可以)(?:做|干|帮我(?:做|干)?)(?:些)?(?:什么|啥)|你有什么(?:功能|用)$|介绍(?:一?下)?你自己|自我介绍",
    r"\b(?:who|what) are you\b(?! (?:capable|interested|doing))|\bwhat(?:'s| is) your name\b|\bwhat can you do\b",
    r"\bare you (?:a |an )?(?:human|bot|robot|real|ai|machine|person)|\byour name\b",
)
GREETING: Final = (
    r"(?:你好+|您好+|哈喽|哈啰|嗨+|hi+|hello+|hey+|hallo|在吗|在么|在不在|在嘛|有人(?:在)?(?:吗|么)?|早(?:上好|安)?|中午好"
    r"|下午好|晚上好|good (?:morning|afternoon|evening)|morning|anyone there|are you there|there|你们好|大家好|亲+"
    r"|こんにちは|こんばんは|おはよう(?:ございます)?|喂+|在)"
)
THANKS: Final = (
    r"(?:(?:非常|十分|太|很)?"
    r"(?:谢谢+|感谢|谢啦|谢了|多谢|辛苦了?|thanks?(?: you)?(?: so much| very much| a lot)?"
    r"|thank you(?: so much| very much)?|thx|ty|ありがとう(?:ございます)?|麻烦了?)"
    r"(?:你们?|您|了|啦|啊|哦|哈|的?帮助|你的?帮助|for (?:your|the) help)*)"
)
BYE: Final = (
    r"(?:再见|拜拜|拜+|bye+|bye ?bye|goodbye|good ?night|晚安|回见|see you|see ya|下次再聊|先这样|就这样(?:吧)?"
    r"|没(?:有)?(?:其他|别的)?(?:问题|事)?了|没(?:有)?(?:啦|其他(?:问题|事)?|别的(?:事|问题)?)|不用了|不需要了"
    r"|さようなら|that'?s all|no(?:thing)? (?:more|else)|暂时没(?:有)?了?)"
)
ACKNOWLEDGED: Final = (
    r"(?:好+(?:的|吧|滴|嘞|哒|呢|啊|哦)*|嗯+|恩+|哦+|噢+|喔+|行+(?:吧)?|ok(?:ay)?|k|收到|知道了|明白了?|了解了?|懂了"
    r"|可以(?:的|了)?|是的?|对的?|没事|没关系|不客气|原来如此|这样啊|got it|i see|alright|all right|sure|great|good"
    r"|nice|fine|cool|yes|yeah|yep|no|no problem|はい|わかりました|了解しました|不错|太好了|真棒|厉害|哈+|嘻+|呵+"
    r"|等(?:一?下|等)|稍等)"
)
