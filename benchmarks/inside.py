"""Runs a figure that needs the product in its own process: `python -m benchmarks.inside FIGURE OUT [--quick]`."""

import argparse
import importlib
from pathlib import Path

from benchmarks import report


def main() -> None:
    """Set Django up, measure, and write the rows where the run can read them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figure")
    parser.add_argument("out", type=Path)
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    import django

    django.setup()
    figure = importlib.import_module(f"benchmarks.figures.{chosen.figure}")
    report.write(figure.measure(quick=chosen.quick), chosen.out)


if __name__ == "__main__":
    main()
