"""What the admin's pages of conversations take in."""

import json
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from conversations.models import Scene
from conversations.services import scenes
from conversations.services.sections import ChatSettings, WidgetSettings, is_origin
from knowledge.models import Sample, SampleItem
from knowledge.services.evaluation.samples import Grade
from tenants.admin import ServiceForm
from tenants.services import tenant_settings

INTENTS = {
    "knowledge_qa": _("Asks for knowledge"),
    "business_query": _("Asks about an order or the like"),
    "ticket": _("Reports a problem"),
    "emotion_sensitive": _("Is upset"),
    "transfer_to_human": _("Wants a person"),
    "chitchat": _("Small talk"),
    "unknown": _("Not understood"),
    "blocked": _("Blocked"),
}
# Those that a scene is opened by.
OF_SCENES = ("business_query", "knowledge_qa", "ticket")
EXAMPLE = {
    "type": "object",
    "properties": {"order_no": {"type": "string", "title": "订单号", "x-ask": "请问您的订单号是多少？"}},
    "required": ["order_no"],
}


class SceneForm(ServiceForm):
    """A scene: its examples one a line, its values as JSON Schema."""

    trigger_examples = forms.CharField(
        label=_("Examples that open it"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text=_("What a contact would write, one a line."),
    )
    intent = forms.ChoiceField(
        label=_("Intent"),
        choices=[(name, INTENTS[name]) for name in OF_SCENES],
        widget=UnfoldAdminSelectWidget,
    )
    schema = forms.CharField(
        label=_("Values it needs"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 14, "spellcheck": "false", "class": "kimono-code"}),
        help_text=_(
            "A JSON Schema of type object; what is required is asked for, one value after the other."
        ),
    )

    class Meta:
        model = Scene
        fields = ("name", "enabled", "intent", "trigger_examples", "schema", "max_asks", "then")
        help_texts = {  # noqa: RUF012
            "max_asks": _("After so many questions back without an answer, a person is brought in. 1 to 5."),
            "then": _(
                "retrieve (search the knowledge), handoff (bring in a person) or tool:<connector>.<tool>."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["trigger_examples"] = "\n".join(self.instance.trigger_examples)
        shown = self.instance.schema or EXAMPLE
        self.initial["schema"] = json.dumps(shown, ensure_ascii=False, indent=2)
        present = self.instance.intent
        if "intent" in self.fields and present not in OF_SCENES:
            field: Any = self.fields["intent"]
            field.choices = [*field.choices, (present, INTENTS.get(present, present))]

    def clean_trigger_examples(self) -> list[str]:
        """Return the examples."""
        lines = [line.strip() for line in self.cleaned_data["trigger_examples"].splitlines()]
        return list(dict.fromkeys(line for line in lines if line))

    def clean_schema(self) -> Any:
        """Return the schema. Refuses what is no JSON."""
        try:
            return json.loads(self.cleaned_data["schema"])
        except ValueError as error:
            raise forms.ValidationError(
                gettext("This is no JSON: %(why)s") % {"why": f"{error}"}, code="invalid"
            ) from None

    def write(self, given: dict[str, Any]) -> Scene:
        """Make or change the scene."""
        if self.instance.pk is None:
            return scenes.create(given=given, by=self.actor)
        return scenes.update(scene_id=self.instance.public_id, given=given, by=self.actor)


class DrawForm(BaseDialogForm):
    """Which answers are drawn to be judged."""

    size = forms.IntegerField(
        label=_("Answers"), min_value=1, max_value=500, initial=50, widget=UnfoldAdminIntegerFieldWidget
    )
    strategy = forms.ChoiceField(
        label=_("Which"), choices=Sample.Strategy.choices, initial="random", widget=UnfoldAdminSelectWidget
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=2**31,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Empty: by chance. The same seed over the same answers draws the same."),
    )

    def given(self) -> dict[str, Any]:
        """Return what is drawn; the form of a dialog holds more than its fields."""
        return {name: self.cleaned_data[name] for name in ("size", "strategy", "seed")}


class GradeForm(forms.Form):
    """What a person thinks of one answer."""

    correct = forms.TypedChoiceField(choices=[("yes", ""), ("no", "")], coerce=lambda said: said == "yes")
    grounded = forms.TypedChoiceField(
        choices=[("", ""), ("yes", ""), ("no", "")],
        coerce=lambda said: said == "yes",
        required=False,
        empty_value=None,
    )
    relevant_chunk_ids = forms.MultipleChoiceField(required=False)
    missed_relevant_count = forms.IntegerField(min_value=0, max_value=1000, required=False)
    note = forms.CharField(max_length=500, required=False)

    def __init__(self, *args: Any, item: SampleItem, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._item = item
        passages: Any = self.fields["relevant_chunk_ids"]
        passages.choices = [(found["chunk_id"], found["source"]) for found in item.retrieved]

    def relevant(self) -> list[str]:
        """Return the passages that are ticked: as sent, else as judged before."""
        if self.is_bound:
            return list(self.data.getlist("relevant_chunk_ids"))  # type: ignore[attr-defined]
        return list(self._item.relevant_chunk_ids)

    def grade(self) -> Grade:
        """Return the grade."""
        given = self.cleaned_data
        return Grade(**{**given, "missed_relevant_count": given["missed_relevant_count"] or 0})


class WidgetForm(forms.Form):
    """How the widget looks and where it may be shown."""

    title = forms.CharField(label=_("Title"), max_length=50, widget=UnfoldAdminTextInputWidget())
    greeting = forms.CharField(
        label=_("Greeting"), max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )
    color = forms.RegexField(
        label=_("Colour"),
        regex=r"^#[0-9a-fA-F]{6}$",
        widget=forms.TextInput(attrs={"type": "color", "class": "kimono-colour"}),
        help_text=_("On buttons and links; made lighter or darker where it could not be read."),
    )
    position = forms.ChoiceField(
        label=_("Place"),
        choices=[("right", _("Bottom right")), ("left", _("Bottom left"))],
        widget=UnfoldAdminSelectWidget(),
    )
    allowed_origins = forms.CharField(
        label=_("Sites that may show it"),
        required=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 3, "spellcheck": "false", "placeholder": "https://www.example.com"}
        ),
        help_text=_("One a line, each with its scheme; www and other subdomains are sites of their own."),
    )
    require_user_hash = forms.BooleanField(
        label=_("Customers' numbers must be signed"),
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        help_text=_("A number without a good signature is refused instead of only not being believed."),
    )

    @classmethod
    def present(cls) -> dict[str, Any]:
        """Return what is set now."""
        widget = tenant_settings.get(WidgetSettings)
        shown = {name: getattr(widget, name) for name in cls.base_fields if name != "greeting"}
        sites = "\n".join(widget.allowed_origins)
        return {**shown, "allowed_origins": sites, "greeting": tenant_settings.get(ChatSettings).greeting}

    def clean_allowed_origins(self) -> list[str]:
        """Return the sites as browsers name them. Refuses what is no address of a site."""
        lines = [line.strip() for line in self.cleaned_data["allowed_origins"].splitlines()]
        sites = list(dict.fromkeys(_site(line) for line in lines if line))
        if bad := [site for site in sites if not is_origin(site)]:
            raise forms.ValidationError(gettext("This is no address of a site: %(site)s") % {"site": bad[0]})
        return sites

    def patch(self) -> dict[str, Any]:
        """Return what was entered, as a change of the settings."""
        given = dict(self.cleaned_data)
        return {"chat": {"greeting": given.pop("greeting")}, "widget": given}


def _site(address: str) -> str:
    """Return the origin of an address, as browsers send it; a text that is none unchanged."""
    try:
        parts = urlsplit(address.lower())
        usual = {"https": 443, "http": 80}.get(parts.scheme)
        port = f":{parts.port}" if parts.port not in (None, usual) else ""
    except ValueError:
        return address
    return f"{parts.scheme}://{parts.hostname}{port}" if usual and parts.hostname else address
