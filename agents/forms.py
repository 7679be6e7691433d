"""What the admin's pages of agents take in."""

from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from agents.models import CannedReply, Group
from agents.services import canned_replies, groups, seats
from tenants.admin import ServiceForm


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
