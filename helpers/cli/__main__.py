"""`python -m helpers.cli`: what the bootstrap script runs."""

from helpers.cli import main

main()
