"""Forms whose write is a service: what the service refuses is shown beside the form, and nothing typed is lost."""

from typing import Any

from django import forms
from django.db.models import Model
from django.http import HttpRequest

from kimono.lib.errors import Refusal
from tenants.admin.actors import actor_of_admin
from tenants.admin.refusals import said_each
from tenants.admin.tables import ModelAdmin
from tenants.services.auditing import Actor


class ServiceForm(forms.ModelForm[Any]):
    """A form that is valid when the service has done what it says."""

    # Set on the class that is made for one request.
    actor: Actor
    saved: Any = None

    def write(self, given: dict[str, Any]) -> Model:
        """Call the service with the cleaned data and return the row. Raises refusals."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        # After the checks of the model, or the row just written would be taken for another one of the same name.
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            self.saved = self.write(self.cleaned_data)
        except Refusal as refusal:
            self.add_error(self._field_of(refusal), said_each(refusal))

    def _field_of(self, refusal: Refusal) -> str | None:
        if isinstance(refusal.detail, str):
            return None
        named = [str(part) for part in refusal.detail[0]["loc"] if part in self.fields]
        return named[0] if named else None

    def save_m2m(self) -> None:
        """Do nothing: the service has written everything."""


class ServiceAdmin(ModelAdmin):
    """A table whose rows are made and changed by `ServiceForm`."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form class that knows who acts."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.actor = actor_of_admin(request)
        return form

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """Return the row that the service has written."""
        return form.saved

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Do nothing: the service has written the row."""
