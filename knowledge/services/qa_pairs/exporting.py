"""QA pairs as a file that can be imported again."""

from collections.abc import Iterable

from kimono.lib import tables
from kimono.lib.tables import TableFormat
from knowledge.models import QAPair

HEADERS = ("问题", "答案", "分类", "关键词", "优先级", "相似问", "来源", "同步状态", "创建时间", "更新时间")
_TEMPLATE_ROWS = (
    ("租借价格是多少？", "成人和服每日 298 元起，含腰带与木屐。", "价格", "租借,价格", 10),
    ("可以改期吗？", "到店日 24 小时前可免费改期一次，请在“我的订单”中操作。", "预约", "改期,预约", 5),
)


def export(pairs: Iterable[QAPair], *, format: TableFormat) -> bytes:
    """Return the pairs as XLSX, CSV (with a BOM) or JSON."""
    return tables.write(HEADERS, (row(pair) for pair in pairs), format=format)


def row(pair: QAPair) -> tuple[object, ...]:
    """Return a pair as one row under `HEADERS`."""
    return (
        pair.question,
        pair.answer,
        pair.category,
        "，".join(pair.keywords),
        pair.priority,
        "；".join(item.text for item in pair.similar.all()),
        pair.source,
        "已同步" if pair.is_synced else "未同步",
        pair.created_at.isoformat(timespec="seconds"),
        pair.updated_at.isoformat(timespec="seconds"),
    )


def import_template(*, format: TableFormat) -> bytes:
    """Return an example file of the import: the header and two rows."""
    return tables.write(HEADERS[:5], _TEMPLATE_ROWS, format=format)
