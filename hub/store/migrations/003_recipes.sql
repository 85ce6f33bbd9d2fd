-- Recipes as they lie on nodes, by the first 8 bytes of the SHA-256 of their text; never changed, a change is a new one.
CREATE TABLE recipe (
    hash BLOB PRIMARY KEY,
    text TEXT NOT NULL,
    name TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_s REAL NOT NULL
) WITHOUT ROWID;

-- Which recipe a node should run (NULL = nobody said) and which one it said that it runs.
CREATE TABLE node_recipe (
    node INTEGER PRIMARY KEY,
    wanted BLOB,
    wanted_by TEXT NOT NULL,
    wanted_s REAL,
    refused TEXT NOT NULL,            -- what the node said of the wanted one, '' = nothing bad
    refused_s REAL,
    reported BLOB,
    reported_s REAL                   -- when it first said so
);
