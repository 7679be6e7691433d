"""Canned replies: kept under shortcuts, found as one types, filled with what the conversation knows."""

from agents.services.canned_replies.filling import filled, filler
from agents.services.canned_replies.keeping import count_use, create, delete, get, listed, update
from agents.services.canned_replies.searching import search

__all__ = ["count_use", "create", "delete", "filled", "filler", "get", "listed", "search", "update"]
