-- What feeds assert. Plain rows: a feed can fill them again. One row for each value of each assertion of each feed; none is
-- deleted when it ends, so that it can be said what was known when.

CREATE TABLE indicators (
    id BIGINT PRIMARY KEY,
    feed TEXT NOT NULL,
    external_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    fingerprint BIGINT NOT NULL,
    name TEXT NOT NULL,
    labels TEXT NOT NULL,
    confidence BIGINT NOT NULL,
    reliability TEXT NOT NULL,
    credibility BIGINT,
    tlp TEXT NOT NULL,
    partial BIGINT NOT NULL,
    valid_from BIGINT,
    valid_until BIGINT,
    revoked_at BIGINT,
    modified BIGINT,
    -- The first whole list that has it no more retires it.
    generation BIGINT NOT NULL,
    -- Which write brought it, or changed what it asserts; what is new is found by it.
    batch BIGINT NOT NULL,
    -- Of all that its source says: the same again changes nothing.
    digest BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL
);
CREATE INDEX indicators_by_fingerprint ON indicators (fingerprint);
CREATE INDEX indicators_by_batch ON indicators (batch, id);
CREATE INDEX indicators_by_feed ON indicators (feed, generation, id);

-- Malware, campaigns, groups, techniques: what indicators and tickets can point to, whole as it came.
CREATE TABLE intel_objects (
    id TEXT NOT NULL,
    feed TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Its number and tactics in ATT&CK, where it is a part of it.
    number TEXT NOT NULL,
    tactics TEXT NOT NULL,
    modified BIGINT,
    revoked BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (id, feed)
);
CREATE INDEX intel_objects_by_kind ON intel_objects (kind, number, id);
CREATE INDEX intel_objects_by_number ON intel_objects (number);

CREATE TABLE intel_relations (
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    feed TEXT NOT NULL,
    PRIMARY KEY (source, kind, target, feed)
);
CREATE INDEX intel_relations_by_target ON intel_relations (target, kind);

-- How each feed is: where it goes on, who asks it now, when it went well last and what is wrong since.
CREATE TABLE feed_states (
    feed TEXT PRIMARY KEY,
    cursor TEXT NOT NULL,
    generation BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    lease_holder TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    checked_at BIGINT,
    good_at BIGINT,
    failures BIGINT NOT NULL,
    error TEXT NOT NULL,
    total BIGINT NOT NULL,
    last TEXT NOT NULL
);
CREATE INDEX feed_states_by_next ON feed_states (next_at);
