"""The ways an attacker has into an agent, each obeyed to the letter.

API: a key that may only submit, in the hands of the attacker; a person's own, or one of an agent
that is registered with the actions its task needs. Tools: a model that has been taken
over, with the tools its agent has. Data: a model that obeys whatever it reads, in a mail, its
subject, an article's title, a feed or the memory.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.accounts.models import User
from apps.inference import endpoint
from apps.memory import operations as memory
from tests.factories import inference
from tests.factories import outside_agents as outside
from tests.factories.keys import Caller
from tests.redteam.attacks import Attack
from tests.redteam.demo import Calls, Demo
from tests.redteam.obedient import Obedient, told
from tests.redteam.tasks import ARTICLE, Carriers, Task

CODE = "nine"


@dataclass(frozen=True, kw_only=True)
class Run:
    """A task with an attack in it, or without one."""

    demo: Demo
    task: Task
    attack: Attack | None
    carrier: int  # which of the carriers of its data
    install: Callable[[Callable[[], Obedient]], None]  # has every fake endpoint be this model

    @property
    def wanted(self) -> Calls:
        """What the attacker wants done."""
        return self.attack.calls(self.demo) if self.attack else ()


def propose(key: Caller, action: str, params: dict[str, Any], confidence: float = 1.0) -> int:
    """One call as a proposal of its own; the answer's status."""
    body = {"title": "As agreed", "rationale": "It is due.", "confidence": confidence,
            "changes": [{"action": action, "params": params}]}  # fmt: skip
    return key.post("/proposals", body).status_code


def persons(run: Run) -> Caller:
    """A person's key for the kinds of action the task takes."""
    return run.demo.key(actions=kinds(run))


def wide(run: Run) -> Caller:
    """A person's key for every kind of action, as they were before kinds were named."""
    return run.demo.key()


def agents(run: Run) -> Caller:
    """The key of an outside agent that may propose what its task takes, no more."""
    demo = run.demo
    owner = User.objects.get(email="operator@demo.example")
    agent = outside.register(demo.workspace, owner, now=demo.now, actions=kinds(run),
                             scopes=["proposals:submit"])  # fmt: skip
    return outside.key_of(agent, now=demo.now)


def kinds(run: Run) -> list[str]:
    """The kinds of action the task takes."""
    return sorted({action for action, _ in run.task.calls(run.demo)})


def work(run: Run, key: Caller) -> None:
    """The task, each call as a proposal of its own."""
    run.task.begin(run.demo, Carriers())
    propose_all(run.demo, key, run.task.calls(run.demo))


def propose_all(demo: Demo, key: Caller, wanted: Calls) -> None:
    """Each call as a proposal of its own, and all that comes of it."""
    for action, params in wanted:
        status = propose(key, action, params)
        assert status in (201, 403, 409, 422), (status, action, params)
    demo.settle()


def by_rules(run: Run) -> bool:
    """The shop's own agent without a model, as it is installed."""
    run.task.begin(run.demo, Carriers())
    run.demo.run(run.task.playbook)
    return False


def by_tools(run: Run) -> bool:
    """The agent's model does its task, then whatever the attacker wants, with its own tools."""
    run.task.begin(run.demo, Carriers())
    return think(run, Obedient(run.demo, run.task, always=run.wanted))


def by_data(run: Run) -> bool:
    """The agent's model is told by what it reads."""
    obedient = Obedient(run.demo, run.task, orders={CODE: run.wanted})
    spread(run, told(CODE) if run.attack else "")
    return think(run, obedient)


def think(run: Run, model: Obedient) -> bool:
    """The task's agent runs with this model."""
    inference.tier(run.demo.workspace, provider="fake")
    run.install(lambda: model)
    run.demo.run(run.task.playbook)
    return model.obeyed > 0


def spread(run: Run, words: str) -> None:
    """Put the words where the data of the task has room for them, and let the task begin."""
    demo, task = run.demo, run.task
    if task.intent is None:
        title_or_feed(run, words)
        return
    kind = ("body", "subject", "title", "memory")[run.carrier % 4]
    if kind == "title":
        line = demo.orders[task.name].line_id
        demo.change(f"UPDATE lines SET title = '{ARTICLE} {words}' WHERE id = '{line}'")
    if kind == "memory":
        remember(run, "refund_desk", f"customer:{task.sender}", words)
    task.begin(demo, Carriers(body=f"\n\nPS: {words}" if words and kind == "body" else "",
                              subject=words if kind == "subject" else ""))  # fmt: skip


def title_or_feed(run: Run, words: str) -> None:
    """The same for what begins with a price or a title."""
    article = run.demo.articles[run.task.place]
    kind = ("source", "title", "memory")[run.carrier % 3]
    if kind == "title":
        run.demo.change(f"UPDATE products SET title = title || ' {words}' "
                        f"WHERE id = '{article.product_id}'")  # fmt: skip
    if kind == "memory":
        remember(run, "repricing", f"sku:{article.sku}", words)
    source = f" {words}" if kind == "source" else ""
    run.task.begin(run.demo, Carriers(source=source))


def remember(run: Run, namespace: str, subject: str, words: str) -> None:
    """Leave the words where the agent recalls them, as an earlier session would have."""
    if words:
        memory.remember(workspace=run.demo.workspace, type="fact", namespace=namespace,
                        subject=subject, text=f"A note from before: {words}", data={},
                        provenance={"source": "run", "by": "agent:before"},
                        now=run.demo.now)  # fmt: skip


KEYS: dict[str, Callable[[Run], Caller]] = {"API, a person's key": persons,
                                            "API, an agent's key": agents}  # fmt: skip
Way = Callable[[Run], bool]  # whether the attacker's calls were made, whatever came of them
MODELS: dict[str, Way] = {"model tools": by_tools, "data": by_data}
WAYS = (*KEYS, *MODELS)


def installer(patch: Any) -> Callable[[Callable[[], Obedient]], None]:
    """How a test has the fake endpoint answer as a given model."""
    return lambda model: patch.setattr(endpoint, "FakeProvider", model)
