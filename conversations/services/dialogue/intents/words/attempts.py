"""Words of attempts on the bot itself, and of abuse."""

from typing import Final

from conversations.services.dialogue.intents.words.alternatives import any_of

INJECTION: Final = any_of(
    (
        r"(?:忽略|无视|忘记|忘掉|跳过|不要(?:遵守|理会)|覆盖|解除|绕过|违反|抛开)(?:你)?"
        r"(?:之前|以上|上面|前面|先前|此前|所有|全部|一切|任何|系统|原来|现有)*(?:的|给你的|对话中的)*(?:所有|全部|系统)?(?:的)?"
        r"(?:指令|指示|提示词?|规则|设定|限制|要求|命令|约束|prompt)(?!更新|音|框|灯|牌|错误)"
    ),
    (
        r"(?:显示|输出|打印|泄露|告诉我|说出|给我看|复述|重复|翻译|背诵|公开|展示|列出|发出|发给我|透露|总结).{0,10}"
        r"(?:系统提示词|系统提示语|提示词|system ?prompt|初始(?:指令|设定|提示)|内部(?:指令|设定|提示)"
        r"|你的(?:指令|设定|规则|prompt))"
    ),
    r"(?:你的|系统)(?:提示词|prompt|初始指令|内部指令)(?:是什么|有哪些|内容|全文|原文)",
    (
        r"(?:现在开始|从现在起|假装|假设|扮演|你现在是|你是一个|进入|切换|启用|开启).{0,14}"
        r"(?:没有(?:任何)?(?:限制|约束|规则)|不受(?:任何)?(?:限制|约束)"
        r"|(?:开发者|dan|上帝|管理员|调试)模式|越狱|root)"
    ),
    (
        r"(?:导出|给我|列出|查看|显示|告诉我|泄露|发我|读取).{0,8}(?:其他|别的|所有|全部|别人|他人|另一个)(?:的)?"
        r"(?:商家|租户|用户|客户|会员|店铺|公司)(?:的)?.{0,6}"
        r"(?:数据|资料|信息|手机号?|电话|订单|密码|地址|知识库|对话|记录|名单)"
    ),
    r"(?:api ?key|密钥|数据库密码|管理员密码|环境变量|access ?token).{0,6}(?:给我|告诉我|是什么|是多少|发我)",
    r"(?:给我|告诉我|输出|显示|泄露).{0,6}(?:api ?key|数据库密码|管理员密码|环境变量|access ?token)",
    (
        r"\b(?:ignore|disregard|forget|bypass|override|overrule|skip|do not follow)\b.{0,30}"
        r"\b(?:previous|above|prior|earlier|all|your|system|any|these|those|preceding)\b.{0,24}"
        r"\b(?:instructions?|rules?|prompts?|guidelines?|directives?|constraints?|restrictions?|guardrails?)"
    ),
    (
        r"\b(?:reveal|show|print|output|repeat|display|leak|tell me|give me|dump|recite|translate|summari[sz]e"
        r"|what is|what'?s|what are)\b.{0,24}"
        r"\b(?:(?:system|initial|hidden|developer|original) (?:prompt|message|instructions?)"
        r"|your (?:prompt|instructions|system prompt|rules|guidelines))\b"
    ),
    (
        r"\b(?:you are now|act as|pretend (?:to be|you)|roleplay as|from now on)\b.{0,40}"
        r"\b(?:dan\b|no (?:rules|restrictions|limits|filters)|unrestricted"
        r"|without (?:any )?(?:rules|restrictions|filters)|developer mode|jailbr\w+|root)"
    ),
    r"\b(?:developer|dan|god|debug|jailbreak|sudo|admin) mode\b.{0,12}(?:on|enable|activat)|\bdo anything now\b",
    r"\b(?:enable|enter|activate|switch to) (?:developer|dan|god|debug|jailbreak|sudo|admin) mode\b",
    (
        r"\b(?:show|give|list|export|dump|send|tell)\b.{0,16}\b(?:other|another|all|every) "
        r"(?:tenants?|merchants?|customers?|users?|clients?|members?|companies|people)(?:'s|s')?\b.{0,16}"
        r"\b(?:data|orders?|phones?|phone numbers?|emails?|passwords?|records?|addresses|documents?|knowledge"
        r"|details|info(?:rmation)?)\b"
    ),
    r"<\|?(?:im_start|im_end|system|assistant|endoftext)\|?>|\[/?inst\]|<</?sys>>|^\s*(?:system|assistant)\s*:",
    r"###\s*(?:system|instruction)|\"role\"\s*:\s*\"(?:system|assistant)\"",
    r"\b(?:decode|execute|run)\b.{0,20}\bbase64\b|base64.{0,10}(?:解码|执行)",
    r"(?:drop|truncate) table|union (?:all )?select|;\s*--|' or '?1'?\s*=\s*'?1|<script\b|javascript:",
    r"(?:以|用)(?:管理员|系统|开发者|root)(?:的)?(?:身份|权限|模式)(?:执行|运行|登录|回答|查询|操作)",
    (
        r"我是(?:你的)?(?:开发者|系统管理员|创造者|openai|平台管理员).{0,12}"
        r"(?:命令|指令|授权|要求|允许|显示|告诉|输出|执行)"
    ),
)
HARASSMENT: Final = any_of(
    r"约炮|裸聊|做爱|性交|口交|裸照|黄片|色情片|毛片|一夜情",
    r"(?:怎么|如何|教我).{0,6}(?:制毒|造炸弹|做炸弹|制作炸药|制造枪|杀人|自制枪|洗钱|盗号|黑进|破解别人)",
    r"\b(?:send nudes|sex(?:ting|y chat)|porn|nude (?:pics|photos))\b",
    r"\bhow (?:do i|to) (?:make|build) (?:a )?(?:bomb|explosive|meth|gun)\b|\bhow (?:do i|to) (?:hack into|steal)\b",
)
