"""The production set-up: every part checked for health, secrets from files, roles as embedded."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from aios.embedded.postgres import Postgres, programs

ROOT = Path(__file__).resolve().parents[3]
OWNER_PASSWORD, APP_PASSWORD = "a1b2c3owner", "d4e5f6app"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The parsed file."""
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text()))


def test_every_part_is_there(compose: dict[str, Any]) -> None:
    """The processes of `manage.py up`, without the demo shop."""
    assert set(compose["services"]) == {
        "postgres", "valkey", "migrate", "web", "worker", "beat", "sweep",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["postgres", "valkey", "web", "worker", "sweep"])
def test_what_can_be_asked_is_asked_whether_it_is_healthy(
    compose: dict[str, Any], name: str
) -> None:
    """Each check has a limit and an interval."""
    check = compose["services"][name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries"} <= set(check)


def test_names_point_at_something(compose: dict[str, Any]) -> None:
    """Secrets, configs and volumes used by a service are declared, and all declared are used."""
    services = compose["services"].values()
    used = {name for service in services for name in service.get("secrets", [])}
    assert used == set(compose["secrets"])
    used = {config["source"] for service in services for config in service.get("configs", [])}
    assert used == set(compose["configs"])
    used = {v.split(":")[0] for service in services for v in service.get("volumes", [])}
    assert used == set(compose["volumes"])
    for service in services:
        assert set(service.get("depends_on", {})) <= set(compose["services"])


def test_secrets_come_from_files_only(compose: dict[str, Any]) -> None:
    """A secret in the environment shows in `docker inspect`; a mounted file does not."""
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"SECRET|PASSWORD|DATABASE_URL|REDIS_URL|CREDENTIAL|API_KEY", variable):
                assert variable.endswith("_FILE"), (name, variable)
                assert value.removeprefix("/run/secrets/") in service["secrets"], (name, variable)


def test_only_migrate_signs_in_as_the_owner(compose: dict[str, Any]) -> None:
    """Web and workers cannot change tables."""
    holders = {
        name
        for name, service in compose["services"].items()
        if "owner_database_url" in service.get("secrets", [])
    }
    assert holders == {"postgres", "migrate"}


def test_the_image_has_no_extra_but_what_is_asked_for(compose: dict[str, Any]) -> None:
    """The servers are containers of their own, and there is no demo shop."""
    build = compose["services"]["web"]["build"]
    assert build["args"] == {"EXTRAS": "${AIOS_EXTRAS:-}"}
    [install] = re.findall(r"RUN (uv sync.*)", build["dockerfile_inline"])
    assert install == "uv sync --frozen --no-dev $$EXTRAS"


def test_the_roles_script_makes_the_roles(
    compose: dict[str, Any], bare_postgres: Postgres, tmp_path: Path
) -> None:
    """Run on a real server: the owner makes a table, the app fills it and cannot empty it."""
    for name, role, password in (
        ("owner_database_url", "aios_owner", OWNER_PASSWORD),
        ("database_url", "aios_app", APP_PASSWORD),
    ):
        (tmp_path / name).write_text(f"postgresql://{role}:{password}@postgres:5432/aios\n")
    script = compose["configs"]["roles"]["content"].replace("$$", "$")
    environment = {
        "PATH": f"{programs()}:{os.environ['PATH']}",
        "PGHOST": bare_postgres.record.sockets,
        "PGPASSWORD": bare_postgres.record.superuser_password,
        "POSTGRES_USER": "postgres",
        "SECRETS": str(tmp_path),
    }
    subprocess.run(["bash", "-c", script], env=environment, check=True)

    def connect(user: str, password: str) -> psycopg.Connection:
        return psycopg.connect(host=bare_postgres.record.sockets, user=user, password=password,
                               dbname="aios", autocommit=True)  # fmt: skip

    with connect("aios_owner", OWNER_PASSWORD) as owner:
        owner.execute("CREATE TABLE orders (id serial, v vector(2))")
    with connect("aios_app", APP_PASSWORD) as app:
        app.execute("INSERT INTO orders (v) VALUES ('[1,2]')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("TRUNCATE orders")


def test_the_deployment_check_is_clean(compose: dict[str, Any], tmp_path: Path) -> None:
    """`check --deploy` with the settings of the file, the secrets read from files."""
    environment = {
        name: str(value).replace("${AIOS_HOST:?the host name people use}", "aios.example.com")
        for name, value in compose["services"]["web"]["environment"].items()
        if not name.startswith(("OPENAI", "EMAIL", "CSRF", "OUTBOUND", "TRUSTED"))
    }
    values = {
        "secret_key": "0123456789abcdef" * 5,
        "credential_keys": "bm8tY3JlZGVudGlhbC1pcy1zZWFsZWQtYnktdGhpcy0=",
        "database_url": "postgresql://aios_app:secret@postgres:5432/aios",
        "redis_url": "redis://:secret@valkey:6379/0",
        "openai_api_key": "",
    }
    for name, value in values.items():
        (tmp_path / name).write_text(value + "\n")
        environment[f"{name.upper()}_FILE"] = str(tmp_path / name)
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
