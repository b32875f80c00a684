-- 0002: the files of attachments on this phone.
-- Reads: nothing. Undo: DROP TABLE attachment, once every row says that the
-- backend has its file.
--
-- The bytes lie in files beside the database, sealed under a key of their own;
-- this table is the truth of which files there are. What a visit says of its
-- attachments is in its document.

CREATE TABLE attachment (
    -- The file's name: random, so that it tells nothing.
    name BLOB PRIMARY KEY CHECK (length(name) = 16),
    -- Whose: a purge marks the files of a patient. None after a recovery.
    p INTEGER REFERENCES patient_key (p) ON DELETE SET NULL,
    -- DocumentId::key() of the document that names it.
    document BLOB NOT NULL CHECK (length(document) = 17),
    -- 0 being written: nobody was told that it is saved. 1 kept. 2 to be removed.
    state INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
    -- SHA-256 and length of the plaintext; none while it is being written.
    sha256 BLOB CHECK (length(sha256) = 32),
    size_bytes INTEGER,
    media_type TEXT,
    -- A small picture for lists, as the platform made it.
    thumbnail BLOB,
    -- 0 only here, 1 the backend has it, 2 the backend refused it.
    upload INTEGER NOT NULL DEFAULT 0 CHECK (upload IN (0, 1, 2)),
    -- Why it was refused: a stable code.
    refusal TEXT,
    -- When it was last looked at: what the backend has goes first, oldest first.
    used_ms INTEGER NOT NULL,
    CHECK (state <> 1 OR (sha256 IS NOT NULL AND size_bytes IS NOT NULL AND media_type IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX attachment_by_content ON attachment (sha256);

-- What is still to be sent, and what is to be removed, is asked for often and is little.
CREATE INDEX attachment_open ON attachment (state, upload) WHERE state <> 1 OR upload = 0;
