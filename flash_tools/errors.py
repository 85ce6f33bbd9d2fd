"""Owns the errors of flash_tools: each leaf is one cause, and says in both languages what went wrong and what to do.

FlashError
├── PortError     NoPortFound, NoSuchPort, PortBusy, NoPermission, CableLost, NoAnswer, NoDownloadMode
├── ChipError     WrongChip, FlashTooSmall, FlashUnknown, ChipLocked, WriteFailed, VerifyFailed
├── ImageError    NotAnImage, ImageDamaged, ImageForAnotherChip, ImageTooOld, HashDemanded, HashChanged, FetchFailed,
│                 NotInBundle
├── BoardFault    NotMicroPython, OldMicroPython, OtherBytecode, CodeFailed, BoardFull, HalfWritten
├── AskError      Declined, AnswerMissing, BadAnswer
├── BuildError    the application could not be compiled
└── CardNotWritten

`code` names the sentences `<code>.cause` and `<code>.action` in words/errors.*.json; `params` fill them, and a detail
may name a sentence `why.<detail>`. Nothing secret is ever a parameter.
"""

from typing import Any

from flash_tools.words import say, table


class FlashError(Exception):
    """Root of everything that flash_tools raises on purpose."""

    code = "flash"

    def __init__(self, detail: str = "", **params: Any) -> None:
        super().__init__(detail)
        self.params: dict[str, Any] = {"detail": detail, **params}

    def cause(self, lang: str = "vi") -> str:
        """What went wrong, one sentence."""
        return say(lang, f"{self.code}.cause", **self._params(lang))

    def action(self, lang: str = "vi") -> str:
        """What to do next."""
        return say(lang, f"{self.code}.action", **self._params(lang))

    def _params(self, lang: str) -> dict[str, Any]:
        """The parameters, those that name a sentence `why.<name>` in words."""
        words = table(lang)
        return {key: words.get(f"why.{value}", value) for key, value in self.params.items()}

    def __str__(self) -> str:
        return f"{self.cause('en')} {self.action('en')}"


class PortError(FlashError):
    """The way to the board."""


class NoPortFound(PortError):
    """No USB serial port is there at all: no cable, a power-only cable, no driver."""

    code = "no_port_found"


class NoSuchPort(PortError):
    code = "no_such_port"


class PortBusy(PortError):
    code = "port_busy"


class NoPermission(PortError):
    code = "no_permission"


class CableLost(PortError):
    code = "cable_lost"


class NoAnswer(PortError):
    """The port opens and nothing intelligible comes back."""

    code = "no_answer"


class NoDownloadMode(PortError):
    """The chip's own loader does not answer."""

    code = "no_download_mode"


class ChipError(FlashError):
    """The chip and its flash."""


class WrongChip(ChipError):
    code = "wrong_chip"


class FlashTooSmall(ChipError):
    code = "flash_too_small"


class FlashUnknown(ChipError):
    code = "flash_unknown"


class ChipLocked(ChipError):
    """Secure boot or flash encryption is on."""

    code = "chip_locked"


class WriteFailed(ChipError):
    code = "write_failed"


class VerifyFailed(ChipError):
    code = "verify_failed"


class ImageError(FlashError):
    """A MicroPython image."""


class NotAnImage(ImageError):
    code = "not_an_image"


class ImageDamaged(ImageError):
    code = "image_damaged"


class ImageForAnotherChip(ImageError):
    code = "image_for_another_chip"


class ImageTooOld(ImageError):
    code = "image_too_old"


class HashDemanded(ImageError):
    """--sha256 names another."""

    code = "hash_demanded"


class HashChanged(ImageError):
    """A file of this name and version was another one before."""

    code = "hash_changed"


class FetchFailed(ImageError):
    code = "fetch_failed"


class NotInBundle(ImageError):
    code = "not_in_bundle"


class BoardFault(FlashError):
    """What runs on the board."""


class NotMicroPython(BoardFault):
    code = "not_micropython"


class OldMicroPython(BoardFault):
    code = "old_micropython"


class OtherBytecode(BoardFault):
    code = "other_bytecode"


class CodeFailed(BoardFault):
    """A statement failed on the board; `traceback` is the board's own text."""

    code = "code_failed"

    def __init__(self, traceback: str) -> None:
        self.traceback = traceback.strip()
        super().__init__(self.traceback.splitlines()[-1] if self.traceback else "")


class BoardFull(BoardFault):
    code = "board_full"


class HalfWritten(BoardFault):
    """A file on the board is not what was sent."""

    code = "half_written"


class AskError(FlashError):
    """What the person answered, or did not."""


class Declined(AskError):
    code = "declined"


class AnswerMissing(AskError):
    code = "answer_missing"


class BadAnswer(AskError):
    code = "bad_answer"


class BuildError(FlashError):
    """The application could not be compiled for the board."""

    code = "build"


class CardNotWritten(FlashError):
    """The card for the lid could not be put where it was wanted; the node itself is as it was."""

    code = "card_not_written"
