"""Documents on a merchant's admin site; every write goes through the services."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from knowledge.admin import attachments
from knowledge.admin.upkeep import upkeep
from knowledge.forms import UNFILED, DocumentForm, UploadForm
from knowledge.models import Document, Version
from knowledge.services.documents import changing
from tenants.admin import ReadOnlyInline, ServiceAdmin, actor_of_admin, shortened, tenant_site


class VersionInline(ReadOnlyInline):
    """The versions of a document, newest first."""

    model = Version
    fk_name = "document"
    verbose_name_plural = _("versions")
    fields = (
        "label",
        "status",
        "size",
        "page_count",
        "is_indexed",
        "is_synced",
        "faults",
        "note",
        "created_at",
    )
    readonly_fields = fields
    hide_title = True

    @display(description=_("Version"))
    def label(self, version: Version) -> str:
        """Return the version's label."""
        return version.label

    @display(description=_("Size"))
    def size(self, version: Version) -> str:
        """Return the size in KB."""
        return f"{max(1, round(version.size_bytes / 1024)):,} KB"

    @display(description=_("Not read"))
    def faults(self, version: Version) -> str:
        """Return how many parts could not be read."""
        return str(len(version.errors)) if version.errors else "–"


class DocumentAdmin(ServiceAdmin):
    """Documents and their versions. Uploading under a known name makes the next version."""

    form = DocumentForm
    add_form = UploadForm

    list_display = (
        "called",
        "source",
        "state",
        "shown_version",
        "knowledge_type",
        "filed_under",
        "updated_at",
    )
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("knowledge_type", ChoicesDropdownFilter),
        ("updated_at", RangeDateFilter),
    )
    list_filter_submit = True
    search_fields = ("title", "source")
    list_select_related = ("current_version",)
    fields = (
        "title",
        ("source", "shown_version"),
        ("status", "knowledge_type"),
        ("product_category", "applicable_version"),
        ("created_at", "updated_at"),
        "pictures_and_tables",
    )
    readonly_fields = ("source", "shown_version", "created_at", "updated_at", "pictures_and_tables")

    def get_urls(self) -> list[Any]:
        """Return the pages of the documents, with the one of checks and the folder."""
        own = path("upkeep/", self.admin_site.admin_view(self.upkeep), name="knowledge_document_upkeep")
        return [own, *super().get_urls()]

    def upkeep(self, request: HttpRequest) -> HttpResponse:
        """Check the knowledge, or read the folder in."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return upkeep(request, site=self.admin_site, may_change=self.has_change_permission(request))

    @display(description=_("Pictures and tables"))
    def pictures_and_tables(self, document: Document) -> SafeString | str:
        """Return what of them is on show."""
        return attachments.listed(document.current_version)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form of an upload, or of what is said of a document."""
        if obj is None:
            kwargs["form"] = self.add_form
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what an upload asks for, and what is shown of a document."""
        if obj is None:
            return ((None, {"fields": ("file", "knowledge_type", "product_category")}),)
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what cannot be changed; a document without a version on show has no status to choose."""
        if obj is None:
            return ()
        own: tuple[str, ...] = self.readonly_fields
        return own if obj.current_version_id is not None else (*own, "status")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Return the versions of a document that is there."""
        return () if obj is None else (VersionInline,)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Say that the file is being read, and go to its document."""
        messages.success(request, gettext("The file is stored. It can be found as soon as it has been read."))
        return HttpResponseRedirect(
            reverse(f"{self.admin_site.name}:knowledge_document_change", args=[obj.pk])
        )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the service: gone from answers at once."""
        changing.delete(doc_id=obj.public_id, by=actor_of_admin(request))

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[Document]) -> None:
        """Delete many by the service."""
        for document in queryset:
            changing.delete(doc_id=document.public_id, by=actor_of_admin(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return what is deleted: the documents; their versions are kept for a rollback."""
        documents = list(objs)
        counted = {str(Document._meta.verbose_name_plural): len(documents)}
        return [str(document) for document in documents], counted, set(), []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        """Return the documents that are not deleted."""
        rows: QuerySet[Document] = super().get_queryset(request)
        return rows.exclude(status=Document.Status.DELETED)

    @display(description=_("Title"), ordering="title")
    def called(self, document: Document) -> str:
        """Return the title."""
        return shortened(str(document), 48)

    @display(
        description=_("Status"),
        ordering="status",
        label={"active": "success", "processing": "info", "disabled": "warning"},
    )
    def state(self, document: Document) -> tuple[str, str]:
        """Return the status as a label."""
        return document.status, document.get_status_display()

    @display(description=_("Category"), ordering="product_category")
    def filed_under(self, document: Document) -> str:
        """Return the category."""
        return "–" if document.product_category == UNFILED else document.product_category

    @display(description=_("Version on show"))
    def shown_version(self, document: Document) -> str:
        """Return the label of the version that answers use."""
        return document.current_version.label if document.current_version is not None else "–"


tenant_site.register(Document, DocumentAdmin)
