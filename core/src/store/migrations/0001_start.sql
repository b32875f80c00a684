-- 0001: the first shape of a phone's store.
-- Reads: nothing. Undo: set the file aside and pull again.
--
-- Rows of one document lie side by side. Instead of a two-column key, the
-- integer key carries the document in its upper bits and a slot in its lower
-- ones (20 bits for changes, 6 for parts of a view), because SQLite stores rows of
-- an integer key in the leaves alone and a range of them is one descent. The
-- layout is in keys.rs.

CREATE TABLE patient_key (
    -- A short name, so that rows and indexes need not repeat 16 bytes.
    p INTEGER PRIMARY KEY,
    patient BLOB NOT NULL UNIQUE CHECK (length(patient) = 16)
) STRICT;

CREATE TABLE document (
    doc INTEGER PRIMARY KEY,
    -- DocumentId::key(): the kind, then the id.
    key BLOB NOT NULL UNIQUE CHECK (length(key) = 17),
    -- Scope is granted and purged by patient.
    p INTEGER NOT NULL REFERENCES patient_key (p)
) STRICT;

CREATE INDEX document_by_patient ON document (p);

CREATE TABLE change (
    -- The truth, append-only: what the backend has acknowledged. What it has not
    -- yet is the truth too and lies in outbox; the two share one numbering.
    id INTEGER PRIMARY KEY,
    -- 0 one change as it came, 1 many changes folded without loss, 2 a document
    -- as it came in one piece. 1 and 2 are compressed.
    form INTEGER NOT NULL CHECK (form IN (0, 1, 2)),
    -- Made on this phone: offered again when the backend was restored.
    own INTEGER NOT NULL CHECK (own IN (0, 1)),
    -- The backend's number, if it is known.
    seq INTEGER,
    -- One change is found again by its hash; a fold holds its own.
    hash BLOB CHECK (length(hash) = 32),
    bytes BLOB NOT NULL,
    CHECK ((form = 0) = (hash IS NOT NULL))
) STRICT;

CREATE TABLE outbox (
    -- The same key as in change, to which a row moves once it is acknowledged.
    -- The bytes lie here and not in change, so that an edit writes one row.
    id INTEGER PRIMARY KEY,
    -- Repeated, so that a damaged document table does not cost unsent work.
    key BLOB NOT NULL CHECK (length(key) = 17),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    at_ms INTEGER NOT NULL,
    -- The lowest goes first; a document goes with its lowest row.
    priority INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE snapshot (
    -- A cache: a document at some heads, so that opening it need not replay.
    doc INTEGER PRIMARY KEY REFERENCES document (doc) ON DELETE CASCADE,
    heads BLOB NOT NULL,
    -- The last key of change and outbox that it holds; later ones are applied on top.
    upto INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE view (
    -- A cache: what screens read, one row per document and one more for each section
    -- that has grown long (views.rs says why).
    id INTEGER PRIMARY KEY,
    -- JSON text, padded; a long section compressed, as a BLOB.
    body ANY NOT NULL
) STRICT;

CREATE TABLE visit_list (
    -- A cache: a day's list is one range of this table. Columns that a list shows
    -- are repeated here so that it reads nothing else.
    start_ms INTEGER NOT NULL,
    doc INTEGER NOT NULL REFERENCES document (doc) ON DELETE CASCADE,
    end_ms INTEGER NOT NULL,
    visit BLOB NOT NULL,
    patient BLOB NOT NULL,
    patient_name TEXT NOT NULL,
    address TEXT NOT NULL,
    latitude_deg REAL,
    longitude_deg REAL,
    time_zone TEXT NOT NULL,
    service TEXT NOT NULL,
    priority INTEGER NOT NULL,
    status TEXT NOT NULL,
    conflicts INTEGER NOT NULL,
    -- Sixteen bytes each, one after the other.
    assignees BLOB NOT NULL,
    PRIMARY KEY (start_ms, doc)
) STRICT, WITHOUT ROWID;

-- Finds the row of a visit whose start is not known; holds nothing that an edit moves.
CREATE UNIQUE INDEX visit_list_by_document ON visit_list (doc);

CREATE TABLE conflict (
    c INTEGER PRIMARY KEY,
    doc INTEGER NOT NULL REFERENCES document (doc) ON DELETE CASCADE,
    path TEXT NOT NULL,
    -- JSON: the values with their authors and stamps.
    body TEXT NOT NULL,
    opened_ms INTEGER NOT NULL,
    -- Settled rows stay: who knew what, when.
    settled_ms INTEGER,
    settled_by BLOB CHECK (length(settled_by) = 16)
) STRICT;

CREATE INDEX conflict_by_document ON conflict (doc, settled_ms);

CREATE TABLE inbox (
    -- What came and is not in its document yet.
    i INTEGER PRIMARY KEY,
    doc INTEGER NOT NULL REFERENCES document (doc) ON DELETE CASCADE,
    -- 0 a change that waits for others, 1 a document to be taken in later, 2 a
    -- change to be taken in later.
    kind INTEGER NOT NULL CHECK (kind IN (0, 1, 2)),
    priority INTEGER NOT NULL,
    seq INTEGER,
    hash BLOB CHECK (length(hash) = 32),
    bytes BLOB NOT NULL
) STRICT;

CREATE INDEX inbox_by_document ON inbox (doc, kind);
CREATE INDEX inbox_by_priority ON inbox (priority, i) WHERE kind > 0;

CREATE TABLE quarantine (
    q INTEGER PRIMARY KEY,
    key BLOB NOT NULL CHECK (length(key) = 17),
    -- NULL once the patient is purged.
    p INTEGER,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    author BLOB CHECK (length(author) = 16),
    code TEXT NOT NULL,
    field TEXT,
    -- JSON: what was written, readable without the document.
    content TEXT NOT NULL,
    bytes BLOB,
    at_ms INTEGER NOT NULL,
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4)
) STRICT;

CREATE INDEX quarantine_by_state ON quarantine (state);

CREATE TABLE record (
    -- The backend's rows; the highest version wins.
    r INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    p INTEGER REFERENCES patient_key (p),
    version INTEGER NOT NULL,
    -- Where it lies on the timeline; NULL: not there.
    at_ms INTEGER,
    -- FHIR resource type of a history line.
    resource TEXT,
    -- JSON as it came; NULL: ended. The row stays, so that an older version that
    -- comes late cannot bring it back.
    body TEXT,
    UNIQUE (kind, id)
) STRICT;

-- The timeline, newest first, a page at a time; also everything of one patient.
CREATE INDEX record_by_patient ON record (p, kind, at_ms);

-- Patients and notes. Its rowid is the patient's or the document's number, twice,
-- plus one for a document.
CREATE VIRTUAL TABLE search USING fts5 (
    text,
    tokenize = "unicode61 remove_diacritics 2"
);

-- Deleted words leave the index at once and not at some later merge.
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);

CREATE TABLE search_pending (
    -- Notes that changed since they were indexed: an edit must not pay for it.
    doc INTEGER PRIMARY KEY REFERENCES document (doc) ON DELETE CASCADE
) STRICT;

CREATE TABLE scope (
    p INTEGER PRIMARY KEY REFERENCES patient_key (p) ON DELETE CASCADE,
    -- 0 active, 1 leaving (upload, then purge), 2 locked (the lease ran out).
    state INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
    entered_ms INTEGER NOT NULL,
    lease_until_ms INTEGER,
    -- JSON: why who may see this patient.
    grants TEXT NOT NULL
) STRICT;

-- Who is leaving is asked for each list of visits.
CREATE INDEX scope_by_state ON scope (state);

CREATE TABLE purge_receipt (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    patient BLOB NOT NULL CHECK (length(patient) = 16),
    reason TEXT NOT NULL,
    documents INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    records INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0 CHECK (sent IN (0, 1))
) STRICT;

CREATE TABLE audit (
    -- Names ids and codes, never values: it outlives a purge.
    n INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    person BLOB CHECK (length(person) = 16),
    action TEXT NOT NULL,
    subject BLOB,
    detail TEXT NOT NULL,
    -- SHA-256 over the previous chain value and this row.
    chain BLOB NOT NULL CHECK (length(chain) = 32)
) STRICT;

CREATE TABLE meta (
    -- Cursor, epoch, device, anchor: one value each.
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
