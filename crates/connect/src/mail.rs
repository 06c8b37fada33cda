//! Mail: one letter, threaded by its ticket, by SMTP or into a folder. What a letter says was decided before.

pub mod mailbox;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message as Letter, Tokio1Executor};
use midwatch_domain::channel::{Security, Settings};
use midwatch_domain::message::{Message, line};
use midwatch_domain::notify::Urgency;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use crate::failure::Failure;
use crate::{Egress, Parcel, Reach};

/// Ports of mail servers elsewhere; on the own network a server may listen anywhere.
const PORTS: [u16; 4] = [25, 465, 587, 2525];

/// Sends a letter by SMTP.
pub(crate) async fn send(egress: &Egress, parcel: &Parcel<'_>) -> Result<String, Failure> {
    let Settings::Mail {
        server,
        port,
        security,
        user,
        from,
        reply_to,
    } = &parcel.channel.settings
    else {
        return Err(Failure::never("This channel is not for mail."));
    };
    if parcel.reach() == Reach::Public && !PORTS.contains(port) {
        return Err(Failure::never(format!(
            "Port {port} is not a mail server's. Expected 25, 465, 587 or 2525; an administrator can allow the channel its own network."
        )));
    }
    let letter = letter(from, reply_to, parcel.address, parcel.message)?;
    let found = egress.resolve(server, *port, parcel.reach()).await?;
    let tls = || {
        let mut tls = TlsParameters::builder(server.clone());
        if let Some(pem) = egress.authorities() {
            tls = tls.add_root_certificate(Certificate::from_pem(pem)?);
        }
        tls.build()
    };
    let no_tls = |e| Failure::never(format!("TLS cannot be prepared: {e}."));
    let tls = match security {
        Security::None => Tls::None,
        Security::Starttls => Tls::Required(tls().map_err(no_tls)?),
        Security::Tls => Tls::Wrapper(tls().map_err(no_tls)?),
    };
    let hello = from.rsplit('@').next().unwrap_or("localhost");
    let mut last = Failure::later(format!("The name {server} is not found."));
    for at in found {
        let mut transport =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(at.ip().to_string())
                .port(*port)
                .timeout(Some(egress.limits().connect))
                .hello_name(ClientId::Domain(hello.to_owned()))
                .tls(tls.clone());
        if !user.is_empty() {
            transport =
                transport.credentials(Credentials::new(user.clone(), parcel.key().to_owned()));
        }
        let transport = transport.build::<Tokio1Executor>();
        let sending = transport.send(letter.clone());
        match tokio::time::timeout(mail_limit(egress.limits().total), sending).await {
            Ok(Ok(answer)) => {
                let said: Vec<&str> = answer.message().collect();
                return Ok(line(&format!("{} {}", answer.code(), said.join(" ")), 200));
            }
            Ok(Err(e)) if e.is_permanent() || e.is_transient() => return Err(said(server, &e)),
            Ok(Err(e)) => last = said(server, &e),
            Err(_) => {
                let s = mail_limit(egress.limits().total).as_secs();
                last = Failure::later(format!("{server} did not finish within {s} s."));
            }
        }
    }
    Err(last)
}

/// A letter passes through several questions and answers, each of which may take its time.
fn mail_limit(total: Duration) -> Duration {
    total * 2
}

/// What a mail server answered or failed to, with its code. 4yz is worth another try, 5yz is not.
fn said(server: &str, e: &lettre::transport::smtp::Error) -> Failure {
    let mut why = e.to_string();
    let mut cause = std::error::Error::source(e);
    while let Some(c) = cause {
        let text = c.to_string();
        if !why.contains(&text) {
            why = format!("{why}: {text}");
        }
        cause = c.source();
    }
    let why = line(&why, 300);
    if e.is_permanent() {
        return Failure::never(format!("{server} refused the letter: {why}"));
    }
    if e.is_transient() {
        return Failure::later(format!("{server} cannot take the letter now: {why}"));
    }
    if e.is_timeout() {
        return Failure::later(format!("{server} did not answer in time."));
    }
    Failure::later(format!("{server} could not be used: {why}"))
}

/// Puts a letter into a folder, whole or not at all.
pub(crate) async fn keep(
    folder: &Path,
    from: &str,
    parcel: &Parcel<'_>,
) -> Result<String, Failure> {
    let text = letter(from, "", parcel.address, parcel.message)?.formatted();
    let message = parcel.message;
    let ticket = message.ticket.map_or("midwatch".into(), |n| n.to_string());
    let name = format!("{:015}-{ticket}-{}.eml", message.at.0, message.id);
    let says = |e: std::io::Error| Failure::later(format!("The mailbox cannot be written: {e}."));
    tokio::fs::create_dir_all(folder).await.map_err(says)?;
    let part = folder.join(format!(".{name}.part"));
    tokio::fs::write(&part, text).await.map_err(says)?;
    tokio::fs::rename(&part, folder.join(&name))
        .await
        .map_err(says)?;
    Ok("kept in the mailbox".into())
}

fn letter(from: &str, reply_to: &str, to: &str, message: &Message) -> Result<Letter, Failure> {
    let address = |text: &str| {
        let read = text.parse::<Address>();
        read.map_err(|_| Failure::never(format!("“{}” is not a mail address.", line(text, 80))))
    };
    let (from, to) = (address(from)?, address(to)?);
    let home = from.domain().to_owned();
    let subject = match message.ticket {
        Some(n) if message.title != n.to_string() => format!("[{n}] {}", message.title),
        _ => message.title.clone(),
    };
    let millis = u64::try_from(message.at.0).unwrap_or_default();
    let mut letter = Letter::builder()
        .from(Mailbox::new(Some("Midwatch".into()), from))
        .to(Mailbox::new(None, to))
        .date(UNIX_EPOCH + Duration::from_millis(millis))
        .message_id(Some(format!("<{}@{home}>", message.id)))
        // What somebody typed must not be read as an encoded word (RFC 2047 §2), which it would not be shown as.
        .subject(line(&subject.replace("=?", "= ?"), 250));
    if !reply_to.is_empty() {
        letter = letter.reply_to(Mailbox::new(None, address(reply_to)?));
    }
    if let Some(number) = message.ticket {
        // Nobody ever got the letter at the root; all letters of a ticket hang on it together.
        let root = format!("<{number}.ticket@{home}>");
        letter = letter.in_reply_to(root.clone()).references(root);
    }
    for (name, value) in [
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("List-Id", format!("Midwatch <midwatch.{home}>")),
    ] {
        letter = letter.raw_header(head(name, value)?);
    }
    if message.urgency == Urgency::Page {
        letter = letter.raw_header(head("Importance", "high".into())?);
    }
    let parts = MultiPart::alternative()
        .singlepart(SinglePart::plain(plain(message)))
        .singlepart(
            SinglePart::builder()
                .header(ContentType::TEXT_HTML)
                .body(html(message)),
        );
    letter
        .multipart(parts)
        .map_err(|e| Failure::never(format!("The letter cannot be written: {e}.")))
}

fn head(name: &str, value: String) -> Result<HeaderValue, Failure> {
    let name = HeaderName::new_from_ascii(name.to_owned())
        .map_err(|e| Failure::never(format!("The letter cannot be written: {e}.")))?;
    Ok(HeaderValue::new(name, value))
}

fn plain(message: &Message) -> String {
    let mut text = message.text.clone();
    for link in &message.links {
        text += &format!("\n\n{}:\n{}", link.label, link.url);
    }
    if !message.why.is_empty() {
        text += &format!("\n\n-- \n{}", message.why);
    }
    text + "\n"
}

fn html(message: &Message) -> String {
    let mut links = message.links.clone();
    links.sort_by_key(|l| !l.wanted);
    let buttons: String = links
        .iter()
        .map(|l| {
            let look = if l.wanted {
                "background:#1f5fbf;color:#fff;border:1px solid #1f5fbf"
            } else {
                "color:#1f5fbf;border:1px solid #b8c4d4"
            };
            format!(
                "<a href=\"{}\" style=\"display:inline-block;margin:0 8px 8px 0;padding:9px 16px;border-radius:6px;text-decoration:none;{look}\">{}</a>",
                escape(&l.url),
                escape(&l.label)
            )
        })
        .collect();
    format!(
        "<!doctype html><html><body style=\"margin:0;padding:24px;font:15px/1.5 system-ui,sans-serif;color:#1c2430;background:#fff\">\
         <div style=\"max-width:640px\"><p style=\"margin:0 0 16px;font-weight:600;font-size:17px\">{}</p>\
         <div style=\"white-space:pre-line;margin:0 0 20px\">{}</div><p style=\"margin:0 0 20px\">{buttons}</p>\
         <p style=\"margin:0;color:#6b7686;font-size:13px\">{}</p></div></body></html>\n",
        escape(&message.title),
        escape(&message.text),
        escape(&message.why)
    )
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
pub(crate) mod tests;
