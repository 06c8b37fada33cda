//! The company of the demo: who works there and what its machines are called.

use midwatch_domain::access::Role;

/// Its name.
pub const COMPANY: &str = "Kestrel Instruments";

/// Somebody with an account.
pub struct Person {
    /// Name.
    pub name: &'static str,
    /// Mail address and login name.
    pub email: &'static str,
    /// What they may do.
    pub role: Role,
}

const fn person(name: &'static str, email: &'static str, role: Role) -> Person {
    Person { name, email, role }
}

/// Everybody with an account; the first one sets Midwatch up.
pub const PEOPLE: &[Person] = &[
    person(
        "Ingrid Solberg",
        "ingrid@kestrel.example",
        Role::Administrator,
    ),
    person("Marit Aalto", "marit@kestrel.example", Role::Lead),
    person("Tomás Ferreira", "tomas@kestrel.example", Role::Analyst),
    person("Yuki Nakamura", "yuki@kestrel.example", Role::Analyst),
    person("Amara Okafor", "amara@kestrel.example", Role::Analyst),
    person("Piotr Wrona", "piotr@kestrel.example", Role::Analyst),
    person("Hanna Lindqvist", "hanna@kestrel.example", Role::Reporter),
    person("Bruno Keller", "bruno@kestrel.example", Role::Reporter),
    person("Salma Haddad", "salma@kestrel.example", Role::Reporter),
    person("Edgar Voss", "edgar@kestrel.example", Role::Auditor),
];

/// Names of accounts in what was seen.
pub const USERS: &[&str] = &[
    "m.keller",
    "a.brandt",
    "j.moreau",
    "s.haddad",
    "l.virtanen",
    "k.osei",
    "r.castro",
    "d.petrov",
    "h.lindqvist",
];
/// Names of machines.
pub const HOSTS: &[&str] = &[
    "jump-01", "vpn-gw", "ws-0142", "ws-0217", "lt-0388", "build-03", "portal-1", "files-02",
    "mail-gw", "lt-0419",
];
/// Departments.
pub const DEPARTMENTS: &[&str] = &[
    "accounting",
    "sales",
    "development",
    "service",
    "production planning",
    "human resources",
];
/// Addresses reserved for documentation (RFC 5737).
pub const NETWORKS: &[&str] = &["192.0.2.", "198.51.100.", "203.0.113."];
/// Names reserved for documentation (RFC 2606).
pub const DOMAINS: &[&str] = &[
    "parcel-notice.example",
    "voice-portal.example",
    "kestrei.example",
    "invoice-desk.example",
    "cdn-assets.example",
    "secure-mail.example",
];
