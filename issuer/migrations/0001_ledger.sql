-- The station's ledger: one row per application, one per chip that was ever touched, and every action for ever.
-- The allowed transitions are rows, so that no statement can bring about a state that the model forbids.

CREATE TABLE transitions (
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    PRIMARY KEY (from_state, to_state)
) WITHOUT ROWID;

CREATE TABLE applications (
    id              INTEGER PRIMARY KEY,
    content_sha256  TEXT NOT NULL CHECK (length(content_sha256) = 64),
    person_number   TEXT NOT NULL CHECK (length(person_number) = 12 AND person_number NOT GLOB '*[^0-9]*'),
    reason          TEXT NOT NULL CHECK (reason IN ('first-issue', 'exchange', 'reissue')),
    template        TEXT NOT NULL CHECK (template IN ('2021', '2024')),
    received_at     TEXT NOT NULL,
    state           TEXT NOT NULL DEFAULT 'received' CHECK (state IN (
                        'received', 'checked', 'captured', 'approved', 'prepared', 'queued', 'personalising',
                        'read-back', 'locked', 'issued', 'delivered', 'rejected', 'spoiled', 'in-doubt')),
    state_reason    TEXT,
    changed_at      TEXT NOT NULL,
    chip_serial     TEXT UNIQUE REFERENCES chips (serial),
    issue_date      TEXT,
    sod_sha256      TEXT UNIQUE CHECK (sod_sha256 IS NULL OR length(sod_sha256) = 64),
    document_number TEXT,
    expires         TEXT,
    replaces        TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(replaces)),
    CHECK (state NOT IN ('rejected', 'spoiled', 'in-doubt') OR state_reason IS NOT NULL AND length(state_reason) > 0),
    CHECK (state IN ('received', 'checked', 'captured', 'approved', 'prepared', 'queued', 'rejected', 'spoiled')
           OR chip_serial IS NOT NULL),
    CHECK (state NOT IN ('read-back', 'locked', 'issued', 'delivered') OR sod_sha256 IS NOT NULL)
);

-- One open application per person: two at once could end in two cards.
CREATE UNIQUE INDEX one_open_application_per_person ON applications (person_number)
    WHERE state NOT IN ('issued', 'delivered', 'rejected', 'spoiled');

CREATE TRIGGER applications_follow_the_model BEFORE UPDATE OF state ON applications
WHEN NOT EXISTS (SELECT 1 FROM transitions WHERE from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'the model has no such transition'); END;

CREATE TRIGGER applications_start_received BEFORE INSERT ON applications WHEN NEW.state <> 'received'
BEGIN SELECT RAISE(ABORT, 'an application starts as received'); END;

CREATE TRIGGER applications_stay BEFORE DELETE ON applications
BEGIN SELECT RAISE(ABORT, 'applications are never deleted'); END;

CREATE TRIGGER applications_keep_identity BEFORE UPDATE ON applications
WHEN OLD.person_number <> NEW.person_number OR OLD.content_sha256 <> NEW.content_sha256
     OR OLD.chip_serial IS NOT NULL AND OLD.chip_serial IS NOT NEW.chip_serial
     OR OLD.state IN ('locked', 'issued', 'delivered') AND OLD.sod_sha256 IS NOT NEW.sod_sha256
BEGIN SELECT RAISE(ABORT, 'person, content, chip and the card of a locked chip do not change'); END;

-- A serial enters once: a chip that was touched is never blank stock again.
CREATE TABLE chips (
    serial         TEXT PRIMARY KEY CHECK (length(serial) = 20 AND serial NOT GLOB '*[^0-9a-f]*'),
    application_id INTEGER NOT NULL UNIQUE REFERENCES applications (id),
    key_version    INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 255),
    assigned_at    TEXT NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER chips_stay BEFORE DELETE ON chips
BEGIN SELECT RAISE(ABORT, 'chips are never deleted'); END;
CREATE TRIGGER chips_keep_identity BEFORE UPDATE ON chips
BEGIN SELECT RAISE(ABORT, 'a chip is never reassigned'); END;

CREATE TABLE actions (
    id              INTEGER PRIMARY KEY,
    application_id  INTEGER NOT NULL REFERENCES applications (id),
    at              TEXT NOT NULL,
    actor           TEXT NOT NULL CHECK (length(actor) > 0),
    action          TEXT NOT NULL,
    from_state      TEXT NOT NULL,
    to_state        TEXT NOT NULL,
    reason          TEXT,
    detail          TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(detail)),
    idempotency_key TEXT UNIQUE
);

CREATE INDEX actions_of_application ON actions (application_id, id);

CREATE TRIGGER actions_are_append_only_1 BEFORE UPDATE ON actions
BEGIN SELECT RAISE(ABORT, 'actions are append-only'); END;
CREATE TRIGGER actions_are_append_only_2 BEFORE DELETE ON actions
BEGIN SELECT RAISE(ABORT, 'actions are append-only'); END;
