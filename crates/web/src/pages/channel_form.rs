//! The form of a channel: what it asks by kind, the small forms below it, and what was typed as a channel again.

use midwatch_domain::Refusal;
use midwatch_domain::channel::{Channel, Hears, Security, Settings};
use midwatch_domain::id::ChannelId;
use midwatch_domain::words::Severity;

use super::channels::LIST;
use super::frame::Look;
use super::show;
use super::typed::Typed;
use crate::App;
use crate::view::form::{Choice, Field, FieldKind, Form};
use crate::view::piece::Problem as Piece;

/// A channel of a kind before anything was typed.
///
/// # Errors
/// Missing, if there is no such kind.
pub(super) fn blank(app: &App, kind: &str) -> Result<Channel, Refusal> {
    let text = String::new;
    let settings = match kind {
        "mail" => Settings::Mail {
            server: text(),
            port: 587,
            security: Security::Starttls,
            user: text(),
            from: text(),
            reply_to: text(),
        },
        "mailbox" => Settings::Mailbox { from: text() },
        "webhook" => Settings::Webhook { url: text() },
        "slack" => Settings::Slack { host: text() },
        "teams" => Settings::Teams { host: text() },
        "pagerduty" => Settings::Pagerduty {
            url: "https://events.pagerduty.com/v2/enqueue".into(),
        },
        "ntfy" => Settings::Ntfy {
            url: "https://ntfy.sh".into(),
            topic: text(),
        },
        _ => return Err(Refusal::missing("kind of channel")),
    };
    Ok(Channel {
        id: ChannelId::from_bytes(app.desk.store.random()),
        name: text(),
        enabled: true,
        allow_private: false,
        hears: (!settings.is_mail() && kind != "ntfy").then(Hears::default),
        settings,
        secret_at: None,
        deleted: false,
    })
}

fn tick(on: bool) -> &'static str {
    if on { "yes" } else { "" }
}

/// The form of a channel.
pub(super) fn form(look: &Look, c: &Channel, action: &str) -> Form {
    let mut fields = vec![
        Field::text("name", "Name")
            .value(&c.name)
            .required()
            .max(80)
            .help("As people see it when they choose how to be reached."),
    ];
    fields.extend(place(&c.settings));
    if !c.settings.is_mail() {
        fields.extend(hears(look, c));
    }
    if !matches!(c.settings, Settings::Mailbox { .. }) {
        let own = "It may lead to this machine or the network around it";
        fields.push(
            Field::new(FieldKind::Tick, "allow_private", own)
                .value(tick(c.allow_private))
                .help("Needed for a server of your own with a private address. Addresses at which clouds tell secrets stay refused."),
        );
    }
    fields.push(Field::new(FieldKind::Tick, "enabled", "Switched on").value(tick(c.enabled)));
    Form::new(action, "Save", fields).cancel(LIST)
}

/// The fields that say where a channel leads.
fn place(settings: &Settings) -> Vec<Field> {
    let url = |value: &str| {
        Field::text("url", "Address")
            .value(value)
            .required()
            .max(2048)
    };
    match settings {
        Settings::Mail {
            server,
            port,
            security,
            user,
            from,
            reply_to,
        } => {
            let ways = [
                ("starttls", "STARTTLS"),
                ("tls", "TLS from the first byte"),
                ("none", "none, in clear"),
            ];
            let way = match security {
                Security::Starttls => "starttls",
                Security::Tls => "tls",
                Security::None => "none",
            };
            vec![
                Field::text("server", "Server")
                    .value(server)
                    .required()
                    .max(253)
                    .placeholder("mail.example.org"),
                Field::new(FieldKind::Number, "port", "Port")
                    .value(port.to_string())
                    .required()
                    .help("Usually 587 with STARTTLS, 465 with TLS."),
                Field::new(FieldKind::Choice, "security", "Encryption")
                    .value(way)
                    .required()
                    .choices(ways.map(|(v, l)| Choice::new(v, l)).to_vec()),
                Field::text("user", "User name")
                    .value(user)
                    .max(200)
                    .autocomplete("off")
                    .help("If the server wants one. The password is set after saving."),
                Field::new(FieldKind::Email, "from", "Letters come from")
                    .value(from)
                    .required()
                    .max(254)
                    .placeholder("midwatch@example.org"),
                Field::new(FieldKind::Email, "reply_to", "Answers go to")
                    .value(reply_to)
                    .max(254)
                    .help("Such as the mailbox of your team. Midwatch does not read letters."),
            ]
        }
        Settings::Mailbox { from } => vec![
            Field::new(FieldKind::Email, "from", "Letters come from")
                .value(from)
                .required()
                .max(254)
                .help("Letters are put into the folder “mailbox” of the data folder."),
        ],
        Settings::Webhook { url: to } => {
            vec![url(to).help(
                "Gets a POST with a JSON body, signed with the key that is set after saving.",
            )]
        }
        Settings::Pagerduty { url: to } => vec![url(to).help(
            "PagerDuty's Events API v2. The routing key of the service is set after saving.",
        )],
        Settings::Ntfy { url: to, topic } => vec![
            url(to).help("The server. Its access token, if it wants one, is set after saving."),
            Field::text("topic", "Topic for the team")
                .value(topic)
                .max(64)
                .help("For what the team hears. People name a topic of their own in their rules."),
        ],
        Settings::Slack { .. } | Settings::Teams { .. } => Vec::new(),
    }
}

/// The fields that say what goes out on a channel by itself.
fn hears(look: &Look, c: &Channel) -> Vec<Field> {
    let h = c.hears.clone().unwrap_or_default();
    let teams = look.directory().teams.values();
    let teams = teams.map(|t| Choice::new(t.id.as_str(), &t.name)).collect();
    vec![
        Field::new(
            FieldKind::Tick,
            "hears",
            "It hears when a ticket needs somebody, when somebody is on it, and when it is over",
        )
        .value(tick(c.hears.is_some()))
        .help("Nothing goes out about restricted tickets, and only number and link of TLP:RED and AMBER+STRICT."),
        Field::new(FieldKind::MultiChoice, "teams", "Tickets of these teams")
            .values(h.teams.iter().map(ToString::to_string).collect())
            .choices(teams)
            .help("None ticked: all teams."),
        Field::new(FieldKind::MultiChoice, "severities", "Of these severities")
            .values(h.severities.iter().map(|s| s.as_str().to_owned()).collect())
            .choices(show::severities())
            .help("None ticked: all."),
    ]
}

/// The forms below: secret, test, deletion. `said` is what came of a test.
pub(super) fn more(look: &Look, c: &Channel, said: Option<Piece>) -> Vec<(String, String, Form)> {
    let mut out = Vec::new();
    let at = |what: &str| format!("{LIST}/{}/{what}", c.id);
    if let Some((name, needed)) = c.settings.secret() {
        let sentence = match (c.secret_at, needed) {
            (Some(when), _) => format!(
                "Set {}. It is sealed and cannot be shown; setting another one replaces it.",
                look.now.moment(when.0).text
            ),
            (None, true) => "Nothing goes out before it is set.".into(),
            (None, false) => "Only needed if the server wants one.".into(),
        };
        let help = match &c.settings {
            Settings::Webhook { .. } => {
                "At least 16 characters, made at random. The receiver checks each request with it."
            }
            Settings::Slack { .. } => "https://hooks.slack.com/services/…",
            Settings::Teams { .. } => "The address that Teams gives out for a workflow or webhook.",
            _ => "",
        };
        let field = Field::new(FieldKind::Password, "secret", name)
            .required()
            .max(2048)
            .autocomplete("off")
            .help(help);
        out.push((
            name.to_owned(),
            sentence,
            Form::new(at("secret"), "Set", vec![field]).plain(),
        ));
    }
    let fields = match c.settings.address() {
        Some(what) => {
            let field = Field::text("address", format!("To which {what}"));
            vec![field.max(254).help(match c.settings.is_mail() {
                true => "Left empty: your own.",
                false => "Left empty: the team's topic.",
            })]
        }
        None => Vec::new(),
    };
    let mut test = Form::new(at("test"), "Send a test", fields).plain();
    test.problem = said;
    let sentence = "Goes out at once; the answer of the other side is shown here.";
    out.push(("Test".into(), sentence.into(), test));
    let sentence = "People who chose it are written to by mail instead.";
    let delete = Form::new(at("delete"), "Delete the channel", Vec::new());
    out.push(("Delete".into(), sentence.into(), delete.dangerous()));
    out
}

/// What was typed, over the channel as it was.
///
/// # Errors
/// A refusal naming the field.
pub(super) fn typed_channel(typed: &Typed, before: &Channel) -> Result<Channel, Refusal> {
    let get = |name: &str| typed.get(name).to_owned();
    let settings = match &before.settings {
        Settings::Mail { .. } => Settings::Mail {
            server: get("server"),
            port: typed
                .get("port")
                .parse()
                .map_err(|_| Refusal::invalid("port", "A port is 1 to 65535."))?,
            security: match typed.get("security") {
                "starttls" => Security::Starttls,
                "tls" => Security::Tls,
                "none" => Security::None,
                _ => return Err(Refusal::invalid("security", "Choose the encryption.")),
            },
            user: get("user"),
            from: get("from"),
            reply_to: get("reply_to"),
        },
        Settings::Mailbox { .. } => Settings::Mailbox { from: get("from") },
        Settings::Webhook { .. } => Settings::Webhook { url: get("url") },
        Settings::Pagerduty { .. } => Settings::Pagerduty { url: get("url") },
        Settings::Ntfy { .. } => Settings::Ntfy {
            url: get("url"),
            topic: get("topic"),
        },
        secret @ (Settings::Slack { .. } | Settings::Teams { .. }) => secret.clone(),
    };
    let hears = match typed.get("hears") {
        "yes" => Some(Hears {
            teams: typed
                .all("teams")
                .iter()
                .map(|t| t.parse().map_err(|r: Refusal| r.on("teams")))
                .collect::<Result<_, _>>()?,
            severities: typed
                .all("severities")
                .iter()
                .map(|s| s.parse::<Severity>().map_err(|r| r.on("severities")))
                .collect::<Result<_, _>>()?,
        }),
        _ => None,
    };
    Ok(Channel {
        name: get("name"),
        enabled: typed.get("enabled") == "yes",
        allow_private: typed.get("allow_private") == "yes",
        settings,
        hears,
        ..before.clone()
    })
}
