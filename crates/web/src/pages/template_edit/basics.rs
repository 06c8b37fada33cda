//! What a template is asked beside its rows: name, kind, markings, procedure.

use super::*;

pub(super) fn basics(look: &Look) -> Vec<Field> {
    let d = look.directory();
    let pick = |name: &str, label: &str, choices: Vec<Choice>| {
        Field::new(FieldKind::Choice, name, label).choices(choices)
    };
    let procedures = d.procedures.values().filter_map(|v| v.last());
    let procedures = procedures.map(|p| Choice::new(&p.key, &p.title)).collect();
    vec![
        Field::text("title", "Name").max(80).required(),
        Field::text("summary", "When to use it").max(300),
        Field::text("title_hint", "What a good title looks like").max(200),
        pick("kind", "Kind", show::kinds()).required(),
        pick(
            "default_severity",
            "Severity, unless a rule holds",
            show::severities(),
        )
        .required(),
        pick("tlp", "TLP", show::tlps()).required(),
        pick("pap", "PAP", show::paps()).required(),
        Field::text("tags", "Tags").help("With spaces between."),
        pick("procedure", "Procedure", procedures),
        pick("policy", "Escalation", policies::choices(d, None))
            .help("None chosen: the one of the team that the ticket goes to."),
    ]
}
