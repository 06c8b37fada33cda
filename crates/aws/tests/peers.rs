//! Against AWS as others wrote it: signatures and policies that are checked, findings that behave, templates that deploy.

use aws::findings::{FindingId, Update, UpdateV2};
use aws::policy::Setup;
use aws::trust::Role;
use aws::{Caller, Credentials, Endpoints, Kind, Outside, Request, Response, Source, Unreachable};
use midwatch_testkit::peers::{Peer, installed};
use serde_json::{Value, json};

const REGION: &str = "eu-west-1";
const ROOT: (&str, &str) = ("test", "test");

/// The plainest world: any client, the clock of this machine.
struct World(reqwest::Client);

impl World {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self(
            reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client can be made"),
        )
    }
}

impl Outside for World {
    async fn send(&self, request: Request) -> Result<Response, Unreachable> {
        let method = request.method.parse().expect("a method");
        let mut out = self.0.request(method, &request.url).body(request.body);
        for (name, value) in request.headers {
            out = out.header(name, value);
        }
        let again = |e: reqwest::Error| Unreachable {
            reason: e.to_string(),
            again: true,
        };
        let answer = out.send().await.map_err(again)?;
        let status = answer.status().as_u16();
        let id = answer
            .headers()
            .get("x-amzn-requestid")
            .and_then(|id| id.to_str().ok());
        let request_id = id.map(str::to_owned);
        let body = answer.bytes().await.map_err(again)?.to_vec();
        Ok(Response {
            status,
            request_id,
            body,
        })
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "signatures are judged by the clock of the other side"
    )]
    fn now_ms(&self) -> i64 {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("it is after 1970");
        i64::try_from(now.as_millis()).expect("it is not the end of time")
    }
    fn variable(&self, _: &str) -> Option<String> {
        None
    }
    fn file(&self, _: &str) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

fn peer(settings: &Value) -> Peer {
    Peer::aws(settings)
}

fn caller(peer: &Peer, keys: (&str, &str), role: Option<Role>) -> Caller<World> {
    let url = format!("http://127.0.0.1:{}", peer.port);
    let endpoints = Endpoints::new([("*".to_owned(), url)]);
    let source = Source::Static(Credentials::new(keys.0, keys.1));
    Caller::new(World::new(), REGION, endpoints, source, role)
}

/// Has boto3 make a call, which holds it against the shapes of the service.
fn boto(peer: &mut Peer, client: &str, call: &str, args: &Value) -> Value {
    let said = peer.ask(&json!({ "client": client, "call": call, "args": args }));
    assert!(said.get("answer").is_some(), "{client} {call}: {said}");
    said["answer"].clone()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

fn setup(account: &str) -> Setup {
    Setup {
        region: REGION.into(),
        account: account.into(),
        queue: "midwatch".into(),
        trusted: format!("arn:aws:iam::{account}:user/midwatch"),
        external_id: "agreed-1".into(),
        write_back: true,
    }
}

/// A user who may do this, and nobody else's keys.
fn user(peer: &mut Peer, name: &str, policy: &Value) -> (String, String) {
    boto(peer, "iam", "create_user", &json!({ "UserName": name }));
    let document = policy.to_string();
    let put = json!({ "UserName": name, "PolicyName": "p", "PolicyDocument": document });
    boto(peer, "iam", "put_user_policy", &put);
    let key = boto(
        peer,
        "iam",
        "create_access_key",
        &json!({ "UserName": name }),
    );
    let key = &key["AccessKey"];
    (text(&key["AccessKeyId"]), text(&key["SecretAccessKey"]))
}

#[tokio::test]
async fn the_printed_policy_is_enough_for_the_queue_and_no_more() {
    let mut peer = peer(&json!({ "peer": "ministack" }));
    let account = caller(&peer, ROOT, None).identity().await.unwrap().account;
    let queue = boto(
        &mut peer,
        "sqs",
        "create_queue",
        &json!({ "QueueName": "midwatch" }),
    );
    let queue = text(&queue["QueueUrl"]);
    let mut policy = setup(&account).policy();
    // This peer names calls of batches apart; AWS has no such actions and judges them as the single ones.
    let batches = json!(["sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch"]);
    let batches = json!({ "Effect": "Allow", "Action": batches, "Resource": "*" });
    policy["Statement"].as_array_mut().unwrap().push(batches);
    let (id, secret) = user(&mut peer, "midwatch", &policy);
    let ours = caller(&peer, (&id, &secret), None);
    assert!(
        ours.identity()
            .await
            .unwrap()
            .arn
            .ends_with("user/midwatch")
    );

    // A rule that looks into the list of findings, on another bus source: the one of AWS is not open to customers.
    let pattern = json!({ "source": ["hub"], "detail": { "findings": { "Severity": { "Label": ["HIGH"] } } } });
    boto(
        &mut peer,
        "events",
        "put_rule",
        &json!({ "Name": "r", "EventPattern": pattern.to_string() }),
    );
    let arn = format!("arn:aws:sqs:{REGION}:{account}:midwatch");
    boto(
        &mut peer,
        "events",
        "put_targets",
        &json!({ "Rule": "r", "Targets": [{ "Id": "t", "Arn": arn }] }),
    );
    for label in ["LOW", "HIGH"] {
        let detail =
            json!({ "findings": [{ "Id": label, "Severity": { "Label": label } }] }).to_string();
        let entry = json!({ "Source": "hub", "DetailType": "Security Hub Findings - Imported", "Detail": detail });
        boto(
            &mut peer,
            "events",
            "put_events",
            &json!({ "Entries": [entry] }),
        );
    }
    let got = ours.receive(&queue, 5, 30).await.unwrap();
    assert_eq!(got.len(), 1);
    let event: Value = serde_json::from_str(&got[0].body).unwrap();
    assert_eq!(event["detail"]["findings"][0]["Id"], "HIGH");
    assert_eq!(event["account"], account);

    // Given back, it comes again and says that it did; deleted, it does not.
    assert_eq!(
        ours.hold_messages(&queue, &[&got[0].receipt], 0)
            .await
            .unwrap(),
        []
    );
    let again = ours.receive(&queue, 5, 30).await.unwrap();
    assert_eq!(
        (again[0].id.as_str(), again[0].received),
        (got[0].id.as_str(), 2)
    );
    let undone = ours
        .delete(&queue, &["not-a-receipt", &again[0].receipt])
        .await
        .unwrap();
    assert!(undone.iter().all(|one| one.index == 0), "{undone:?}");
    assert_eq!(ours.receive(&queue, 0, 30).await.unwrap(), []);
    let told = ours.queue_attributes(&queue).await.unwrap();
    assert_eq!(told["QueueArn"], arn);

    let fault = ours.send_message(&queue, "x").await.unwrap_err();
    assert_eq!(fault.kind, Kind::Denied, "{fault}");
    assert!(fault.message.contains("sqs:SendMessage"), "{fault}");
    let fault = caller(&peer, (&id, "wrong"), None)
        .receive(&queue, 0, 1)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, Kind::Credentials, "{fault}");
    let fault = caller(&peer, ROOT, None)
        .receive(&format!("{queue}-gone"), 0, 1)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, Kind::Missing, "{fault}");
}

#[tokio::test]
async fn a_role_is_lent_only_with_what_was_agreed_on() {
    let mut peer = peer(&json!({ "peer": "ministack" }));
    let account = caller(&peer, ROOT, None).identity().await.unwrap().account;
    let allow = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" } ] });
    let (id, secret) = user(&mut peer, "midwatch", &allow);
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": setup(&account).trusted }, "Action": "sts:AssumeRole",
        "Condition": { "StringEquals": { "sts:ExternalId": "agreed-1" } } }] });
    let role = json!({ "RoleName": "reader", "AssumeRolePolicyDocument": trust.to_string() });
    let role = boto(&mut peer, "iam", "create_role", &role);
    let through = |external: &str| Role {
        arn: text(&role["Role"]["Arn"]),
        external_id: Some(external.to_owned()),
        session: "midwatch".into(),
    };
    let keys = (id.as_str(), secret.as_str());
    let identity = caller(&peer, keys, Some(through("agreed-1")))
        .identity()
        .await
        .unwrap();
    assert!(
        identity.arn.contains("assumed-role/reader/midwatch"),
        "{identity:?}"
    );
    let fault = caller(&peer, keys, Some(through("guessed")))
        .identity()
        .await
        .unwrap_err();
    assert_eq!(fault.kind, Kind::Denied, "{fault}");
    assert!(fault.message.contains("external id"), "{fault}");
}

fn finding(id: &str) -> Value {
    json!({
        "SchemaVersion": "2018-10-08", "Id": id, "GeneratorId": "rule-1", "AwsAccountId": "123456789012",
        "ProductArn": product(), "CreatedAt": "2026-11-01T00:00:00.000Z", "UpdatedAt": "2026-11-01T00:00:00.000Z",
        "Title": "A port is open", "Description": "Anybody may connect", "Severity": { "Label": "HIGH" },
        "Resources": [{ "Type": "Other", "Id": "i-1" }],
    })
}

fn product() -> String {
    format!("arn:aws:securityhub:{REGION}:123456789012:product/123456789012/default")
}

fn named(id: &str) -> FindingId {
    FindingId {
        id: id.to_owned(),
        product_arn: product(),
    }
}

#[tokio::test]
async fn a_finding_comes_by_the_rule_and_what_is_written_back_is_there_with_its_echo() {
    let faults = json!({ "peer": "moto", "faults": { "racing": "ConcurrentUpdateError" } });
    let mut peer = peer(&faults);
    let ours = caller(&peer, ROOT, None);
    let fault = ours.hub().await.unwrap_err();
    assert_eq!(
        (fault.kind, fault.code.as_str()),
        (Kind::Denied, "InvalidAccessException")
    );
    boto(&mut peer, "securityhub", "enable_security_hub", &json!({}));
    assert!(ours.hub().await.unwrap().ends_with("hub/default"));

    let queue = boto(
        &mut peer,
        "sqs",
        "create_queue",
        &json!({ "QueueName": "midwatch" }),
    );
    let queue = text(&queue["QueueUrl"]).replace("localhost", "127.0.0.1");
    let template = setup("123456789012").cloudformation();
    let pattern = template["Resources"]["Rule"]["Properties"]["EventPattern"].to_string();
    boto(
        &mut peer,
        "events",
        "put_rule",
        &json!({ "Name": "r", "EventPattern": pattern }),
    );
    let target = json!({ "Id": "t", "Arn": format!("arn:aws:sqs:{REGION}:123456789012:midwatch") });
    boto(
        &mut peer,
        "events",
        "put_targets",
        &json!({ "Rule": "r", "Targets": [target] }),
    );
    let import = json!({ "Findings": [finding("a"), finding("racing")] });
    assert_eq!(
        boto(&mut peer, "securityhub", "batch_import_findings", &import)["SuccessCount"],
        2
    );

    let got = ours.receive(&queue, 5, 30).await.unwrap();
    let event: Value = serde_json::from_str(&got[0].body).unwrap();
    assert_eq!(event["detail-type"], "Security Hub Findings - Imported");
    assert_eq!(
        (&event["account"], &event["region"]),
        (&json!("123456789012"), &json!(REGION))
    );
    while let [first, ..] = ours.receive(&queue, 0, 30).await.unwrap().as_slice() {
        ours.delete(&queue, &[&first.receipt]).await.unwrap();
    }

    let update = Update {
        workflow: Some("NOTIFIED".into()),
        verification: Some("TRUE_POSITIVE".into()),
        severity: Some("CRITICAL".into()),
        note: Some(("MW-1: looked at".into(), "midwatch".into())),
        fields: vec![("midwatch".into(), "MW-1".into())],
    };
    let undone = ours
        .update_findings(&[named("a"), named("racing"), named("gone")], &update)
        .await
        .unwrap();
    assert_eq!(undone.len(), 2, "{undone:?}");
    assert!(undone[0].id == "racing" && undone[0].passes() && !undone[0].is_gone());
    assert!(undone[1].id == "gone" && undone[1].is_gone());

    let filters = json!({ "WorkflowStatus": [{ "Value": "NOTIFIED", "Comparison": "EQUALS" }] });
    let seen = boto(
        &mut peer,
        "securityhub",
        "get_findings",
        &json!({ "Filters": filters.clone() }),
    );
    let seen = &seen["Findings"][0];
    assert_eq!(seen["Note"]["Text"], "MW-1: looked at");
    assert_eq!(
        (&seen["Severity"]["Label"], &seen["VerificationState"]),
        (&json!("CRITICAL"), &json!("TRUE_POSITIVE"))
    );
    assert_eq!(seen["UpdatedAt"], "2026-11-01T00:00:00.000Z");
    let page = ours.findings(&filters, None).await.unwrap();
    assert_eq!((page.findings.len(), page.next), (1, None));

    let echo = ours.receive(&queue, 5, 30).await.unwrap();
    let echo: Value = serde_json::from_str(&echo[0].body).unwrap();
    assert_eq!(
        echo["detail"]["findings"][0]["Note"]["UpdatedBy"],
        "midwatch"
    );

    // Its provider sends it again: what we set stays.
    boto(
        &mut peer,
        "securityhub",
        "batch_import_findings",
        &json!({ "Findings": [finding("a")] }),
    );
    assert_eq!(
        ours.findings(&filters, None).await.unwrap().findings.len(),
        1
    );
}

#[tokio::test]
async fn pages_end_and_too_much_or_forbidden_is_told_apart() {
    let mut peer = peer(&json!({ "peer": "moto", "throttle": 1 }));
    boto(&mut peer, "securityhub", "enable_security_hub", &json!({}));
    let ours = caller(&peer, ROOT, None);
    for start in [0, 90] {
        let some: Vec<Value> = (start..start + 90)
            .map(|n| finding(&format!("f{n}")))
            .collect();
        boto(
            &mut peer,
            "securityhub",
            "batch_import_findings",
            &json!({ "Findings": some }),
        );
    }
    let first = ours.findings(&json!({}), None).await.unwrap();
    let second = ours
        .findings(&json!({}), first.next.as_deref())
        .await
        .unwrap();
    assert_eq!(
        (first.findings.len(), second.findings.len(), second.next),
        (100, 80, None)
    );

    let update = Update {
        workflow: Some("RESOLVED".into()),
        ..Update::default()
    };
    let fault = ours
        .update_findings(&[named("f1")], &update)
        .await
        .unwrap_err();
    assert!(fault.passes(), "{fault}");
    assert_eq!(
        ours.update_findings(&[named("f1")], &update).await.unwrap(),
        []
    );
    let v2 = UpdateV2 {
        status: Some(4),
        severity: None,
        comment: Some("MW-1".into()),
    };
    let undone = ours.update_findings_v2(&["u".into()], &v2).await.unwrap();
    assert!(undone[0].id == "u" && undone[0].is_gone());

    let denied = self::peer(&json!({ "peer": "moto", "deny": ["BatchUpdateFindings"] }));
    let fault = caller(&denied, ROOT, None)
        .update_findings(&[named("f1")], &update)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, Kind::Denied, "{fault}");
    assert!(
        fault.message.contains("securityhub:BatchUpdateFindings"),
        "{fault}"
    );
    let nobody = Endpoints::new([("*".to_owned(), "http://127.0.0.1:9".to_owned())]);
    let source = Source::Static(Credentials::new("a", "b"));
    let fault = Caller::new(World::new(), REGION, nobody, source, None)
        .identity()
        .await
        .unwrap_err();
    assert_eq!(fault.kind, Kind::Unreachable);
}

#[test]
fn the_template_is_valid_and_deploys() {
    let template = setup("000000000000").cloudformation();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("midwatch.json");
    std::fs::write(&path, template.to_string()).unwrap();
    let lint = std::process::Command::new(installed("cfn-lint"))
        .arg(&path)
        .args(["--regions", REGION])
        .output()
        .unwrap();
    assert!(
        lint.status.success(),
        "{}",
        String::from_utf8_lossy(&lint.stdout)
    );
    std::fs::write(
        &path,
        template
            .to_string()
            .replace("AWS::SQS::QueuePolicy", "AWS::SQS::Polity"),
    )
    .unwrap();
    let lint = std::process::Command::new(installed("cfn-lint"))
        .arg(&path)
        .output()
        .unwrap();
    assert!(!lint.status.success(), "a wrong template passes as well");

    let mut peer = peer(&json!({ "peer": "ministack" }));
    boto(
        &mut peer,
        "iam",
        "create_user",
        &json!({ "UserName": "midwatch" }),
    );
    let stack = json!({ "StackName": "m", "TemplateBody": template.to_string(), "Capabilities": ["CAPABILITY_IAM"] });
    boto(&mut peer, "cloudformation", "create_stack", &stack);
    let told = boto(
        &mut peer,
        "cloudformation",
        "describe_stacks",
        &json!({ "StackName": "m" }),
    );
    assert_eq!(
        told["Stacks"][0]["StackStatus"], "CREATE_COMPLETE",
        "{told}"
    );
}
