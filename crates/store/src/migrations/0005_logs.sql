-- Indicators seen in logs. Plain rows: Midwatch keeps the matches, not the logs.

CREATE TABLE log_matches (
    -- What tells a match from all others, and the ticket that was told.
    id TEXT PRIMARY KEY,
    identity BIGINT NOT NULL,
    fingerprint BIGINT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    matched TEXT NOT NULL,
    -- Who says that it is bad: names of feeds, or of the list that was searched for.
    said_by TEXT NOT NULL,
    campaign TEXT NOT NULL,
    source TEXT NOT NULL,
    place TEXT NOT NULL,
    line TEXT NOT NULL,
    -- When the line was seen last, where lines come as they are written.
    at BIGINT,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    count BIGINT NOT NULL,
    -- Nothing where the feed asks for none.
    ticket BIGINT
);
CREATE INDEX log_matches_by_identity ON log_matches (identity);
CREATE INDEX log_matches_by_value ON log_matches (fingerprint, last_at, id);
CREATE INDEX log_matches_by_ticket ON log_matches (ticket, fingerprint, source);
CREATE INDEX log_matches_by_last ON log_matches (last_at, id);

-- What was searched, by source.
CREATE TABLE log_sources (
    name TEXT PRIMARY KEY,
    -- By which way it came: syslog_udp, syslog_tcp, syslog_tls, http, scan.
    how TEXT NOT NULL,
    lines BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    matches BIGINT NOT NULL,
    dropped BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX log_sources_by_last ON log_sources (last_at, name);
