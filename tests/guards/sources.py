"""The product's own source files, parsed once."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("kimono", "tenants", "knowledge", "conversations", "agents", "opsconsole")
TENANT_APPS = ("knowledge", "conversations", "agents")


def paths() -> list[str]:
    """Return the path in the checkout of every module; migrations are left out."""
    found = (
        str(path.relative_to(CHECKOUT))
        for package in PACKAGES
        for path in sorted((CHECKOUT / package).rglob("*.py"))
    )
    return [name for name in found if "/migrations/" not in name]


@functools.cache
def trees() -> dict[str, ast.Module]:
    """Return the syntax tree of every module by its path: for tests alone, since each process collects them all."""
    return {name: ast.parse((CHECKOUT / name).read_text(encoding="utf-8"), filename=name) for name in paths()}


def module_of(path: str) -> str:
    """Return the dotted name of a module."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` of an attribute chain, an empty string for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def imports_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and full name of all that is imported: `from a import b` is `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, f"{node.module or ''}.{alias.name}"


def calls_of(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield every call."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))
