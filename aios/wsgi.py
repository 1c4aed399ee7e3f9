"""WSGI entry: plain HTTP in production, served by processes that need no event loop."""

import os

from django.core.wsgi import get_wsgi_application

from apps.audit import acting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aios.settings")
acting.run_as("web")
application = get_wsgi_application()
