"""Makes OAuth2 tokens that a Dovecot checks by itself: JWT (RFC 7519) signed with HS256."""

import base64
import hashlib
import hmac
import json
import secrets
import time

PASSDB = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth2.conf
}}
"""

CONFIG = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={root}/keys/
username_attribute = sub
"""


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Its key is in @root, which the server must be able to read."""

    def __init__(self, root):
        self.root = root
        root.chmod(0o755)
        (root / "oauth2.conf").write_text(CONFIG.format(root=root))
        self.change_key()

    def change_key(self):
        """No token made before is good for a server started afterwards."""
        self.key = secrets.token_bytes(32)
        path = self.root / "keys" / "default" / "HS256" / "default"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(base64.b64encode(self.key).decode())

    def settings(self):
        """For Dovecot(**settings)."""
        return {"mechanisms": "plain xoauth2 oauthbearer", "more": PASSDB.format(root=self.root)}

    def token(self, user, seconds=3600):
        """Good for so long; expired when that is negative."""
        now = int(time.time())
        parts = [{"alg": "HS256", "typ": "JWT"},
                 {"sub": user, "iat": now - 7200, "nbf": now - 7200, "exp": now + seconds}]
        signed = ".".join(encode(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{encode(hmac.digest(self.key, signed.encode(), hashlib.sha256))}"
