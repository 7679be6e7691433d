"""Words of people whom the answer did not help, who complain, swear or are in a hurry."""

from typing import Final

from conversations.services.dialogue.intents.words.alternatives import any_of

DISSATISFIED: Final = any_of(
    r"(?<!有)没(?:有)?(?:能)?(?:解决|帮到|帮上|帮助到|回答(?:我|到|上)|说清|讲清|懂)",
    r"(?<!有)没(?:有)?(?:什么)?用(?!过|完|到|上|掉|券)(?=$|[,。!?\s啊呀吧的])",
    r"答非所问|文不对题|驴唇不对马嘴|牛头不对马嘴|鸡同鸭讲|复读机|车轱辘话|废话|说了等于没说|敷衍",
    r"(?:回答|答案|回复|答复|解释|说的|讲的).{0,6}(?:没用|不对|不正确|错了|有误|不满意|不行|太差|看不懂)",
    r"(?:这个?|你).{0,4}(?:没用|没什么用|没有?帮助)",
    r"(?:不是|并不是|没)(?:在)?(?:我)?(?:想)?问(?:的)?(?:是)?(?:这个|那个|这些)|我(?:想)?问的不是",
    r"不是我(?:想|要)*(?:问|要|说)的",
    r"(?:你|机器人|ai)(?:根本|完全|还是|好像|都|到底)?(?:没|不|听不|看不)(?:有)?(?:能)?(?:听懂|看懂|明白|理解|懂)",
    r"(?:听|看|理解)不懂(?:我|人话)|人工智障|智障机器人|(?:什么|啥)(?:破|烂|垃圾)(?:机器人|客服|回答)",
    r"对(?:你的|这个|此)?(?:回答|答案|回复|服务).{0,4}不满意|^(?:非常|很|太)?不满意(?!.*(?:退|换|怎么|吗))",
    r"(?:试(?:过|了)|照做了|按你说的).{0,8}(?:还是|依然|仍)?.{0,4}(?:不行|不好使|没用|没反应|没效果|不可以)",
    r"^(?:还是|依然|仍然)(?:不行|不好使|没用|没反应|没效果)",
    r"\b(?:not|isn'?t|wasn'?t|aren'?t) (?:very |at all |really )?helpful|\bunhelpful\b",
    r"\b(?:that|this|it|which) (?:did|does)(?:n'?t| not) (?:help|answer|solve|work|fix)",
    r"\byou (?:did|do)(?:n'?t| not) (?:help|answer|understand|solve)|\bdid(?:n'?t| not) (?:help|answer my|solve my)",
    r"\bwrong answer|\bnot what i (?:asked|meant|want)|\buseless (?:answer|bot|reply)|^useless|\bnot satisfied\b",
    (
        r"^(?:this|that|it|you)(?:'s| is| was|'re| are) (?:(?:so|really|totally|completely|absolutely) )?"
        r"(?:useless|no (?:help|use)|nonsense)"
    ),
    r"^(?:你|机器人)(?:们)?(?:真|太|好|很|怎么(?:这么|那么))(?:的)?(?:笨|蠢|傻|没用|垃圾)",
    (
        r"\b(?:still|it'?s still) (?:not|doesn'?t|does not|isn'?t|can'?t|won'?t)"
        r" (?:work|working|fixed|solved|resolved|help)"
    ),
)
# A condition or a rule about dissatisfaction, not dissatisfaction: 不满意可以退货吗.
HYPOTHETICAL: Final = any_of(
    r"如果|要是|假如|万一|若|怎么办",
    r"(?:不满意|没用|不行|不对|没解决).{0,8}(?:可以|能|怎么|是否|包|支持).{0,6}(?:退|换|吗|赔)",
    r"\bif\b|\bin case\b|\bwhat happens\b",
)
COMPLAINT: Final = any_of(
    (
        r"(?:要|想|必须|去|现在|马上|我|就|得|准备)(?:去|要)?"
        r"(?:投诉|举报|曝光|起诉|报警|差评|维权)|^(?:投诉|举报|差评)"
    ),
    r"投诉(?:你们|你|他|商家|客服|卖家|快递)|12315|消(?:费者)?协|工商局",
    r"骗子|诈骗|欺骗|坑人|坑爹|黑店|黑心|忽悠|耍我|耍人|霸王条款|欺人太甚|店大欺客",
    (
        r"(?:太|真|非常|极其|简直|实在)"
        r"(?:差劲?|烂|垃圾|过分|恶心|气人|失望|离谱|坑|慢了|无语|不像话)"
    ),
    r"气死|气炸|忍无可忍|受够了|火大|崩溃|很生气|非常生气|愤怒|恼火|无耻|不要脸",
    r"(?:什么|啥)(?:破|烂|垃圾|鬼|狗屁)|垃圾(?:公司|平台|商家|店|服务|产品|软件|客服|系统|东西)|^垃圾$",
    r"服务(?:态度)?(?:太|真|很|极)?(?:差|恶劣)|态度(?:太|真|很|极其)?(?:差|恶劣|不好)",
    r"\b(?:scam(?:mers?)?|rip-?off|ridiculous|unacceptable|outrageous|disgusting|awful|horrible|worst|pathetic)\b",
    r"\b(?:this is|you'?re|you are|such) (?:an? )?fraud|\bterrible (?:service|company|experience)\b",
    r"\b(?:fed up|furious|so angry|very angry|i'?m angry|sue you|report you|disgrace)\b",
    r"\b(?:file|make) a complaint\b|\bwant to complain\b",
)
# Asking how complaints work is a question like any other.
COMPLAINT_QUESTION: Final = any_of(
    r"(?:怎么|如何|怎样|哪里|在哪).{0,4}(?:投诉|举报)",
    r"(?:投诉|举报)(?:的)?(?:电话|流程|渠道|方式|入口|邮箱|规则|处理)",
    r"(?:防范?|识别|辨别|防止|避免).{0,4}(?:诈骗|骗)|诈骗(?:电话|短信|邮件)",
    r"\bhow (?:do|can|to)\b.{0,12}complain|\bcomplaints? (?:procedure|process|policy|form)\b",
)
SWEARING: Final = any_of(
    r"(?:操|草|艹|日|干)(?:你|他|尼)(?:妈|娘|大爷|码|玛)|(?:你|他|尼)(?:妈|马|玛)(?:的|逼|b)|妈的|妈逼|tmd|他妈|特么",
    r"cnm|nmsl|傻[逼比屄b叉]|煞笔|沙雕|脑残|智障|白痴|弱智|王八蛋|混蛋|畜生|狗东西|狗日|去死|贱人|\bsb\b",
    r"(?<!摇)滚(?:蛋|开|犊子|吧|!|$)",
    r"\bf+u+c+k\w*|\bf\*+k|\bshit(?:ty)?\b|\bbullshit\b|\bwtf\b|\basshole|\bbastard|\bidiots?\b|\bmorons?\b",
    r"\bstupid\b|\bdamn(?: it)?\b|\bgo to hell\b|\bscrew you\b|\bcrap\b",
)
URGENT: Final = any_of(
    r"紧急|加急|十万火急|火急|急{2,}|很急|好急|非常急|特别急|着急|赶紧|立刻|立即|尽快处理",
    r"\burgent(?:ly)?\b|\basap\b|\bimmediately\b|\bright now\b|\bemergency\b",
)
