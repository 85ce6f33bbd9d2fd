-- People who may act on the page, their sessions, and the page's own settings.
CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    folded TEXT NOT NULL UNIQUE,      -- name, NFC and case folded: two people never look the same
    role TEXT NOT NULL CHECK (role IN ('viewer', 'farmer', 'technician', 'manager')),
    secret TEXT NOT NULL,             -- argon2id of the PIN or password
    added_s REAL NOT NULL,
    retired_s REAL
);
CREATE TABLE session (
    token BLOB PRIMARY KEY,           -- SHA-256 of what the browser holds
    person_id INTEGER NOT NULL REFERENCES person (id),
    added_s REAL NOT NULL,
    expires_s REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE page_setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
