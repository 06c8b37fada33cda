-- Values seen, each once, and in which tickets: folded from the record. What is counted and dated leaves restricted tickets out;
-- those stand in a column of their own, so that nobody learns of them by a number.

CREATE TABLE observables (
    -- 64 bits of the kind and the value.
    fingerprint BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    -- Addresses as hexadecimal digits, domains from the right: what lies within another stands beside it.
    sort_key TEXT NOT NULL,
    tickets BIGINT NOT NULL,
    hidden BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
-- postgres
ALTER TABLE observables ALTER COLUMN sort_key TYPE TEXT COLLATE "C";
-- both
CREATE INDEX observables_by_sort_key ON observables (kind, sort_key);
CREATE INDEX observables_by_last ON observables (last_at, fingerprint);
CREATE INDEX observables_by_kind_and_last ON observables (kind, last_at, fingerprint);

-- One row for each value that a ticket has or that one of its values says, such as the host of a URL.
CREATE TABLE sightings (
    fingerprint BIGINT NOT NULL,
    ticket BIGINT NOT NULL,
    direct BIGINT NOT NULL,
    -- The value that says it, by its fingerprint; nothing where it was seen itself.
    via BIGINT,
    role BIGINT NOT NULL,
    restricted BIGINT NOT NULL,
    -- Whether the ticket has confirmed it as an indicator.
    confirmed BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- Restricted tickets stand apart: those that anybody may see are read without asking for each.
    PRIMARY KEY (fingerprint, restricted, ticket)
-- sqlite
) WITHOUT ROWID;
-- postgres
);
-- both
CREATE INDEX sightings_by_ticket ON sightings (ticket, direct);

-- Tickets whose texts agree in a band are worth comparing.
CREATE TABLE text_bands (
    band BIGINT NOT NULL,
    ticket BIGINT NOT NULL,
    PRIMARY KEY (band, ticket)
-- sqlite
) WITHOUT ROWID;
-- postgres
);
-- both
