"""The environment room: how the variables and the env files are set up."""
