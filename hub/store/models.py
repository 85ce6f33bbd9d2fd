"""The tables as peewee models: the same words as the SQL migrations; used where rows are few and queries vary.

Models are bound to no database: a query is run with `.execute(store.database)`. What arrives by the thousand (record,
summary, node_event) is written by plain SQL in hub/store/intake.py.
"""

import re

import peewee as p


def table_of(model: type[p.Model]) -> str:
    """A model's table: rollout_node of RolloutNode. A Row at the end only tells it from a value of the same name."""
    words = re.findall("[A-Z][a-z]+", model.__name__.removesuffix("Row"))
    return "_".join(words).lower()


class Row(p.Model):
    """The base of all models."""

    class Meta:
        table_function = table_of


class Setting(Row):
    name = p.TextField(primary_key=True)
    value = p.TextField()


class ZoneRow(Row):
    id = p.AutoField()
    name = p.TextField(unique=True)
    kind = p.TextField()


class Band(Row):
    zone_id = p.IntegerField()
    kind = p.TextField()
    low = p.IntegerField()
    high = p.IntegerField()

    class Meta:
        primary_key = p.CompositeKey("zone_id", "kind")


class NodeRow(Row):
    number = p.IntegerField(primary_key=True)
    name = p.TextField()
    zone_id = p.IntegerField(null=True)
    mac = p.TextField(null=True)
    key = p.BlobField()
    added_s = p.FloatField()
    retired_s = p.FloatField(null=True)
    stopped = p.IntegerField(default=0)


class JournalRow(Row):
    id = p.AutoField()
    node = p.IntegerField()
    journal_id = p.IntegerField()
    first_seen_s = p.FloatField()
    up_to = p.IntegerField()

    class Meta:
        indexes = ((("node", "journal_id"), True),)


class RecordRow(Row):
    journal = p.IntegerField()
    sequence = p.IntegerField()
    kind = p.IntegerField()
    bytes = p.BlobField()

    class Meta:
        primary_key = p.CompositeKey("journal", "sequence")


class SummaryRow(Row):
    journal = p.IntegerField()
    boot_no = p.IntegerField()
    start_s = p.IntegerField()
    sequence = p.IntegerField()
    span_s = p.IntegerField()
    packed = p.BlobField()

    class Meta:
        primary_key = p.CompositeKey("journal", "boot_no", "start_s", "sequence")


class NodeEventRow(Row):
    journal = p.IntegerField()
    code = p.IntegerField()
    boot_no = p.IntegerField()
    uptime_s = p.IntegerField()
    sequence = p.IntegerField()
    subject = p.IntegerField()
    value = p.IntegerField()

    class Meta:
        primary_key = p.CompositeKey("journal", "code", "boot_no", "uptime_s", "sequence")


class ChannelTable(Row):
    journal = p.IntegerField()
    number = p.IntegerField()
    sequence = p.IntegerField()

    class Meta:
        primary_key = p.CompositeKey("journal", "number")


class BootRow(Row):
    journal = p.IntegerField()
    boot_no = p.IntegerField()
    first_s = p.IntegerField()
    last_s = p.IntegerField()

    class Meta:
        primary_key = p.CompositeKey("journal", "boot_no")


class Lost(Row):
    journal = p.IntegerField()
    first = p.IntegerField()
    last = p.IntegerField()
    booked_s = p.FloatField()

    class Meta:
        primary_key = p.CompositeKey("journal", "first")


class Audit(Row):
    id = p.AutoField()
    at_s = p.FloatField()
    who = p.TextField()
    act = p.TextField()
    detail = p.TextField()


class RecipeRow(Row):
    hash = p.BlobField(primary_key=True)
    text = p.TextField()
    name = p.TextField()
    made_by = p.TextField()
    made_s = p.FloatField()


class NodeRecipe(Row):
    node = p.IntegerField(primary_key=True)
    wanted = p.BlobField(null=True)
    wanted_by = p.TextField(default="")
    wanted_s = p.FloatField(null=True)
    refused = p.TextField(default="")
    refused_s = p.FloatField(null=True)
    reported = p.BlobField(null=True)
    reported_s = p.FloatField(null=True)


class SettingsChange(Row):
    id = p.AutoField()
    node = p.IntegerField()
    subject = p.TextField()
    text = p.BlobField()
    hash = p.BlobField()
    state = p.TextField()
    code = p.TextField(default="")
    leads_to = p.TextField(default="")
    asked_s = p.FloatField()
    who = p.TextField()
    ended_s = p.FloatField(null=True)


class WifiMove(Row):
    id = p.AutoField()
    name = p.TextField()
    hash = p.BlobField()
    asked_s = p.FloatField()
    who = p.TextField()
    moved_s = p.FloatField(null=True)


class CalibrationRow(Row):
    id = p.AutoField()
    node = p.IntegerField()
    channel = p.IntegerField()
    dry_mv = p.IntegerField()
    wet_mv = p.IntegerField()
    at_s = p.FloatField()
    who = p.TextField()
    change = p.IntegerField()


class ApplicationRow(Row):
    sha256 = p.BlobField(primary_key=True)
    version = p.TextField()
    size = p.IntegerField()
    stored_s = p.FloatField()


class NodeProgram(Row):
    node = p.IntegerField(primary_key=True)
    board = p.TextField()
    mac = p.TextField()
    version = p.TextField()
    image = p.TextField()
    image_state = p.TextField()
    told_s = p.FloatField()


class RolloutRow(Row):
    id = p.AutoField()
    sha256 = p.BlobField()
    version = p.TextField()
    size = p.IntegerField()
    state = p.TextField()
    reason = p.TextField(default="")
    reason_node = p.IntegerField(null=True)
    canary = p.IntegerField()
    who = p.TextField()
    asked_s = p.FloatField()
    ended_s = p.FloatField(null=True)


class RolloutNode(Row):
    rollout = p.IntegerField()
    node = p.IntegerField()
    state = p.TextField()
    code = p.TextField()
    since_s = p.FloatField()

    class Meta:
        primary_key = p.CompositeKey("rollout", "node")


class InspectionRow(Row):
    node = p.IntegerField()
    asked_s = p.FloatField()
    who = p.TextField()
    state = p.TextField()
    code = p.TextField(default="")
    done_s = p.FloatField(null=True)
    asked = p.IntegerField()
    answered = p.IntegerField()
    lines = p.TextField()
    clicks = p.TextField()

    class Meta:
        primary_key = p.CompositeKey("node", "asked_s")
