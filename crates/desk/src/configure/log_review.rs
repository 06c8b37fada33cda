//! Log reviews: what is reviewed, by whom, how often.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::directory::Directory;
use midwatch_domain::log_review::LogReview;
use midwatch_domain::moment::Moment;
use midwatch_domain::revise::Revision;

use super::Checked;

pub(super) fn check(viewer: &Viewer, d: &Directory, r: LogReview, now: Moment) -> Checked {
    viewer.may(Action::PlanWatch)?;
    let mut r = r.validate(d)?;
    let before = d.log_reviews.get(&r.id);
    // What was due before somebody wanted it is not asked for.
    r.since = match before {
        Some(b) if b.same_times(&r) && b.paused == r.paused => b.since,
        _ => now,
    };
    let same_name = |o: &LogReview| o.id != r.id && o.system == r.system;
    if !r.deleted && d.log_reviews.values().any(same_name) {
        let says = "Another log review is about this system. Name what tells them apart.";
        return Err(Refusal::invalid("system", says).into());
    }
    let change = match before {
        _ if r.deleted => "deleted",
        None => "made",
        Some(b) if !b.paused && r.paused => "paused",
        Some(b) if b.paused && !r.paused => "goes on",
        Some(_) => "",
    };
    Ok((Revision::LogReview(r), change.to_owned()))
}
