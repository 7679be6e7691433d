"""A model server that needs no model: it speaks the OpenAI protocol and can misbehave in every known way."""
