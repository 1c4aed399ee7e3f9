"""Each forbidden line, added to a copy of the tree, is refused by name.

All lines are added to one copy, each to a module of its own: what is refused is told with importer
and imported, so that none hides behind another.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.doors import openings
from tests.contract.shops import ROOT

REFUSED_BY_CONTRACT = [
    # an agent that performs
    ("agents/loop.py", "from apps.gateway import clients", "apps.gateway.clients"),
    ("agents/steps/act.py", "from apps.gateway import operations", "apps.gateway.operations"),
    ("agents/steps/plan.py", "from apps.gateway.connectors import gate",
     "apps.gateway.connectors.gate"),
    ("agents/questions.py", "from apps.gateway.operations import attempt",
     "apps.gateway.operations.attempt"),
    # a page that performs
    ("console/views/inbox.py", "from apps.gateway.connectors import registry",
     "apps.gateway.connectors.registry"),
    ("console/views/decide.py", "from apps.gateway import clients", "apps.gateway.clients"),
    ("api/routes/proposals.py", "from apps.gateway.operations import carry_out",
     "apps.gateway.operations"),
    # who approves does not call either
    ("proposals/operations/effect.py", "from apps.gateway.operations.attempt import call",
     "apps.gateway.operations.attempt"),
    ("proposals/operations/review.py", "from apps.gateway.operations import grants",
     "apps.gateway.operations.grants"),
    ("gateway/queries.py", "from apps.gateway import clients", "apps.gateway.clients"),
    # a way out past the doors
    ("agents/operations.py", "import httpx2", "httpx2"),
    ("agents/queries.py", "import httpx", "httpx"),
    ("console/views/runs.py", "import socket", "socket"),
    ("policies/operations.py", "import requests", "requests"),
    ("memory/operations.py", "import subprocess", "subprocess"),
    ("notifications/transports/mail.py", "import smtplib", "smtplib"),
    ("inference/operations.py", "import openai", "openai"),
    ("insights/queries.py", "import redis", "redis"),
    ("accounts/operations.py", "import importlib", "importlib"),
    # upwards inside an app, from a module that no layer named before
    ("gateway/switches.py", "from apps.gateway import configuration",
     "apps.gateway.configuration"),
    ("agents/outages.py", "from apps.agents import loop", "apps.agents.loop"),
]  # fmt: skip
REFUSED_BY_READING = [
    ("agents/referring.py", "import urllib.request"),
    ("agents/leases.py", "from django.core.mail import send_mail"),
    ("agents/labelling.py", "__import__('socket').create_connection(('x', 80))"),
    ("console/views/stops.py", "import curl_cffi"),
    ("console/views/panel.py", "queries.readers.client_of(connector).perform('set_price', {})"),
    ("insights/executions.py", "Execution.objects.create(state='due')"),
    ("proposals/history.py", "Execution(state='claimed')"),
    ("proposals/effects.py", "Execution.objects.update(state='due')"),
    ("agents/trial.py", "os.system('curl x')"),
]  # fmt: skip
NEW_MODULE = "agents/shortcut.py"


def module_of(path: str) -> str:
    """The dotted name of a file below `apps`."""
    return "apps." + path.removesuffix(".py").replace("/", ".")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree with every forbidden line in it."""
    root = tmp_path_factory.mktemp("copy")
    for name in ("apps", "aios"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    lines = [(path, line) for path, line, _ in REFUSED_BY_CONTRACT] + REFUSED_BY_READING
    for path, line in lines:
        with (root / "apps" / path).open("a") as module:
            module.write(f"\n{line}\n")
    (root / "apps" / NEW_MODULE).write_text("")
    return root


@pytest.fixture(scope="module")
def told(copy: Path) -> str:
    """What the contracts say of it."""
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [lint, "--no-cache"], cwd=copy, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(copy), "COLUMNS": "500"},
    )  # fmt: skip
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize(("path", "line", "imported"), REFUSED_BY_CONTRACT)
def test_the_contracts_refuse_it(told, path, line, imported):
    """Naming the module and what it imports."""
    refused = told[told.index("Broken contracts") :]
    assert f"{module_of(path)} -> {imported} " in refused, line


@pytest.mark.parametrize(("path", "line"), REFUSED_BY_READING)
def test_reading_the_source_finds_it(copy, path, line):
    """Where imports say nothing."""
    assert any(one.startswith(f"apps/{path}: ") for one in openings(copy)), line


def test_a_module_no_layer_names_is_refused(told):
    """So that none is free to import as it likes."""
    assert Path(NEW_MODULE).stem in told
