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

-- Messages on their way to people and channels, made in the transaction of the entry that they tell of. An empty person: what
-- a team hears. Those of a digest wait until one letter takes them along.
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    seq BIGINT NOT NULL,
    ticket BIGINT,
    person TEXT NOT NULL,
    way TEXT NOT NULL,
    address TEXT NOT NULL,
    kind TEXT NOT NULL,
    urgency TEXT NOT NULL,
    why TEXT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    lease_holder TEXT,
    -- Grows with each lease: who holds an older one completes nothing.
    lease_token BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    read_at BIGINT,
    bundle TEXT,
    UNIQUE (seq, person, way)
);
CREATE INDEX deliveries_by_state ON deliveries (state, next_at);
CREATE INDEX deliveries_by_age ON deliveries (created_at, id);
CREATE INDEX deliveries_by_person ON deliveries (person, way, created_at, id);
CREATE INDEX deliveries_by_ticket ON deliveries (ticket, created_at, id);
CREATE INDEX deliveries_by_bundle ON deliveries (bundle) WHERE bundle IS NOT NULL;

CREATE TABLE attempts (
    delivery TEXT NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    ms BIGINT NOT NULL
);
CREATE INDEX attempts_by_delivery ON attempts (delivery, at);

-- Passwords and keys of channels, sealed.
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    sealed TEXT NOT NULL,
    set_at BIGINT NOT NULL
);

-- Links in messages that do one thing to one ticket as one person, once.
CREATE TABLE one_clicks (
    digest TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    ticket BIGINT NOT NULL,
    verb TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX one_clicks_by_person ON one_clicks (person);
