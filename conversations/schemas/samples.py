"""What a draw of real answers is asked for with (api.md 8, EV-09)."""

from typing import Literal

from ninja import Field, Schema

from kimono.lib.moments import Utc


class SampleIn(Schema):
    """EV-09."""

    size: int = Field(default=50, ge=1, le=500)
    since: Utc | None = Field(default=None, alias="from")
    until: Utc | None = Field(default=None, alias="to")
    strategy: Literal["random", "low_confidence", "negative_feedback"] = "random"
    seed: int | None = Field(default=None, ge=-(2**53), le=2**53)
