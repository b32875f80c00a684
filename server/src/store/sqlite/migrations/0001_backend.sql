-- The backend's first schema. Why: one table for each thing of what service/ works
-- with, tenant first in every key, so that a distributed database could shard
-- the same tables. Reads nothing. Undo: drop every table.

CREATE TABLE tenant (
    tenant       BLOB    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    epoch        INTEGER NOT NULL,
    -- The last sequence number given; taken inside write transactions alone.
    head         INTEGER NOT NULL,
    signing_seed BLOB    NOT NULL,
    escrow_seed  BLOB    NOT NULL,
    device       BLOB    NOT NULL,
    person       BLOB    NOT NULL,
    policy       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
    tenant BLOB NOT NULL,
    person BLOB NOT NULL,
    login  TEXT,
    role   TEXT,
    name   TEXT NOT NULL,
    PRIMARY KEY (tenant, person),
    UNIQUE (tenant, login)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    tenant     BLOB    NOT NULL,
    device     BLOB    NOT NULL,
    -- First half of the actor ids of its changes: two devices never share it.
    tag        BLOB    NOT NULL,
    person     BLOB    NOT NULL,
    public_key BLOB    NOT NULL,
    label      TEXT    NOT NULL,
    enrolled   INTEGER NOT NULL,
    revoked    INTEGER,
    PRIMARY KEY (tenant, device),
    UNIQUE (tenant, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE beacon (
    tenant        BLOB    NOT NULL,
    device        BLOB    NOT NULL,
    at            INTEGER NOT NULL,
    oldest_unsent INTEGER,
    pending       INTEGER NOT NULL,
    quarantined   INTEGER NOT NULL,
    version       TEXT    NOT NULL,
    last_error    TEXT,
    PRIMARY KEY (tenant, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE patient (
    tenant  BLOB    NOT NULL,
    patient BLOB    NOT NULL,
    -- Number of its arrival: who sees the whole tenant gets it from here on.
    since   INTEGER NOT NULL,
    PRIMARY KEY (tenant, patient)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_grant (
    tenant  BLOB    NOT NULL,
    id      BLOB    NOT NULL,
    person  BLOB    NOT NULL,
    patient BLOB    NOT NULL,
    source  TEXT    NOT NULL,
    from_ms INTEGER NOT NULL,
    until   INTEGER,
    visit   BLOB,
    ended   INTEGER,
    -- 1 once its beginning was taken into the scope.
    started INTEGER NOT NULL,
    reason  TEXT    NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX access_grant_pair  ON access_grant (tenant, patient, person);
CREATE INDEX access_grant_visit ON access_grant (tenant, visit) WHERE visit IS NOT NULL;
CREATE INDEX access_grant_begin ON access_grant (tenant, from_ms) WHERE started = 0 AND ended IS NULL;
CREATE INDEX access_grant_until ON access_grant (tenant, until) WHERE until IS NOT NULL AND ended IS NULL;

CREATE TABLE scope (
    tenant  BLOB    NOT NULL,
    person  BLOB    NOT NULL,
    patient BLOB    NOT NULL,
    since   INTEGER NOT NULL,
    source  TEXT    NOT NULL,
    until   INTEGER,
    PRIMARY KEY (tenant, person, patient)
) STRICT, WITHOUT ROWID;
CREATE INDEX scope_patient ON scope (tenant, patient, person);

CREATE TABLE document (
    tenant       BLOB    NOT NULL,
    document     BLOB    NOT NULL,
    patient      BLOB    NOT NULL,
    kind         INTEGER NOT NULL,
    heads        BLOB    NOT NULL,
    sealed       INTEGER NOT NULL,
    -- A cache: the document as saved when it held every change up to snapshot_seq.
    snapshot     BLOB    NOT NULL,
    snapshot_seq INTEGER NOT NULL,
    PRIMARY KEY (tenant, document)
) STRICT;
CREATE INDEX document_patient ON document (tenant, patient, kind, document);

-- The truth: append-only.
CREATE TABLE change (
    tenant     BLOB    NOT NULL,
    seq        INTEGER NOT NULL,
    document   BLOB    NOT NULL,
    patient    BLOB    NOT NULL,
    hash       BLOB    NOT NULL,
    actor      BLOB    NOT NULL,
    actor_seq  INTEGER NOT NULL,
    device     BLOB    NOT NULL,
    person     BLOB    NOT NULL,
    -- 1: signs the visit, or came from somebody who had the signature.
    after_seal INTEGER NOT NULL,
    bytes      BLOB    NOT NULL,
    PRIMARY KEY (tenant, seq),
    UNIQUE (tenant, document, actor, actor_seq)
) STRICT;
CREATE UNIQUE INDEX change_hash ON change (tenant, hash);
CREATE INDEX change_document ON change (tenant, document, seq);

CREATE TABLE record (
    tenant  BLOB    NOT NULL,
    kind    INTEGER NOT NULL,
    id      BLOB    NOT NULL,
    patient BLOB,
    version INTEGER NOT NULL,
    -- Start of a booking, instant of a history line.
    sort_ms INTEGER,
    body    TEXT,
    PRIMARY KEY (tenant, kind, id)
) STRICT;
CREATE INDEX record_patient ON record (tenant, kind, patient, sort_ms, id);

CREATE TABLE event (
    tenant  BLOB    NOT NULL,
    seq     INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    patient BLOB,
    person  BLOB,
    device  BLOB,
    record_kind INTEGER,
    record  BLOB,
    reason  TEXT,
    PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;

-- Changes that will never be in a document, kept sealed for a reviewer.
CREATE TABLE rejected (
    tenant   BLOB    NOT NULL,
    hash     BLOB    NOT NULL,
    document BLOB    NOT NULL,
    device   BLOB    NOT NULL,
    person   BLOB    NOT NULL,
    at       INTEGER NOT NULL,
    code     TEXT    NOT NULL,
    field    TEXT    NOT NULL,
    -- JSON array of field paths.
    paths    TEXT    NOT NULL,
    sealed   INTEGER NOT NULL CHECK (sealed = 1),
    bytes    BLOB    NOT NULL,
    -- By device: what one device may not offer, another one may.
    PRIMARY KEY (tenant, hash, device)
) STRICT;
CREATE INDEX rejected_at ON rejected (tenant, at);

CREATE TABLE receipt (
    tenant    BLOB    NOT NULL,
    id        BLOB    NOT NULL,
    device    BLOB    NOT NULL,
    patient   BLOB    NOT NULL,
    reason    TEXT    NOT NULL,
    documents INTEGER NOT NULL,
    records   INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    received  INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- Each line holds the hash of the line before it.
CREATE TABLE audit (
    tenant   BLOB    NOT NULL,
    line     INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    person   BLOB,
    device   BLOB,
    action   TEXT    NOT NULL,
    patient  BLOB,
    detail   TEXT    NOT NULL,
    previous BLOB    NOT NULL,
    hash     BLOB    NOT NULL,
    PRIMARY KEY (tenant, line)
) STRICT, WITHOUT ROWID;
