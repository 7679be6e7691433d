"""Pictures of uploads: thumbnails, pictures for paper, pages of a PDF; drawn in a child process, as files are parsed."""

from kimono.providers.drawing.isolation import Printable, draw_for_print, draw_page, draw_thumbnails

__all__ = ["Printable", "draw_for_print", "draw_page", "draw_thumbnails"]
