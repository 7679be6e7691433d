"""Contact, bot and human agent: turns, messages, handoffs."""
