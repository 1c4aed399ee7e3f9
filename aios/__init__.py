"""Composition root: the only package that knows everything; it holds no logic."""

from aios.celery import app as celery_app

__all__ = ["celery_app"]
