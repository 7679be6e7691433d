"""Sections of a tenant's settings: every floor registers the shape and the defaults of its own."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from kimono.lib.errors import Invalid


class Section(BaseModel):
    """One section of the settings; unknown keys are ignored, wrong ones are refused."""

    model_config = ConfigDict(extra="ignore", strict=True)


S = TypeVar("S", bound=Section)
_sections: dict[str, type[Section]] = {}


def register_section(name: str, shape: type[Section]) -> None:
    """Add a section; called from `AppConfig.ready()` of the floor that owns it."""
    _sections[name] = shape


def sections() -> dict[str, type[Section]]:
    """Return the registered sections by name."""
    return dict(_sections)


def settable(patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a patch may be set from outside: known sections, without the fields that no answer shows."""
    return {
        name: {key: each for key, each in values.items() if not _is_kept_apart(_sections[name], key)}
        if isinstance(values, Mapping)
        else values
        for name, values in patch.items()
        if name in _sections
    }


def _is_kept_apart(shape: type[Section], key: str) -> bool:
    field = shape.model_fields.get(key)
    return field is not None and bool(field.exclude)


def deep_merge(base: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with `patch` laid over it: objects merge, lists and values replace."""
    merged = dict(base)
    for key, value in patch.items():
        old = merged.get(key)
        merged[key] = (
            deep_merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
        )
    return merged


def section(shape: type[S], overrides: Mapping[str, Any]) -> S:
    """Return one section with a tenant's overrides laid over the defaults."""
    name = next(key for key, registered in _sections.items() if registered is shape)
    return shape.model_validate(overrides.get(name, {}))


def resolve(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return all sections as JSON-able data, defaults filled in. Raises `Invalid` naming the key."""
    resolved: dict[str, Any] = {}
    for name, shape in _sections.items():
        given = overrides.get(name, {})
        if not isinstance(given, Mapping):
            raise Invalid("Input should be an object", loc=["body", name], type="dict_type")
        try:
            resolved[name] = shape.model_validate(given).model_dump(mode="json")
        except ValidationError as error:
            first = error.errors()[0]
            raise Invalid(first["msg"], loc=["body", name, *first["loc"]], type=first["type"]) from None
    return resolved
