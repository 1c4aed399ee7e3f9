"""The stages of the loop, one module each; `act` submits proposals and nothing else."""

from apps.agents.models import Stage
from apps.agents.steps.act import act
from apps.agents.steps.base import Step
from apps.agents.steps.learn import learn
from apps.agents.steps.plan import plan
from apps.agents.steps.sense import sense

STEPS: dict[Stage, Step] = {
    Stage.SENSE: sense,
    Stage.PLAN: plan,
    Stage.ACT: act,
    Stage.LEARN: learn,
}

__all__ = ["STEPS"]
