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
            "field": ".".join(map(str, one["loc"])),
            "problem": one["msg"],
            "code": one["type"],
            "bounds": {name: str(value) for name, value in one.get("ctx", {}).items()},
        }
        for one in error.errors()
    ]
