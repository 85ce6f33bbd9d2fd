-- What a technician's look at a node over the LAN found; one row per look, the last state of it.
CREATE TABLE inspection (
    node INTEGER NOT NULL,
    asked_s REAL NOT NULL,
    who TEXT NOT NULL,
    state TEXT NOT NULL,              -- done, failed
    code TEXT NOT NULL DEFAULT '',    -- why it failed
    done_s REAL,
    asked INTEGER NOT NULL,           -- questions sent
    answered INTEGER NOT NULL,
    lines TEXT NOT NULL,              -- JSON: what, which, ok, value, reads, good, low, high
    clicks TEXT NOT NULL,             -- JSON: actuator, ticket, state, code, heard
    PRIMARY KEY (node, asked_s)
) WITHOUT ROWID;
