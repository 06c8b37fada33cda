//! A desk with tickets of every shape, made by random commands from a fixed seed, and random queries about them.

use midwatch_domain::access::{TokenScope, Viewer};
use midwatch_domain::actor::Actor;
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::query::{
    Expr, Has, Is, PersonField, Resolved, Sort, SortKey, Term, TimeField,
};
use midwatch_domain::ticket::{Command, Open};
use midwatch_domain::words::{Origin, Outcome, Pap, Phase, Severity, Tlp};
use midwatch_testkit::{Conditions, Engine, TestDesk, blank};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Words that stand in tickets and are asked for.
const WORDS: &[&str] = &["alpha", "beta", "gamma", "delta", "épsilon"];
const TAGS: &[&str] = &["vpn", "mail", "cloud", "äther"];

/// Repeatable choices.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }

    fn some<T: Ord + Clone>(&mut self, from: &[T]) -> BTreeSet<T> {
        let n = 1 + self.roll(2);
        (0..n).map(|_| self.pick(from).clone()).collect()
    }
}

/// The desk and what was written on it.
pub(crate) struct World {
    pub(crate) t: TestDesk,
    pub(crate) people: Vec<PersonId>,
    /// The words of each text, by ticket.
    pub(crate) texts: BTreeMap<TicketNo, Vec<Vec<String>>>,
}

impl World {
    pub(crate) async fn new(engine: Engine, tickets: usize, seed: u64) -> Self {
        let t = TestDesk::new(engine).await;
        let c = &t.cast;
        let people = [&c.ada, &c.lea, &c.ben, &c.cleo, &c.rui, &c.aud]
            .map(Clone::clone)
            .to_vec();
        let mut world = Self {
            t,
            people,
            texts: BTreeMap::new(),
        };
        let mut dice = Dice::new(seed);
        for _ in 0..tickets {
            let number = world.open(&mut dice).await;
            for _ in 0..dice.roll(9) {
                world.t.pass_ms(dice.roll(3) as i64 * 40_000_000);
                world.act(&mut dice, number).await;
            }
        }
        world
    }

    fn phrase(dice: &mut Dice) -> String {
        let n = 1 + dice.roll(3);
        let words: Vec<&str> = (0..n).map(|_| *dice.pick(WORDS)).collect();
        words.join(["-", " ", ", "][dice.roll(3)])
    }

    fn wrote(&mut self, number: TicketNo, text: &str) {
        let words = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty());
        let words = words.map(str::to_lowercase).collect();
        self.texts.entry(number).or_default().push(words);
    }

    /// Whether words stand one after the other in a text of the ticket.
    pub(crate) fn has(&self, number: TicketNo, phrase: &str) -> bool {
        let wanted: Vec<String> = phrase.split(' ').map(str::to_lowercase).collect();
        let texts = self.texts.get(&number).into_iter().flatten();
        texts
            .into_iter()
            .any(|words| words.windows(wanted.len()).any(|w| w == wanted))
    }

    async fn open(&mut self, dice: &mut Dice) -> TicketNo {
        let who = dice.pick(&self.people[..5]).clone();
        let title = format!("Ünusual {}", Self::phrase(dice));
        let description = Self::phrase(dice);
        let open = Open {
            title: title.clone(),
            description: description.clone(),
            severity: Some(*dice.pick(Severity::ALL)),
            tlp: Some(*dice.pick(Tlp::ALL)),
            tags: dice.some(TAGS).into_iter().map(str::to_owned).collect(),
            ..blank()
        };
        let all = format!(
            "{title} {description} {}",
            Vec::from_iter(open.tags.clone()).join(" ")
        );
        let origin = *dice.pick(&[Origin::Web, Origin::Cli, Origin::Api]);
        let done = self
            .t
            .desk
            .open_ticket(self.t.as_(&who), open, origin, Conditions::default())
            .await;
        let number = done.unwrap().ticket;
        self.wrote(number, &all);
        number
    }

    /// Tries a command; the rules may say no.
    async fn act(&mut self, dice: &mut Dice, number: TicketNo) {
        let who = dice.pick(&self.people).clone();
        let other = dice.pick(&self.people).clone();
        let words = Self::phrase(dice);
        let earlier = TicketNo(1 + dice.roll(usize::try_from(number.0).unwrap()) as i64);
        let (verb, body): (&str, Value) = match dice.roll(14) {
            0 | 1 => ("note", json!({ "text": words })),
            2 => ("watch", json!({})),
            3 => ("acknowledge", json!({})),
            4 => (
                "offer_handoff",
                json!({ "to": other, "situation": "s", "done": "d", "open": "o", "next_steps": "n" }),
            ),
            5 => ("accept_handoff", json!({})),
            6 => (
                "classify",
                json!({ "severity": dice.pick(Severity::ALL), "pap": dice.pick(Pap::ALL), "add_tags": [dice.pick(TAGS)] }),
            ),
            7 | 8 => (
                "move_phase",
                json!({ "to": dice.pick(&Phase::ALL[..5]), "reason": "because" }),
            ),
            9 => ("add_task", json!({ "title": words, "assignee": other })),
            10 => ("restrict", json!({ "people": [other], "reason": "quiet" })),
            11 => (
                "close",
                json!({ "outcome": dice.pick(Outcome::ALL), "summary": words, "skip_tasks_because": "done" }),
            ),
            12 => ("link", json!({ "to": earlier, "relation": "related" })),
            _ => ("take", json!({})),
        };
        let who = if verb == "restrict" {
            self.t.cast.lea.clone()
        } else {
            who
        };
        let command = Command::parse(verb, body).unwrap_or_else(|e| panic!("{verb}: {e}"));
        if self.t.act(&who, number, command).await.is_ok()
            && matches!(verb, "note" | "add_task" | "close")
        {
            self.wrote(number, &words);
        }
    }

    /// Everybody in a session, Midwatch itself, and a token.
    pub(crate) fn viewers(&self) -> Vec<Viewer> {
        let mut all: Vec<Viewer> = self.people.iter().map(|p| self.t.as_(p)).collect();
        let token = Actor::Token(self.people[2].clone(), "tok_x".parse().unwrap());
        all.push(Viewer {
            actor: token,
            scopes: Some([TokenScope::Read].into()),
            ..self.t.as_(&self.people[2])
        });
        all.push(Viewer::system());
        all
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = TicketNo> + '_ {
        self.texts.keys().copied()
    }

    /// A query that somebody could ask.
    pub(crate) fn query(&self, dice: &mut Dice) -> Resolved {
        let sort = (dice.roll(3) > 0).then(|| sort(dice));
        let filter = if dice.roll(8) == 0 {
            Expr::And(vec![])
        } else {
            self.expr(dice, 3)
        };
        Resolved { filter, sort }
    }

    fn expr(&self, dice: &mut Dice, depth: usize) -> Expr<Term> {
        if depth == 0 || dice.roll(3) == 0 {
            return Expr::Term(self.term(dice));
        }
        match dice.roll(4) {
            0 => Expr::Or((0..2).map(|_| self.expr(dice, depth - 1)).collect()),
            1 => Expr::Not(Box::new(self.expr(dice, depth - 1))),
            _ => Expr::And((0..2).map(|_| self.expr(dice, depth - 1)).collect()),
        }
    }

    fn term(&self, dice: &mut Dice) -> Term {
        match dice.roll(18) {
            0 => Term::Number(vec![1 + dice.roll(9) as i64..=20 + dice.roll(40) as i64]),
            1 => Term::Title(
                [(*dice.pick(&["ünus", "ALPHA", "_", "%", "beta"])).to_lowercase()].into(),
            ),
            2 => Term::Phase(dice.some(Phase::ALL)),
            3 => Term::Severity(dice.some(Severity::ALL)),
            4 => Term::Kind(
                [(*dice.pick(&["other/undetermined", "fraud/phishing"])).to_owned()].into(),
            ),
            5 => Term::Tlp(dice.some(Tlp::ALL)),
            6 => Term::Pap(dice.some(Pap::ALL)),
            7 => Term::Tag(dice.some(TAGS).into_iter().map(str::to_owned).collect()),
            8 => Term::Template(["phishing".to_owned()].into()),
            9 => Term::Outcome(dice.some(Outcome::ALL)),
            10 => Term::Origin(dice.some(Origin::ALL)),
            11 | 12 => {
                let fields = [
                    PersonField::Owner,
                    PersonField::Reporter,
                    PersonField::Watcher,
                    PersonField::Assignee,
                ];
                Term::Person(*dice.pick(&fields), dice.some(&self.people))
            }
            13 => Term::Team([self.t.cast.team.clone()].into()),
            14 => {
                // Two of the states are resolved to people and never get here.
                let states: Vec<Is> = Is::ALL
                    .iter()
                    .copied()
                    .filter(|i| !matches!(i, Is::Mine | Is::Watched))
                    .collect();
                Term::Is(*dice.pick(&states))
            }
            15 => Term::Has(*dice.pick(Has::ALL)),
            16 => {
                let fields = [
                    TimeField::Opened,
                    TimeField::Updated,
                    TimeField::Closed,
                    TimeField::Discovered,
                ];
                let span =
                    usize::try_from(self.t.now().since(midwatch_testkit::START)).unwrap() + 1;
                let mut at = || {
                    (dice.roll(3) > 0)
                        .then(|| Moment(midwatch_testkit::START.0 + dice.roll(span) as i64))
                };
                let (from, before) = (at(), at());
                Term::Time {
                    field: *dice.pick(&fields),
                    from,
                    before,
                }
            }
            _ => {
                let n = 1 + dice.roll(2);
                let words: Vec<&str> = (0..n).map(|_| *dice.pick(WORDS)).collect();
                Term::Text(words.join(" "))
            }
        }
    }
}

/// Any order.
pub(crate) fn sort(dice: &mut Dice) -> Sort {
    Sort {
        key: *dice.pick(SortKey::ALL),
        descending: dice.roll(2) == 0,
    }
}
