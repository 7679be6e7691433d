"""What the environment may say, typed, in one place."""

from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from kimono.lib.addresses import is_loopback

Profile: TypeAlias = Literal["demo", "dev", "test", "production"]


class Environment(BaseSettings):
    """The process's environment; names as in `docs/reference/environment.md`."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    kimono_profile: Profile = "dev"
    kimono_home: Path = Path(".kimono")
    kimono_secret_key: str = ""
    database_url: str = ""
    database_owner_url: str = ""
    redis_url: str = ""
    kimono_platform_hosts: str = "localhost,127.0.0.1,[::1]"
    kimono_tenant_domain: str = "localhost"
    kimono_trusted_proxies: str = ""
    kimono_open_api: bool = False
    kimono_bind: str = "127.0.0.1"
    kimono_demo_tenant: str = "kimono-rental"
    kimono_demo_api_key: str = "your-api-key"
    kimono_demo_limit_factor: int = 100
    kimono_knowledge_root: Path | None = None
    kimono_fetch_allowed: str = ""
    kimono_pool_size: int = Field(default=10, ge=0, le=200)
    kimono_threads: int = Field(default=8, ge=1, le=200)
    kimono_host_cache_seconds: float = 2.0
    kimono_job_lease_seconds: float = 60.0
    kimono_job_heartbeat_seconds: float = 10.0
    kimono_turn_lease_seconds: float = 10.0
    kimono_sweep_seconds: float = 15.0
    kimono_poll_seconds: float = 20.0
    kimono_presence_seconds: float = 90.0
    kimono_watch_seconds: float = Field(default=30.0, ge=5.0, le=300.0)
    kimono_alert_seconds: float = Field(default=60.0, ge=30.0, le=600.0)
    kimono_socket_ping_seconds: float = 25.0
    kimono_socket_silence_seconds: float = 60.0
    kimono_socket_caller_seconds: float = 1.0
    kimono_idempotency_wait_seconds: float = 10.0
    kimono_time_zone: str = "Asia/Shanghai"
    kimono_log_level: str = "INFO"

    @property
    def hosts(self) -> list[str]:
        """Return the platform's host names, lower case, without ports."""
        return [host.strip().lower() for host in self.kimono_platform_hosts.split(",") if host.strip()]

    @property
    def proxies(self) -> list[str]:
        """Return the networks whose `X-Forwarded-For` is believed."""
        return [net.strip() for net in self.kimono_trusted_proxies.split(",") if net.strip()]

    @property
    def fetched_also(self) -> frozenset[str]:
        """Return the `host:port` that may be fetched though they are not of the public internet."""
        return frozenset(one.strip().lower() for one in self.kimono_fetch_allowed.split(",") if one.strip())

    @property
    def has_literal_key(self) -> bool:
        """Tell whether a key in plain words is asked for."""
        return "kimono_demo_api_key" in self.model_fields_set and bool(self.kimono_demo_api_key)

    @property
    def needs_loopback(self) -> bool:
        """Tell whether this environment lets callers in who have no secret."""
        return self.kimono_open_api or self.has_literal_key

    def refusal(self) -> str | None:
        """Return why the process must not start with this environment, or None."""
        for name, is_set in (
            ("KIMONO_OPEN_API", self.kimono_open_api),
            ("KIMONO_DEMO_API_KEY", self.has_literal_key),
        ):
            if is_set and self.kimono_profile not in ("demo", "dev"):
                return f"{name} is for the profiles demo and dev only."
            if is_set and not (self.kimono_bind == "localhost" or is_loopback(self.kimono_bind)):
                return f"{name} needs a loopback address to bind to."
        return None
