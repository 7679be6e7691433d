"""PDF out of HTML, made in a process of its own that reaches neither files nor the network."""

from kimono.lib.printing.printer import PrinterMissing, TookTooLong, missing, print_pdf

__all__ = ["PrinterMissing", "TookTooLong", "missing", "print_pdf"]
