"""What the admin's pages of agents, and the workbench, take in."""

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from agents.models import CannedReply, Group
from agents.services import canned_replies, groups, seats, shelves
from agents.services.shelves import Tab
from conversations.models import Conversation
from conversations.models.conversations import Priority
from tenants.admin import ServiceForm

_ANY = ("", _("Any"))
_SCORES = [(str(score), str(score)) for score in range(5, 0, -1)]
_CONFIDENCE = [("low", _("Below 50%")), ("middle", _("50% to 80%")), ("high", _("80% and more"))]


class CannedReplyForm(ServiceForm):
    """A reply that all agents have ready."""

    class Meta:
        model = CannedReply
        fields = ("shortcut", "title", "content", "category")
        widgets: ClassVar = {"content": UnfoldAdminTextareaWidget(attrs={"rows": 6})}
        help_texts: ClassVar = {
            "shortcut": _("One word; agents type it after a slash."),
            "content": _(
                "{{customer}}, {{agent}}, {{merchant}} and values such as {{order_no}} are filled in."
            ),
        }

    def clean_shortcut(self) -> str:
        """Return the shortcut without its slash. Refuses blanks."""
        shortcut = str(self.cleaned_data["shortcut"]).strip().removeprefix("/")
        if not shortcut or len(shortcut.split()) != 1:
            raise forms.ValidationError(_("One word; agents type it after a slash."), code="invalid")
        return shortcut

    def write(self, given: dict[str, Any]) -> CannedReply:
        """Keep the reply."""
        rights: dict[str, Any] = {"owner": self.actor.id, "supervisor": True, "by": self.actor}
        if self.instance.pk:
            return canned_replies.update(
                reply_id=self.instance.public_id, given=given, now=timezone.now(), **rights
            )
        return canned_replies.create(given=given, scope="tenant", now=timezone.now(), **rights)


class GroupForm(ServiceForm):
    """A group with its agents."""

    agent_ids = forms.MultipleChoiceField(
        label=_("Agents"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = Group
        fields = ("name", "description", "agent_ids")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["agent_ids"]
        field.choices = [(seat.agent_id, seat.name) for seat in seats.everybody(now=timezone.now())]
        if self.instance.pk:
            self.initial["agent_ids"] = list(self.instance.seats.values_list("agent_id", flat=True))

    def write(self, given: dict[str, Any]) -> Group:
        """Make or change the group."""
        if self.instance.pk:
            return groups.update(
                group_id=self.instance.public_id, given=given, by=self.actor, now=timezone.now()
            )
        return groups.create(**given, by=self.actor, now=timezone.now())


class SignInForm(AuthenticationForm):
    """Name and password of somebody who answers; a wrong pair is told in one plain sentence."""

    def get_invalid_login_error(self) -> forms.ValidationError:
        """Return what a wrong pair is answered with."""
        words = _("The user name or the password is wrong, or this account has no access here.")
        return forms.ValidationError(words, code="invalid_login")

    def confirm_login_allowed(self, user: Any) -> None:
        """Let in who may answer. Raises `ValidationError` for everybody else."""
        super().confirm_login_allowed(user)
        if user.role not in seats.ANSWERING:
            raise self.get_invalid_login_error()


class ListForm(forms.Form):
    """Which list of the workbench, and what it is narrowed to; what makes no sense narrows nothing."""

    tab = forms.CharField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(required=False, max_length=200, label=_("Search"))
    state = forms.ChoiceField(required=False, choices=[_ANY, *Conversation.State.choices], label=_("State"))
    priority = forms.ChoiceField(required=False, choices=[_ANY, *Priority.choices], label=_("Priority"))
    channel = forms.ChoiceField(
        required=False, choices=[_ANY, *Conversation.Channel.choices], label=_("Channel")
    )
    agent_id = forms.ChoiceField(required=False, label=_("Agent"))
    group_id = forms.ChoiceField(required=False, label=_("Group"))
    tag = forms.CharField(required=False, max_length=30, label=_("Tag"))
    score = forms.ChoiceField(required=False, choices=[_ANY, *_SCORES], label=_("Satisfaction"))
    confidence = forms.ChoiceField(
        required=False, choices=[_ANY, *_CONFIDENCE], label=_("How sure the bot was")
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="filter-%s")
        people = [(seat.agent_id, seat.name) for seat in seats.everybody(now=timezone.now())]
        named = [(group.public_id, group.name) for group in groups.listed()]
        for field, choices in (("agent_id", people), ("group_id", named)):
            chosen: Any = self.fields[field]
            chosen.choices = [_ANY, *choices]
        self.is_valid()

    def tab_chosen(self) -> Tab:
        """Return the list that is looked at."""
        wanted = self.cleaned_data.get("tab", "")
        return next((tab for tab in shelves.TABS if tab == wanted), "waiting")

    def narrowing(self) -> list[forms.BoundField]:
        """Return the fields besides the search."""
        return [field for field in self.visible_fields() if field.name != "text"]

    def filters(self) -> dict[str, str]:
        """Return what the list is narrowed to, by name."""
        return {name: value for name, value in self.cleaned_data.items() if name != "tab" and value}
