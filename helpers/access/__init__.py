"""Who and what can get into the workspace."""
