"""The hub's errors: one root, leaves by cause; raised by every part, shown by the page and the command line.

HubError
├── PortInUse        another program holds the UDP or the page's port
├── DataTooNew       the data folder was written by a newer version of this program
├── DataDamaged      the database file is broken
├── DataLocked       another program holds the database
├── DiskFull         nothing can be written any more
├── DataUnreadable   the folder or file cannot be opened at all
├── UnknownNode, UnknownZone, UnknownTicket
├── NameTaken, NumberTaken, NotANumber, BadName, BadKind, BadKey, BadBand
├── NoRelease, RolloutOpen, NothingToUpdate, NoRollout   updates of the nodes' program
└── Refused          an act that makes no sense as asked

`code` names a sentence in both of the page's languages, `params` are what it needs. `str()` is the English
sentence: what happened, where, and what to do.
"""

from typing import Any


class HubError(Exception):
    """Anything the hub refuses or cannot do."""

    code = "error.hub"
    text = "The hub could not do that."

    def __init__(self, **params: Any) -> None:
        super().__init__(params)
        self.params: dict[str, Any] = params

    def __str__(self) -> str:
        return self.text.format_map(_Shown(self.params))


class _Shown(dict[str, Any]):
    """Parameters for a sentence; one that was not given shows as its name."""

    def __missing__(self, key: str) -> str:
        return key


class PortInUse(HubError):
    code = "error.port_in_use"
    text = "Port {port} is in use by another program. Stop that program, or start the hub with another port."


class DataTooNew(HubError):
    code = "error.data_too_new"
    text = (
        "The data in {path} were written by a newer version (schema {found}, this program knows {known}). "
        "Install the newer version; nothing was changed."
    )


class DataDamaged(HubError):
    code = "error.data_damaged"
    text = (
        "The database {path} is damaged ({detail}). Stop the hub, rename its data folder, put the last backup of the "
        "whole folder in its place and start again: the nodes send again what it lacks."
    )


class DataLocked(HubError):
    code = "error.data_locked"
    text = "The database {path} is held by another program. Close the other hub or tool, then try again."


class DiskFull(HubError):
    code = "error.disk_full"
    text = "The disk that holds {path} is full. Free some space; the nodes keep what was not stored and send it again."


class DataUnreadable(HubError):
    code = "error.data_unreadable"
    text = "{path} cannot be opened ({detail}). Check that the folder exists and that you may write in it."


class UnknownNode(HubError):
    code = "error.unknown_node"
    text = "There is no node {node}. See the list of nodes."


class UnknownZone(HubError):
    code = "error.unknown_zone"
    text = "There is no zone {zone}. See the list of zones."


class UnknownTicket(HubError):
    code = "error.unknown_ticket"
    text = "This order is not known any more. Look at what the machine reports, and ask again if needed."


class NameTaken(HubError):
    code = "error.name_taken"
    text = "The name “{name}” is in use already. Choose another."


class NumberTaken(HubError):
    code = "error.number_taken"
    text = "Node number {node} is in use already, maybe by a retired node. Choose another."


class NotANumber(HubError):
    code = "error.node_number"
    text = "{node} is not a node number: 1 to 65534."


class BadName(HubError):
    code = "error.bad_name"
    text = "A name has 1 to {most} characters and no line breaks."


class BadKind(HubError):
    code = "error.bad_kind"
    text = "“{kind}” is not a kind that this program knows. Choose one of the list."


class BadKey(HubError):
    code = "error.bad_key"
    text = "A node's key has 16 bytes."


class BadBand(HubError):
    code = "error.bad_band"
    text = "The lower end of the good band ({low}) must be below its upper end ({high})."


class NoRelease(HubError):
    code = "error.no_release"
    text = "This hub has no program for the nodes at hand yet. Wait a minute; if that does not help, look into its log."


class RolloutOpen(HubError):
    code = "error.rollout_open"
    text = "The update to version {version} is not over yet. Wait for its end or cancel it."


class NothingToUpdate(HubError):
    code = "error.nothing_to_update"
    text = "None of these nodes needs this update, or can take it over the air."


class NoRollout(HubError):
    code = "error.no_rollout"
    text = "No update is under way."


class Refused(HubError):
    code = "error.refused"
    text = "That cannot be done: {detail}."
