"""What the platform's admin takes in."""

from typing import Any, ClassVar

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from knowledge.services.qa_pairs import importing
from opsconsole.services import merchants, prices, templates
from tenants.admin import ServiceForm
from tenants.models import Price, Template, Tenant

PRESETS = (
    ("merchant", _("Shop: what cannot be answered is offered to a person")),
    ("helpdesk", _("Help desk: what cannot be answered goes to a person at once")),
)


class TenantForm(ServiceForm):
    """A new merchant with the first person who may sign in there."""

    name = forms.CharField(label=_("Name"), min_length=2, max_length=100, widget=UnfoldAdminTextInputWidget)
    slug = forms.CharField(
        label=_("Short name"),
        widget=UnfoldAdminTextInputWidget,
        validators=[
            RegexValidator(
                r"^[a-z][a-z0-9-]{1,30}\Z",
                _("2 to 31 small letters, digits and hyphens, beginning with a letter."),
            )
        ],
        help_text=_(
            "Becomes the merchant's address; cannot be changed later. Small letters, digits, hyphens."
        ),
    )
    preset = forms.ChoiceField(label=_("Preset"), choices=PRESETS, widget=UnfoldAdminSelectWidget)
    admin_username = forms.CharField(
        label=_("User name of the first admin"),
        min_length=3,
        max_length=50,
        initial="admin",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    admin_password = forms.CharField(
        label=_("Password of the first admin"),
        max_length=128,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 8 characters, not only digits."),
    )

    class Meta:
        model = Tenant
        fields = ("name", "slug")

    def write(self, given: dict[str, Any]) -> Tenant:
        """Start making the merchant; its page shows how far it is."""
        return merchants.create(**given, by=self.actor)


class SuspendForm(BaseDialogForm):
    """Why a merchant is suspended."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept in the audit log and shown on the merchant's page here."),
    )


class TemplateForm(ServiceForm):
    """A template, its keywords in one line."""

    keywords = forms.CharField(
        label=_("Keywords"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Separated by commas, at most 20."),
    )
    status = forms.ChoiceField(
        label=_("Status"),
        choices=(("active", _("In use")), ("archived", _("Archived"))),
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = Template
        fields = ("question", "answer", "category", "keywords", "priority", "status")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["keywords"] = "，".join(self.instance.keywords)

    def clean_keywords(self) -> list[str]:
        """Return the keywords. Refuses more or longer ones than a template may have."""
        words = importing.split(self.cleaned_data["keywords"], marks=",，;；、|")
        if len(words) > 20 or any(len(word) > 50 for word in words):
            raise forms.ValidationError(gettext("At most 20 keywords of at most 50 characters."))
        return words

    def write(self, given: dict[str, Any]) -> Template:
        """Make or change the template."""
        if self.instance.pk is None:
            return templates.create(given=given, by=self.actor)
        return templates.update(template_id=self.instance.pk, given=given, by=self.actor)


class PriceForm(ServiceForm):
    """A dated price."""

    currency = forms.ChoiceField(
        label=_("Currency"), choices=(("CNY", "CNY"), ("USD", "USD")), widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = Price
        fields = ("provider", "model", "operation", "input_per_1k", "output_per_1k", "currency", "valid_from")
        help_texts: ClassVar = {
            "model": _("* stands for every model of the provider that has no price of its own."),
            "valid_from": _("Calls that are booked keep the price they were booked at."),
        }

    def write(self, given: dict[str, Any]) -> Price:
        """Make or change the price."""
        if self.instance.pk is None:
            return prices.create(given=given, by=self.actor)
        return prices.update(price_id=self.instance.pk, given=given, by=self.actor)
