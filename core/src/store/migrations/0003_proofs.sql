-- 0003: proofs that the backend had accepted what this phone holds.
-- Reads: nothing. Undo: DROP TABLE proof. Then nobody brings back what the backend loses and
-- its author's phone does not hold any more.
--
-- What was downloaded before came without proofs, so it is downloaded once more: after a
-- restore of the backend it would be too late to ask for them.

CREATE TABLE proof (
    doc INTEGER NOT NULL REFERENCES document (doc) ON DELETE CASCADE,
    -- One of the latest changes that the backend sent: with it, everything that it builds
    -- on is proven.
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    -- Made and read by the backend alone.
    code BLOB NOT NULL CHECK (length(code) = 16),
    -- The backend was put back to a backup since, and has not said that it has this change.
    open INTEGER NOT NULL CHECK (open IN (0, 1)),
    PRIMARY KEY (doc, hash)
) STRICT, WITHOUT ROWID;

-- The cursor: pages start over.
DELETE FROM meta WHERE key = 'cursor';
