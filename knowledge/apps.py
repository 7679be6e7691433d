"""Django's entry to `knowledge`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KnowledgeConfig(AppConfig):
    """What a merchant has written, found again and answered from."""

    name = "knowledge"
    verbose_name = _("Knowledge")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the settings of this floor, and its jobs for whoever enqueues one."""
        from knowledge import tasks  # noqa: F401
        from knowledge.services import sections

        sections.register()
