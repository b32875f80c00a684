-- 0001 of the attachments' file: uploads and their parts.
-- Reads: nothing. Undo: set the file aside; phones that still have the bytes
-- send them again once the backend has a new epoch.
--
-- A file of its own, encrypted as the other one: gigabytes of photos neither
-- hold the records' writer up nor swell their backups.

CREATE TABLE upload (
    u INTEGER PRIMARY KEY,
    tenant BLOB NOT NULL CHECK (length(tenant) = 16),
    patient BLOB NOT NULL CHECK (length(patient) = 16),
    -- The name: SHA-256 of all the bytes.
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    arrived INTEGER NOT NULL DEFAULT 0 CHECK (arrived BETWEEN 0 AND size_bytes),
    complete INTEGER NOT NULL DEFAULT 0 CHECK (complete IN (0, 1)),
    media_type TEXT NOT NULL,
    begun_ms INTEGER NOT NULL,
    UNIQUE (tenant, patient, sha256)
) STRICT;

CREATE TABLE part (
    u INTEGER NOT NULL REFERENCES upload (u) ON DELETE CASCADE,
    -- Where the part begins.
    start INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (u, start)
) STRICT, WITHOUT ROWID;
