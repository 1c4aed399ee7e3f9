"""Vectors out of an answer of `/embeddings`, each with the text it belongs to. Pure."""

import base64
import binascii
import math
import re
from array import array
from sys import byteorder
from typing import Any

from apps.inference.providers.base import Embeddings, Malformed
from apps.inference.providers.openai.usage import usage


def embeddings(body: Any, *, texts: int) -> Embeddings:
    """One vector per text, in the texts' order.

    By `index` where every row has one; rows without any are in order. Numbers come as a list or
    as base64 of 32-bit floats, little end first. Raises `Malformed`.
    """
    rows = body.get("data") if isinstance(body, dict) else body
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Malformed("the answer does not fit at data: it holds no vectors")
    ordered = _ordered(rows, texts)
    vectors = [_numbers(row.get("embedding")) for row in ordered]
    if len({len(vector) for vector in vectors}) > 1:
        raise Malformed("the vectors of one answer have different sizes")
    counted = body.get("usage") if isinstance(body, dict) else None
    return Embeddings(vectors=vectors, usage=usage(counted, output=False))


def _ordered(rows: list[dict[str, Any]], texts: int) -> list[dict[str, Any]]:
    """The rows as their texts stand; a wrong or missing number is never guessed."""
    numbers = [row.get("index") for row in rows]
    if len(rows) == texts:
        if all(number is None for number in numbers):
            return rows
        whole = [int(str(n)) for n in numbers if re.fullmatch(r"\d{1,6}", str(n))]
        if len(whole) == texts and sorted(whole) == list(range(texts)):
            return [
                row for _, row in sorted(zip(whole, rows, strict=True), key=lambda pair: pair[0])
            ]
    raise Malformed(f"{len(rows)} vectors came for {texts} texts, or wrongly numbered")


def _numbers(vector: Any) -> list[float]:
    """The numbers of a vector, each one finite."""
    if isinstance(vector, str):
        vector = _decoded(vector)
    if isinstance(vector, list) and len(vector) == 1 and isinstance(vector[0], list):
        vector = vector[0]  # llama.cpp wraps what was not pooled
    if not isinstance(vector, list) or not vector:
        raise Malformed("the answer does not fit at embedding: it is no vector")
    if not all(
        isinstance(number, int | float) and not isinstance(number, bool) for number in vector
    ):
        raise Malformed("the answer does not fit at embedding: not all of it is numbers")
    try:
        numbers = [float(number) for number in vector]
    except OverflowError:
        numbers = [math.inf]
    if not all(math.isfinite(number) for number in numbers):
        raise Malformed("the answer does not fit at embedding: a number is not finite")
    return numbers


def _decoded(text: str) -> list[float]:
    """32-bit floats in base64."""
    try:
        floats = array("f", base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, UnicodeEncodeError):
        raise Malformed("the answer does not fit at embedding: it is no base64 of floats") from None
    if byteorder == "big":
        floats.byteswap()
    return floats.tolist()
