"""How the two admin sites call themselves, their navigation in the order of the day's work, and what Ctrl-K finds."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.dataclasses import SearchResult

from conversations.models import Conversation
from knowledge.models import Document, QAPair
from tenants.models import Template, Tenant

_MOST = 8


def tenant_title(request: HttpRequest) -> str:
    """Return the merchant's name."""
    tenant = getattr(request, "tenant", None)
    return tenant.name if tenant is not None else "Kimono"


def tenant_subtitle(request: HttpRequest) -> str:
    """Return what a merchant's admin is for."""
    return _("Customer service")


def tenant_label(request: HttpRequest) -> list[str]:
    """Return the label in the corner of a merchant's admin."""
    tenant = getattr(request, "tenant", None)
    if tenant is not None and tenant.status == Tenant.Status.SUSPENDED:
        return [_("Suspended: contacts are not served"), "warning"]
    return [_("Merchant"), "info"]


def platform_title(request: HttpRequest) -> str:
    """Return the platform's name."""
    return _("Kimono platform")


def platform_subtitle(request: HttpRequest) -> str:
    """Return what the platform's admin is for."""
    return _("Operations")


def platform_label(request: HttpRequest) -> list[str]:
    """Return the label in the corner of the platform's admin."""
    user: Any = request.user
    if getattr(user, "role", "") == "ops_viewer":
        return [_("Platform, read only"), "danger"]
    return [_("Platform"), "danger"]


def admin_styles(request: HttpRequest) -> str:
    """Return the address of what Kimono adds to the admin's styles."""
    return static("kimono/admin/admin.css")


def favicon(request: HttpRequest) -> str:
    """Return the address of the icon of all pages."""
    return static("kimono/favicon.svg")


def _item(title: str, icon: str, name: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse(name)}


def tenant_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return a merchant's navigation: look, talk, teach, arrange."""
    return [
        {"items": [_item(_("Overview"), "dashboard", "merchant:index")]},
        {
            "title": _("Service"),
            "items": [
                _item(_("Conversations"), "forum", "merchant:conversations_conversation_changelist"),
                _item(_("Handoffs"), "support_agent", "merchant:conversations_handoff_changelist"),
                _item(_("Tickets"), "confirmation_number", "merchant:knowledge_ticket_changelist"),
            ],
        },
        {
            "title": _("Knowledge"),
            "items": [
                _item(_("QA pairs"), "quiz", "merchant:knowledge_qapair_changelist"),
                _item(_("Documents"), "description", "merchant:knowledge_document_changelist"),
                _item(_("Checks and folder"), "fact_check", "merchant:knowledge_document_upkeep"),
                _item(_("Questions asked"), "help", "merchant:knowledge_questionrecord_changelist"),
                _item(_("Feedback"), "thumbs_up_down", "merchant:knowledge_feedback_changelist"),
                _item(_("Solutions"), "lightbulb", "merchant:knowledge_solution_changelist"),
            ],
        },
        {
            "title": _("Quality"),
            "items": [
                _item(_("Evaluation runs"), "analytics", "merchant:knowledge_evaluationreport_changelist"),
                _item(_("Test sets"), "checklist", "merchant:knowledge_dataset_changelist"),
                _item(_("Judge answers"), "rule", "merchant:knowledge_sample_changelist"),
            ],
        },
        {
            "title": _("Set-up"),
            "items": [
                _item(_("Chat on your site"), "widgets", "merchant:widget"),
                _item(_("Scenes"), "account_tree", "merchant:conversations_scene_changelist"),
                _item(_("Canned replies"), "quickreply", "merchant:agents_cannedreply_changelist"),
                _item(_("Groups"), "groups", "merchant:agents_group_changelist"),
                _item(_("People"), "group", "merchant:people_user_changelist"),
            ],
        },
    ]


def platform_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the platform's navigation: look, merchants, what runs, what was done."""
    return [
        {"items": [_item(_("Overview"), "dashboard", "platform:index")]},
        {
            "title": _("Merchants"),
            "items": [
                _item(_("Merchants"), "storefront", "platform:tenants_tenant_changelist"),
                _item(_("Templates"), "library_books", "platform:tenants_template_changelist"),
            ],
        },
        {
            "title": _("Running"),
            "items": [
                _item(_("Jobs"), "work_history", "platform:tenants_job_changelist"),
                _item(_("Model calls"), "bolt", "platform:tenants_usagerecord_changelist"),
                _item(_("Prices"), "sell", "platform:tenants_price_changelist"),
            ],
        },
        {
            "title": _("Platform"),
            "items": [
                _item(_("Audit log"), "policy", "platform:tenants_auditrow_changelist"),
                _item(_("People"), "group", "platform:people_user_changelist"),
            ],
        },
    ]


def _found(rows: QuerySet[Any], kind: str, icon: str, name: str) -> list[SearchResult]:
    return [
        SearchResult(title=str(row)[:80], description=kind, link=reverse(name, args=[row.pk]), icon=icon)
        for row in rows[:_MOST]
    ]


def tenant_search(request: HttpRequest, term: str) -> list[SearchResult]:
    """Return what a merchant's own rows hold of `term`: pairs, documents, conversations."""
    pairs = QAPair.objects.filter(status=QAPair.Status.ACTIVE, question__icontains=term)
    documents = Document.objects.exclude(status=Document.Status.DELETED).filter(title__icontains=term)
    conversations = Conversation.objects.filter(user_id__istartswith=term) | Conversation.objects.filter(
        public_id__istartswith=term
    )
    return [
        *_found(pairs, _("QA pair"), "quiz", "merchant:knowledge_qapair_change"),
        *_found(documents, _("Document"), "description", "merchant:knowledge_document_change"),
        *_found(conversations, _("Conversation"), "forum", "merchant:conversations_conversation_change"),
    ]


def platform_search(request: HttpRequest, term: str) -> list[SearchResult]:
    """Return the merchants and templates whose names hold `term`."""
    merchants = Tenant.objects.filter(name__icontains=term) | Tenant.objects.filter(slug__icontains=term)
    templates = Template.objects.filter(question__icontains=term)
    return [
        *_found(merchants, _("Merchant"), "storefront", "platform:tenants_tenant_change"),
        *_found(templates, _("Template"), "library_books", "platform:tenants_template_change"),
    ]
