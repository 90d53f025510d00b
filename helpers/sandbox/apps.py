"""Apps and their access tokens, as the Developer Hub holds them."""

from __future__ import annotations

from dataclasses import dataclass, field

from helpers.sandbox import tokens

__all__ = ["SandboxApp", "Token"]


@dataclass
class Token:
    """An access token. Times are unix seconds; `dies_at` is set by regeneration or revocation."""

    value: str = field(repr=False)
    created_at: int
    expires_at: int | None = None
    dies_at: int | None = None

    def state(self, now: int) -> str:
        """`live`, `revoked` or `expired`."""
        if self.dies_at is not None and now >= self.dies_at:
            return "revoked"
        if self.expires_at is not None and now >= self.expires_at:
            return "expired"
        return "live"


@dataclass
class SandboxApp:
    """A private app. Its tokens die when its `owner`, a teammate, leaves."""

    id: str
    name: str
    owner: str
    scopes: frozenset[str]
    created_at: int
    version: str = "2.16"  # used by calls without a version
    workspace: str = ""  # id_code of the workspace of the app, if another (a test workspace)
    installed: bool = True
    suspended: bool = False
    tokens: list[Token] = field(default_factory=list, repr=False)
    client_secrets: list[str] = field(default_factory=list, repr=False)

    @property
    def token(self) -> Token:
        """The newest token."""
        return self.tokens[-1]

    def issue(self, now: int, *, lives: int | None = None) -> Token:
        """Issue the next token; its label makes it the same in every run."""
        value = tokens.access_token(f"{self.id}/{len(self.tokens) + 1}")
        return self.add_token(Token(value, now, now + lives if lives else None))

    def add_token(self, token: Token) -> Token:
        """Make a token the newest one."""
        self.tokens.append(token)
        return token

    def regenerate(self, now: int, *, grace: int = 0) -> Token:
        """Issue a new token; the old ones die now, or after `grace` seconds."""
        self.kill(now + grace)
        return self.issue(now)

    def kill(self, at: int) -> None:
        """Expire every token at that time at the latest."""
        for token in self.tokens:
            token.dies_at = at if token.dies_at is None else min(token.dies_at, at)

    def uninstall(self, now: int) -> None:
        """Revoke everything."""
        self.installed = False
        self.kill(now)
