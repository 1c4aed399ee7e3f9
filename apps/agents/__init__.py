"""Who proposes: runs of agents through sense, plan, act and learn; their playbooks.

Public: `models`, `operations`, `queries`, `playbooks`, `labelling`, `trial`, `erasure`.

`playbooks` are the kinds of agent, `labelling` examples people teach them with, `trial` the way
from shadow to work.
"""
