"""`python -m hub.cli`: what the launcher starts."""

from hub.cli import main

main()
