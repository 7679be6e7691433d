"""Tables of `opsconsole`."""
