//! Layouts of lists that many use, by name. Holds no address.

use indicators::Kind;

use super::{Column, Mapping, Values};

/// A layout by name.
pub struct Preset {
    /// Its name in data.
    pub name: &'static str,
    /// What it is, for people.
    pub says: &'static str,
    /// The mapping.
    pub mapping: fn() -> Mapping,
}

/// Every layout.
pub const ALL: &[Preset] = &[
    Preset {
        name: "list",
        says: "One value a line",
        mapping: Mapping::list,
    },
    Preset {
        name: "urlhaus",
        says: "abuse.ch URLhaus (CSV)",
        mapping: urlhaus,
    },
    Preset {
        name: "threatfox",
        says: "abuse.ch ThreatFox (CSV)",
        mapping: threatfox,
    },
    Preset {
        name: "malwarebazaar",
        says: "abuse.ch MalwareBazaar (CSV)",
        mapping: malwarebazaar,
    },
    Preset {
        name: "feodotracker",
        says: "abuse.ch Feodo Tracker (CSV)",
        mapping: feodotracker,
    },
    Preset {
        name: "sslbl",
        says: "abuse.ch SSL Blacklist, certificates (CSV)",
        mapping: sslbl,
    },
    Preset {
        name: "sslbl_ja3",
        says: "abuse.ch SSL Blacklist, JA3 (CSV)",
        mapping: sslbl_ja3,
    },
    Preset {
        name: "sslbl_ip",
        says: "abuse.ch SSL Blacklist, addresses (CSV)",
        mapping: sslbl_ip,
    },
];

/// The layout of a name.
pub fn find(name: &str) -> Option<Mapping> {
    let found = ALL.iter().find(|p| p.name == name);
    found.map(|p| (p.mapping)())
}

fn at(place: usize) -> Option<Column> {
    Some(Column::At(place))
}

fn values(columns: &[(usize, Option<Kind>)]) -> Vec<Values> {
    let one = |&(place, kind): &(usize, Option<Kind>)| Values {
        column: Column::At(place),
        kind,
    };
    columns.iter().map(one).collect()
}

fn comma(columns: &[(usize, Option<Kind>)]) -> Mapping {
    Mapping {
        delimiter: Some(b','),
        values: values(columns),
        ..Mapping::list()
    }
}

/// id, dateadded, url, url_status, last_online, threat, tags, urlhaus_link, reporter
fn urlhaus() -> Mapping {
    Mapping {
        id: at(0),
        valid_from: at(1),
        name: at(5),
        labels: vec![Column::At(6)],
        ..comma(&[(2, Some(Kind::Url))])
    }
}

/// first_seen_utc, ioc_id, ioc_value, ioc_type, threat_type, fk_malware, malware_alias, malware_printable,
/// last_seen_utc, confidence_level, is_compromised, reference, tags, anonymous, reporter
fn threatfox() -> Mapping {
    Mapping {
        valid_from: at(0),
        id: at(1),
        kind: at(3),
        name: at(7),
        confidence: at(9),
        labels: vec![Column::At(4), Column::At(12)],
        ..comma(&[(2, None)])
    }
}

/// first_seen_utc, sha256_hash, md5_hash, sha1_hash, reporter, file_name, file_type_guess, mime_type, signature,
/// clamav, vtpercent, imphash, ssdeep, tlsh
fn malwarebazaar() -> Mapping {
    Mapping {
        valid_from: at(0),
        name: at(8),
        labels: vec![Column::At(6)],
        ..comma(&[
            (1, Some(Kind::Sha256)),
            (2, Some(Kind::Md5)),
            (3, Some(Kind::Sha1)),
        ])
    }
}

/// first_seen_utc, dst_ip, dst_port, c2_status, last_online, malware
fn feodotracker() -> Mapping {
    Mapping {
        header: true,
        valid_from: at(0),
        name: at(5),
        labels: vec![Column::At(3)],
        ..comma(&[(1, Some(Kind::Ipv4))])
    }
}

/// Listingdate, SHA1, Listingreason
fn sslbl() -> Mapping {
    Mapping {
        valid_from: at(0),
        name: at(2),
        ..comma(&[(1, Some(Kind::Sha1))])
    }
}

/// ja3_md5, Firstseen, Lastseen, Listingreason
fn sslbl_ja3() -> Mapping {
    Mapping {
        valid_from: at(1),
        name: at(3),
        ..comma(&[(0, Some(Kind::Ja3))])
    }
}

/// Firstseen, DstIP, DstPort
fn sslbl_ip() -> Mapping {
    Mapping {
        valid_from: at(0),
        ..comma(&[(1, Some(Kind::Ipv4))])
    }
}
