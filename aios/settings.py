"""Settings of AIOS, made from the environment, which is read once (`aios.environment`)."""

import json
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import SecretStr

from aios import logs
from aios.content_security import DIRECTIVES, LOOSER
from aios.environment import BASE_DIR, Environment, read_file_variants
from aios.flow import ROUTES
from aios.sidebar import NAVIGATION


def recorded(data: Path) -> dict[str, str]:
    """Addresses and keys which `manage.py up` wrote down for the data folder; empty if none."""
    path = data / "embedded.json"
    try:
        return dict(json.loads(path.read_text()))
    except (FileNotFoundError, PermissionError):
        return {}


def required(value: SecretStr | None, fallback: str | None, name: str) -> str:
    """The value, else what the data folder records, else a clear stop."""
    text = value.get_secret_value() if value else fallback
    if not text:
        raise SystemExit(
            f"{name} is not set, and {env.aios_data} holds no embedded parts. "
            f"Run `manage.py up` once, or set {name}."
        )
    return text


def networks(listed: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks of a list with commas; a clear stop for what is none."""
    try:
        return tuple(ip_network(origin.strip()) for origin in listed.split(",") if origin.strip())
    except ValueError as error:
        raise SystemExit(f"OUTBOUND_ALLOW is a list like 10.0.0.0/8,fd12::/16: {error}.") from error


def database(url: str, pool: int) -> dict[str, Any]:
    """Django's database settings from a libpq URL; a `host=/dir` query names a unix socket."""
    parts = urlsplit(url)
    query: dict[str, Any] = dict(parse_qsl(parts.query))
    host = query.pop("host", parts.hostname or "")
    if pool:
        query["pool"] = {"min_size": 1, "max_size": pool, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0 if pool else 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 3, **query},
    }


read_file_variants()
env = Environment()
_recorded = recorded(env.aios_data)

# -- Django ------------------------------------------------------------------------------------
SECRET_KEY = required(env.secret_key, _recorded.get("secret_key"), "SECRET_KEY")
CREDENTIAL_KEYS = required(
    env.credential_keys, _recorded.get("credential_keys"), "CREDENTIAL_KEYS"
).split(",")
DEBUG = env.debug
ALLOWED_HOSTS = env.allowed_hosts.split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in env.csrf_trusted_origins.split(",") if origin]
ROOT_URLCONF = "aios.urls"
ASGI_APPLICATION = "aios.asgi.application"
WSGI_APPLICATION = "aios.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
SITE_NAME = "AIOS"

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "channels",
    "guardian",
    "django_celery_beat",
    "django_htmx",
    "django_structlog",
    "csp",
    "ninja",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "aios",
    "apps.audit",
    "apps.accounts",
    "apps.inference",
    "apps.memory",
    "apps.policies",
    "apps.gateway",
    "apps.proposals",
    "apps.agents",
    "apps.notifications",
    "apps.insights",
    "apps.api",
    "apps.console",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pads at random, so that lengths tell nothing
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "aios.page_policies.PagePolicies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "apps.console.unseen.Revealing",
    "apps.accounts.signed_in.SignedIn",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    }
]

# -- data --------------------------------------------------------------------------------------
DATABASES = {
    "default": database(
        required(env.database_url, _recorded.get("database_url"), "DATABASE_URL"),
        env.database_pool,
    )
}
REDIS_URL = required(env.redis_url, _recorded.get("redis_url"), "REDIS_URL")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# -- flow and workers --------------------------------------------------------------------------
AUDIT_FLOW = "aios.flow.FLOW"  # event kind -> tasks; read by the audit dispatcher
AUDIT_SWEEP = "aios.flow.SWEEP"  # tasks that finish whatever a lost message left
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# redis-py 8 closes an idle socket after 5 s by default, which leaves a worker deaf
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 30,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "visibility_timeout": 3600,
    "queue_order_strategy": "priority",
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DIRECT = True  # a queue for each worker, on which its canaries come
CELERY_TASK_ROUTES = ROUTES
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BEAT_SCHEDULER = "apps.agents.beat:Scheduler"
CELERY_TIMEZONE = "UTC"

# -- models and mail ---------------------------------------------------------------------------
OPENAI_BASE_URL = env.openai_base_url
OPENAI_API_KEY = env.openai_api_key.get_secret_value()
OPENAI_MODEL = env.openai_model
OPENAI_EMBEDDING_MODEL = env.openai_embedding_model
OPENAI_API = env.openai_api
MODEL_BREAKER_FAILURES = env.model_breaker_failures
MODEL_BREAKER_SECONDS = env.model_breaker_seconds
MODEL_BREAKER_LONGEST_SECONDS = env.model_breaker_longest_seconds
DEFAULT_FROM_EMAIL = env.default_from_email
_mail = urlsplit(env.email_url)
EMAIL_HOST = _mail.hostname or "127.0.0.1"
EMAIL_PORT = _mail.port or (465 if _mail.scheme == "smtps" else 25)
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_USE_TLS = _mail.scheme == "smtp+tls"  # STARTTLS
EMAIL_TIMEOUT = 10
PUBLIC_URL = env.public_url
OUTBOUND_LOOPBACK = env.outbound_loopback
OUTBOUND_ALLOW = networks(env.outbound_allow)

# -- the demo shop that `up` runs; no address: there is none ------------------------------------
DEMO_SHOP_URL = env.demo_shop_url
DEMO_SHOP_SECRET = _recorded.get("shop_secret", "")
DEMO_SHOP_MAIL = env.email_url

# -- people ------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
     "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]  # fmt: skip
GUARDIAN_RAISE_403 = True
ANONYMOUS_USER_NAME = None
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "apps.accounts.adapter.InvitedOnlyAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"  # people are invited by an owner, never signed up
ACCOUNT_SESSION_REMEMBER = True
# By address alone: a limit by person would let anybody lock them out
ACCOUNT_RATE_LIMITS = {"login_failed": "5/m/ip,30/h/ip"}
ALLAUTH_TRUSTED_PROXY_COUNT = env.trusted_proxies
IPWARE_META_PRECEDENCE_ORDER = [  # what the log calls the address of a request
    "HTTP_X_FORWARDED_FOR" if env.trusted_proxies else "REMOTE_ADDR"
]
IPWARE_META_PROXY_COUNT = max(env.trusted_proxies - 1, 0) if env.trusted_proxies else None
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not env.secure  # http://localhost, to try it out

# -- static files and security headers ---------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.aios_data / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.secure
SECURE_HSTS_SECONDS = 365 * 86_400 if env.secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.secure
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.secure else None
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
CONTENT_SECURITY_POLICY = {"DIRECTIVES": DIRECTIVES}
LOOSER_CONTENT_SECURITY_POLICIES = LOOSER

# -- admin -------------------------------------------------------------------------------------
CATALOGUE = "apps.gateway.catalogue.ACTIONS"  # where apps below the gateway find the actions


UNFOLD = {
    "SITE_TITLE": "AIOS",
    "SITE_HEADER": "AIOS",
    "SITE_SYMBOL": "verified_user",
    "SITE_URL": "/",
    "COLORS": {  # around --accent and the greys of static/css/tokens.css
        "primary": {
            "50": "#f0f8f5", "100": "#e3f1ed", "200": "#bfe3d8", "300": "#8fd3c0",
            "400": "#58c9ae", "500": "#1d9479", "600": "#0c6b58", "700": "#095345",
            "800": "#0a4338", "900": "#143129", "950": "#06231b",
        },
        "base": {
            "50": "#f7f6f3", "100": "#f1efeb", "200": "#e6e2db", "300": "#cfcac1",
            "400": "#a9aeb1", "500": "#737b80", "600": "#5a564e", "700": "#3a3f42",
            "800": "#2a2f32", "900": "#191c1e", "950": "#111314",
        },
    },
    "SIDEBAR": {"navigation": NAVIGATION},
}  # fmt: skip

LOGGING = logs.configuration(env.log_format, env.log_level)

# -- gateway -----------------------------------------------------------------------------------
GATEWAY_LEASE_SECONDS = env.gateway_lease_seconds
GATEWAY_DOUBT_SECONDS = env.gateway_doubt_seconds
GATEWAY_BREAKER_FAILURES = env.gateway_breaker_failures
GATEWAY_BREAKER_SECONDS = env.gateway_breaker_seconds
GATEWAY_BREAKER_LONGEST_SECONDS = env.gateway_breaker_longest_seconds
GATEWAY_QUEUE_LIMIT = env.gateway_queue_limit
PROPOSALS_WAITING_LIMIT = env.proposals_waiting_limit
HIGH_RISK_SIGN_IN_SECONDS = env.high_risk_sign_in_seconds
GATEWAY_GRANT_SECONDS = env.gateway_grant_seconds
