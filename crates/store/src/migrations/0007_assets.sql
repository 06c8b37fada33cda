-- What the organisation has: plain rows, so that lists of it can be large; every change is an entry of the record, or one entry
-- for each part of an import.

CREATE TABLE assets (
    id TEXT PRIMARY KEY,
    -- In lower case: lists go by it.
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    team TEXT NOT NULL,
    -- From 0, low, to 3, critical.
    criticality BIGINT NOT NULL,
    environment TEXT NOT NULL,
    monitoring TEXT NOT NULL,
    -- Days since 1970.
    review_on BIGINT,
    retired BIGINT NOT NULL,
    -- Far ahead while it is in use.
    retired_at BIGINT NOT NULL,
    -- What is searched, in lower case: its names and tags.
    words TEXT NOT NULL,
    -- The entry of the record that changed it last.
    seq BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
-- postgres
ALTER TABLE assets ALTER COLUMN name TYPE TEXT COLLATE "C";
-- both
CREATE INDEX assets_by_name ON assets (retired, name, id);
CREATE INDEX assets_by_seq ON assets (seq, id);
CREATE INDEX assets_by_review ON assets (review_on);

-- The names that each goes by and went by, with when. Addresses and ranges have one kind of place, so that an address is asked
-- for by all ranges that may hold it.
CREATE TABLE asset_ids (
    place TEXT NOT NULL,
    asset TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (place, asset, valid_from)
-- sqlite
) WITHOUT ROWID;
-- postgres
);
-- both
CREATE INDEX asset_ids_by_asset ON asset_ids (asset);

-- Which tickets are about an asset: folded from the record.
CREATE TABLE ticket_assets (
    asset TEXT NOT NULL,
    ticket BIGINT NOT NULL,
    PRIMARY KEY (asset, ticket)
-- sqlite
) WITHOUT ROWID;
-- postgres
);
-- both
CREATE INDEX ticket_assets_by_ticket ON ticket_assets (ticket);
