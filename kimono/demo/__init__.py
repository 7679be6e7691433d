"""The demo: two merchants with real content, made with the services of the house."""
