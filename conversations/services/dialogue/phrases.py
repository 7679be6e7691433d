"""What the bot says in its own name, in the contact's language (which is not the language of anybody's screen)."""

from collections.abc import Mapping
from typing import Literal

Language = Literal["zh", "en", "ja"]
Phrase = Literal[
    "greeting", "thanks", "bye", "identity", "acknowledged", "refusal", "offer_human", "transferring", "out_of_hours",
    "transferring_out_of_hours", "human_kept_away", "complaint", "blocked", "nonsense", "ask_slot", "ask_again",
    "cancelled", "exhausted", "suggest", "business_unavailable", "not_found", "confirm_write", "write_requested",
    "write_declined", "degraded", "stopped", "paused",
    "bad_pattern", "bad_date", "bad_time", "bad_phone", "not_offered", "out_of_range", "wrong_type",
]  # fmt: skip

_PHRASES: Mapping[Phrase, Mapping[Language, str]] = {
    "greeting": {
        "zh": "您好，请问有什么可以帮您？",
        "en": "Hello! How can I help you?",
        "ja": "こんにちは。ご用件をお聞かせください。",
    },
    "thanks": {
        "zh": "不客气，很高兴能帮到您。还有其他问题可以继续问我。",
        "en": "You're welcome! Feel free to ask if there is anything else.",
        "ja": "どういたしまして。ほかにもご質問があればお知らせください。",
    },
    "bye": {
        "zh": "感谢您的咨询，祝您生活愉快，再见！",
        "en": "Thank you for getting in touch. Goodbye!",
        "ja": "お問い合わせありがとうございました。失礼いたします。",
    },
    "identity": {
        "zh": "我是智能客服，可以根据商家的资料回答您的问题；需要时可以为您转人工客服。",
        "en": "I'm the automatic assistant: I answer from this merchant's own documents and can bring in a person.",
        "ja": "自動応答のアシスタントです。資料にもとづいてお答えし、必要に応じて担当者におつなぎします。",
    },
    "acknowledged": {
        "zh": "好的，还有其他问题可以随时问我。",
        "en": "All right. Let me know if there is anything else.",
        "ja": "承知しました。ほかにもあればお知らせください。",
    },
    "refusal": {
        "zh": "抱歉，我没有找到相关资料。",
        "en": "Sorry, I could not find anything about this in our knowledge base.",
        "ja": "申し訳ございません。該当する情報が見つかりませんでした。",
    },
    "offer_human": {
        "zh": "需要为您转接人工客服吗？",
        "en": "Would you like me to bring in a human agent?",
        "ja": "担当者におつなぎしましょうか？",
    },
    "transferring": {
        "zh": "正在为您转接人工客服，请稍候……",
        "en": "I'm transferring you to a human agent, please wait a moment…",
        "ja": "担当者におつなぎしています。少々お待ちください……",
    },
    "out_of_hours": {
        "zh": "现在不在人工客服的工作时间，{opening}恢复服务。您可以先留言，我们会尽快回复。",
        "en": "Our agents are not at work right now; they are back {opening}. Please leave a message and we will reply.",
        "ja": "ただいま担当者の営業時間外です。{opening}に再開します。メッセージをお残しください。",
    },
    "transferring_out_of_hours": {
        "zh": "已为您登记人工客服。现在不在工作时间，{opening}恢复服务，您可以先留言。",
        "en": "You are in the queue for a human agent. Our agents are back {opening}; you may leave a message meanwhile.",
        "ja": "担当者へのおつなぎを受け付けました。{opening}に再開しますので、メッセージをお残しください。",
    },
    "human_kept_away": {
        "zh": "好的，暂不转人工，您可以继续问我。",
        "en": "All right, no human agent. You can go on asking me.",
        "ja": "承知しました。このまま続けてご質問ください。",
    },
    "complaint": {
        "zh": "非常抱歉给您带来了不好的体验，我们很重视您的反馈。",
        "en": "I'm very sorry about this experience. We take your feedback seriously.",
        "ja": "ご不快な思いをおかけし、誠に申し訳ございません。",
    },
    "blocked": {
        "zh": "抱歉，这个请求我不能处理。请告诉我您想咨询的业务问题。",
        "en": "Sorry, I can't help with that. Please tell me what you would like to know about our service.",
        "ja": "申し訳ございませんが、そのご要望にはお応えできません。サービスに関するご質問をどうぞ。",
    },
    "nonsense": {
        "zh": "抱歉，我没有看懂。请换一种说法描述您的问题。",
        "en": "Sorry, I did not understand that. Could you put it in other words?",
        "ja": "申し訳ございません、うまく理解できませんでした。別の言い方でお願いします。",
    },
    "ask_slot": {
        "zh": "请提供您的{title}。",
        "en": "Could you tell me your {title}?",
        "ja": "{title}を教えてください。",
    },
    "ask_again": {"zh": "{problem}{question}", "en": "{problem} {question}", "ja": "{problem}{question}"},
    "cancelled": {
        "zh": "好的，已取消。还有其他问题可以随时问我。",
        "en": "All right, cancelled. Let me know if there is anything else.",
        "ja": "承知しました。取り消しました。ほかにもあればお知らせください。",
    },
    "exhausted": {
        "zh": "抱歉，缺少必要的信息，我没能帮您处理。",
        "en": "Sorry, without the missing details I could not take care of this.",
        "ja": "申し訳ございません。必要な情報がそろわず、お手続きできませんでした。",
    },
    "suggest": {
        "zh": "请问您想问的是下面哪一个？",
        "en": "Did you mean one of these?",
        "ja": "次のどれについてのご質問でしょうか？",
    },
    "business_unavailable": {
        "zh": "抱歉，业务系统暂时无法查询，请稍后再试。",
        "en": "Sorry, our business system cannot be reached right now. Please try again later.",
        "ja": "申し訳ございません。ただいま業務システムをご利用いただけません。",
    },
    "not_found": {
        "zh": "抱歉，没有查到相关记录，请核对后再试。",
        "en": "Sorry, I found no such record. Please check and try again.",
        "ja": "申し訳ございません。該当する記録が見つかりませんでした。",
    },
    "confirm_write": {
        "zh": "{summary}，确认提交吗？",
        "en": "{summary}. Shall I submit this?",
        "ja": "{summary}。送信してよろしいですか？",
    },
    "write_requested": {
        "zh": "已提交：{summary}，等待工作人员审核，结果会在这里通知您。",
        "en": "Submitted: {summary}. A colleague will review it, and you will be told the result here.",
        "ja": "送信しました：{summary}。担当者の確認後、こちらでお知らせします。",
    },
    "write_declined": {
        "zh": "好的，没有提交。",
        "en": "All right, nothing was submitted.",
        "ja": "承知しました。送信しませんでした。",
    },
    "degraded": {
        "zh": "以下内容摘自相关资料：",
        "en": "This is what our documents say:",
        "ja": "資料からの抜粋です：",
    },
    "stopped": {"zh": "已停止。", "en": "Stopped.", "ja": "停止しました。"},
    "paused": {
        "zh": "该商家的服务已暂停。",
        "en": "This merchant's service is paused.",
        "ja": "この店舗のサービスは一時停止中です。",
    },
    "bad_pattern": {
        "zh": "「{text}」不是正确的{title}。",
        "en": "“{text}” is not a valid {title}.",
        "ja": "「{text}」は{title}として正しくありません。",
    },
    "bad_date": {
        "zh": "没有「{text}」这一天。",
        "en": "There is no such day as “{text}”.",
        "ja": "「{text}」という日付はありません。",
    },
    "bad_time": {
        "zh": "没有「{text}」这个时间。",
        "en": "There is no such time as “{text}”.",
        "ja": "「{text}」という時刻はありません。",
    },
    "bad_phone": {
        "zh": "「{text}」不是有效的电话号码。",
        "en": "“{text}” is not a valid phone number.",
        "ja": "「{text}」は有効な電話番号ではありません。",
    },
    "not_offered": {
        "zh": "{title}只能是：{options}。",
        "en": "The {title} must be one of: {options}.",
        "ja": "{title}は次から選んでください：{options}。",
    },
    "out_of_range": {
        "zh": "「{text}」超出了{title}的范围。",
        "en": "“{text}” is outside the range for {title}.",
        "ja": "「{text}」は{title}の範囲外です。",
    },
    "wrong_type": {
        "zh": "「{text}」不能作为{title}。",
        "en": "“{text}” cannot be used as {title}.",
        "ja": "「{text}」は{title}として使えません。",
    },
}


def say(phrase: Phrase, language: Language = "zh", **values: str) -> str:
    """Return `phrase` in `language` with its `values` put in; a missing value raises `KeyError`."""
    return _PHRASES[phrase][language].format_map(values)


def phrases() -> Mapping[Phrase, Mapping[Language, str]]:
    """Return every phrase in every language."""
    return _PHRASES
