"""The automatic side of a conversation: what a contact wants, what is still missing, and when a person is needed."""
