"""The rules of the house that a program can check (CONTRIBUTING.md)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT: Path = settings.BASE_DIR
NOT_OURS = {".venv", ".data", ".git", "__pycache__", "vendor", "test-results", ".hypothesis"}
PACKAGES = ["gopimi", "organizations", "customfields", "contacts", "tickets"]
# From the bottom up. A module may import its own package and what lies below, nothing beside or above.
LAYERS = [
    ["gopimi.lib", "gopimi.embedded", "gopimi.database"],
    ["gopimi.workspaces"],
    ["organizations", "customfields"],
    ["contacts"],
    ["tickets"],
    ["gopimi"],
]
LONGEST_MODULE = 400  # lines
FORBIDDEN_IN_TEMPLATES = re.compile(
    r"""<style\b | \sstyle\s*= | <script(?![^>]*\b(?:src=|type="application/json")) | \son\w+\s*= | \shx-on\b | \bjs: |
    javascript:""",
    re.IGNORECASE | re.VERBOSE,
)


def files(folder: Path, pattern: str) -> Iterator[Path]:
    for path in sorted(folder.rglob(pattern)):
        inside = path.relative_to(ROOT).parts
        if path.is_file() and not NOT_OURS.intersection(inside) and not inside[0].endswith("_cache"):
            yield path


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


MODULES = [path for package in PACKAGES for path in files(ROOT / package, "*.py")]
TEMPLATES = list(files(ROOT, "*.html"))


def package_of(module: str) -> tuple[int, str] | None:
    """The layer and the package of a dotted name; None for what isn't ours."""
    found = [
        (layer, package)
        for layer, packages in enumerate(LAYERS)
        for package in packages
        if module == package or module.startswith(f"{package}.")
    ]
    return max(found, key=lambda one: len(one[1]), default=None)


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a module imports, those inside of functions included."""
    here = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = ".".join([*here[: -node.level], node.module or ""]).strip(".") if node.level else node.module
            yield from (f"{parent}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_go_downwards(path: Path) -> None:
    module = name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    own = package_of(module)
    assert own, f"{module} belongs to no layer"
    for imported in imports(path):
        other = package_of(imported)
        assert other is None or other == own or other[0] < own[0] or own[0] == 0 == other[0], f"imports {imported}"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_templates_keep_the_content_security_policy(path: Path) -> None:
    assert FORBIDDEN_IN_TEMPLATES.findall(path.read_text()) == []


@pytest.mark.parametrize("path", MODULES + list(files(ROOT / "tests", "*.py")), ids=name)
def test_modules_are_short(path: Path) -> None:
    if "migrations" not in path.parts:
        assert len(path.read_text().splitlines()) <= LONGEST_MODULE


def test_no_file_names_a_package_index_or_a_place_on_somebodys_machine() -> None:
    """A lock that names an index works in one network alone. The words are in two parts, not to find themselves."""
    hosts = ["pypi" + r"\.", "pythonhosted" + r"\.", "npm" + r"js\."]
    places = ["/ro" + "ot/", "/ho" + "me/", "/Us" + "ers/"]
    words = re.compile("|".join(hosts + places).encode())
    found = {name(path): words.findall(path.read_bytes()) for path in files(ROOT, "*")}
    assert {path: hits for path, hits in found.items() if hits} == {}


def test_the_readme_lists_every_setting() -> None:
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", (ROOT / "gopimi" / "settings.py").read_text()))
    table = (ROOT / "README.md").read_text().split("## Settings")[1]
    assert {setting for setting in read if f"`{setting}`" not in table} == set()
