"""What the merchant of these tests has written, and how it sets its rules."""

from typing import Any

from kimono.lib import db

RETURNS = "签收后 7 天内可以申请退货：在“我的订单”里选择商品，点击“申请退货”。"
SHIPPING = "满 99 元包邮，不满 99 元收取 10 元运费。"
CLEANING = "和服清洗收费标准如下。小纹和服清洗费为 120 元。振袖清洗费为 260 元。清洗需要 5 个工作日。"


def settings(tenant: Any, **sections: Any) -> None:
    """Lay settings over the tenant's own, at once."""
    from tenants.services import tenant_settings
    from tenants.services.auditing import SYSTEM

    with db.tenant_scope(tenant):
        tenant_settings.update(patch=sections, by=SYSTEM)
