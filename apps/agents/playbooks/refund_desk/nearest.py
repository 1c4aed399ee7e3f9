"""Which intent a vector is nearest to, among vectors of labelled examples. Pure, in numpy.

Kernel ridge regression: every example pulls towards its intent, the near ones much more than the
far ones, and a crowded intent no more than a sparse one. Chosen on the development messages and on
948 examples themselves, each left out with its translations (right on the surest 80 %):

                                       examples   development   banking77
    nearest 20, weighted                   0.78          0.99        0.98
    centre of each intent                  0.76          0.85        0.84
    ridge regression                       0.86          0.97        0.90
    kernel ridge, gamma 2, lambda 0.3      0.86          1.00        0.97

The model's cosines are squeezed into 0.75 to 0.95, so the mean of the examples is taken off first
and only differences between scores are used.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.agents.playbooks.refund_desk.examples import Example
from apps.agents.playbooks.refund_desk.intents import Intent

Matrix = NDArray[np.float32]
GAMMA = 2.0  # how fast an example's pull falls off
LAMBDA = 0.3  # how little a single example counts against the others


@dataclass(frozen=True)
class Fitted:
    """Examples turned into weights; `score` and `nearest` answer for new vectors."""

    examples: tuple[Example, ...]
    intents: tuple[Intent, ...]
    mean: Matrix
    around: Matrix  # the examples' vectors, mean off, of length 1; shape (examples, numbers)
    weights: Matrix  # shape (examples, intents)

    def score(self, vectors: Matrix) -> list[dict[str, float]]:
        """The score of each intent for each vector; only differences between them mean anything."""
        found = np.exp(GAMMA * (self.likeness(vectors) - 1)) @ self.weights
        return [
            {intent.value: round(float(x), 4) for intent, x in zip(self.intents, row, strict=True)}
            for row in found
        ]

    def nearest(self, vectors: Matrix, count: int) -> list[list[tuple[Example, float]]]:
        """The most similar examples of each vector, best first, with the likeness (-1..1)."""
        likeness = self.likeness(vectors)
        order = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
        return [
            [(self.examples[place], round(float(row[place]), 3)) for place in places]
            for row, places in zip(likeness, order, strict=True)
        ]

    def likeness(self, vectors: Matrix) -> Matrix:
        """The cosine of each vector with each example, once what all have in common is off."""
        return unit(vectors - self.mean) @ self.around.T


def fit(examples: Sequence[Example], vectors: Matrix) -> Fitted:
    """Learn from examples and their vectors, in the same order. Takes 0.2 s for fifteen hundred."""
    mean = vectors.mean(axis=0)
    around = unit(vectors - mean)
    intents = tuple(dict.fromkeys(example.intent for example in examples))
    labels = np.array([intents.index(example.intent) for example in examples])
    share = np.bincount(labels, minlength=len(intents))[labels] * len(intents) / len(labels)
    wanted = np.eye(len(intents), dtype=np.float32)[labels] - 1 / len(intents)
    kernel = np.exp(GAMMA * (around @ around.T - 1)) + LAMBDA * np.diag(share)
    weights = np.linalg.solve(kernel, wanted).astype(np.float32)
    return Fitted(tuple(examples), intents, mean, around, weights)


def unit(vectors: Matrix) -> Matrix:
    """The vectors at length 1; what has no length stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)
