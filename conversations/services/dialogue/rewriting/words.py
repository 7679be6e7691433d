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
