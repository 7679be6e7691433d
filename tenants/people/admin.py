"""People on both admin sites; every write goes through the services."""

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from kimono.lib.db import current_tenant_or_none
from tenants.admin import ServiceAdmin, ServiceForm, platform_site, tenant_site
from tenants.people.models import User
from tenants.people.services import users


class UserForm(ServiceForm):
    """A person, with a password to set."""

    password = forms.CharField(
        label=_("Password"),
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 8 characters, not only digits. Leave it empty to keep the present one."),
    )

    class Meta:
        model = User
        fields = ("username", "display_name", "email", "role", "is_active", "password")
        widgets: ClassVar = {"username": UnfoldAdminTextInputWidget, "role": UnfoldAdminSelectWidget}
        help_texts: ClassVar = {
            "username": _("Cannot be changed later."),
            "display_name": _("The name that contacts and colleagues see."),
            "is_active": _("Who is not enabled is signed out everywhere at once; the history stays."),
        }

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

    def clean_password(self) -> str:
        """Refuse a new person without a password."""
        password: str = self.cleaned_data["password"]
        if not self.instance.pk and not password:
            raise forms.ValidationError(gettext("A new person needs a password."))
        return password

    def write(self, given: dict[str, Any]) -> User:
        """Make or change the person."""
        if self.instance.pk:
            return users.update(
                user_id=self.instance.public_id,
                by=self.actor,
                display_name=given["display_name"],
                email=given["email"] or None,
                role=given["role"],
                is_active=given["is_active"],
                password=given["password"] or None,
            )
        return users.create(
            username=given["username"],
            password=given["password"],
            role=given["role"],
            display_name=given["display_name"],
            email=given["email"] or None,
            by=self.actor,
            now=timezone.now(),
        )


class UserAdmin(ServiceAdmin):
    """The people of this side of the house."""

    form = UserForm
    list_display = ("username", "display_name", "part", "may_sign_in", "last_login", "created_at")
    list_filter = (("role", ChoicesDropdownFilter), "is_active")
    list_filter_submit = True
    search_fields = ("username", "display_name", "email")
    fields = ("username", "display_name", "email", "role", "is_active", "password")
    actions = None

    @display(
        description=_("Role"),
        ordering="role",
        label={"merchant_admin": "primary", "ops_admin": "primary", "agent": "info"},
    )
    def part(self, user: User) -> tuple[str, str]:
        """Return the role as a label."""
        return user.role, user.get_role_display()

    @display(description=_("Enabled"), ordering="is_active", boolean=True)
    def may_sign_in(self, user: User) -> bool:
        """Tell whether the person may sign in."""
        return user.is_active

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: people are disabled, their history stays."""
        return False


platform_site.register(User, UserAdmin)
tenant_site.register(User, UserAdmin)
