"""What an operator may set: environment variables, typed, failing loudly.

`NAME_FILE` names a file that holds the value of `NAME` instead (Docker secrets). README's table is
this class; `python -m aios.environment` prints it.
"""

import os
from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_NAMES = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY", "CREDENTIAL_KEYS",
                "EMAIL_URL"}  # fmt: skip


def read_file_variants() -> None:
    """Replace each `NAME_FILE` of the environment by `NAME` with the file's content."""
    for name, path in list(os.environ.items()):
        if name.endswith("_FILE") and name.removesuffix("_FILE") in SECRET_NAMES:
            os.environ[name.removesuffix("_FILE")] = Path(path).read_text().strip()


class Environment(BaseSettings):
    """What an operator may set; names are the environment variables in lower case."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", use_attribute_docstrings=True)

    # -- where AIOS is and who reaches it
    aios_data: Path = BASE_DIR / ".aios"
    """The data folder of the embedded parts, as `--data` is for `up`."""
    public_url: str = ""
    """Where people reach AIOS; notices link there."""
    allowed_hosts: str = "127.0.0.1,localhost,[::1]"
    """Host names that are answered, with commas."""
    csrf_trusted_origins: str = ""
    """Origins whose forms are taken, with commas, like `https://aios.example.com`."""
    secure: bool = False
    """`true` behind HTTPS: secure cookies, HSTS, redirects to HTTPS."""
    trusted_proxies: int = 0
    """How many reverse proxies of yours stand before AIOS: only then is `X-Forwarded-For`
    believed, and of it what the outermost of them says."""
    debug: bool = False
    """Django's debug pages; never where others reach it."""
    log_level: str = "INFO"
    """`DEBUG`, `INFO`, `WARNING` or `ERROR`."""
    log_format: Literal["plain", "json"] = "plain"
    """`plain`, or `json`: one object a line, with `request_id` or `task_id` and a time in UTC."""

    # -- data and secrets
    database_url: SecretStr | None = None
    """Your own PostgreSQL with pgvector; without it, the embedded one of the data folder."""
    database_pool: int = 0
    """Connections a web process shares among its requests; 0, for workers: one a process, kept."""
    redis_url: SecretStr | None = None
    """Your own Valkey or Redis; without it, the embedded one."""
    secret_key: SecretStr | None = None
    """Signs sessions and links; made by `up` in the data folder."""
    credential_keys: SecretStr | None = None
    """Fernet keys that seal connectors' credentials, with commas, the newest first; made by
    `up`."""

    # -- mail and the outside
    email_url: str = "smtp://127.0.0.1:1025"
    """`smtp://`, `smtps://` (TLS) or `smtp+tls://` (STARTTLS) `user:password@host:port`."""
    default_from_email: str = "AIOS <aios@localhost>"
    """The sender of notices."""
    outbound_allow: str = ""
    """Networks of your own that connectors, webhooks and the model endpoint may lead to, also over
    http://, like `10.0.0.0/8,fd12::/16`; addresses of cloud metadata are never called."""
    outbound_loopback: bool = False
    """`true`: notices may go to http://127.0.0.1, to try webhooks out."""
    demo_shop_url: str = ""
    """Set by `up` while its demo shop runs."""

    # -- models
    openai_base_url: str = ""
    """Any OpenAI-compatible endpoint (one in a network of your own, such as Ollama, needs
    `OUTBOUND_ALLOW`), called directly and through no proxy; empty: OpenAI itself."""
    openai_api_key: SecretStr = SecretStr("")
    """Its key; with neither key nor endpoint, agents plan by rules and say so."""
    openai_model: str = ""
    """The model to ask."""
    openai_embedding_model: str = ""
    """Embeddings from that endpoint (384 dimensions); without it, from a small model in a
    wheel (`[embeddings]`). After a change of name all that is remembered is embedded anew."""
    openai_api: Literal["auto", "chat", "responses"] = "auto"
    """`chat` (Chat Completions), `responses`, or `auto`: what the endpoint knows."""
    model_breaker_failures: int = 5
    """After so many failures in a row a model is left alone, and rules plan."""
    model_breaker_seconds: float = 30.0
    """For how long at first; doubled by every probe that fails."""
    model_breaker_longest_seconds: float = 600.0
    """The longest a model is left alone."""

    # -- people and the gateway
    high_risk_sign_in_seconds: float = 3600.0
    """High risk is approved by who signed in, or showed again who they are, within so long."""
    proposals_waiting_limit: int = 10_000
    """Proposals of a workspace that may wait for people; more is not taken on."""
    gateway_queue_limit: int = 10_000
    """Executions of a connector that may be due; more is not taken on."""
    gateway_grant_seconds: float = 3600.0
    """An approval that is not carried out by then is asked for anew."""
    gateway_lease_seconds: float = 60.0
    """A call without a sign of life for so long counts as unknown."""
    gateway_doubt_seconds: float = 20.0
    """For how long a call that is not proven may still be running."""
    gateway_breaker_failures: int = 5
    """After so many failures in a row a back end is left alone."""
    gateway_breaker_seconds: float = 5.0
    """For how long at first; doubled by every probe that fails."""
    gateway_breaker_longest_seconds: float = 300.0
    """The longest a back end is left alone."""


def table() -> str:
    """Every variable, what it does and its default, as a table in Markdown."""
    rows = [f"| `{name.upper()}` | {said(field)} | {default(name, field)} |"
            for name, field in Environment.model_fields.items()]  # fmt: skip
    return "\n".join(["| variable | what it does | default |", "|---|---|---|", *rows])


def said(field: FieldInfo) -> str:
    """What a variable does, on one line."""
    return " ".join((field.description or "").split()).removesuffix(".")


def default(name: str, field: FieldInfo) -> str:
    """The default of a field as the table shows it; none where nothing is preset."""
    value = field.default
    if name == "aios_data":
        return f"`{value.relative_to(BASE_DIR)}`"
    if value is None or isinstance(value, SecretStr) or value == "":
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    print(table())  # noqa: T201  (it is asked for)
