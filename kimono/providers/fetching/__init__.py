"""Fetch what a merchant names by its address, from the public internet alone."""

from kimono.providers.fetching.addresses import AddressNotAllowed, Rules, check
from kimono.providers.fetching.getting import Fetched, FetchFailed, fetch

__all__ = ["AddressNotAllowed", "FetchFailed", "Fetched", "Rules", "check", "fetch"]
