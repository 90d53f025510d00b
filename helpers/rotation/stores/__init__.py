"""Where secrets are kept: four stores behind one protocol (`base`), loaded when chosen."""
