"""Django's settings. Every value that a deployment may change comes from `kimono.lib.environment`."""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured

from kimono.lib.db.pooling import PooledConnection
from kimono.lib.environment import Environment

# Lets generic classes of Django be written with their type at run time.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = Environment()
if refusal := ENV.refusal():
    raise ImproperlyConfigured(refusal)

PROFILE = ENV.kimono_profile
DEBUG = False
SECRET_KEY = ENV.kimono_secret_key or (
    "insecure-key-of-the-dev-profile" if PROFILE in ("dev", "test") else ""
)
if not SECRET_KEY:
    raise ImproperlyConfigured("KIMONO_SECRET_KEY is not set.")

HOME = ENV.kimono_home if ENV.kimono_home.is_absolute() else BASE_DIR / ENV.kimono_home
PLATFORM_HOSTS = ENV.hosts
TENANT_DOMAIN = ENV.kimono_tenant_domain
# Hosts are checked by our own middleware against the table of domains; an unknown one is 404.
ALLOWED_HOSTS = ["*"]
USE_X_FORWARDED_HOST = False


def database(url: str) -> dict[str, Any]:
    """Return Django's settings of a database given as a URL; a socket folder comes as `?host=`."""
    parts = urlsplit(url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "kimono.lib.db",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or parts.hostname or "",
        "PORT": query.get("port") or str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "options": (
                "-c TimeZone=UTC -c hnsw.iterative_scan=strict_order -c statement_timeout=15000"
                " -c idle_in_transaction_session_timeout=30000 -c lock_timeout=5000"
            ),
        },
    }


DATABASE_OWNER_URL = ENV.database_owner_url
DATABASES = {"default": database(ENV.database_url or "postgresql://kimono_app@localhost/kimono")}
if ENV.kimono_pool_size:
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": ENV.kimono_pool_size,
        "timeout": 5,
        "max_lifetime": 1800,
        "connection_class": PooledConnection,
    }
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


_REDIS = urlsplit(ENV.redis_url or "redis://localhost:6379/0")


def redis_number(purpose: int) -> int:
    """Return the number of one purpose's own Redis database: 0 limits, 1 cache, 2 channel layer, 3 queue."""
    if _REDIS.scheme == "unix":
        return int(parse_qs(_REDIS.query).get("db", ["0"])[0]) + purpose
    return int(_REDIS.path.lstrip("/") or 0) + purpose


def redis_url(purpose: int) -> str:
    """Return the address of one purpose's own Redis database."""
    if _REDIS.scheme == "unix":
        return f"unix://{_REDIS.path}?db={redis_number(purpose)}"
    return _REDIS._replace(path=f"/{redis_number(purpose)}").geturl()


def _broker_url() -> str:
    url = redis_url(3)
    return url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")


REDIS_LIMITS_URL = redis_url(0)
CACHES = {
    "default": {
        "BACKEND": "kimono.lib.caching.SharedRedisCache",
        "LOCATION": redis_url(1),
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}
CHANNEL_LAYERS = {
    "default": {
        # Rings are told and forgotten: one word to Redis each, and none for those that nobody hears.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": redis_url(2),
                    "socket_connect_timeout": 2,
                    "socket_timeout": 5,
                    # A line to Redis that died without a word is found out.
                    "health_check_interval": 10,
                }
            ],
            # Redis publishes across its databases, which several installations may share.
            "prefix": f"kimono{redis_number(2)}.",
        },
    }
}

_BOTH = [
    "tenants.people",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.admin",
]
SHARED_APPS = [
    "django_tenants",
    "tenants",
    *_BOTH,
    "opsconsole",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "unfold",
    "unfold.contrib.import_export",
    "unfold.contrib.filters",
    "import_export",
    "django_htmx",
    # Serves the API page's own scripts; without it they would come from another site.
    "ninja",
    "channels",
    "kimono.demo",
]
TENANT_APPS = [*_BOTH, "knowledge", "conversations", "agents"]
# unfold overrides templates of the admin, so it stands before it.
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.import_export",
    "unfold.contrib.filters",
    *[app for app in SHARED_APPS if not app.startswith("unfold")],
    *[app for app in TENANT_APPS if app not in SHARED_APPS],
]
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
TENANT_LIMIT_SET_CALLS = False
# E408–E410 look for the pages' middleware in MIDDLEWARE; ours stands in PAGE_MIDDLEWARE.
SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410"]

MIDDLEWARE = [
    "tenants.middleware.RequestMiddleware",
    "tenants.middleware.TenantMiddleware",
    # Around all that may refuse: a page of the merchant's may read why.
    "conversations.middleware.SitesMiddleware",
    "tenants.middleware.PrincipalMiddleware",
    "tenants.people.middleware.SessionMiddleware",
    "tenants.middleware.IdempotencyMiddleware",
    "tenants.middleware.PageMiddleware",
]
# Pages need these; an API call does not pay for them.
PAGE_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "kimono.urls"
PUBLIC_SCHEMA_URLCONF = "kimono.urls_platform"
ASGI_APPLICATION = "kimono.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["tenants.people.auth.Backend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"

_PLAIN_HTTP = PROFILE in ("demo", "dev", "test")
SESSION_COOKIE_NAME = "kimono_session" if _PLAIN_HTTP else "__Host-kimono_session"
SESSION_COOKIE_SECURE = not _PLAIN_HTTP
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_SAVE_EVERY_REQUEST = False
CSRF_COOKIE_SECURE = not _PLAIN_HTTP
CSRF_FAILURE_VIEW = "tenants.views.csrf_failed"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
DATA_UPLOAD_MAX_MEMORY_SIZE = 60 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "kimono.lib.uploads.SentNames",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
# The second one translates texts of packages that bring no Chinese of their own.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "packages"]
TIME_ZONE = ENV.kimono_time_zone
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"] if (BASE_DIR / "static").is_dir() else []
MEDIA_ROOT = HOME / "media"
KNOWLEDGE_ROOT = ENV.kimono_knowledge_root or HOME / "knowledge"
FETCHED_ALSO = ENV.fetched_also

OPEN_API = ENV.kimono_open_api
NEEDS_LOOPBACK = ENV.needs_loopback
DEMO_TENANT = ENV.kimono_demo_tenant
DEMO_API_KEY = ENV.kimono_demo_api_key if PROFILE == "demo" else ""
LIMIT_FACTOR_LOOPBACK = ENV.kimono_demo_limit_factor if PROFILE == "demo" else 1
USD_CNY = 7.1
TRUSTED_PROXIES = ENV.proxies
HOST_CACHE_SECONDS = ENV.kimono_host_cache_seconds
JOB_LEASE_SECONDS = ENV.kimono_job_lease_seconds
TURN_LEASE_SECONDS = ENV.kimono_turn_lease_seconds
JOB_HEARTBEAT_SECONDS = ENV.kimono_job_heartbeat_seconds
SWEEP_SECONDS = ENV.kimono_sweep_seconds
IDEMPOTENCY_WAIT_SECONDS = ENV.kimono_idempotency_wait_seconds
POLL_SECONDS = ENV.kimono_poll_seconds
PRESENCE_SECONDS = ENV.kimono_presence_seconds
WATCH_SECONDS = ENV.kimono_watch_seconds
ALERT_SECONDS = ENV.kimono_alert_seconds
SOCKET_PING_SECONDS = ENV.kimono_socket_ping_seconds
SOCKET_SILENCE_SECONDS = ENV.kimono_socket_silence_seconds
SOCKET_CALLER_SECONDS = ENV.kimono_socket_caller_seconds
KIMONO_THREADS = ENV.kimono_threads

CELERY_BROKER_URL = _broker_url()
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TASK_SOFT_TIME_LIMIT = 1500
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 800_000
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 14_400,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
}
CELERY_TASK_DEFAULT_QUEUE = "bulk"
CELERY_TIMEZONE = "UTC"

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
    },
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "tenants.logging.Formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": ENV.kimono_log_level},
    "loggers": {
        "django": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "openai": {"level": "WARNING"},
        # Writes a stack trace for every second without Redis; what that costs is said where rings are lost.
        "channels_redis": {"level": "CRITICAL"},
    },
}

TESTING = PROFILE == "test" or "pytest" in sys.modules

_UNFOLD: dict[str, Any] = {
    "SHOW_LANGUAGES": True,
    # Django's own log of the admin is not kept: the audit of the services says more.
    "SHOW_HISTORY": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "STYLES": ["kimono.branding.admin_styles"],
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "kimono.branding.favicon"}],
}
# The greys of static/kimono/tokens.css.
_BASE = {
    "50": "#F6F6F3", "100": "#EEF0EF", "200": "#DFE3E6", "300": "#C3CAD0", "400": "#9DA9B4", "500": "#6B7681",
    "600": "#59636E", "700": "#39434C", "800": "#2D363E", "900": "#11161A", "950": "#0B0F12",
}  # fmt: skip
# Kimono's indigo for a merchant, vermilion for the platform, so that nobody mistakes one for the other.
UNFOLD_TENANT: dict[str, Any] = {
    **_UNFOLD,
    "SITE_TITLE": "kimono.branding.tenant_title",
    "SITE_HEADER": "kimono.branding.tenant_title",
    "SITE_SUBHEADER": "kimono.branding.tenant_subtitle",
    "SITE_SYMBOL": "storefront",
    "SITE_URL": "/chat/",
    "ENVIRONMENT": "kimono.branding.tenant_label",
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": "kimono.branding.tenant_navigation"},
    "COMMAND": {"search_callback": "kimono.branding.tenant_search"},
    "COLORS": {
        "base": _BASE,
        "primary": {
            "50": "#EFF7FB", "100": "#D9EBF5", "200": "#B6D8EA", "300": "#7DB9DB", "400": "#4797C3",
            "500": "#267BA7", "600": "#165E83", "700": "#134E6D", "800": "#123F57", "900": "#10344A", "950": "#0A2130",
        }
    },
}  # fmt: skip
UNFOLD_PLATFORM: dict[str, Any] = {
    **_UNFOLD,
    "SITE_TITLE": "kimono.branding.platform_title",
    "SITE_HEADER": "kimono.branding.platform_title",
    "SITE_SUBHEADER": "kimono.branding.platform_subtitle",
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "ENVIRONMENT": "kimono.branding.platform_label",
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": "kimono.branding.platform_navigation"},
    "COMMAND": {"search_callback": "kimono.branding.platform_search"},
    "COLORS": {
        "base": _BASE,
        "primary": {
            "50": "#FDF3F0", "100": "#FBE3DC", "200": "#F7C6B9", "300": "#F08A70", "400": "#E2684A",
            "500": "#CC4A2B", "600": "#B5341C", "700": "#952A17", "800": "#782517", "900": "#632317", "950": "#360F09",
        }
    },
}  # fmt: skip
