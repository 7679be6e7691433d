"""Pictures of what merchants upload: thumbnails, and pages of a PDF. Drawn in a child process, as files are parsed."""

from kimono.providers.drawing.isolation import draw_page, draw_thumbnails

__all__ = ["draw_page", "draw_thumbnails"]
