"""What a page may load and run: no inline script anywhere (Content-Security-Policy)."""

from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

DIRECTIVES = {
    "default-src": [SELF],
    "script-src": [SELF, NONCE],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "connect-src": [SELF],
    "object-src": [NONE],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
    "form-action": [SELF],
}
LOOSER = {  # by prefix of the address: directives that replace those above
    # Unfold ships the standard Alpine build, which needs eval, and sets styles in attributes
    "/admin/": {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]},
    "/api/v1/docs": {"script-src": [SELF], "style-src": [SELF, UNSAFE_INLINE]},  # Swagger UI
}
