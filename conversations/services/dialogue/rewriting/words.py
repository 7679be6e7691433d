"""Words that a rewritten question is judged by: they say how something is asked, not what it is about."""

import re
from typing import Final

# Taken away, what is left is what a question is about. The longest first.
FUNCTION_WORDS: Final = re.compile(
    r"可不可以|多长时间|什么时候|哪些地方|需不需要|怎么办|要不要|有没有|是不是|为什么|能不能|"
    r"怎么样|哪儿|自己|以前|另外|这么|之后|然后|比较|分别|请问|一般|都有|如何|都要|哪个|需要|还有|"
    r"怎样|这边|几天|咱们|一下|以后|或者|可以|应该|你们|怎么|不能|多少|能够|几个|什么|直接|便宜|"
    r"我们|谢谢|必须|大概|是否|之前|具体|哪里|的话|哪些|还是|现在|还要|那么|多久|已经|那边|就|能|"
    r"快|用|吧|到|没|会|得|和|几|有|与|再|贵|给|办|的|对|您|不|你|少|慢|来|了|呢|还|哪|下|谁|那|都|"
    r"被|才|上|也|吗|要|做|在|它|里|把|去|久|好|是|多|啊|个|跟|这|我|最|更|点"
)
# They name a side of a thing, not a thing: with nothing else in it, a question hangs on the one before.
SIDE_WORDS: Final = re.compile(
    r"特殊情况|有效期|提供|申请|办理|材料|凭证|资料|手续|费用|时间|条件|流程|步骤|收费|到账|操作|"
    r"处理|要求|限制|期限|范围|方式|地址|原因|标准|价格|价钱|证件|证明|注意|事项|收取|计算|免费|"
    r"支持|包含|包括|区别|提交|审核|完成|开始|结束|有效|使用|设置|查看|准备|小时|影响|后果|例外|"
    r"情况|超过|超时|逾期|额外|钱|带|交|填|天|次|扣"
)
# English words that carry no topic.
STOP_WORDS_EN: Final = frozenset((
    "a", "about", "also", "am", "an", "and", "any", "are", "at", "be", "by", "can", "could", "did", "do",
    "does", "for", "from", "get", "had", "has", "have", "hello", "hi", "how", "i", "if", "in", "is", "it",
    "its", "know", "like", "long", "many", "me", "much", "my", "need", "no", "not", "of", "on", "one",
    "ones", "or", "our", "please", "should", "so", "some", "tell", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "those", "to", "us", "want", "was", "we", "were", "what", "when",
    "where", "which", "who", "why", "will", "with", "would", "you", "your",
))  # fmt: skip
# English words that name a side of a thing.
SIDE_WORDS_EN: Final = frozenset((
    "allowed", "apply", "charge", "charged", "cost", "costs", "days", "deadline", "do", "documents",
    "done", "expire", "fee", "fees", "find", "free", "go", "happen", "happens", "hours", "last", "limit",
    "pay", "price", "process", "proof", "provide", "reason", "required", "requirements", "see", "send",
    "start", "steps", "submit", "take", "takes", "time", "use", "valid", "work", "works",
))  # fmt: skip
# English words that name what is done with a thing.
VERBS_EN: Final = frozenset((
    "add", "book", "borrow", "buy", "cancel", "change", "clean", "cleaning", "connect", "exchange", "find", "install",
    "map", "move", "offer", "open", "order", "print", "reach", "recover", "rent", "rental", "request", "reserve",
    "reset", "return", "sell", "set", "share", "ship", "shipping", "there", "try", "unlock", "wash", "wear",
))  # fmt: skip
COLOURS_EN: Final = re.compile(
    r"\b(?:red|blue|green|white|black|pink|yellow|purple|silver|golden|small|medium|large)\b"
)
# Words of one kind stand for each other.
KINDS_EN: Final = (
    COLOURS_EN,
    re.compile(r"\b(?:weekends?|weekdays?|holidays?|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|mornings?|evenings?|today|tomorrow)\b"),
    re.compile(r"\b(?:children|kids?|child|adults?|students?|men|women|man|woman|couples?|seniors?|groups?|visitors?)\b"),
)  # fmt: skip
KINDS: Final = (
    re.compile(r"周末|(?:周|星期)[一二三四五六日天]|平日|工作日|节假日|假期|春节|国庆|晚上|早上|上午|中午|下午|[今明后]天|[春夏秋冬]天|旺季|淡季|平时|平常"),
    re.compile(r"男士|女士|男生|女生|男孩|女孩|小朋友|小孩子?|孩子|儿童|宝宝|大人|成人|老人|孕妇|学生|情侣|外国人|一个人"),
    re.compile(r"[男女]款|[男女]式|[大中小特加]码|[红蓝绿白黑粉黄紫灰金银]色"),
)  # fmt: skip
# What is done, not what it is done with.
VERBS: Final = re.compile(
    r"租借|租赁|租用|租|清洗|干洗|洗|退货|换货|退换|退换货|预约|预订|取消|购买|邮寄|寄|退款|退|换|修改|注册|充值|投诉|归还|还|"
    r"改|办理|申请|配送|发货|付款|支付|跟拍|拍摄|安装|连接|重置|解锁|添加|借|穿|试穿|取|送|买|卖|订|开|选|适合|收"
)
# Parts of the asking.
ASKING: Final = re.compile(
    r"什么|怎么|如何|怎样|哪|多少|多久|多长|几|是|要交|为什么|可以|能|需要|钱$|谁|有没有|吗|呢"
)
# They say under which circumstances, not about what.
CONDITION: Final = re.compile(
    r"下雨|下雪|不合身|不合适|不喜欢|弄[脏坏丢]|超过|超时|迟到|提前|临时|没[有到带]|不[来去想要]|坏了|丢了|破了|(?:上|里|内|外)$"
)
# Whatever was talked about before, these are asked about by themselves.
STANDING_ALONE: Final = re.compile(
    r"发票|停车(?:场|位)?|积分|优惠券|营业时间|门店|地址|电话|wi-?fi|充电|会员卡?|储值卡|付款方式"
)
