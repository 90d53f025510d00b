"""Which scopes the token has, which the code needs, and which the policy allows."""
