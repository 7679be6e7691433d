"""New merchants, as an operator makes them: the tenant and the first person who may sign in there."""

from django.contrib.auth.hashers import make_password

from tenants.models import Tenant
from tenants.people.models import User
from tenants.people.services import passwords
from tenants.services import provisioning
from tenants.services.auditing import Actor


def create(
    *,
    name: str,
    slug: str,
    preset: str,
    admin_username: str,
    admin_password: str,
    by: Actor,
) -> Tenant:
    """Write a merchant in state `creating` and start the job that makes it, with its first admin.

    Raises `Conflict` (`duplicate_name`), `Invalid` (`weak_password` naming `admin_password`, a reserved slug).
    """
    person = User(username=admin_username, role=User.Role.MERCHANT_ADMIN)
    passwords.check_strength(password=admin_password, user=person, field="admin_password")
    # The job keeps what it is given, so it is given the hash alone.
    first = {"username": admin_username, "password_hash": make_password(admin_password)}
    return provisioning.create(name=name, slug=slug, preset=preset, seed={"admin": first}, by=by)
