-- When to look at a ticket again. One row a ticket, made in the transaction that changed it; what is due is judged when it fires.

CREATE TABLE timers (
    ticket BIGINT PRIMARY KEY,
    due_at BIGINT NOT NULL,
    what TEXT NOT NULL
);
CREATE INDEX timers_by_due ON timers (due_at, ticket);

-- Which way of folding the record the rows follow. None, or an older one: they are folded anew at start.
CREATE TABLE folded (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);

-- The processes that work on this database, each with the last time it was heard of.
CREATE TABLE nodes (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    version TEXT NOT NULL,
    -- How it is, as it says itself.
    pulse TEXT NOT NULL
);

-- Work that goes through all tickets bit by bit: up to which entry it is done, for which entry it is under way, and after which ticket.
CREATE TABLE sweeps (
    name TEXT PRIMARY KEY,
    done BIGINT NOT NULL,
    target BIGINT NOT NULL,
    after BIGINT NOT NULL
);

-- What presses most on a ticket, for lists: the clock or deadline that is due first. Made whenever its timer is set.
CREATE TABLE clocks (
    ticket BIGINT PRIMARY KEY,
    due_at BIGINT NOT NULL,
    warn_at BIGINT,
    paused_until BIGINT,
    what TEXT NOT NULL
);
CREATE INDEX clocks_by_due ON clocks (due_at, ticket);
