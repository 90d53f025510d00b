"""Secret exposure: every secret in a repository, everywhere in it, and what to do about each."""
