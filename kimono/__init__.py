"""The front of the house: settings, routing, the two servers' entry points, the demo."""

__version__ = "0.1.0"
