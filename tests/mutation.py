"""Mutation score of the five verbs: how many altered lines their tests notice.

    uv run --with cosmic-ray python -m tests.mutation grants outcome

Takes minutes to an hour for each name, works in a copy of the checkout, and prints the mutants that
survived. Operators whose every mutant is a type that no longer evaluates (`X | None`) or a `*` of a
signature are left out.
"""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from aios.embedded import temporary

UNIT = "tests/unit"
POLICIES = [
    f"{UNIT}/policies/test_{name}.py" for name in ("cel", "cel_edges", "exact", "window_facts")
]
GATEWAY = [f"{UNIT}/gateway/test_{name}.py" for name in ("operations", "grants", "switches")]
PROPOSALS = [
    f"{UNIT}/proposals/test_{name}.py" for name in ("operations", "windows", "marking", "sources")
]
VERBS = {
    "cel": ("apps/policies/cel.py", POLICIES),
    "judge": (
        "apps/proposals/operations/judge.py",
        [f"{UNIT}/proposals/operations/test_judge.py", *PROPOSALS],
    ),
    "grants": ("apps/gateway/operations/grants.py", GATEWAY[::-1]),
    "outcome": (
        "apps/gateway/operations/outcome.py",
        [f"{UNIT}/gateway/operations/test_outcome.py", *GATEWAY],
    ),
    "backpressure": (
        "apps/proposals/operations/backpressure.py",
        [f"{UNIT}/proposals/test_backpressure.py", f"{UNIT}/api/routes/test_overload.py"],
    ),
}
CONFIGURATION = """
[cosmic-ray]
module-path = "{path}"
timeout = 300
test-command = "{command}"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = [
  "core/ReplaceBinaryOperator_.*",
  "core/ReplaceUnaryOperator_(USub|UAdd|Invert).*",
  "core/RemoveDecorator",
]
"""
SURVIVED = """
    SELECT start_pos_row, diff FROM mutation_specs JOIN work_results USING (job_id)
    WHERE test_outcome = 'SURVIVED' ORDER BY 1
"""
COUNTED = """
    SELECT test_outcome, count(*) FROM work_results WHERE worker_outcome = 'NORMAL' GROUP BY 1
"""


def mutate(name: str, copy: Path) -> None:
    """Try every mutant of one module in the copy, and print what became of them."""
    path, tests = VERBS[name]
    options = "-n0 -x -q --reuse-db --no-header -p no:cacheprovider"
    command = f"{sys.executable} -m pytest {options} {' '.join(tests)}"
    subprocess.run(command, shell=True, cwd=copy, check=True, stdout=subprocess.DEVNULL)
    configuration, session = copy / f"{name}.toml", copy / f"{name}.sqlite"
    configuration.write_text(CONFIGURATION.format(path=path, command=command))
    subprocess.run(["cosmic-ray", "init", configuration, session], cwd=copy, check=True)
    subprocess.run(["cr-filter-operators", session, configuration], cwd=copy, check=True)
    subprocess.run(["cosmic-ray", "exec", configuration, session], cwd=copy, check=True)
    with sqlite3.connect(session) as results:
        for line, diff in results.execute(SURVIVED):
            changed = [text for text in diff.splitlines() if text[:1] in "+-"]
            print(f"{path}:{line}", *changed[2:], sep="\n  ")
        counts = dict(results.execute(COUNTED))
    killed = counts.get("KILLED", 0)
    print(f"{name}: {killed} of {sum(counts.values())} noticed", flush=True)


def main(names: list[str]) -> None:
    """All of these, or each verb."""
    with tempfile.TemporaryDirectory() as folder, temporary(fsync="off", synchronous_commit="off"):
        copy = Path(folder) / "aios"
        ignored = shutil.ignore_patterns(".venv", ".git", "node_modules", "__pycache__")
        shutil.copytree(Path(__file__).parents[1], copy, ignore=ignored)
        for name in names or VERBS:
            mutate(name, copy)


if __name__ == "__main__":
    main(sys.argv[1:])
