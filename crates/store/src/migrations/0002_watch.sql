-- When to look at a ticket again. One row a ticket, made in the transaction that changed it; what is due is judged when it fires.

CREATE TABLE timers (
    ticket BIGINT PRIMARY KEY,
    due_at BIGINT NOT NULL,
    what TEXT NOT NULL
);
CREATE INDEX timers_by_due ON timers (due_at, ticket);

-- Tickets that were open before there were timers are looked at once, at once.
INSERT INTO timers (ticket, due_at, what) SELECT number, 0, 'step' FROM tickets WHERE is_open = 1;

-- The processes that work on this database, each with the last time it was heard of.
CREATE TABLE nodes (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    version TEXT NOT NULL
);
