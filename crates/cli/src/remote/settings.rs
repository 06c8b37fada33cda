//! Which server the client talks to and with which token: flags, environment, then the file of the person.

use clap::Args;
use serde::Deserialize;
use std::path::{Path, PathBuf};

use super::client::Failure;

/// How to reach the server, and how to print what it answers.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Reach {
    #[command(flatten)]
    door: Door,
    /// Print what the server answers, as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Reach {
    /// Decides server and token.
    ///
    /// # Errors
    /// Usage: what is missing and where it can be said.
    pub(crate) fn access(&self) -> Result<Access, Failure> {
        self.door.access()
    }
}

/// How to reach the server.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Door {
    /// Address of the server, with https:// in front.
    #[arg(long, env = "MIDWATCH_SERVER", value_name = "URL", global = true)]
    pub(crate) server: Option<String>,
    /// A file that holds the API token and that only you can read. Or set MIDWATCH_TOKEN.
    #[arg(long, env = "MIDWATCH_TOKEN_FILE", value_name = "FILE", global = true)]
    pub(crate) token_file: Option<PathBuf>,
    /// The client's settings file; else ~/.config/midwatch/client.toml with `server` and `token` or `token_file`.
    #[arg(long, env = "MIDWATCH_CLIENT", value_name = "FILE", global = true)]
    pub(crate) client: Option<PathBuf>,
}

/// The client's settings file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    server: Option<String>,
    token: Option<String>,
    token_file: Option<PathBuf>,
}

/// Server and token, decided.
#[derive(Debug)]
pub(crate) struct Access {
    /// Without a slash at the end.
    pub(crate) server: String,
    /// The secret.
    pub(crate) token: String,
}

impl Door {
    /// Decides server and token.
    ///
    /// # Errors
    /// Usage: what is missing and where it can be said.
    pub(crate) fn access(&self) -> Result<Access, Failure> {
        let file = self.file()?;
        let server = self.server.clone().or(file.server).ok_or_else(|| {
            Failure::usage("Which server? Give --server, MIDWATCH_SERVER, or `server` in ~/.config/midwatch/client.toml.")
        })?;
        let spoken = std::env::var("MIDWATCH_TOKEN")
            .ok()
            .filter(|t| !t.trim().is_empty());
        let token = match (&self.token_file, spoken, file.token, file.token_file) {
            (Some(path), ..) => secret(path)?,
            (None, Some(token), ..) | (None, None, Some(token), _) => token,
            (None, None, None, Some(path)) => secret(&path)?,
            (None, None, None, None) => {
                return Err(Failure::usage(
                    "Which token? Make one under “Settings” and give --token-file, MIDWATCH_TOKEN, or `token` in ~/.config/midwatch/client.toml.",
                ));
            }
        };
        Ok(Access {
            server: server.trim_end_matches('/').to_owned(),
            token: token.trim().to_owned(),
        })
    }

    fn file(&self) -> Result<File, Failure> {
        let path = match &self.client {
            Some(path) => path.clone(),
            None => match std::env::home_dir().map(|h| h.join(".config/midwatch/client.toml")) {
                Some(path) if path.exists() => path,
                _ => return Ok(File::default()),
            },
        };
        let text = secret(&path)?;
        toml::from_str(&text).map_err(|e| {
            Failure::usage(format!(
                "{} cannot be understood: {}",
                path.display(),
                e.message()
            ))
        })
    }
}

/// Reads a file that nobody else may read.
fn secret(path: &Path) -> Result<String, Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let says =
        |e: std::io::Error| Failure::usage(format!("{} cannot be read: {e}", path.display()));
    let mode = std::fs::metadata(path).map_err(says)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Failure::usage(format!(
            "{0} holds a secret and others can read it. Do this first: chmod 600 {0}",
            path.display()
        )));
    }
    std::fs::read_to_string(path).map_err(says)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("client.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    #[test]
    fn the_file_says_server_and_token() {
        let (_dir, path) = file(
            "server = \"http://127.0.0.1:1/\"\ntoken = \"mwt_x\"\n",
            0o600,
        );
        let access = Door {
            client: Some(path),
            ..Door::default()
        }
        .access()
        .unwrap();
        assert_eq!(
            (access.server.as_str(), access.token.as_str()),
            ("http://127.0.0.1:1", "mwt_x")
        );
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_remedy() {
        let (_dir, path) = file("server = \"x\"\ntoken = \"y\"\n", 0o644);
        let failure = Door {
            client: Some(path),
            ..Door::default()
        }
        .access()
        .unwrap_err();
        assert!(failure.message.contains("chmod 600"), "{}", failure.message);
        assert_eq!(failure.code, 2);
    }
}
