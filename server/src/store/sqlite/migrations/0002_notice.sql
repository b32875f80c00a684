-- Notices to patients that are to be sent. Why: a queue that survives a restart; where
-- each stands is a record, which phones get. Reads nothing. Undo: drop the table;
-- notices that were not sent by then are not sent.

CREATE TABLE notice (
    tenant   BLOB    NOT NULL,
    notice   BLOB    NOT NULL,
    visit    BLOB    NOT NULL,
    -- When it is tried next.
    due      INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (tenant, notice)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_due ON notice (tenant, due);
