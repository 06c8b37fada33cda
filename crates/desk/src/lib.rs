//! Use-cases and engine: every change goes through here, authorised and recorded. Knows no HTTP and no SQL.

pub mod account;
pub mod act;
pub mod assets;
pub mod attack;
pub mod backup;
pub mod begin;
pub mod clock;
pub mod configure;
pub mod doctor;
pub mod engine;
pub mod evidence;
pub mod handover;
pub mod intake;
pub mod intelligence;
pub mod listening;
pub mod logs;
pub mod matcher;
pub mod on_call;
pub mod post;
pub mod publish;
pub mod record;

use account::password::Hashers;
use account::seal::Seal;
use ed25519_dalek::SigningKey;
use engine::vitals::Vitals;
use engine::watchdog::Watchdog;
use midwatch_domain::access::Viewer;
use midwatch_domain::actor::Actor;
use midwatch_domain::directory::Directory;
use midwatch_domain::people::AccountState;
use midwatch_domain::{Refusal, id::TeamId};
use midwatch_store::{
    Clock, Entropy, Location, Notice, Options, Store, StoreError, checkpoint, rows,
};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::broadcast;

pub use midwatch_connect::{Failure, Options as Outside};
pub use midwatch_store::Fault;

/// What a desk needs to open.
#[derive(Clone)]
pub struct Settings {
    /// The data folder: keys, evidence, checkpoints and, by default, the database.
    pub data: PathBuf,
    /// Where the database is.
    pub location: Location,
    /// The clock.
    pub clock: Clock,
    /// What keeps the clock steady, if it is the machine's: its steps are recorded, and it is held against the database's.
    pub keeper: Option<Arc<clock::Keeper>>,
    /// A dead man's switch that is told while all is well.
    pub watchdog: Option<Arc<Watchdog>>,
    /// Randomness.
    pub entropy: Entropy,
    /// Connections that read.
    pub readers: usize,
    /// The key that seals secrets, as 32 bytes in base64, instead of the data folder's; all nodes must have the same.
    pub seal_key: Option<String>,
    /// How messages leave.
    pub outside: midwatch_connect::Options,
}

impl Settings {
    /// A desk in a folder with the embedded database, the real clock and the system's randomness.
    pub fn in_folder(data: impl Into<PathBuf>) -> Self {
        let data = data.into();
        let location = Location::sqlite(data.join("midwatch.db"));
        let outside = midwatch_connect::Options {
            mailbox: data.join("mailbox"),
            ..midwatch_connect::Options::default()
        };
        Self {
            outside,
            data,
            location,
            clock: system_clock(),
            keeper: None,
            watchdog: None,
            entropy: system_entropy(),
            readers: 4,
            seal_key: std::env::var(account::seal::VARIABLE).ok(),
        }
    }
}

impl Settings {
    /// With a steady clock made of the machine's, as a server needs that runs for long.
    pub fn steadied(self) -> Self {
        let keeper = clock::Keeper::of_machine();
        Self {
            clock: keeper.clock(),
            keeper: Some(keeper),
            ..self
        }
    }
}

/// Makes the data folder if it is missing, for its owner alone: it holds keys, hashes of passwords and evidence.
///
/// # Errors
/// As the operating system says.
pub fn data_folder(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// The real clock.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that reads the real clock"
        )]
        let now = std::time::SystemTime::now();
        let ms = now
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| d.as_millis());
        midwatch_domain::moment::Moment(i64::try_from(ms).unwrap_or(i64::MAX))
    })
}

/// The system's randomness. Panics if the system has none, since nothing secret could be made then.
pub fn system_entropy() -> Entropy {
    Arc::new(|out| {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that asks the system for randomness"
        )]
        getrandom::fill(out).expect("the operating system provides randomness");
    })
}

/// The desk. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    /// Storage; for reads.
    pub store: Store,
    /// The data folder.
    pub data: PathBuf,
    key: Arc<SigningKey>,
    seal: Arc<Seal>,
    hashers: Arc<Hashers>,
    post: Arc<post::Post>,
    inbound: Arc<tokio::sync::Notify>,
    notices: broadcast::Sender<Notice>,
    keeper: Option<Arc<clock::Keeper>>,
    watchdog: Option<Arc<Watchdog>>,
    vitals: Arc<Vitals>,
    known: Arc<matcher::Known>,
    listening: Arc<listening::Listening>,
}

impl Desk {
    /// Opens a desk, making the data folder and its key at first.
    ///
    /// # Errors
    /// As the store says.
    pub fn open(settings: Settings) -> Result<Self, StoreError> {
        let Settings {
            data,
            location,
            clock,
            keeper,
            watchdog,
            entropy,
            readers,
            seal_key,
            outside,
        } = settings;
        data_folder(&data)
            .map_err(|e| StoreError::Unavailable(format!("the data folder cannot be made: {e}")))?;
        let key = checkpoint::signing_key(&data.join("checkpoint.key"), || {
            let mut seed = [0; 32];
            entropy(&mut seed);
            seed
        })?;
        let (notices, _) = broadcast::channel(4096);
        let announce = notices.clone();
        let options = Options {
            location,
            blobs: data.join("evidence"),
            clock,
            entropy,
            readers,
        };
        let store = Store::open(options, move |notice| {
            // Nobody may be listening.
            let _ = announce.send(notice);
        })?;
        let any_sealed = store.read(midwatch_store::plain::credential::any_sealed)?
            || store.read(midwatch_store::plain::sealed::any)?;
        let seal = Seal::load(seal_key.as_deref(), &data, any_sealed, || store.random())?;
        let hashers = Hashers::new(store.random())?;
        let vitals = Vitals::new(store.random(), store.now());
        let post = post::Post::new(outside);
        let desk = Self {
            store,
            data,
            post: Arc::new(post),
            inbound: Arc::default(),
            key: Arc::new(key),
            seal: Arc::new(seal),
            hashers: Arc::new(hashers),
            notices,
            keeper,
            watchdog,
            vitals: Arc::new(vitals),
            known: Arc::new(matcher::Known::new()),
            listening: Arc::new(listening::Listening::new()),
        };
        desk.set_clock()?;
        Ok(desk)
    }

    /// Sets the steady clock by what is known: the database's server, and the last entry of the record.
    fn set_clock(&self) -> Result<(), StoreError> {
        engine::time::compare(self)?;
        if let Some(keeper) = &self.keeper {
            let last = self.store.read(rows::head::read)?.recorded_at;
            let behind = last.since(keeper.now());
            keeper.not_before(last);
            if behind > clock::BACK_MS {
                tracing::warn!(
                    by_ms = behind,
                    "the clock is behind the last entry of the record: time goes on from there"
                );
            }
        }
        Ok(())
    }

    /// What is committed from now on, by any node, once and in order.
    pub fn listen(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// The key that signs checkpoints.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }
}

/// The viewer as the desk knows the person now: role and teams may have changed since the request began.
///
/// # Errors
/// Forbidden if the account is not active any more.
pub fn refresh(viewer: &Viewer, directory: &Directory) -> Result<Viewer, Refusal> {
    let Some(id) = viewer.actor.person() else {
        return Ok(viewer.clone());
    };
    let person = directory
        .people
        .get(id)
        .filter(|p| p.state == AccountState::Active);
    let person = person.ok_or_else(|| Refusal::unknown("This account is not active."))?;
    Ok(Viewer {
        actor: viewer.actor.clone(),
        role: Some(person.role),
        teams: teams_of(directory, &viewer.actor),
        scopes: viewer.scopes.clone(),
    })
}

/// Teams that the actor's person belongs to.
pub fn teams_of(directory: &Directory, actor: &Actor) -> BTreeSet<TeamId> {
    let Some(me) = actor.person() else {
        return BTreeSet::new();
    };
    directory
        .teams
        .values()
        .filter(|t| t.members.contains(me))
        .map(|t| t.id.clone())
        .collect()
}
