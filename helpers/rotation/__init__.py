"""Rotation of secrets that only a person can mint: crash-safe, proven, in four stores."""
