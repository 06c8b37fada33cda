-- What sources report. Plain rows: what is decided on an alert is an entry of the record, the alert itself is its source's.

-- Bodies as they came, kept before their source hears that they were taken.
CREATE TABLE inbound (
    id BIGINT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    -- Who brought it, such as an address or the id of a message.
    sender TEXT NOT NULL,
    -- What its transport calls it: the same again is not kept twice. Empty: nothing.
    transport_id TEXT NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL,
    alerts BIGINT NOT NULL,
    error TEXT NOT NULL
);
CREATE INDEX inbound_by_state ON inbound (state, id);
CREATE INDEX inbound_by_source ON inbound (source, id);
CREATE INDEX inbound_by_transport_id ON inbound (source, transport_id);
CREATE INDEX inbound_by_age ON inbound (received_at);

CREATE TABLE alerts (
    id TEXT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    alert_key TEXT NOT NULL,
    -- Of the name of its group: similar alerts of one source share it.
    group_hash BIGINT NOT NULL,
    group_name TEXT NOT NULL,
    title TEXT NOT NULL,
    rank BIGINT NOT NULL,
    status TEXT NOT NULL,
    state TEXT NOT NULL,
    ticket BIGINT,
    rule TEXT NOT NULL,
    because TEXT NOT NULL,
    snoozed_until BIGINT,
    -- When it must have been judged; nothing once it was.
    due_at BIGINT,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    revisions BIGINT NOT NULL,
    -- Of the alert as it was read: the same again is no revision.
    digest BIGINT NOT NULL,
    body TEXT NOT NULL,
    inbound BIGINT NOT NULL
);
CREATE UNIQUE INDEX alerts_by_key ON alerts (source, alert_key);
CREATE INDEX alerts_by_state ON alerts (state, last_at, id);
CREATE INDEX alerts_by_group ON alerts (source, group_hash, state, id);
CREATE INDEX alerts_by_ticket ON alerts (ticket, id);
CREATE INDEX alerts_by_due ON alerts (due_at);
CREATE INDEX alerts_by_age ON alerts (last_at, id);

CREATE TABLE alert_revisions (
    alert TEXT NOT NULL,
    revision BIGINT NOT NULL,
    at BIGINT NOT NULL,
    inbound BIGINT NOT NULL,
    change TEXT NOT NULL,
    PRIMARY KEY (alert, revision)
);

-- How each source is: counted, for people.
CREATE TABLE source_states (
    source TEXT NOT NULL PRIMARY KEY,
    heard_at BIGINT,
    bodies BIGINT NOT NULL,
    alerts BIGINT NOT NULL,
    again BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    error TEXT NOT NULL,
    error_at BIGINT,
    -- When silence was told, until it is heard again.
    silent_at BIGINT
);
