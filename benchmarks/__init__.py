"""Measures the product against the bare parts it is made of: `python -m benchmarks`, or `make bench`."""
