-- Programs for the nodes that this hub can send. Their bytes lie beside this file, in programs/, by SHA-256.
CREATE TABLE application (
    sha256 BLOB PRIMARY KEY,
    version TEXT NOT NULL,
    size INTEGER NOT NULL,
    stored_s REAL NOT NULL
) WITHOUT ROWID;

-- What each node last said that it is and runs.
CREATE TABLE node_program (
    node INTEGER PRIMARY KEY,
    board TEXT NOT NULL,
    mac TEXT NOT NULL,
    version TEXT NOT NULL,
    image TEXT NOT NULL,              -- first 8 bytes of the SHA-256 as hex, '' = it cannot be updated over the air
    image_state TEXT NOT NULL,
    told_s REAL NOT NULL
);

-- An update of many nodes: one goes first, the others follow when it has proved itself.
CREATE TABLE rollout (
    id INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL,
    version TEXT NOT NULL,
    size INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',  -- why it stopped by itself, '' = it did not
    reason_node INTEGER,
    canary INTEGER NOT NULL,          -- the node that goes first
    who TEXT NOT NULL,
    asked_s REAL NOT NULL,
    ended_s REAL
);
CREATE TABLE rollout_node (
    rollout INTEGER NOT NULL,
    node INTEGER NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',    -- why it was refused
    since_s REAL NOT NULL,
    PRIMARY KEY (rollout, node)
) WITHOUT ROWID;
