"""Words that tell one's own business from the rules of the house."""

from typing import Final

from conversations.services.dialogue.intents.words.alternatives import any_of

TICKET: Final = any_of(
    (
        r"(?:提|建|开|创建|新建|提交|发起|登记|录)(?:一?个|张|一张|一下)?(?:工单|报修单|服务单|ticket)"
        r"|(?:我)?要?报修|(?:申请|预约|登记)(?:上门)?(?:维修|报修)"
    ),
    r"我的工单|工单(?:号|进度|状态|到哪|处理得|处理到|怎么样了|进展)",
    r"\b(?:open|create|raise|submit|file|log|start)\b (?:a |an |me a )?(?:new |support |service |help ?desk )*ticket",
    r"\bmy (?:support )?ticket\b|\bticket (?:status|number|#)",
)
OWN: Final = any_of(
    r"我(?:的|这|那|买|下|订|拍|申请|寄|退|刚|昨天|前天|上|已经|在|有|还有|还剩)",
    r"(?:帮|给|替)我(?:查|看|找|催|取消|改|退|处理|跟)|咱(?:的)?",
    r"\b(?:my|mine|i(?:'ve| have)? (?:ordered|bought|placed|returned|paid|purchased|sent))\b",
    r"\b(?:check|track|look ?up)\b",
)
BUSINESS_NOUN: Final = any_of(
    r"我(?:买|订|下|拍|寄)的|订单|定单|单号|单子|快递|物流|包裹|货(?!币|架|源|到付款)|发货|退款|退货|退换|换货|售后|退单",
    r"会员|积分|余额(?!宝)|账号|账户|帐号|帐户|优惠券|押金|预约|租赁单|发票(?!类型)",
    r"\b(?:orders?|package|parcel|shipment|delivery|refund|return|membership|points|balance|account|booking)\b",
    r"\b(?:reservation|deposit|coupon|invoice|rma)\b",
)
STATE_QUESTION: Final = any_of(
    r"到哪|到了(?:吗|没)|什么时候(?:到|发|送|退|能到|能收|来|好)|何时(?:到|发)|多久(?:能)?(?:到(?!账)|发货|送)|几天(?:能)?到",
    r"进度|进展|状态|发货了?(?:吗|没)|发了(?:吗|没)|没(?:有)?(?:到|收到|发货|发|退|动静|更新|消息)|还没|怎么还|怎么没",
    r"查(?:一下|下|询|查)?|看(?:一下|下|看)|多少(?!钱一|天)|几级|(?:等级|级别)是|什么等级|什么级别|有没有(?:到|发|退)",
    r"找不到|不见了|丢了|少了|显示|被(?:锁|冻结|封)|锁定|冻结|过期了(?:吗|没)|还剩|还有(?:多少|几)|催",
    r"在哪(?!里?(?:查|看|申请|修改|改|开|下载|设置|申领))|处理(?:到|得|好|完)|成功了(?:吗|没)|退了(?:吗|没)|审核(?:到|好|通过了)|签收",
    r"\bwhere(?:'s| is| are)\b|\bstatus\b|\btrack(?:ing)?\b|\bwhen will\b|\bhas\b.{0,24}\b(?:shipped|arrived|been)\b",
    r"\bha(?:ve|s)(?:n'?t| not)\b|\bhow (?:many|much)\b|\bcheck\b|\blook ?up\b|\bfind\b|\blocked\b|\bsuspended\b",
    r"\bmissing\b|\blost\b|\blate\b|\bdelayed\b|\bnot (?:arrived|received|here|shown)|\bstill waiting\b",
    r"\bdid(?:n'?t| not) (?:arrive|receive|get)|\bwhat(?:'s| is)\b.{0,12}\b(?:balance|level|tier|points)\b",
)
POLICY: Final = any_of(
    r"流程|政策|规则|规定|条件|标准|说明|须知|权益|区别|步骤|手续|范围|支持(?:哪|什么|.{0,8}吗)|是什么|什么意思|有哪些|如何(?!了)|怎样",
    r"怎么(?!还|没|样了|不见|回事|一直|查不到|找不到|这么|又|被|显示|变|少|老是|就|会)",
    r"(?:多久|几天|多长时间)(?:能|可以|会)?(?:到账|内|有效|过期|可以|审核)|可不可以|能不能|是否(?:可以|支持|能)",
    r"可以.{0,10}吗|能.{0,8}吗|需要(?:什么|哪些|提供|带)|要(?:什么|哪些)|为什么要",
    r"\bhow (?:do|can|to|does|should|long)\b|\bpolicy\b|\bcan i\b|\bdo you\b|\bam i (?:able|allowed|eligible)\b",
    (
        r"\bwhat(?:'s| is| are) (?:the|your) (?:.{0,20})?"
        r"(?:policy|process|procedure|rules?|terms|fee|steps|requirements?|benefits?)"
    ),
    r"\bis it possible\b|\bwhat happens\b",
)
# Asked to look, though a word of the rules stands in the sentence.
LOOK_UP: Final = any_of(
    r"(?:帮|给|替)(?:我|忙)?.{0,4}(?:查|看|催|找)|^(?:查|查询|查一下|看看|看下|跟踪|追踪)",
    r"我的?.{0,6}(?:等级|级别|积分|余额|状态|进度)(?:是|有|还|现在)*(?:什么|多少|几|怎么样)",
    r"\b(?:check|track|look ?up|find|show)\b.{0,12}\bmy\b|\b(?:check|track|look ?up)\b",
)
