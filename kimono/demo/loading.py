"""Loading the demo: merchants, people, knowledge, by the same services that everybody uses. Idempotent."""

import json
import os
import secrets
import shutil
import string
from pathlib import Path
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from agents.models import CannedReply
from agents.services.canned_replies import keeping
from conversations.models import Scene
from conversations.services import scenes
from kimono.demo import written
from kimono.demo.written import Merchant
from kimono.lib import db
from knowledge.models import Document
from knowledge.services.documents import uploading
from knowledge.services.qa_pairs import importing
from knowledge.services.qa_pairs.writing import PairDraft
from tenants.auth import SCOPES
from tenants.models import ApiKey, Template, Tenant
from tenants.people.models import User
from tenants.people.services import users
from tenants.services import api_keys, hosts, jobs, provisioning, tenant_settings
from tenants.services.auditing import Actor

_LOADER = Actor(kind="system", id="demo", name="demo")
_LETTERS = string.ascii_letters + string.digits


def load() -> Path:
    """Make what is missing of the demo and return the file that says where to go and who to be (`demo.json`)."""
    target: Path = settings.HOME / "demo.json"
    before = json.loads(target.read_text()) if target.exists() else {}
    known = {tenant["slug"]: tenant for tenant in before.get("tenants", [])}
    port = os.environ.get("PORT", "8000")
    told = {
        "base_url": f"http://localhost:{port}",
        "platform": _platform_operator(before.get("platform") or {}),
        "tenants": [
            _load_merchant(merchant, known.get(merchant.slug, {}), port) for merchant in written.merchants()
        ],
        "limit_factor": settings.LIMIT_FACTOR_LOOPBACK,
    }
    _load_templates()
    _run_waiting_jobs()
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_suffix(".part")
    aside.write_text(json.dumps(told, ensure_ascii=False, indent=2))
    aside.chmod(0o600)
    aside.rename(target)
    return target


def _password() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(14))


def _person(*, username: str, display_name: str, role: str, known: dict[str, Any]) -> dict[str, str]:
    """Return the account of a person of the schema in force, made or with its password set anew when unknown."""
    user = User.objects.filter(username=username).first()
    password = known.get("password", "")
    if user is None:
        password = _password()
        users.create(
            username=username,
            password=password,
            role=role,
            display_name=display_name,
            by=_LOADER,
            now=timezone.now(),
        )
    elif not password or not user.check_password(password):
        password = _password()
        users.update(user_id=user.public_id, password=password, by=_LOADER)
    return {"username": username, "password": password}


def _platform_operator(known: dict[str, Any]) -> dict[str, str]:
    with db.public_scope(), db.platform_scope():
        return _person(username="ops", display_name="平台运维", role="ops_admin", known=known)


def _load_merchant(merchant: Merchant, known: dict[str, Any], port: str) -> dict[str, Any]:
    tenant = _tenant(merchant)
    admin, agents = merchant.tenant["admin"], merchant.tenant["agents"]
    known_agents = {agent["username"]: agent for agent in known.get("agents", [])}
    with db.tenant_scope(tenant):
        account = _person(**admin, role="merchant_admin", known=known.get("admin", {}))
        seats = [
            _person(**agent, role="agent", known=known_agents.get(agent["username"], {})) for agent in agents
        ]
        key = _key(tenant, known.get("api_key", ""))
        _load_knowledge(merchant)
        _load_canned_replies(merchant)
    host = hosts.host_of(tenant)
    return {
        "slug": merchant.slug,
        "name": tenant.name,
        "host": host,
        "chat_url": f"http://{host}:{port}/chat/",
        "workbench_url": f"http://{host}:{port}/workbench/",
        "admin_url": f"http://{host}:{port}/admin/",
        "api_key": key,
        "admin": account,
        "agents": seats,
    }


def _tenant(merchant: Merchant) -> Tenant:
    with db.public_scope():
        tenant: Tenant | None = Tenant.objects.filter(slug=merchant.slug).first()
    if tenant is None:
        return provisioning.create(
            name=merchant.tenant["name"],
            slug=merchant.slug,
            preset=merchant.settings["handoff"]["preset"],
            by=_LOADER,
            now_in_process=True,
        )
    if tenant.status in (Tenant.Status.CREATING, Tenant.Status.FAILED):
        provisioning.finish(tenant=tenant, seed={})
    return tenant


def _key(tenant: Tenant, known: str) -> str:
    """Return a key with all scopes; the default merchant's also answers to the literal of the seeds' clients."""
    literal = settings.DEMO_API_KEY if tenant.slug == settings.DEMO_TENANT else ""
    living = ApiKey.objects.filter(tenant=tenant, revoked_at__isnull=True)
    if literal and not living.filter(secret_hash=api_keys.hash_of(literal)).exists():
        api_keys.create(name="seed clients", scopes=SCOPES, secret=literal, loopback_only=True, by=_LOADER)
    if known and living.filter(secret_hash=api_keys.hash_of(known)).exists():
        return known
    return api_keys.create(name="demo", scopes=SCOPES, by=_LOADER).secret


def _load_knowledge(merchant: Merchant) -> None:
    if not Scene.objects.exists():
        tenant_settings.update(patch=merchant.settings, by=_LOADER)
        for scene in merchant.scenes:
            scenes.create(given=scene, by=_LOADER)
    suggested = set(merchant.tenant["suggestions"])
    async_to_sync(importing.store_drafts)([_draft(pair, suggested) for pair in merchant.pairs], by=_LOADER)
    have = set(Document.objects.values_list("source", flat=True))
    for path in merchant.documents:
        if path.name not in have:
            uploading.upload(content=path.read_bytes(), name=path.name, by=_LOADER)
    if merchant.folder is not None:
        target = settings.KNOWLEDGE_ROOT / merchant.slug
        if not target.exists():
            shutil.copytree(merchant.folder, target)


def _load_canned_replies(merchant: Merchant) -> None:
    if CannedReply.objects.exists():
        return
    for reply in merchant.canned_replies:
        keeping.create(given=reply, scope="tenant", owner="", supervisor=True, by=_LOADER, now=timezone.now())


def _draft(pair: dict[str, Any], suggested: set[str]) -> PairDraft:
    # The greeting suggests the pairs of the highest priority.
    return PairDraft(
        question=pair["question"],
        answer=pair["answer"],
        category=pair["category"],
        keywords=tuple(pair["keywords"]),
        similar_questions=tuple(pair["similar_questions"]),
        priority=100 if pair["question"] in suggested else min(pair["priority"], 99),
    )


def _load_templates() -> None:
    with db.public_scope(), db.platform_scope(), transaction.atomic():
        if not Template.objects.exists():
            Template.objects.bulk_create([Template(**template) for template in written.templates()])


def _run_waiting_jobs() -> None:
    # The worker is not up yet: documents are made searchable here, by the same code.
    while jobs.run_next("ingest"):
        pass
