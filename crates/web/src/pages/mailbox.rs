//! The letters that are kept on this machine instead of being sent, as text. Who may read which, the desk decides.

use axum::extract::State;
use axum::response::Response;
use midwatch_desk::post::mailbox::{Kept, SHOWN};
use midwatch_domain::access::Action;

use super::frame::Look;
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::post::{LetterLine, LetterRow, Mailbox};

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    r.get("/mailbox", Policy::May(Action::ManageSelf), page)
}

async fn page(State(app): State<App>, look: Look) -> Result<Response, Problem> {
    let (desk, signed) = (app.desk.clone(), look.signed.clone());
    let letters = app
        .blocking(move || desk.letters(&signed.viewer, &signed.directory))
        .await?;
    let home = app.desk.url();
    let page = Mailbox {
        frame: look.frame(&app, "Mailbox", Nav::None).await?,
        all: look.viewer().may(Action::ManageChannels).is_ok(),
        full: letters.len() == SHOWN,
        rows: letters.into_iter().map(|l| row(&look, home, l)).collect(),
    };
    Ok(look.show(&page))
}

fn row(look: &Look, home: &str, letter: Kept) -> LetterRow {
    LetterRow {
        at: look.now.moment(letter.at_ms),
        to: letter.to,
        subject: letter.subject,
        lines: letter
            .text
            .lines()
            .map(|text| LetterLine {
                href: href(home, text),
                text: text.to_owned(),
            })
            .collect(),
        name: letter.name,
    }
}

/// Where a line leads that is nothing but an address of ours; what people wrote never becomes a link elsewhere.
fn href(home: &str, line: &str) -> Option<String> {
    let path = line.strip_prefix(home).filter(|_| !home.is_empty())?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_-".contains(c);
    (path.starts_with('/') && !path.starts_with("//") && path.chars().all(plain))
        .then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::href;

    #[test]
    fn only_addresses_of_ours_become_links() {
        let home = "https://mw.example";
        assert_eq!(
            href(home, "https://mw.example/act/mwo_a-b").as_deref(),
            Some("/act/mwo_a-b")
        );
        for text in [
            "https://mw.example.evil/x",
            "https://mw.example//evil.example",
            "https://evil.example/",
            "see https://mw.example/tickets/MW-1",
            "https://mw.example/a?next=b",
            "/tickets/MW-1",
        ] {
            assert_eq!(href(home, text), None, "{text}");
        }
        assert_eq!(href("", "/tickets/MW-1"), None);
    }
}
