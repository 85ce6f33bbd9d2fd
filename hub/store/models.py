"""The tables as peewee models: the same words as the SQL migrations; used where rows are few and queries vary.

Models are bound to no database: a query is run with `.execute(store.database)`. What arrives by the thousand (record,
summary, node_event) is written by plain SQL in hub/store/intake.py.
"""

import peewee as p


class Row(p.Model):
    """The base of all models."""


class Setting(Row):
    name = p.TextField(primary_key=True)
    value = p.TextField()

    class Meta:
        table_name = "setting"


class ZoneRow(Row):
    id = p.AutoField()
    name = p.TextField(unique=True)
    kind = p.TextField()

    class Meta:
        table_name = "zone"


class Band(Row):
    zone_id = p.IntegerField()
    kind = p.TextField()
    low = p.IntegerField()
    high = p.IntegerField()

    class Meta:
        table_name = "band"
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

    class Meta:
        table_name = "node"


class JournalRow(Row):
    id = p.AutoField()
    node = p.IntegerField()
    journal_id = p.IntegerField()
    first_seen_s = p.FloatField()
    up_to = p.IntegerField()

    class Meta:
        table_name = "journal"
        indexes = ((("node", "journal_id"), True),)


class RecordRow(Row):
    journal = p.IntegerField()
    sequence = p.IntegerField()
    kind = p.IntegerField()
    bytes = p.BlobField()

    class Meta:
        table_name = "record"
        primary_key = p.CompositeKey("journal", "sequence")


class SummaryRow(Row):
    journal = p.IntegerField()
    boot_no = p.IntegerField()
    start_s = p.IntegerField()
    sequence = p.IntegerField()
    span_s = p.IntegerField()
    packed = p.BlobField()

    class Meta:
        table_name = "summary"
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
        table_name = "node_event"
        primary_key = p.CompositeKey("journal", "code", "boot_no", "uptime_s", "sequence")


class ChannelTable(Row):
    journal = p.IntegerField()
    number = p.IntegerField()
    sequence = p.IntegerField()

    class Meta:
        table_name = "channel_table"
        primary_key = p.CompositeKey("journal", "number")


class BootRow(Row):
    journal = p.IntegerField()
    boot_no = p.IntegerField()
    first_s = p.IntegerField()
    last_s = p.IntegerField()

    class Meta:
        table_name = "boot"
        primary_key = p.CompositeKey("journal", "boot_no")


class Lost(Row):
    journal = p.IntegerField()
    first = p.IntegerField()
    last = p.IntegerField()
    booked_s = p.FloatField()

    class Meta:
        table_name = "lost"
        primary_key = p.CompositeKey("journal", "first")


class Audit(Row):
    id = p.AutoField()
    at_s = p.FloatField()
    who = p.TextField()
    act = p.TextField()
    detail = p.TextField()

    class Meta:
        table_name = "audit"


class RecipeRow(Row):
    hash = p.BlobField(primary_key=True)
    text = p.TextField()
    name = p.TextField()
    made_by = p.TextField()
    made_s = p.FloatField()

    class Meta:
        table_name = "recipe"


class NodeRecipe(Row):
    node = p.IntegerField(primary_key=True)
    wanted = p.BlobField(null=True)
    wanted_by = p.TextField(default="")
    wanted_s = p.FloatField(null=True)
    refused = p.TextField(default="")
    refused_s = p.FloatField(null=True)
    reported = p.BlobField(null=True)
    reported_s = p.FloatField(null=True)

    class Meta:
        table_name = "node_recipe"


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

    class Meta:
        table_name = "settings_change"


class WifiMove(Row):
    id = p.AutoField()
    name = p.TextField()
    hash = p.BlobField()
    asked_s = p.FloatField()
    who = p.TextField()
    moved_s = p.FloatField(null=True)

    class Meta:
        table_name = "wifi_move"


class CalibrationRow(Row):
    id = p.AutoField()
    node = p.IntegerField()
    channel = p.IntegerField()
    dry_mv = p.IntegerField()
    wet_mv = p.IntegerField()
    at_s = p.FloatField()
    who = p.TextField()
    change = p.IntegerField()

    class Meta:
        table_name = "calibration"


class ApplicationRow(Row):
    sha256 = p.BlobField(primary_key=True)
    version = p.TextField()
    size = p.IntegerField()
    stored_s = p.FloatField()

    class Meta:
        table_name = "application"


class NodeProgram(Row):
    node = p.IntegerField(primary_key=True)
    board = p.TextField()
    mac = p.TextField()
    version = p.TextField()
    image = p.TextField()
    image_state = p.TextField()
    told_s = p.FloatField()

    class Meta:
        table_name = "node_program"


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

    class Meta:
        table_name = "rollout"


class RolloutNode(Row):
    rollout = p.IntegerField()
    node = p.IntegerField()
    state = p.TextField()
    code = p.TextField()
    since_s = p.FloatField()

    class Meta:
        table_name = "rollout_node"
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
        table_name = "inspection"
        primary_key = p.CompositeKey("node", "asked_s")


MODELS: tuple[type[Row], ...] = (
    Setting,
    ZoneRow,
    Band,
    NodeRow,
    JournalRow,
    RecordRow,
    SummaryRow,
    NodeEventRow,
    ChannelTable,
    BootRow,
    Lost,
    Audit,
    RecipeRow,
    NodeRecipe,
    SettingsChange,
    WifiMove,
    CalibrationRow,
    ApplicationRow,
    NodeProgram,
    RolloutRow,
    RolloutNode,
    InspectionRow,
)
