//! How the company's people are told: letters into a mailbox on this machine, so that a demo writes to nobody.

use midwatch_desk::configure;
use midwatch_domain::Refusal;
use midwatch_domain::access::Role;
use midwatch_domain::channel::{Channel, Settings};
use midwatch_domain::id::{ChannelId, PersonId};
use midwatch_domain::notify::{NotifyRules, Rule, Urgency, Way};
use midwatch_domain::revise::Revision;
use midwatch_domain::words::Severity;
use midwatch_store::rows::delivery;
use midwatch_store::{Fault, WriteTx};

use super::company::PEOPLE;
use super::history::viewer;

/// Sets it up on the last day: letters about all the time before would come too late. What people were told until then,
/// they have seen.
pub(super) fn begin(w: &mut WriteTx<'_>, people: &[PersonId]) -> Result<(), Fault> {
    let from = format!(
        "midwatch@{}",
        PEOPLE[0]
            .email
            .split_once('@')
            .ok_or_else(|| Refusal::missing("domain"))?
            .1
    );
    let mailbox = Channel {
        id: ChannelId::from_bytes(w.random()),
        name: "Mailbox of the demo".into(),
        enabled: true,
        allow_private: false,
        settings: Settings::Mailbox { from },
        hears: None,
        secret_at: None,
        deleted: false,
    };
    let admin = viewer(&people[0], Role::Administrator);
    configure::revise(w, &admin, Revision::Channel(mailbox))?;
    // One of them wants what is low in one letter a day.
    let (who, role) = (people[3].clone(), PEOPLE[3].role);
    let digest = Rule {
        severities: [Severity::Low].into(),
        urgency: Some(Urgency::Tell),
        hours: None,
        ways: vec![Way::Digest],
    };
    let rules = NotifyRules {
        rules: vec![digest],
        ..NotifyRules::none(who.clone())
    };
    configure::revise(w, &viewer(&who, role), Revision::NotifyRules(rules))?;
    let (now, up_to) = (w.now, w.head.seq);
    for person in people {
        delivery::seen(&mut w.tx, person, up_to, now)?;
    }
    Ok(())
}
