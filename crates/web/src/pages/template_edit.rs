//! The editor of templates: rows of fields, tasks and severity rules, added, moved and removed without script.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::revise::Revision;
use midwatch_domain::template::{
    Condition, FieldDef, FieldKind as Kind, OneOrMany, Required, SeverityRule, TaskDef, Template,
    Values,
};
use midwatch_domain::words::{Pap, Phase, Severity, Tlp};
use std::collections::BTreeSet;

mod basics;

use basics::basics;

use crate::App;
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind};
use crate::view::frame::Nav;
use crate::view::templates::{FieldRow, RuleRow, TaskRow, TemplateEdit};

use super::frame::{Look, escape};
use super::rows::{count as rows, stepped};
use super::typed::{Typed, as_piece, can_mend, status};
use super::{fields, policies, show};

/// The editor's rows, each with the field that a new one begins with.
const ROWS: &[(&str, &str)] = &[("field", "label"), ("task", "title"), ("rule", "is")];

/// `GET /templates/new`.
///
/// # Errors
/// As the engine says.
pub async fn new(State(app): State<App>, look: Look) -> Result<Response, Problem> {
    let blank = Template {
        key: String::new(),
        version: 0,
        title: String::new(),
        summary: String::new(),
        kind: "other/undetermined".into(),
        title_hint: String::new(),
        tlp: Tlp::Amber,
        pap: Pap::Amber,
        tags: BTreeSet::new(),
        procedure: None,
        policy: None,
        default_severity: Severity::Medium,
        severity_rules: Vec::new(),
        fields: Vec::new(),
        tasks: Vec::new(),
        retired: false,
    };
    Ok(look.show(&page(&app, &look, "", &typed_of(&blank), None).await?))
}

/// `GET /templates/{key}/edit`.
///
/// # Errors
/// Missing; or as the engine says.
pub async fn edit(
    State(app): State<App>,
    look: Look,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let last = look.directory().templates.get(&key).and_then(|v| v.last());
    let typed = typed_of(last.ok_or_else(|| Refusal::missing("template"))?);
    Ok(look.show(&page(&app, &look, &key, &typed, None).await?))
}

/// `POST /templates/new`.
///
/// # Errors
/// What the command or the engine says, where the form could not mend it.
pub async fn create(State(app): State<App>, look: Look, typed: Typed) -> Result<Response, Problem> {
    post(&app, &look, "", typed).await
}

/// `POST /templates/{key}/edit`.
///
/// # Errors
/// What the command or the engine says, where the form could not mend it.
pub async fn save(
    State(app): State<App>,
    look: Look,
    Path(key): Path<String>,
    typed: Typed,
) -> Result<Response, Problem> {
    post(&app, &look, &key, typed).await
}

async fn post(app: &App, look: &Look, key: &str, mut typed: Typed) -> Result<Response, Problem> {
    match typed.get("do") {
        "save" | "" => match keep(app, look, key, &typed).await {
            Ok((key, version)) => Ok(look.done(
                &format!("/templates/{}", escape(&key)),
                &format!("Saved as version {version}."),
            )),
            Err(problem) if can_mend(&problem) => {
                let page = page(app, look, key, &typed, Some(&problem)).await?;
                Ok(look.show_as(status(&problem), &page))
            }
            Err(problem) => Err(problem),
        },
        "preview" => Ok(look.show(&page(app, look, key, &typed, None).await?)),
        step => {
            let step = step.to_owned();
            typed.0 = stepped(typed.0, &step, ROWS);
            Ok(look.show_as(StatusCode::OK, &page(app, look, key, &typed, None).await?))
        }
    }
}

async fn keep(app: &App, look: &Look, key: &str, typed: &Typed) -> Result<(String, i64), Problem> {
    let last = look.directory().templates.get(key).and_then(|v| v.last());
    let seen = typed.get("version").parse::<i64>().unwrap_or(0);
    if let Some(last) = last.filter(|l| l.version != seen) {
        return Err(Refusal::stale(format!("Somebody saved version {} while you edited version {seen}. What you typed is kept here; compare before you save again.", last.version)).into());
    }
    let template = template_of(look, key, typed)?;
    // An address of its own is taken by the page that makes templates.
    if key.is_empty() && matches!(template.key.as_str(), "" | "new") {
        return Err(Refusal::invalid(
            "title",
            "Choose a name with letters or digits, other than “new”.",
        )
        .into());
    }
    if key.is_empty() && look.directory().templates.contains_key(&template.key) {
        return Err(Refusal::invalid(
            "title",
            "There is a template of this name already. Edit that one, or choose another name.",
        )
        .into());
    }
    let revised = app
        .desk
        .revise(look.viewer().clone(), Revision::Template(template))
        .await?;
    match revised.body {
        Revision::Template(t) => Ok((t.key, t.version)),
        _ => Err(Refusal::missing("template").into()),
    }
}

/// A key made of a label: what programs use, which people need not think of.
pub fn slug(label: &str) -> String {
    let mut out = String::new();
    for c in label.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            _ if !out.ends_with('_') && !out.is_empty() => out.push('_'),
            _ => {}
        }
    }
    let cut: String = out.chars().take(60).collect();
    cut.trim_end_matches('_').to_owned()
}

/// A template as the form would send it.
fn typed_of(t: &Template) -> Typed {
    let mut all = vec![
        ("version".to_owned(), t.version.to_string()),
        ("title".to_owned(), t.title.clone()),
        ("summary".to_owned(), t.summary.clone()),
        ("title_hint".to_owned(), t.title_hint.clone()),
        ("kind".to_owned(), t.kind.clone()),
        (
            "default_severity".to_owned(),
            t.default_severity.as_str().to_owned(),
        ),
        ("tlp".to_owned(), t.tlp.as_str().to_owned()),
        ("pap".to_owned(), t.pap.as_str().to_owned()),
        (
            "tags".to_owned(),
            t.tags.iter().cloned().collect::<Vec<_>>().join(" "),
        ),
        (
            "procedure".to_owned(),
            t.procedure.clone().unwrap_or_default(),
        ),
        (
            "policy".to_owned(),
            t.policy.as_ref().map_or(String::new(), ToString::to_string),
        ),
    ];
    let mut put = |what: &str, n: usize, part: &str, value: String| {
        all.push((format!("{what}-{n}-{part}"), value));
    };
    for (n, f) in t.fields.iter().enumerate() {
        put("field", n, "id", f.key.clone());
        put("field", n, "label", f.label.clone());
        put("field", n, "kind", f.kind.as_str().to_owned());
        put("field", n, "required", required(f.required).to_owned());
        put("field", n, "choices", f.choices.join("\n"));
        put("field", n, "help", f.help.clone());
    }
    for (n, k) in t.tasks.iter().enumerate() {
        put("task", n, "title", k.title.clone());
        put("task", n, "phase", k.phase.as_str().to_owned());
        put(
            "task",
            n,
            "mandatory",
            if k.mandatory { "yes" } else { "" }.to_owned(),
        );
        put("task", n, "help", k.help.clone());
    }
    for (n, r) in t.severity_rules.iter().enumerate() {
        put("rule", n, "field", r.when.field.clone());
        put("rule", n, "is", r.when.is.values().join(" | "));
        put("rule", n, "then", r.severity.as_str().to_owned());
        put("rule", n, "because", r.because.clone());
    }
    Typed(all)
}

fn required(r: Required) -> &'static str {
    match r {
        Required::Open => "open",
        Required::Close => "close",
        Required::Never => "no",
    }
}

/// The template that the form describes.
fn template_of(look: &Look, key: &str, typed: &Typed) -> Result<Template, Refusal> {
    let get = |name: &str| typed.get(name).trim().to_owned();
    let tags = get("tags")
        .split([' ', ','])
        .filter(|t| !t.is_empty())
        .map(str::to_owned)
        .collect();
    let last = look.directory().templates.get(key).and_then(|v| v.last());
    Ok(Template {
        key: if key.is_empty() {
            slug(&get("title"))
        } else {
            key.to_owned()
        },
        version: 0,
        title: get("title"),
        summary: get("summary"),
        kind: get("kind"),
        title_hint: get("title_hint"),
        tlp: get("tlp").parse()?,
        pap: get("pap").parse()?,
        tags,
        procedure: Some(get("procedure")).filter(|p| !p.is_empty()),
        policy: policies::chosen(typed, "policy")?,
        default_severity: get("default_severity")
            .parse::<Severity>()
            .map_err(|r| r.on("default_severity"))?,
        severity_rules: (0..rows(typed, "rule"))
            .map(|n| rule_of(typed, n))
            .collect::<Result<_, _>>()?,
        fields: (0..rows(typed, "field"))
            .map(|n| field_of(typed, n))
            .collect(),
        tasks: (0..rows(typed, "task"))
            .map(|n| task_of(typed, n))
            .collect::<Result<_, _>>()?,
        retired: last.is_some_and(|t| t.retired),
    })
}

fn field_of(typed: &Typed, n: usize) -> FieldDef {
    let get = |part: &str| typed.get(&format!("field-{n}-{part}")).trim().to_owned();
    let (id, label, kind) = (get("id"), get("label"), get("kind"));
    let kind = Kind::ALL
        .iter()
        .copied()
        .find(|k| k.as_str() == kind)
        .unwrap_or(Kind::Text);
    FieldDef {
        key: if id.is_empty() { slug(&label) } else { id },
        label,
        kind,
        required: match get("required").as_str() {
            "open" => Required::Open,
            "close" => Required::Close,
            _ => Required::Never,
        },
        help: get("help"),
        choices: get("choices")
            .lines()
            .map(str::trim)
            .filter(|c| !c.is_empty())
            .map(str::to_owned)
            .collect(),
    }
}

fn task_of(typed: &Typed, n: usize) -> Result<TaskDef, Refusal> {
    let get = |part: &str| typed.get(&format!("task-{n}-{part}")).trim().to_owned();
    let phase = match get("phase") {
        p if p.is_empty() => Phase::Detection,
        p => p
            .parse::<Phase>()
            .map_err(|r| r.on(format!("task[{n}].phase")))?,
    };
    Ok(TaskDef {
        phase,
        title: get("title"),
        mandatory: get("mandatory") == "yes",
        help: get("help"),
    })
}

fn rule_of(typed: &Typed, n: usize) -> Result<SeverityRule, Refusal> {
    let get = |part: &str| typed.get(&format!("rule-{n}-{part}")).trim().to_owned();
    let values: Vec<String> = get("is")
        .split('|')
        .map(|v| v.trim().to_owned())
        .filter(|v| !v.is_empty())
        .collect();
    let severity = match get("then") {
        s if s.is_empty() => Severity::High,
        s => s
            .parse::<Severity>()
            .map_err(|r| r.on(format!("severity_rule[{n}].severity")))?,
    };
    Ok(SeverityRule {
        when: Condition {
            field: get("field"),
            is: OneOrMany::Many(values),
        },
        severity,
        because: get("because"),
    })
}

async fn page(
    app: &App,
    look: &Look,
    key: &str,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<TemplateEdit, Problem> {
    let d = look.directory();
    let mut basics = basics(look);
    let left = typed.put_back(&mut basics, problem);
    // `field[2].label` is about the third row of the fields.
    let wrong = |what: &str, n: usize| {
        let about = problem?.field.as_deref()?;
        about
            .starts_with(&format!("{what}[{n}]"))
            .then(|| problem.map(|p| p.detail.clone()))?
    };
    let field_rows: Vec<FieldRow> = (0..rows(typed, "field"))
        .map(|n| {
            let get = |part: &str| typed.get(&format!("field-{n}-{part}")).to_owned();
            FieldRow {
                id: get("id"),
                label: get("label"),
                kind: get("kind"),
                required: get("required"),
                choices: get("choices"),
                help: get("help"),
                error: wrong("field", n),
            }
        })
        .collect();
    let tasks = (0..rows(typed, "task")).map(|n| {
        let get = |part: &str| typed.get(&format!("task-{n}-{part}")).to_owned();
        TaskRow {
            title: get("title"),
            phase: get("phase"),
            mandatory: get("mandatory") == "yes",
            help: get("help"),
            error: wrong("task", n),
        }
    });
    let rules = (0..rows(typed, "rule")).map(|n| {
        let get = |part: &str| typed.get(&format!("rule-{n}-{part}")).to_owned();
        RuleRow {
            field: get("field"),
            is: get("is"),
            then: get("then"),
            because: get("because"),
            error: wrong("severity_rule", n),
        }
    });
    let defs: Vec<FieldDef> = (0..field_rows.len()).map(|n| field_of(typed, n)).collect();
    let drawn = template_of(look, key, typed).ok();
    let shown = problem.filter(|_| left.is_some()).map(as_piece);
    Ok(TemplateEdit {
        frame: look
            .frame(
                app,
                if key.is_empty() {
                    "New template"
                } else {
                    "Edit template"
                },
                Nav::Templates,
            )
            .await?,
        id: key.to_owned(),
        action: if key.is_empty() {
            "/templates/new".to_owned()
        } else {
            format!("/templates/{}/edit", escape(key))
        },
        version: typed.get("version").parse().unwrap_or(0),
        basics,
        fields: field_rows,
        tasks: tasks.collect(),
        rules: rules.collect(),
        kinds: Kind::ALL
            .iter()
            .map(|k| Choice::new(k.as_str(), label(*k)))
            .collect(),
        rule_fields: defs.iter().map(|f| Choice::new(&f.key, &f.label)).collect(),
        preview: drawn.map_or(Vec::new(), |t| {
            fields::form(&t, &Values::new(), d, &look.now.zone, |r| {
                r == Required::Open
            })
        }),
        problem: shown,
    })
}

fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "One line",
        Kind::LongText => "Several lines",
        Kind::Choice => "One of a list",
        Kind::MultiChoice => "Some of a list",
        Kind::Number => "Number",
        Kind::DateTime => "Date and time",
        Kind::YesNo => "Yes or no",
        Kind::Person => "Person",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_survives_its_own_form() {
        for t in midwatch_domain::shipped::templates() {
            let typed = typed_of(t);
            let fields: Vec<FieldDef> = (0..rows(&typed, "field"))
                .map(|n| field_of(&typed, n))
                .collect();
            assert_eq!(fields, t.fields, "{}", t.key);
            let tasks: Vec<TaskDef> = (0..rows(&typed, "task"))
                .map(|n| task_of(&typed, n).unwrap())
                .collect();
            assert_eq!(tasks.len(), t.tasks.len());
            for (n, rule) in t.severity_rules.iter().enumerate() {
                assert_eq!(
                    rule_of(&typed, n).unwrap().when.is.values(),
                    rule.when.is.values(),
                    "{}",
                    t.key
                );
            }
        }
    }

    #[test]
    fn a_key_is_made_of_a_label() {
        assert_eq!(slug("Größe der Datei (MB)"), "groesse_der_datei_mb");
        assert_eq!(slug("  "), "");
    }
}
