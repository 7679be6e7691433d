"""What the admin's pages of knowledge take in."""

from dataclasses import replace
from typing import Any

from asgiref.sync import async_to_sync
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.import_export.forms import ImportForm
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from kimono.lib.errors import TooLarge
from knowledge.models import Dataset, Document, EvaluationReport, QAPair
from knowledge.services.documents import changing, quotas, uploading
from knowledge.services.documents.uploading import Facts
from knowledge.services.evaluation import cases, datasets, running
from knowledge.services.qa_pairs import importing, writing
from knowledge.services.qa_pairs.writing import PairDraft
from tenants.admin import ServiceForm
from tenants.services.auditing import Actor

_MOST = 20
# What an upload without a category is filed under (api.md 6.2).
UNFILED = "unknown"


class QAPairForm(ServiceForm):
    """A pair with its similar questions, one a line."""

    similar_questions = forms.CharField(
        label=_("Similar questions"),
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text=_("One wording a line, at most 20. They are the biggest help in finding the answer."),
    )
    keywords = forms.CharField(
        label=_("Keywords"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Separated by commas, at most 20."),
    )

    class Meta:
        model = QAPair
        fields = ("question", "answer", "category", "priority", "enabled", "valid_from", "valid_to")
        help_texts = {  # noqa: RUF012
            "answer": _("Given to the contact word for word. At most 5,000 characters."),
            "category": _("For filtering and for the figures; contacts do not see it."),
            "priority": _("0 to 100. The highest ones are suggested under the greeting."),
            "enabled": _("A pair that is not enabled is kept and never used in answers."),
            "valid_from": _("Empty: from now on."),
            "valid_to": _("Empty: without end."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["similar_questions"] = "\n".join(item.text for item in self.instance.similar.all())
            self.initial["keywords"] = "，".join(self.instance.keywords)

    def clean_similar_questions(self) -> tuple[str, ...]:
        """Return the wordings. Refuses more or longer ones than a pair may have."""
        lines = importing.split(self.cleaned_data["similar_questions"], marks="\r\n")
        if len(lines) > _MOST or any(len(line) > 500 for line in lines):
            raise forms.ValidationError(gettext("At most 20 wordings of at most 500 characters."))
        return tuple(lines)

    def clean_keywords(self) -> tuple[str, ...]:
        """Return the keywords. Refuses more or longer ones than a pair may have."""
        words = importing.split(self.cleaned_data["keywords"], marks=",，;；、|")
        if len(words) > _MOST or any(len(word) > 100 for word in words):
            raise forms.ValidationError(gettext("At most 20 keywords of at most 100 characters."))
        return tuple(words)

    def clean(self) -> dict[str, Any] | None:
        """Refuse an end that is not after the beginning."""
        given = super().clean()
        start, end = (given or {}).get("valid_from"), (given or {}).get("valid_to")
        if start and end and start >= end:
            self.add_error("valid_to", gettext("The end must be later than the beginning."))
        return given

    def write(self, given: dict[str, Any]) -> QAPair:
        """Make or change the pair, live at once."""
        draft = PairDraft(**given)
        if self.instance.pk is None:
            return async_to_sync(writing.create)(draft=draft, by=self.actor)[0]
        return async_to_sync(writing.update)(
            qa_id=self.instance.public_id,
            change=lambda present: replace(draft, source=present.source),
            by=self.actor,
        )[0]


class UploadForm(ServiceForm):
    """A file that becomes a document, or the next version of the one of its name."""

    file = forms.FileField(
        label=_("File"),
        widget=UnfoldAdminFileFieldWidget,
        help_text=_(
            "Markdown, text, HTML, Word, Excel, CSV or PDF, at most 50 MB. A known name makes a new version."
        ),
    )

    class Meta:
        model = Document
        fields = ("knowledge_type", "product_category")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product_category"].required = False
        self.initial["product_category"] = ""

    def write(self, given: dict[str, Any]) -> Document:
        """Store the file and let it be read."""
        file = given["file"]
        if file.size > quotas.most("UPLOAD_BYTES"):
            raise TooLarge(max_bytes=quotas.most("UPLOAD_BYTES"))
        facts = Facts(
            knowledge_type=given["knowledge_type"], product_category=given["product_category"] or UNFILED
        )
        made = uploading.upload(content=file.read(), name=file.name, facts=facts, by=self.actor)
        return made.version.document


class DocumentForm(ServiceForm):
    """What is said of a document, and whether it is on show."""

    class Meta:
        model = Document
        fields = ("title", "status", "knowledge_type", "product_category", "applicable_version")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "status" in self.fields:
            states: Any = self.fields["status"]
            states.choices = [
                (state, state.label) for state in (Document.Status.ACTIVE, Document.Status.DISABLED)
            ]

        self.fields["product_category"].required = False
        if self.initial.get("product_category") == UNFILED:
            self.initial["product_category"] = ""

    def clean_product_category(self) -> str:
        """Return the category; none is as the API names it."""
        return self.cleaned_data["product_category"] or UNFILED

    def write(self, given: dict[str, Any]) -> Document:
        """Change what differs."""
        changes = {name: given[name] for name in self.changed_data if name in given}
        changing.update(doc_id=self.instance.public_id, changes=changes, by=self.actor)
        return Document.objects.get(pk=self.instance.pk)


class TableImportForm(ImportForm):
    """The choice of a file; what it is, is found out by looking into it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["format"].widget = forms.HiddenInput()
        self.fields["format"].initial = 0
        self.fields["import_file"].widget.attrs["accept"] = ".xlsx,.csv"
        self.fields["import_file"].help_text = _(
            "Excel (.xlsx) or CSV in UTF-8 or GB18030, at most 10 MB and 10,000 rows, "
            "with the columns 问题 and 答案."
        )

    @property
    def media(self) -> forms.Media:
        """Return no scripts: there is no format to guess from the name."""
        return forms.Media()


class DatasetForm(ServiceForm):
    """A test set as a file."""

    file = forms.FileField(
        label=_("File"),
        widget=UnfoldAdminFileFieldWidget,
        help_text=_(
            "JSONL, CSV or Excel with the columns 问题, 期望来源, 答案关键词, 参考答案, 可回答, 分类."
        ),
    )

    class Meta:
        model = Dataset
        fields = ("name",)

    def write(self, given: dict[str, Any]) -> Dataset:
        """Read the file and store its questions."""
        found = cases.read(given["file"].read(), given["file"].name)
        made = datasets.create(name=given["name"], cases=found, by=self.actor)
        return Dataset.objects.get(public_id=made.public_id)


class MadeSetForm(BaseDialogForm):
    """From what a test set is made, and how large it is."""

    name = forms.CharField(label=_("Name"), max_length=100, widget=UnfoldAdminTextInputWidget)
    origin = forms.ChoiceField(
        label=_("From"),
        choices=[
            (Dataset.Origin.PAIRS, _("QA pairs, their questions reworded")),
            (
                Dataset.Origin.QUESTIONS,
                _("Questions that were answered; the same sources are expected again"),
            ),
        ],
        widget=UnfoldAdminSelectWidget,
    )
    size = forms.IntegerField(
        label=_("Questions"), min_value=1, max_value=2000, initial=100, widget=UnfoldAdminIntegerFieldWidget
    )
    seed = forms.IntegerField(
        label=_("Seed"), min_value=0, max_value=2**31, initial=1, widget=UnfoldAdminIntegerFieldWidget
    )

    def make(self, *, by: Actor) -> datasets.Shown:
        """Make the set. Raises refusals."""
        given = self.cleaned_data
        make = datasets.from_pairs if given["origin"] == Dataset.Origin.PAIRS else datasets.from_questions
        return make(name=given["name"], size=given["size"], seed=given["seed"], by=by)


class RunForm(BaseDialogForm):
    """How a test set is run."""

    mode = forms.ChoiceField(
        label=_("Ask for"),
        choices=EvaluationReport.Mode.choices,
        initial="answer",
        widget=UnfoldAdminSelectWidget,
    )
    top_k = forms.IntegerField(
        label=_("Passages looked at"),
        min_value=1,
        max_value=50,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Empty: as in chat."),
    )

    def order(self, dataset_id: str) -> running.Order:
        """Return what is to be run."""
        return running.Order(
            dataset_id=dataset_id, mode=self.cleaned_data["mode"], top_k=self.cleaned_data["top_k"]
        )
