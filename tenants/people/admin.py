"""People on both admin sites; every write goes through the services."""

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from kimono.lib.db import current_tenant_or_none
from kimono.lib.errors import Refusal
from tenants.admin import ModelAdmin, actor_of_admin, platform_site, tenant_site
from tenants.people.models import User
from tenants.people.services import users


class UserForm(forms.ModelForm[User]):
    """A person, with a password to set."""

    password = forms.CharField(
        label=_("Password"),
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 8 characters. Leave empty to keep the present one."),
    )

    class Meta:
        model = User
        fields = ("username", "display_name", "email", "role", "is_active", "password")
        widgets: ClassVar = {"username": UnfoldAdminTextInputWidget, "role": UnfoldAdminSelectWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        platform = current_tenant_or_none() is None
        if "role" in self.fields:
            roles: Any = self.fields["role"]
            roles.choices = [
                choice for choice in User.Role.choices if (choice[0] in User.PLATFORM_ROLES) == platform
            ]
        if self.instance.pk and "username" in self.fields:
            self.fields["username"].disabled = True
        self.initial["password"] = ""

    def clean(self) -> dict[str, Any] | None:
        """Try the change itself, so that a refusal is shown beside the form."""
        cleaned = super().clean()
        if cleaned is None or self.errors:
            return cleaned
        if not self.instance.pk and not cleaned.get("password"):
            self.add_error("password", _("A new person needs a password."))
            return cleaned
        try:
            self.saved = self._save_through_service(cleaned)
        except Refusal as refusal:
            detail = refusal.detail if isinstance(refusal.detail, str) else refusal.detail[0]["msg"]
            self.add_error(None, detail)
        return cleaned

    def _save_through_service(self, cleaned: dict[str, Any]) -> User:
        if self.instance.pk:
            return users.update(
                user_id=self.instance.public_id,
                by=self.actor,
                display_name=cleaned["display_name"],
                email=cleaned["email"] or None,
                role=cleaned["role"],
                is_active=cleaned["is_active"],
                password=cleaned["password"] or None,
            )
        return users.create(
            username=cleaned["username"],
            password=cleaned["password"],
            role=cleaned["role"],
            display_name=cleaned["display_name"],
            email=cleaned["email"] or None,
            by=self.actor,
            now=timezone.now(),
        )

    actor: Any = None
    saved: User


class UserAdmin(ModelAdmin):
    """The people of this side of the house."""

    form = UserForm
    list_display = ("username", "display_name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username", "display_name", "email")
    fields = ("username", "display_name", "email", "role", "is_active", "password")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form class that knows who acts."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.actor = actor_of_admin(request)
        return form

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """Return the row that the service has written."""
        return form.saved if hasattr(form, "saved") else super().save_form(request, form, change)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Do nothing: the service has written the row."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: people are disabled, their history stays."""
        return False


platform_site.register(User, UserAdmin)
tenant_site.register(User, UserAdmin)
