"""Walking every address there is, and what must not be seen from another workspace."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RegexPattern

from apps.accounts.models import Workspace
from apps.audit.models import Event

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
MARKER = "zephyr"  # in every text of the workspace that must not be seen
SIGN_IN = ("/accounts/login/", "/admin/login/")
# where the admin sends who asks for a row that is not there for them: home, or, from the address
# without a verb, to the row's page, which is asked for as well
ADMIN = re.compile(r"/admin/(.+/change/)?")


class UnknownParameter(LookupError):
    """No value is known for a parameter of an address: the test has to be taught one."""


@dataclass(frozen=True)
class Route:
    """An address with the names of its parameters."""

    path: str
    parameters: tuple[str, ...]

    def fill(self, values: Mapping[str, object]) -> str:
        """The address with values. Raises `UnknownParameter`."""

        def value(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            if name not in values:
                raise UnknownParameter(f"{self.path}: teach the test about '{name}'")
            return str(values[name])

        return "/" + PARAMETER.sub(value, self.path)


def walk(patterns: Sequence[URLPattern | URLResolver], before: str = "") -> Iterator[Route]:
    """Every route below these patterns, in the order Django tries them."""
    for pattern in patterns:
        path = before + text_of(pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, path)
        else:
            names = [match[1] or match[2] for match in PARAMETER.finditer(path)]
            yield Route(path, tuple(names))


def text_of(pattern: URLPattern | URLResolver) -> str:
    """The pattern as a path with named parameters."""
    text = str(pattern.pattern)
    return text.strip("^$") if isinstance(pattern.pattern, RegexPattern) else text


@dataclass(frozen=True)
class Secrets:
    """What must not be seen: words, and the ids of the workspace's rows."""

    words: frozenset[str]
    ids: frozenset[str]

    def found_in(self, answer: HttpResponse, asked: str) -> list[str]:
        """Which of them the answer tells, other than what it was asked with."""
        told = b"".join(answer) if answer.streaming else answer.content
        text = told.decode("utf-8", "replace") + str(dict(answer.headers))
        return sorted(secret for secret in self.words | self.ids
                      if secret in text and secret not in asked)  # fmt: skip


def secrets_of(workspace: Workspace) -> Secrets:
    """The ids of all rows of the workspace, its people, and the marker its texts carry."""
    people = workspace.memberships.values_list("user__email", "user_id")
    ids = {str(pk) for rows in rows_of(workspace).values() for pk in rows}
    ids |= {str(pk) for _, pk in people}
    emails = {email for email, _ in people}
    return Secrets(frozenset({MARKER, workspace.name, *emails}), frozenset(ids))


def rows_of(workspace: Workspace) -> dict[str, dict[UUID, Any]]:
    """Every row with an id of its own that belongs to the workspace, by model, with its columns."""
    found: dict[str, dict[UUID, Any]] = {}
    for model in apps.get_models():
        if any(field.name == "workspace" for field in model._meta.get_fields()):
            rows = model._default_manager.filter(workspace=workspace).values()
            found[model._meta.label] = {
                row["id"]: row for row in rows if isinstance(row["id"], UUID)
            }
    events = Event.objects.filter(workspace_id=workspace.pk).values("id", "kind")
    found["audit.Event"] = {row["id"]: row for row in events}
    found["accounts.Workspace"] = {workspace.pk: workspace.name}
    return found


def judge(answer: HttpResponse, asked: str, secrets: Secrets, *, is_foreign: bool) -> list[str]:
    """What is wrong with an answer to a stranger; `is_foreign`: it was asked for a foreign row."""
    wrong = [f"{asked}: told {secret}" for secret in secrets.found_in(answer, asked)]
    if answer.status_code >= 500:
        wrong.append(f"{asked}: {answer.status_code}")
    leads_to = answer.get("Location") or answer.get("HX-Redirect") or ""
    sent_away = leads_to.startswith(SIGN_IN) or ADMIN.fullmatch(leads_to) is not None
    if is_foreign and not sent_away and answer.status_code not in (401, 403, 404, 405):
        wrong.append(f"{asked}: {answer.status_code} instead of 404")
    return wrong
