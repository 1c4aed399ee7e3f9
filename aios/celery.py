"""The Celery application. A message carries no work: it only says "look"."""

import os

from celery import Celery
from celery.signals import worker_init

from apps.audit import acting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aios.settings")

app = Celery("aios")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
worker_init.connect(lambda **_: acting.run_as("worker"), weak=False)
