"""Ids, group names and files of a tenant cannot be those of another."""

import os
import re
from typing import Any

import pytest

from kimono.lib import db, files, ids
from kimono.lib.addresses import is_loopback, within
from kimono.lib.environment import Environment
from kimono.lib.sockets import group_name
from tenants.models import Tenant


def test_an_id_says_kind_chance_and_owner(in_alpha: Tenant) -> None:
    made = {ids.new_id("qa") for _ in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch(rf"qa-[a-z2-7]{{16}}-{in_alpha.tag}", one) for one in made)
    assert {ids.tag_of(one) for one in made} == {in_alpha.tag}
    assert len({one[3:19][place] for one in made for place in range(16)}) == 32


def test_an_id_needs_a_tenant() -> None:
    with pytest.raises(db.NoTenant):
        ids.new_id("qa")
    assert re.fullmatch(r"job-[a-z2-7]{20}", ids.platform_id("job"))
    assert ids.tag_of("nothing") is None
    assert ids.tag_of(ids.platform_id("job")) is None


def test_equal_things_of_two_tenants_have_groups_of_their_own(alpha: Tenant, beta: Tenant) -> None:
    names = set()
    for tenant in (alpha, beta):
        with db.tenant_scope(tenant):
            for identity in ("12", "sess-aaaaaaaaaaaaaaaa-abcdefgh", "x" * 80, "x" * 81, "会话", "a b", ""):
                names.add(group_name("conversation", identity))
    assert len(names) == 14
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,99}", name) for name in names)
    with pytest.raises(db.NoTenant):
        group_name("conversation", "12")


def test_a_file_lies_in_the_folder_of_its_tenant(
    alpha: Tenant, beta: Tenant, tmp_path: Any, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    with db.tenant_scope(alpha):
        key = files.store(b"mine", kind="documents")
        assert files.read(key) == b"mine"
        assert files.path_of(key).is_relative_to(tmp_path / str(alpha.pk))
        assert not list(tmp_path.rglob("*.part"))
    with db.tenant_scope(beta), pytest.raises(FileNotFoundError):
        files.read(key)
    with db.tenant_scope(alpha):
        files.remove(key)
        files.remove(key)
        assert not files.path_of(key).exists()
    with pytest.raises(db.NoTenant):
        files.store(b"nobody's", kind="documents")


@pytest.mark.parametrize(
    "key", ["../x", "a/../../x", "/etc/passwd", "..", "a/../../{beta}/documents/x", "link/../../x", "a\x00b"]
)
def test_a_key_cannot_leave_the_folder(
    key: str, alpha: Tenant, beta: Tenant, tmp_path: Any, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    with db.tenant_scope(alpha), pytest.raises(ValueError):
        files.path_of(key.format(beta=beta.pk))


def test_a_link_out_of_the_folder_is_not_followed(alpha: Tenant, tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "secret").write_text("of somebody else")
    with db.tenant_scope(alpha):
        files.tenant_folder().mkdir()
        os.symlink(tmp_path / "secret", files.tenant_folder() / "link")
        with pytest.raises(ValueError, match="leaves"):
            files.read("link")


def test_addresses() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"]))
    assert not any(
        map(is_loopback, [None, "", "localhost", "10.0.0.1", "::ffff:10.0.0.1", "127.0.0.1.evil.org"])
    )
    assert within("10.1.2.3", ["10.0.0.0/8"])
    assert within("::ffff:10.1.2.3", ["10.0.0.0/8"])
    assert not within("11.1.2.3", ["10.0.0.0/8", "::1"])
    assert not within("nonsense", ["0.0.0.0/0"])


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"kimono_profile": "production"}, False),
        ({"kimono_profile": "demo", "kimono_open_api": True}, False),
        ({"kimono_profile": "demo", "kimono_open_api": True, "kimono_bind": "127.0.0.9"}, False),
        ({"kimono_profile": "demo", "kimono_open_api": True, "kimono_bind": "0.0.0.0"}, True),
        ({"kimono_profile": "demo", "kimono_open_api": True, "kimono_bind": "::"}, True),
        ({"kimono_profile": "production", "kimono_open_api": True}, True),
        ({"kimono_profile": "test", "kimono_open_api": True}, True),
        ({"kimono_profile": "production", "kimono_demo_api_key": "your-api-key"}, True),
        ({"kimono_profile": "demo", "kimono_demo_api_key": "x", "kimono_bind": "10.0.0.1"}, True),
        ({"kimono_profile": "dev", "kimono_demo_api_key": "x"}, False),
        ({"kimono_profile": "production", "kimono_demo_api_key": ""}, False),
    ],
)
def test_a_process_with_open_doors_refuses_to_start(
    given: dict[str, Any], refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KIMONO_PROFILE", "KIMONO_OPEN_API", "KIMONO_BIND", "KIMONO_DEMO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert (Environment(**given).refusal() is not None) is refused
