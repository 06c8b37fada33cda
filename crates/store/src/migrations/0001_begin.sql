-- The record and what is folded from it. One text for both engines; blocks after `-- sqlite` or `-- postgres` are for one.
-- Times are milliseconds since 1970 UTC, flags 0 or 1, JSON is TEXT that is never queried inside.

CREATE TABLE head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL,
    hash BLOB NOT NULL,
    recorded_at BIGINT NOT NULL,
    next_ticket BIGINT NOT NULL,
    directory_seq BIGINT NOT NULL
);

CREATE TABLE log (
    seq BIGINT PRIMARY KEY,
    ticket BIGINT,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    occurred_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    fields TEXT NOT NULL,
    hash BLOB NOT NULL
);
CREATE INDEX log_by_ticket ON log (ticket, seq);
CREATE INDEX log_by_actor ON log (actor, seq);
CREATE INDEX log_by_kind ON log (kind, seq);

CREATE TABLE tickets (
    number BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    -- For finding part of a title: the engines do not agree on what lower case is.
    title_lower TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity BIGINT NOT NULL,
    tlp TEXT NOT NULL,
    pap TEXT NOT NULL,
    phase BIGINT NOT NULL,
    phase_entered_at BIGINT NOT NULL,
    outcome TEXT,
    owner TEXT NOT NULL,
    reporter TEXT NOT NULL,
    team TEXT NOT NULL,
    template TEXT,
    origin TEXT NOT NULL,
    is_open BIGINT NOT NULL,
    acknowledged BIGINT NOT NULL,
    offered_to TEXT,
    restricted BIGINT NOT NULL,
    merged BIGINT NOT NULL,
    links BIGINT NOT NULL,
    evidence BIGINT NOT NULL,
    tasks BIGINT NOT NULL,
    open_tasks BIGINT NOT NULL,
    discovered_at BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    closed_at BIGINT
);
CREATE INDEX tickets_by_severity ON tickets (is_open, severity, number);
CREATE INDEX tickets_by_update ON tickets (updated_at, number);
CREATE INDEX tickets_by_opening ON tickets (opened_at, number);
CREATE INDEX tickets_by_phase ON tickets (phase, phase_entered_at, number);
CREATE INDEX tickets_by_phase_and_severity ON tickets (phase, severity, number);
CREATE INDEX tickets_by_owner ON tickets (owner, is_open, severity, number);
CREATE INDEX tickets_by_reporter ON tickets (reporter, number);
CREATE INDEX tickets_by_template ON tickets (template, number);
CREATE INDEX tickets_by_offer ON tickets (offered_to) WHERE offered_to IS NOT NULL;
CREATE INDEX tickets_restricted ON tickets (number) WHERE restricted = 1;

CREATE TABLE ticket_states (
    number BIGINT PRIMARY KEY,
    state TEXT NOT NULL
);

-- Watchers, people named in a restriction, people with open tasks.
CREATE TABLE ticket_people (
    person TEXT NOT NULL,
    tie TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (person, tie, number)
);
CREATE INDEX ticket_people_by_number ON ticket_people (number);

CREATE TABLE ticket_tags (
    tag TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (tag, number)
);
CREATE INDEX ticket_tags_by_number ON ticket_tags (number);
-- postgres
ALTER TABLE ticket_tags ALTER COLUMN tag TYPE TEXT COLLATE "C";
-- sqlite
CREATE VIRTUAL TABLE search USING fts5(body, ticket UNINDEXED, content='', contentless_delete=1, contentless_unindexed=1, tokenize="unicode61 remove_diacritics 0");
-- postgres
CREATE TABLE search (rowid BIGINT PRIMARY KEY, ticket BIGINT NOT NULL, body TSVECTOR NOT NULL);
CREATE INDEX search_by_body ON search USING GIN (body);
-- both

CREATE TABLE revisions (
    what TEXT NOT NULL,
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (what, id, revision)
);
CREATE INDEX revisions_by_seq ON revisions (seq);

CREATE TABLE procedure_reads (
    procedure TEXT NOT NULL,
    version BIGINT NOT NULL,
    person TEXT NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (procedure, version, person)
);

CREATE TABLE checkpoints (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    note TEXT NOT NULL
);

-- Plain rows: not in the record.

CREATE TABLE idempotency (
    actor TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    reply TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (actor, name)
);
CREATE INDEX idempotency_by_age ON idempotency (at);

CREATE TABLE credentials (
    person TEXT PRIMARY KEY,
    password TEXT,
    totp TEXT,
    totp_at BIGINT,
    totp_pending TEXT,
    totp_used BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- One-time codes that stand in for a lost authenticator.
CREATE TABLE recovery_codes (
    person TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (person, digest)
);

CREATE TABLE sessions (
    digest TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    person TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    agent TEXT NOT NULL,
    address TEXT NOT NULL,
    passed BIGINT NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person);

CREATE TABLE tokens (
    digest TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    used_at BIGINT
);
CREATE INDEX tokens_by_person ON tokens (person);

-- One-time links: first set-up, invitation, new password.
CREATE TABLE invites (
    digest TEXT PRIMARY KEY,
    purpose TEXT NOT NULL,
    person TEXT,
    expires_at BIGINT NOT NULL
);

CREATE TABLE throttle (
    name TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    until BIGINT NOT NULL
);

-- What Midwatch has raised by itself, so that it does so once.
CREATE TABLE raised (
    name TEXT PRIMARY KEY,
    ticket BIGINT NOT NULL
);
