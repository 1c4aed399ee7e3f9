"""WSGI entry: plain HTTP in production, served by processes that need no event loop."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aios.settings")
application = get_wsgi_application()
