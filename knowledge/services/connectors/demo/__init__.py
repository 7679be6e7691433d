"""The built-in sample business: orders, returns, members and accounts that a demonstration can ask about."""

from knowledge.services.connectors.demo.adapter import DemoConnector, Fault
from knowledge.services.connectors.demo.scenes import SCENES

__all__ = ["SCENES", "DemoConnector", "Fault"]
