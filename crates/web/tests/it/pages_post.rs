//! Messages where people see them: channels and their tests, the log, one's own rules and list, texts, links that ask once more.

use axum::http::StatusCode;
use midwatch_testkit::Engine;
use midwatch_testkit::peers::Peer;
use serde_json::json;

use crate::site::{Site, Visitor};

midwatch_testkit::on_both_engines!(
    a_channel_is_made_tried_and_its_secret_not_shown,
    what_does_not_go_out_is_seen_with_its_reason_and_sent_again,
    a_link_asks_once_more_and_says_no_more_than_the_number,
    letters_are_read_by_their_readers_and_acted_on_by_nobody_else,
    one_chooses_how_to_be_told,
    the_bell_tells_what_is_new,
    texts_are_written_previewed_and_put_back,
);

const KEY: &str = "a key of the tests";

/// The id that an address ends with.
fn last(location: &str) -> String {
    location.rsplit('/').next().unwrap().to_owned()
}

async fn mailbox(site: &Site, ada: &Visitor) {
    let sent = [
        ("name", "Mailbox"),
        ("from", "midwatch@example.org"),
        ("enabled", "yes"),
    ];
    let made = site
        .post(ada, "/settings/channels/new?kind=mailbox", &sent)
        .await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text());
}

async fn a_channel_is_made_tried_and_its_secret_not_shown(engine: Engine) {
    let site = Site::new(engine).await;
    let ada = site.session(&site.cast.ada).await;
    let peer = Peer::http(&json!({ "key": KEY, "plan": ["200", "404"] }));
    let url = format!("http://127.0.0.1:{}/hook", peer.port);
    let new = "/settings/channels/new?kind=webhook";
    let inside = [
        ("name", "Receiver"),
        ("url", url.as_str()),
        ("enabled", "yes"),
    ];
    let refused = site.post(&ada, new, &inside).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = refused.text();
    assert!(
        text.contains("leads to an address of this machine"),
        "{text}"
    );
    assert!(text.contains(&url), "what was typed is kept");
    let allowed = [
        inside.as_slice(),
        &[("allow_private", "yes"), ("hears", "yes")],
    ]
    .concat();
    let made = site.post(&ada, new, &allowed).await;
    let at = made.location().to_owned();
    assert!(
        site.get(&ada, &at)
            .await
            .text()
            .contains("Nothing goes out before it is set.")
    );

    let short = site
        .post(&ada, &format!("{at}/secret"), &[("secret", "hush-hush")])
        .await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        !short.text().contains("hush-hush"),
        "a secret is not sent back"
    );
    let set = site
        .post(&ada, &format!("{at}/secret"), &[("secret", KEY)])
        .await;
    assert_eq!(set.status, StatusCode::SEE_OTHER);
    for page in [at.as_str(), "/settings/channels", "/record"] {
        assert!(!site.get(&ada, page).await.text().contains(KEY), "{page}");
    }
    let test = site.post(&ada, &format!("{at}/test"), &[]).await;
    assert_eq!(test.status, StatusCode::SEE_OTHER);
    assert_eq!(peer.next()["signed"], true);
    let test = site.post(&ada, &format!("{at}/test"), &[]).await;
    assert_eq!(test.status, StatusCode::OK);
    assert!(
        test.text().contains("The other side answered 404"),
        "{}",
        test.text()
    );
    let gone = site.post(&ada, &format!("{at}/delete"), &[]).await;
    assert_eq!(gone.location(), "/settings/channels");
    assert_eq!(site.get(&ada, &at).await.status, StatusCode::NOT_FOUND);
}

async fn what_does_not_go_out_is_seen_with_its_reason_and_sent_again(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let (ada, lea, ben) = (
        site.session(&c.ada).await,
        site.session(&c.lea).await,
        site.session(&c.ben).await,
    );
    let peer = Peer::smtp(&json!({ "answers": ["550 no such user"] }));
    let port = peer.port.to_string();
    let sent = [
        ("name", "Post"),
        ("server", "127.0.0.1"),
        ("port", port.as_str()),
        ("security", "none"),
        ("from", "midwatch@example.org"),
        ("allow_private", "yes"),
        ("enabled", "yes"),
    ];
    let made = site
        .post(&ada, "/settings/channels/new?kind=mail", &sent)
        .await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text());
    site.open(&c.rui, "Strange sign-in").await;
    site.app.desk.fire_due().await.unwrap();
    site.app.desk.send_due().await.unwrap();
    let page = site.get(&lea, "/deliveries").await.text();
    for says in [
        "Did not go out",
        "no such user",
        "Strange sign-in",
        "Send again",
    ] {
        assert!(page.contains(says), "{says}");
    }
    assert!(
        !site
            .get(&ben, "/deliveries")
            .await
            .text()
            .contains("Send again")
    );
    let at = page.find("href=\"/deliveries/dlv_").unwrap() + 6;
    let link = page[at..].split('"').next().unwrap().to_owned();
    let one = site.get(&lea, &link).await.text();
    assert!(
        one.contains("given up") && one.contains("You are paged at level 1."),
        "{one}"
    );
    let again = site.post(&ben, &format!("{link}/retry"), &[]).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    let again = site.post(&lea, &format!("{link}/retry"), &[]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(site.app.desk.send_due().await.unwrap().sent, 1);
    assert!(
        !site
            .get(&lea, "/deliveries")
            .await
            .text()
            .contains("Did not go out")
    );
}

async fn a_link_asks_once_more_and_says_no_more_than_the_number(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    site.app.desk.reached_at("http://mw.example");
    let ada = site.session(&c.ada).await;
    mailbox(&site, &ada).await;
    let number = site.open(&c.rui, "Zebra at the gate").await;
    site.app.desk.fire_due().await.unwrap();
    site.app.desk.send_due().await.unwrap();
    let folder = site.settings.data.join("mailbox");
    let letter = std::fs::read_dir(folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let letter = std::fs::read_to_string(letter)
        .unwrap()
        .replace("=\r\n", "");
    let at = letter.find("/act/mwo_").unwrap();
    let end = |c: char| !(c.is_ascii_alphanumeric() || "/_-".contains(c));
    let link = letter[at..].split(end).next().unwrap().to_owned();

    let nobody = Visitor::Nobody;
    for _ in 0..2 {
        let asked = site.get(&nobody, &link).await;
        assert_eq!(asked.status, StatusCode::OK);
        let text = asked.text();
        assert!(text.contains("Acknowledge MW-1?"), "{text}");
        for secret in ["Zebra", "Ben", "Rui"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
    assert!(
        site.ticket(number).acknowledged.is_none(),
        "looking does nothing"
    );
    let ben = site.session(&c.ben).await;
    assert!(
        site.get(&ben, &link)
            .await
            .text()
            .contains("Zebra at the gate")
    );
    let cleo = site.session(&c.cleo).await;
    let as_another = site.post(&cleo, &link, &[]).await;
    assert_eq!(as_another.status, StatusCode::CONFLICT);
    assert!(site.ticket(number).acknowledged.is_none());
    let done = site.post(&nobody, &link, &[]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    assert!(done.text().contains("You acknowledged MW-1"));
    assert_eq!(site.ticket(number).acknowledged.unwrap().by, c.ben);
    let again = site.post(&nobody, &link, &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(
        site.get(&nobody, &link)
            .await
            .text()
            .contains("It was used already.")
    );
    let wrong = site.get(&nobody, "/act/mwo_nothing").await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
}

async fn letters_are_read_by_their_readers_and_acted_on_by_nobody_else(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    site.app.desk.reached_at("http://mw.example");
    let (ada, ben) = (site.session(&c.ada).await, site.session(&c.ben).await);
    let cleo = site.session(&c.cleo).await;
    let none = site.get(&ben, "/mailbox").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert!(none.text().contains("There is no local mailbox."));
    assert!(!site.get(&ben, "/account").await.text().contains("/mailbox"));
    let unseen = "only while you look at Midwatch";
    assert!(site.get(&ben, "/").await.text().contains(unseen));
    mailbox(&site, &ada).await;
    site.open(&c.rui, "<b>Zebra</b> at the gate").await;
    site.app.desk.fire_due().await.unwrap();
    site.app.desk.send_due().await.unwrap();
    assert!(!site.get(&ben, "/").await.text().contains(unseen));
    let own = site.get(&ben, "/mailbox").await.text();
    assert!(own.contains("Zebra") && !own.contains("<b>Zebra"), "{own}");
    assert!(own.contains("href=\"/act/mwo_"), "{own}");
    let all = site.get(&ada, "/mailbox").await.text();
    assert!(all.contains("Zebra"), "{all}");
    assert!(!all.contains("mwo_"), "a link acts as its reader");
    assert!(all.contains("this link is for its reader alone"));
    let others = site.get(&cleo, "/mailbox").await.text();
    assert!(others.contains("No letter yet"), "{others}");
}

async fn one_chooses_how_to_be_told(engine: Engine) {
    let site = Site::new(engine).await;
    let (ada, ben) = (
        site.session(&site.cast.ada).await,
        site.session(&site.cast.ben).await,
    );
    mailbox(&site, &ada).await;
    let push = [
        ("name", "Push"),
        ("url", "https://ntfy.sh"),
        ("enabled", "yes"),
    ];
    let made = site
        .post(&ada, "/settings/channels/new?kind=ntfy", &push)
        .await;
    let way = format!("channel:{}", last(made.location()));
    let address = format!("rule-0-address-{}", last(made.location()));
    let here = "/me/notifications";
    let step = [("do", "add-rule"), ("digest_at", "08:00")];
    let page = site.post(&ben, here, &step).await.text();
    assert!(
        page.contains("Rule 1") && page.contains("your topic"),
        "{page}"
    );
    let night = |topic: &'static str| {
        vec![
            ("rule-0-urgency", "page"),
            ("rule-0-severities", "high"),
            ("rule-0-severities", "critical"),
            ("rule-0-from", "22:00"),
            ("rule-0-to", "06:00"),
            (address.as_str(), topic),
            ("digest_at", "08:00"),
        ]
    };
    let mut silent = night("");
    silent.push(("rule-0-ways", "browser"));
    let refused = site.post(&ben, here, &silent).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused
            .text()
            .contains("A page must reach you away from the screen")
    );
    let mut fine = night("ben-phone");
    fine.push(("rule-0-ways", way.as_str()));
    let saved = site.post(&ben, here, &fine).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let page = site.get(&ben, here).await.text();
    assert!(page.contains("value=\"22:00\"") && page.contains("value=\"ben-phone\""));
    assert!(page.contains("Push, ben-phone"), "it can be tried");
    let tried = site
        .post(&ben, &format!("{here}/test"), &[("way", "mail")])
        .await;
    assert_eq!(tried.status, StatusCode::SEE_OTHER, "{}", tried.text());
    // Another's rules are untouched.
    let other = site.session(&site.cast.cleo).await;
    assert!(site.get(&other, here).await.text().contains("No rules"));
}

async fn the_bell_tells_what_is_new(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    site.open(&site.cast.rui, "Strange sign-in").await;
    site.app.desk.fire_due().await.unwrap();
    let latest = site.get(&ben, "/me/notices/latest").await.json();
    assert_eq!(latest["unread"], 1);
    assert_eq!(latest["items"][0]["ticket"], "MW-1");
    assert_eq!(latest["items"][0]["page"], true);
    let page = site.get(&ben, "/me/notices").await.text();
    assert!(page.contains("Strange sign-in") && page.contains("Mark all as seen"));
    let seq = latest["items"][0]["seq"].to_string();
    let seen = site
        .post(&ben, "/me/notices/seen", &[("up_to", &seq)])
        .await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    assert_eq!(
        site.get(&ben, "/me/notices/latest").await.json()["unread"],
        0
    );
    let cleo = site.session(&site.cast.cleo).await;
    assert_eq!(
        site.get(&cleo, "/me/notices/latest").await.json()["items"],
        json!([])
    );
}

async fn texts_are_written_previewed_and_put_back(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let at = "/settings/messages/escalated";
    let typed = |action: &'static str, title: &'static str| {
        [
            ("do", action),
            ("title", title),
            ("text", "<b>{{who}}</b> {{what}}"),
        ]
    };
    let page = site
        .post(&lea, at, &typed("preview", "{{number}} calls"))
        .await
        .text();
    assert!(
        page.contains("MW-1042 calls") && page.contains("&#60;b&#62;Ben Castillo"),
        "{page}"
    );
    let refused = site.post(&lea, at, &typed("save", "{{nummer}}")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("There is no field {{nummer}}"));
    let saved = site
        .post(&lea, at, &typed("save", "{{number}} calls"))
        .await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    assert!(
        site.get(&lea, "/settings/messages")
            .await
            .text()
            .contains("your own")
    );
    site.post(&lea, at, &typed("shipped", "")).await;
    assert!(
        !site
            .get(&lea, "/settings/messages")
            .await
            .text()
            .contains("your own")
    );
}
