-- What the hub asked nodes to change in their settings. `text` is the patch as it is sent; of a change of Wi-Fi it holds
-- a password, so it lies here like the nodes' keys do, and is emptied as soon as the change has ended.
CREATE TABLE settings_change (
    id INTEGER PRIMARY KEY,
    node INTEGER NOT NULL,
    subject TEXT NOT NULL,
    text BLOB NOT NULL,
    hash BLOB NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    leads_to TEXT NOT NULL DEFAULT '', -- hash of the whole settings that the node has with it
    asked_s REAL NOT NULL,
    who TEXT NOT NULL,
    ended_s REAL
);
-- One row per change of the farm's Wi-Fi, without its password.
CREATE TABLE wifi_move (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    asked_s REAL NOT NULL,
    who TEXT NOT NULL,
    moved_s REAL                      -- when somebody said that the router has it too
);
-- The ends of each soil probe, as they were taken in its own soil.
CREATE TABLE calibration (
    id INTEGER PRIMARY KEY,
    node INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    dry_mv INTEGER NOT NULL,
    wet_mv INTEGER NOT NULL,
    at_s REAL NOT NULL,
    who TEXT NOT NULL,
    change INTEGER NOT NULL
);
