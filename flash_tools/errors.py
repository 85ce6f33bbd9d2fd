"""Owns the errors of flash_tools; each says what went wrong and what to do."""


class FlashError(Exception):
    """Root of everything that flash_tools raises on purpose."""


class BuildError(FlashError):
    """The application could not be compiled for the board."""
