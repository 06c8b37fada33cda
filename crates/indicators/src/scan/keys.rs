//! The words that announce a value, found by their length and first letter. Reads no value.

use crate::tables::{PHONE_WORDS, PROGRAMS};
use std::sync::LazyLock;

/// What a word announces.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Mutex,
    CreateMutex,
    ServiceName,
    Service,
    TaskName,
    Task,
    Agent,
    User,
    CommandLine,
    Command,
    Rule,
    Yara,
    Sigma,
    Title,
    RoleName,
    Iam,
    NewService,
    Phone,
    Method,
    Program,
}

#[rustfmt::skip]
const WORDS: &[(&str, Key)] = &[
    ("mutex", Key::Mutex), ("mutexes", Key::Mutex), ("mutant", Key::Mutex),
    ("mutexname", Key::Mutex), ("mutex_name", Key::Mutex), ("createmutex", Key::CreateMutex),
    ("createmutexa", Key::CreateMutex), ("createmutexw", Key::CreateMutex), ("createmutexex", Key::CreateMutex),
    ("createmutexexw", Key::CreateMutex), ("openmutex", Key::CreateMutex), ("openmutexa", Key::CreateMutex),
    ("openmutexw", Key::CreateMutex), ("servicename", Key::ServiceName), ("service_name", Key::ServiceName),
    ("service-name", Key::ServiceName), ("service", Key::Service), ("new-service", Key::NewService),
    ("taskname", Key::TaskName), ("task_name", Key::TaskName), ("task-name", Key::TaskName),
    ("task", Key::Task), ("tasks", Key::Task), ("register-scheduledtask", Key::TaskName),
    ("user-agent", Key::Agent), ("useragent", Key::Agent), ("user_agent", Key::Agent),
    ("http_user_agent", Key::Agent), ("ua", Key::Agent), ("user", Key::User),
    ("mozilla", Key::Agent), ("commandline", Key::CommandLine), ("command_line", Key::CommandLine),
    ("command-line", Key::CommandLine), ("cmdline", Key::CommandLine), ("processcommandline", Key::CommandLine),
    ("parentcommandline", Key::CommandLine), ("initiatingprocesscommandline", Key::CommandLine), ("parent_command_line", Key::CommandLine),
    ("process_command_line", Key::CommandLine), ("command", Key::Command), ("rule", Key::Rule),
    ("yara", Key::Yara), ("sigma", Key::Sigma), ("title", Key::Title),
    ("rolename", Key::RoleName), ("role_name", Key::RoleName), ("role-name", Key::RoleName),
    ("iam", Key::Iam), ("get", Key::Method), ("post", Key::Method), ("head", Key::Method), ("put", Key::Method),
    ("options", Key::Method), ("delete", Key::Method), ("patch", Key::Method), ("connect", Key::Method),
    ("propfind", Key::Method),
];

/// By length and first letter.
static KEYS: LazyLock<Vec<Vec<(&'static str, Key)>>> = LazyLock::new(|| {
    let mut keys = vec![Vec::new(); 32 * 32];
    let programs = PROGRAMS.iter().map(|word| (*word, Key::Program));
    let phones = PHONE_WORDS.iter().map(|word| (*word, Key::Phone));
    for (word, key) in WORDS.iter().copied().chain(programs).chain(phones) {
        keys[slot(word.as_bytes())].push((word, key));
    }
    keys
});

const fn slot(word: &[u8]) -> usize {
    word.len() * 32 + (word[0] & 31) as usize
}

/// Few words pass this: by their length, first and last letter.
static SIEVE: [bool; 4096] = {
    let mut sieve = [false; 4096];
    let mut index = 0;
    while index < WORDS.len() {
        sieve[hole(WORDS[index].0.as_bytes())] = true;
        index += 1;
    }
    index = 0;
    while index < PROGRAMS.len() {
        sieve[hole(PROGRAMS[index].as_bytes())] = true;
        index += 1;
    }
    index = 0;
    while index < PHONE_WORDS.len() {
        sieve[hole(PHONE_WORDS[index].as_bytes())] = true;
        index += 1;
    }
    sieve
};

const fn hole(word: &[u8]) -> usize {
    let (first, last) = (word[0] & 31, word[word.len() - 1] & 31);
    (word.len() & 15) << 8 | (first as usize) << 3 ^ (last as usize)
}

/// What a word of less than 32 bytes announces, in letters of any size.
pub(super) fn announced_by(word: &[u8]) -> Option<Key> {
    if !SIEVE[hole(word)] {
        return None;
    }
    let near = &KEYS[slot(word)];
    let known = near
        .iter()
        .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(word));
    known.map(|(_, key)| *key)
}
