"""The one door to models: providers, budgets, what each call cost.

Public: `models`, `operations`, `queries`, `providers`, `budgets`, `streaming`, `erasure`.

`streaming` tells who watches a run what a model says meanwhile.
"""
