"""The machine: files, git, the keyring, state and locks."""
