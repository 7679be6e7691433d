"""Tables of `agents`; they live in each tenant's schema."""

from agents.models.canned_replies import CannedReply
from agents.models.groups import Group
from agents.models.mentions import Mention
from agents.models.seats import ReadMark, Seat

__all__ = ["CannedReply", "Group", "Mention", "ReadMark", "Seat"]
