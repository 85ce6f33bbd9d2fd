"""The check of a node, over USB (usb) or over the LAN (lan): rows with cause and next action in two languages."""

from flash_tools.check.rows import FAIL, NOT_ASKED, PASS, Report, Row
from flash_tools.check.usb import Ask, CheckFailed, check

__all__ = ["FAIL", "NOT_ASKED", "PASS", "Ask", "CheckFailed", "Report", "Row", "check"]
