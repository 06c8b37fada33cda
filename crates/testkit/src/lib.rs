//! A desk for tests: a folder or database of its own, a clock moved by hand, a repeatable source of randomness, a cast of people.

pub mod peers;

use midwatch_desk::{Desk, Settings, begin, configure};
use midwatch_domain::access::{Role, Viewer};
use midwatch_domain::id::{PersonId, TeamId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::people::{AccountState, Person, Team};
use midwatch_domain::revise::Revision;
use midwatch_domain::ticket::{Command, Open, Ticket};
use midwatch_domain::words::Origin;
use midwatch_store::db::Tx;
use midwatch_store::{Fault, Location};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

pub use midwatch_desk::act::{Conditions, Done};

/// Which database engine a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded one.
    Sqlite,
    /// A database of its own on the tests' server.
    Postgres,
}

/// When the tests' clock begins.
pub const START: Moment = Moment(1_790_000_000_000);

/// A desk for tests, gone when dropped.
pub struct TestDesk {
    /// The desk.
    pub desk: Desk,
    /// What it was opened with; to open it again.
    pub settings: Settings,
    /// The cast.
    pub cast: Cast,
    ground: Ground,
}

/// Where a desk for tests stands: a folder or database of its own and a clock moved by hand.
pub struct Ground {
    /// What to open a desk with.
    pub settings: Settings,
    clock: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
    database: Option<midwatch_testpg::Database>,
}

impl Drop for Ground {
    fn drop(&mut self) {
        // Dropping a database waits for its server.
        let database = self.database.take();
        aside(|| drop(database));
    }
}

impl Ground {
    /// Fresh ground.
    pub fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (location, database) = match engine {
            Engine::Sqlite => (Location::sqlite(folder.path().join("midwatch.db")), None),
            Engine::Postgres => {
                let db = aside(midwatch_testpg::database);
                (Location::Postgres(db.url.clone()), Some(db))
            }
        };
        let clock = Arc::new(AtomicI64::new(START.0));
        let settings = Settings {
            location,
            ..settings(folder.path().to_owned(), clock.clone(), 1)
        };
        Self {
            settings,
            clock,
            _folder: folder,
            database,
        }
    }

    /// Opens the desk that stands here; it is not set up at first.
    pub fn open(&self) -> Desk {
        aside(|| Desk::open(self.settings.clone())).expect("a desk on its own ground opens")
    }

    /// Moves the clock.
    pub fn pass_ms(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    /// What the clock says.
    pub fn now(&self) -> Moment {
        Moment(self.clock.load(Ordering::SeqCst))
    }
}

/// The people of every test.
pub struct Cast {
    /// Administrator and last-resort person.
    pub ada: PersonId,
    /// Lead of the team.
    pub lea: PersonId,
    /// Analyst, on duty.
    pub ben: PersonId,
    /// Analyst.
    pub cleo: PersonId,
    /// Reporter.
    pub rui: PersonId,
    /// Auditor.
    pub aud: PersonId,
    /// The team.
    pub team: TeamId,
}

impl TestDesk {
    /// A desk that is set up, with its cast.
    pub async fn new(engine: Engine) -> Self {
        let ground = Ground::new(engine);
        let desk = ground.open();
        let cast = cast(&desk).await.expect("the cast can be made");
        Self {
            desk,
            settings: ground.settings.clone(),
            cast,
            ground,
        }
    }

    /// Moves the clock.
    pub fn pass_ms(&self, ms: i64) {
        self.ground.pass_ms(ms);
    }

    /// What the clock says.
    pub fn now(&self) -> Moment {
        self.ground.now()
    }

    /// A person of the cast in a session.
    pub fn as_(&self, id: &PersonId) -> Viewer {
        let directory = self
            .read(|tx| Ok(self.desk.store.directory(tx)?))
            .expect("the directory can be read");
        let person = directory.people.get(id).expect("the person is of the cast");
        let viewer = Viewer::person(id.clone(), person.role, BTreeSet::new());
        let teams = midwatch_desk::teams_of(&directory, &viewer.actor);
        Viewer { teams, ..viewer }
    }

    /// Opens a ticket by hand.
    pub async fn open(&self, who: &PersonId, title: &str) -> TicketNo {
        let open = Open {
            title: title.into(),
            ..blank()
        };
        let done = self
            .desk
            .open_ticket(self.as_(who), open, Origin::Web, Conditions::default())
            .await;
        done.expect("a blank ticket can be opened").ticket
    }

    /// Does a command.
    pub async fn act(
        &self,
        who: &PersonId,
        number: TicketNo,
        command: impl Into<Command>,
    ) -> Result<Done, Fault> {
        self.desk
            .act(self.as_(who), number, command, Conditions::default())
            .await
    }

    /// Reads from the store, where blocking is allowed.
    pub fn read<R: Send>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<R, Fault> + Send,
    ) -> Result<R, Fault> {
        aside(|| self.desk.store.read(work))
    }

    /// The ticket as Midwatch itself sees it.
    pub fn ticket(&self, number: TicketNo) -> Ticket {
        let found = self
            .read(|tx| midwatch_store::read::ticket::find_ticket(tx, &Viewer::system(), number));
        found.expect("the ticket exists")
    }
}

/// Runs something that blocks while a test's runtime waits.
pub fn aside<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|s| s.spawn(work).join().expect("the work does not panic"))
}

/// Nothing but defaults.
pub fn blank() -> Open {
    serde_json::from_value(serde_json::json!({ "title": "" }))
        .expect("a title is all that is required")
}

/// Settings with a clock moved by hand and randomness from a seed.
pub fn settings(folder: std::path::PathBuf, clock: Arc<AtomicI64>, seed: u64) -> Settings {
    let drawn = Arc::new(AtomicU64::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    let order = Mutex::new(());
    Settings {
        clock: Arc::new(move || Moment(clock.load(Ordering::SeqCst))),
        entropy: Arc::new(move |out| {
            let _held = order
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            for chunk in out.chunks_mut(8) {
                // SplitMix64 (Steele, Lea, Flood 2014): enough for ids and salts of tests.
                let mut z = drawn.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                chunk.copy_from_slice(&(z ^ (z >> 31)).to_be_bytes()[..chunk.len()]);
            }
        }),
        ..Settings::in_folder(folder)
    }
}

async fn cast(desk: &Desk) -> Result<Cast, Fault> {
    desk.store
        .write(|w| {
            let say = begin::Begin {
                organisation: "Harbour Works".into(),
                time_zone: "Europe/Berlin".into(),
                name: "Ada Admin".into(),
                email: "ada@example.org".into(),
            };
            let ada = begin::begin(w, &say)?;
            let system = Viewer::system();
            let mut make = |name: &str, role: Role| -> Result<PersonId, Fault> {
                let id = PersonId::from_bytes(w.random());
                let email = format!(
                    "{}@example.org",
                    name.split(' ').next().unwrap_or_default().to_lowercase()
                );
                let person = Person {
                    id: id.clone(),
                    name: name.into(),
                    email,
                    role,
                    state: AccountState::Active,
                };
                configure::revise(w, &system, Revision::Person(person))?;
                Ok(id)
            };
            let lea = make("Lea Lead", Role::Lead)?;
            let ben = make("Ben Analyst", Role::Analyst)?;
            let cleo = make("Cleo Analyst", Role::Analyst)?;
            let rui = make("Rui Reporter", Role::Reporter)?;
            let aud = make("Aud Auditor", Role::Auditor)?;
            let team = w
                .directory
                .default_team()
                .cloned()
                .ok_or_else(|| midwatch_domain::Refusal::missing("team"))?;
            let id = team.id.clone();
            let members = [&ada, &lea, &ben, &cleo].into_iter().cloned().collect();
            let team = Team {
                members,
                lead: Some(lea.clone()),
                on_duty: Some(ben.clone()),
                schedule: None,
                ..team
            };
            configure::revise(w, &system, Revision::Team(team))?;
            Ok(Cast {
                ada,
                lea,
                ben,
                cleo,
                rui,
                aud,
                team: id,
            })
        })
        .await
}

/// Makes each `async fn name(engine: Engine)` a test on SQLite and one on PostgreSQL.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::Engine::Sqlite).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::Engine::Postgres).await;
            })+
        }
    };
}
