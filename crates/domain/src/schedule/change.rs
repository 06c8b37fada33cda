//! What people do to a schedule besides planning it: overrides by leads, swaps between those on call. Judges; stores nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Override, Roster, Schedule, Swap, SwapState, ordered};
use crate::Refusal;
use crate::access::{Action, Viewer};
use crate::civil::DAY_MS;
use crate::directory::Directory;
use crate::facts::Ids;
use crate::id::{OverrideId, PersonId, SwapId};
use crate::moment::Moment;
use crate::refusal::optional_text;

/// A change of a schedule by a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A lead says who is on call for a while.
    Override(Cover),
    /// A lead ends an override: at once if it holds now, altogether if it has not begun.
    EndOverride {
        /// Which.
        #[schema(value_type = String)]
        id: OverrideId,
    },
    /// Somebody asks another to take a shift of theirs, or part of one.
    AskSwap(Cover),
    /// The receiver takes it.
    AcceptSwap {
        /// Which.
        #[schema(value_type = String)]
        id: SwapId,
    },
    /// The receiver does not take it.
    DeclineSwap {
        /// Which.
        #[schema(value_type = String)]
        id: SwapId,
    },
    /// The giver takes the question back.
    WithdrawSwap {
        /// Which.
        #[schema(value_type = String)]
        id: SwapId,
    },
}

/// Who is to be on call from when until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cover {
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Moment,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub to: Moment,
    /// Who.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// What a change is judged by.
pub struct Circumstances<'a> {
    /// Who acts.
    pub viewer: &'a Viewer,
    /// People, and the calendars of holidays.
    pub directory: &'a Directory,
    /// When.
    pub now: Moment,
    /// Where fresh ids come from.
    pub ids: &'a Ids,
}

const LONGEST_MS: i64 = 366 * DAY_MS;

impl Change {
    /// The schedule after the change, and the change in words.
    ///
    /// # Errors
    /// A refusal: the actor may not, the span is over, the shift is somebody else's, or the swap was answered already.
    pub fn decide(
        self,
        s: &Schedule,
        c: &Circumstances<'_>,
    ) -> Result<(Schedule, String), Refusal> {
        match self {
            Change::Override(cover) => {
                c.viewer.may(Action::PlanWatch)?;
                c.set_override(s, cover)
            }
            Change::EndOverride { id } => {
                c.viewer.may(Action::PlanWatch)?;
                c.end_override(s, &id)
            }
            Change::AskSwap(cover) => c.ask(s, cover),
            Change::AcceptSwap { id } => c.accept(s, &id),
            Change::DeclineSwap { id } => c.answer(s, &id, SwapState::Declined),
            Change::WithdrawSwap { id } => c.answer(s, &id, SwapState::Withdrawn),
        }
    }
}

impl Circumstances<'_> {
    fn me(&self) -> Result<&PersonId, Refusal> {
        self.viewer.may(Action::WorkTickets)?;
        let me = self.viewer.actor.person();
        me.ok_or_else(|| Refusal::forbidden("Only a person can do this."))
    }

    fn name<'b>(&'b self, person: &'b PersonId) -> &'b str {
        self.directory.name(person)
    }

    /// The span as said, not over yet, and somebody who can be on call.
    fn check(&self, cover: &mut Cover) -> Result<(), Refusal> {
        ordered("to", cover.from, cover.to)?;
        if cover.to <= self.now {
            return Err(Refusal::invalid("to", "This time is over already."));
        }
        if cover.to.since(cover.from) > LONGEST_MS {
            let says = "At most a year at once. Change the layers for something that lasts.";
            return Err(Refusal::invalid("to", says));
        }
        if self.directory.owner(&cover.person).is_none() {
            return Err(Refusal::invalid(
                "person",
                "Expected somebody with an active account that can own tickets.",
            ));
        }
        cover.reason = optional_text("reason", &cover.reason, 300)?;
        // What was, stays as it was: a change of a shift that runs counts from now.
        cover.from = cover.from.max(self.now);
        Ok(())
    }

    fn set_override(&self, s: &Schedule, mut cover: Cover) -> Result<(Schedule, String), Refusal> {
        self.check(&mut cover)?;
        let change = format!(
            "override: {} from {} to {}",
            self.name(&cover.person),
            cover.from,
            cover.to
        );
        let mut s = s.clone();
        s.overrides.push(Override {
            id: OverrideId::from_bytes(self.ids.next()),
            from: cover.from,
            to: cover.to,
            person: cover.person,
            reason: cover.reason,
            set_at: self.now,
        });
        Ok((s, change))
    }

    fn end_override(&self, s: &Schedule, id: &OverrideId) -> Result<(Schedule, String), Refusal> {
        let mut s = s.clone();
        let found = s.overrides.iter().position(|o| o.id == *id);
        let found = found.ok_or_else(|| Refusal::missing("override"))?;
        let o = &mut s.overrides[found];
        if o.to <= self.now {
            return Err(Refusal::conflict(
                "override.over",
                "This override is over already.",
            ));
        }
        let change = format!("override of {} from {} ended", self.name(&o.person), o.from);
        if o.from < self.now {
            o.to = self.now;
        } else {
            s.overrides.remove(found);
        }
        Ok((s, change))
    }

    fn ask(&self, s: &Schedule, mut cover: Cover) -> Result<(Schedule, String), Refusal> {
        let me = self.me()?;
        self.check(&mut cover)?;
        if cover.person == *me {
            let says = "It is your own shift. Name somebody else to take it.";
            return Err(Refusal::invalid("person", says));
        }
        self.own_shift(s, me, cover.from, cover.to)?;
        let open = |x: &&Swap| x.state == SwapState::Asked && x.giver == *me;
        let mut asked = s.swaps.iter().filter(open);
        if asked.any(|x| x.from < cover.to && cover.from < x.to) {
            return Err(Refusal::conflict(
                "swap.asked",
                "You asked somebody to take part of this time already. Withdraw that first.",
            ));
        }
        let change = format!(
            "{} asks {} to take {} to {}",
            self.name(me),
            self.name(&cover.person),
            cover.from,
            cover.to
        );
        let mut s = s.clone();
        s.swaps.push(Swap {
            id: SwapId::from_bytes(self.ids.next()),
            from: cover.from,
            to: cover.to,
            giver: me.clone(),
            receiver: cover.person,
            reason: cover.reason,
            asked_at: self.now,
            answered_at: None,
            state: SwapState::Asked,
        });
        Ok((s, change))
    }

    fn accept(&self, s: &Schedule, id: &SwapId) -> Result<(Schedule, String), Refusal> {
        let (mut next, change) = self.answer(s, id, SwapState::Accepted)?;
        let Some(swap) = next.swaps.iter_mut().find(|x| x.id == *id) else {
            return Err(Refusal::missing("swap"));
        };
        if swap.to <= self.now {
            let says = "The shift is over already. Decline it, or leave it.";
            return Err(Refusal::conflict("swap.over", says));
        }
        if self.directory.owner(&swap.receiver).is_none() {
            let says = "Your account cannot be on call.";
            return Err(Refusal::conflict("person.cannot_own", says));
        }
        swap.from = swap.from.max(self.now);
        self.own_shift(s, &swap.giver, swap.from, swap.to)?;
        Ok((next, change))
    }

    fn answer(
        &self,
        s: &Schedule,
        id: &SwapId,
        state: SwapState,
    ) -> Result<(Schedule, String), Refusal> {
        let me = self.me()?;
        let mut s = s.clone();
        let swap = s.swaps.iter_mut().find(|x| x.id == *id);
        let swap = swap.ok_or_else(|| Refusal::missing("swap"))?;
        let (whose, says, word) = match state {
            SwapState::Withdrawn => (&swap.giver, "Only who asked can withdraw it.", "withdraws"),
            SwapState::Declined => (
                &swap.receiver,
                "Only the person asked can decline it.",
                "declines",
            ),
            _ => (
                &swap.receiver,
                "Only the person asked can accept it.",
                "accepts",
            ),
        };
        if whose != me {
            return Err(Refusal::forbidden(says));
        }
        if swap.state != SwapState::Asked {
            return Err(Refusal::conflict(
                "swap.answered",
                format!("This swap was {} already.", swap.state.label()),
            ));
        }
        swap.state = state;
        swap.answered_at = Some(self.now);
        let change = format!(
            "{} {word} the shift of {} from {} to {}",
            self.name(me),
            self.name(&swap.giver),
            swap.from,
            swap.to
        );
        Ok((s, change))
    }

    /// Refuses a span in which somebody else, or nobody, is on call.
    fn own_shift(
        &self,
        s: &Schedule,
        giver: &PersonId,
        from: Moment,
        to: Moment,
    ) -> Result<(), Refusal> {
        let roster: Roster<'_> = self.directory.roster_of(s);
        let shifts = roster.shifts(from, to);
        let Some(other) = shifts.iter().find(|x| x.person.as_ref() != Some(giver)) else {
            return Ok(());
        };
        let who = other.person.as_ref().map_or("nobody", |p| self.name(p));
        Err(Refusal::conflict(
            "swap.not_own",
            format!(
                "{} is not on call for all of this time: from {} it is {who}. Only one's own shift can be swapped.",
                self.name(giver),
                other.from
            ),
        )
        .on("from"))
    }
}

impl SwapState {
    /// As people read it.
    pub fn label(self) -> &'static str {
        match self {
            SwapState::Asked => "asked",
            SwapState::Accepted => "accepted",
            SwapState::Declined => "declined",
            SwapState::Withdrawn => "withdrawn",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Layer, OnHolidays, Turn};
    use crate::testing::{START, directory, id, viewer};

    struct Desk {
        directory: Directory,
        schedule: Schedule,
        now: Moment,
    }

    impl Desk {
        /// Ben, Cleo and Dan take days from START, a Monday 08:00 UTC, on.
        fn new() -> Self {
            let layer = Layer {
                name: "Days".into(),
                people: ["ben", "cleo", "dan"].map(id).into(),
                starts_on: "2026-11-02".parse().unwrap(),
                handoff_at: "08:00".parse().unwrap(),
                turn: Turn::Daily,
                restrict: None,
                on_holidays: OnHolidays::AsUsual,
                time_zone: None,
            };
            let schedule = Schedule {
                id: "sch_soc".parse().unwrap(),
                name: "SOC".into(),
                time_zone: "UTC".into(),
                layers: vec![layer],
                overrides: Vec::new(),
                swaps: Vec::new(),
                holidays: None,
                deleted: false,
            };
            Self {
                directory: directory(),
                schedule,
                now: START,
            }
        }

        fn at(&mut self, hours: i64) -> &mut Self {
            self.now = START.plus_ms(hours * 3_600_000);
            self
        }

        fn request(&mut self, who: &str, change: Change) -> Result<String, Refusal> {
            let seed = u8::try_from(self.schedule.swaps.len() + self.schedule.overrides.len());
            let c = Circumstances {
                viewer: &viewer(&self.directory, who),
                directory: &self.directory,
                now: self.now,
                ids: &Ids::new([seed.unwrap(); 16]),
            };
            let (next, says) = change.decide(&self.schedule, &c)?;
            self.schedule = next.validate().unwrap();
            Ok(says)
        }

        fn refused(&mut self, who: &str, change: Change) -> String {
            let before = self.schedule.clone();
            let code = self.request(who, change).unwrap_err().code;
            assert_eq!(self.schedule, before);
            code
        }

        fn on_call(&self, hours: i64) -> PersonId {
            let at = START.plus_ms(hours * 3_600_000);
            self.directory
                .roster_of(&self.schedule)
                .on_call(at)
                .unwrap()
        }

        fn swap(&self) -> SwapId {
            self.schedule.swaps.last().unwrap().id.clone()
        }
    }

    fn cover(from: i64, to: i64, who: &str) -> Cover {
        Cover {
            from: START.plus_ms(from * 3_600_000),
            to: START.plus_ms(to * 3_600_000),
            person: id(who),
            reason: "Dentist.".into(),
        }
    }

    #[test]
    fn a_swap_is_asked_by_who_is_on_call_and_taken_by_who_was_asked() {
        let mut desk = Desk::new();
        desk.request("cleo", Change::AskSwap(cover(30, 40, "dan")))
            .unwrap();
        let swap = desk.swap();
        assert_eq!(desk.on_call(31), id("cleo"), "asking changes nothing");
        for who in ["cleo", "ben", "lena", "ada"] {
            let code = desk.refused(who, Change::AcceptSwap { id: swap.clone() });
            assert_eq!(code, "forbidden", "{who}");
        }
        let says = desk
            .request("dan", Change::AcceptSwap { id: swap.clone() })
            .unwrap();
        assert!(
            says.starts_with("Dan Lindholm accepts the shift of Cleo Lindqvist"),
            "{says}"
        );
        assert_eq!(
            (desk.on_call(29), desk.on_call(30)),
            (id("cleo"), id("dan"))
        );
        assert_eq!(
            (desk.on_call(39), desk.on_call(40)),
            (id("dan"), id("cleo"))
        );
        for change in [
            Change::AcceptSwap { id: swap.clone() },
            Change::DeclineSwap { id: swap.clone() },
        ] {
            assert_eq!(desk.refused("dan", change), "swap.answered");
        }
        assert_eq!(
            desk.refused("cleo", Change::WithdrawSwap { id: swap }),
            "swap.answered"
        );
    }

    #[test]
    fn only_ones_own_shift_can_be_swapped() {
        let mut desk = Desk::new();
        for (who, from, to) in [
            ("ben", 30, 40),
            ("cleo", 20, 30),
            ("cleo", 40, 50),
            ("ben", -20, -1),
        ] {
            let code = desk.refused(who, Change::AskSwap(cover(from, to, "dan")));
            assert!(
                ["swap.not_own", "invalid.to"].contains(&code.as_str()),
                "{code}"
            );
        }
        assert_eq!(
            desk.refused("cleo", Change::AskSwap(cover(30, 40, "cleo"))),
            "invalid.person"
        );
        assert_eq!(
            desk.refused("cleo", Change::AskSwap(cover(30, 30, "dan"))),
            "invalid.to"
        );
        for who in ["gone", "rita", "nobody"] {
            assert_eq!(
                desk.refused("cleo", Change::AskSwap(cover(30, 40, who))),
                "invalid.person"
            );
        }
        assert_eq!(
            desk.refused("otto", Change::AskSwap(cover(30, 40, "dan"))),
            "forbidden"
        );
        desk.request("cleo", Change::AskSwap(cover(30, 40, "dan")))
            .unwrap();
        assert_eq!(
            desk.refused("cleo", Change::AskSwap(cover(35, 45, "ben"))),
            "swap.asked"
        );
        let swap = desk.swap();
        desk.request("cleo", Change::WithdrawSwap { id: swap })
            .unwrap();
        desk.request("cleo", Change::AskSwap(cover(35, 45, "ben")))
            .unwrap();
    }

    #[test]
    fn a_swap_does_not_outlive_the_shift_it_is_about() {
        let mut desk = Desk::new();
        desk.request("cleo", Change::AskSwap(cover(30, 40, "dan")))
            .unwrap();
        let swap = desk.swap();
        desk.request("lena", Change::Override(cover(28, 34, "ben")))
            .unwrap();
        assert_eq!(
            desk.refused("dan", Change::AcceptSwap { id: swap.clone() }),
            "swap.not_own"
        );
        desk.at(35)
            .request("dan", Change::AcceptSwap { id: swap })
            .unwrap();
        assert_eq!(desk.on_call(30), id("ben"), "what was stays as it was");
        assert_eq!(
            (desk.on_call(34), desk.on_call(36)),
            (id("cleo"), id("dan"))
        );
        let mut late = Desk::new();
        late.request("cleo", Change::AskSwap(cover(30, 40, "dan")))
            .unwrap();
        let swap = late.swap();
        assert_eq!(
            late.at(41).refused("dan", Change::AcceptSwap { id: swap }),
            "swap.over"
        );
    }

    #[test]
    fn only_a_lead_overrides_and_ending_keeps_what_was() {
        let mut desk = Desk::new();
        assert_eq!(
            desk.refused("ben", Change::Override(cover(30, 40, "dan"))),
            "forbidden"
        );
        desk.request("lena", Change::Override(cover(30, 40, "dan")))
            .unwrap();
        assert_eq!(desk.on_call(30), id("dan"));
        let o = desk.schedule.overrides[0].id.clone();
        assert_eq!(
            desk.refused("dan", Change::EndOverride { id: o.clone() }),
            "forbidden"
        );
        desk.at(33)
            .request("lena", Change::EndOverride { id: o.clone() })
            .unwrap();
        assert_eq!(
            (desk.on_call(32), desk.on_call(33)),
            (id("dan"), id("cleo"))
        );
        assert_eq!(
            desk.refused("lena", Change::EndOverride { id: o }),
            "override.over"
        );
        desk.request("lena", Change::Override(cover(50, 60, "ben")))
            .unwrap();
        let o = desk.schedule.overrides[1].id.clone();
        desk.request("lena", Change::EndOverride { id: o }).unwrap();
        assert_eq!(
            desk.schedule.overrides.len(),
            1,
            "one that has not begun is gone"
        );
    }
}
