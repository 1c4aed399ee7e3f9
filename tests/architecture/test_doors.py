"""The outside world has two doors, and nobody but the gateway acts."""

import pytest

from tests.architecture.doors import KNOWN, openings
from tests.contract.shops import ROOT


def test_nothing_reaches_outside_past_its_doors():
    """No module but those of the gateway and the model providers could."""
    assert openings(ROOT) == []


def test_what_is_excused_is_there(monkeypatch):
    """An excuse for a line that is gone would excuse another one."""
    excused = dict(KNOWN)
    KNOWN.clear()
    try:
        assert set(openings(ROOT)) == set(excused)
    finally:
        KNOWN.update(excused)


@pytest.mark.parametrize("line", [
    "import httpx", "import urllib.request", "from urllib import request", "import http.client",
    "from http.client import HTTPConnection", "import brand_new_client", "import pty",
    "from django.core import mail", "from django.core.mail import send_mail",
    "from django.utils.module_loading import import_string",
    "__import__('socket')", "exec('import socket')", "eval('1')", "os.system('curl x')",
    "os.popen('curl x')", "asyncio.open_connection('x', 80)", "loop.create_connection(f)",
    "asyncio.create_subprocess_exec('curl')", "client.perform('set_price', {})",
    "queries.clients.client_of(c)", "gate.guarded(lambda: None)", "Execution(state='due')",
    "models.Execution()", "Execution.objects.create(state='due')", "Grant.objects.create()",
    "Execution.objects.filter(pk=1).update(state='due')",
])  # fmt: skip
def test_each_way_out_is_found(tmp_path, line):
    """In any app, whatever stands around it."""
    module = tmp_path / "apps" / "agents" / "loop.py"
    module.parent.mkdir(parents=True)
    module.write_text(f"def step():\n    {line}\n")
    assert len(openings(tmp_path)) >= 1


@pytest.mark.parametrize("line", [
    "from urllib.parse import urlsplit", "from http import HTTPStatus", "import re",
    "re.compile('x')", "Execution.objects.filter(pk=1)", "asyncio.create_task(x)",
])  # fmt: skip
def test_what_opens_nothing_is_left_alone(tmp_path, line):
    """Or the check would be switched off."""
    module = tmp_path / "apps" / "agents" / "loop.py"
    module.parent.mkdir(parents=True)
    module.write_text(f"{line}\n")
    assert openings(tmp_path) == []
