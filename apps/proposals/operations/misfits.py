"""What of a value did not fit its schema: typed parts, from which pages and the API make words."""

from typing import Any

from pydantic import ValidationError


def misfits(error: ValidationError, **common: str) -> list[dict[str, Any]]:
    """Each misfit as `field` (a path with points), `problem` (the validator's own words), `code`
    (its type, as pydantic names it) and `bounds` (what the words speak of, such as `gt`), with
    what is `common` to all.
    """
    return [
        {
            **common,
            "field": ".".join(map(str, detail["loc"])),
            "problem": detail["msg"],
            "code": detail["type"],
            "bounds": {name: str(value) for name, value in detail.get("ctx", {}).items()},
        }
        for detail in error.errors()
    ]
