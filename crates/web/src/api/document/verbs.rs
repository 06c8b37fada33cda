//! What the document says of each verb: its body, a line, an example. A test holds it to the verbs of the domain.

use midwatch_domain::ticket as t;
use serde_json::{Value, json};

use super::Operation;

/// Describes the verb; nothing if it is not known here.
pub(in crate::api) fn describe(verb: &str, op: impl Fn(&str) -> Operation) -> Option<Operation> {
    let per = "per_01h2x3y4z5";
    let op = match verb {
        "acknowledge" => op("Acknowledge: the owner has seen it").body::<t::Acknowledge>(json!({})),
        "take" => op("Take responsibility for the ticket").body::<t::Take>(json!({ "reason": "Ben is at lunch" })),
        "offer_handoff" => op("Offer the ticket to somebody, with a brief; the giver stays responsible").body::<t::OfferHandoff>(json!({
            "to": per, "situation": "Password spray against the VPN.", "done": "Sources blocked.", "open": "One success to explain.", "next_steps": "Call M. Keller.",
        })),
        "accept_handoff" => op("Accept the ticket that was offered").body::<t::AcceptHandoff>(json!({})),
        "decline_handoff" => op("Decline the ticket that was offered").body::<t::DeclineHandoff>(json!({ "reason": "My shift ends in ten minutes." })),
        "withdraw_handoff" => op("Withdraw an offer").body::<t::WithdrawHandoff>(json!({})),
        "release" => op("Release the owner; the record says who became responsible").body::<t::Release>(json!({ "reason": "On leave from today" })),
        "move_phase" => op("Move to another phase; going back needs a reason").body::<t::MovePhase>(json!({ "to": "containment" })),
        "close" => op("Close with an outcome and a summary").body::<t::Close>(json!({ "outcome": "true_positive", "summary": "One account taken over and reset.", "lessons": "Second factor for all." })),
        "reopen" => op("Reopen a closed ticket").body::<t::Reopen>(json!({ "reason": "The same source is back." })),
        "classify" => op("Change severity, kind, markings or tags").body::<t::Classify>(json!({ "severity": "high", "add_tags": ["vpn"] })),
        "retitle" => op("Give the ticket another title").body::<t::Retitle>(json!({ "title": "VPN: password spray, one success" })),
        "set_fields" => op("Fill in fields of the template").body::<t::SetFields>(json!({ "fields": { "success_seen": "No" } })),
        "note" => op("Add a note to the timeline").body::<t::AddNote>(json!({ "text": "Keller confirms: **not** her sign-in.", "occurred_at": "2026-11-22T03:04:05Z" })),
        "correct_note" => op("Correct one's own note; the first text stays").body::<t::CorrectNote>(json!({ "note": "note_01h2x3y4z5", "text": "It was at 03:05." })),
        "add_task" => op("Add a task").body::<t::AddTask>(json!({ "title": "Collect the VPN log", "phase": "analysis", "mandatory": true })),
        "assign_task" => op("Give a task to somebody").body::<t::AssignTask>(json!({ "task": "tsk_01h2x3y4z5", "assignee": per })),
        "finish_task" => op("Finish a task").body::<t::FinishTask>(json!({ "task": "tsk_01h2x3y4z5", "result": "No other account is affected." })),
        "skip_task" => op("Skip a task, with the reason").body::<t::SkipTask>(json!({ "task": "tsk_01h2x3y4z5", "reason": "The host is gone." })),
        "hand_out_evidence" => op("Record that evidence was given to somebody outside Midwatch").body::<t::HandOutEvidence>(json!({ "evidence": "evd_01h2x3y4z5", "to": "Police, case 12/26", "why": "Investigation" })),
        "link" => op("Link to another ticket").body::<t::Link>(json!({ "to": "MW-7", "relation": "related" })),
        "unlink" => op("Remove a link").body::<t::Unlink>(json!({ "to": "MW-7" })),
        "merge" => op("Merge into another ticket; nothing is lost").body::<t::Merge>(json!({ "into": "MW-7", "reason": "Same campaign" })),
        "split" => op("Split a new ticket off").body::<t::Split>(json!({ "title": "Malware on host 12", "reason": "Another matter" })),
        "restrict" => op("Restrict the ticket to named people").body::<t::Restrict>(json!({ "people": [per], "reason": "Concerns a colleague" })),
        "unrestrict" => op("Lift the restriction").body::<t::Unrestrict>(json!({ "reason": "The matter is settled" })),
        "escalate" => op("Page the next level of the escalation now; the owner stays responsible").body::<t::Escalate>(json!({ "reason": "Two sites are down; I need a second pair of hands." })),
        "answer_page" => op("Answer your own page: coming or cannot").body::<t::AnswerPage>(json!({ "answer": "coming", "text": "At my desk in five minutes." })),
        "snooze" => op("Silence the pages until a time within seven days; not an acknowledgement").body::<t::Snooze>(json!({ "until": "2026-12-01T00:00:00Z", "reason": "Waiting for the provider's night window." })),
        "end_snooze" => op("End the snooze: pages go out again").body::<t::EndSnooze>(json!({})),
        "pause_clocks" => op("Pause the SLA clocks, with a reason, for at most 30 days").body::<t::PauseClocks>(json!({ "reason": "Waiting for the provider's log.", "until": "2026-12-01T00:00:00Z" })),
        "resume_clocks" => op("Let the SLA clocks run again").body::<t::ResumeClocks>(json!({})),
        "declare" => op("Decide that a regulatory regime applies, or revise that decision; its clocks start").body::<t::Declare>(json!({
            "regime": "gdpr", "triggers": { "aware": "2026-11-22T03:04:05Z" }, "reason": "Addresses of customers were read.",
        })),
        "withdraw_declaration" => op("Withdraw a declaration; its clocks stop").body::<t::WithdrawDeclaration>(json!({ "regime": "gdpr", "reason": "The data was test data." })),
        "file_report" => op("Record that a report was filed").body::<t::FileReport>(json!({ "regime": "gdpr", "report": "authority", "reference": "LfD-2026-4711" })),
        "observe" => op("Add observables: named ones, those that a text holds, or both").body::<t::Observe>(json!({
            "observables": [{ "kind": "domain", "value": "cdn[.]evil[.]example", "role": "attacker", "note": "Served the loader" }],
            "text": "Beacons to 198.51.100[.]7 and hxxps://cdn[.]evil[.]example/gate",
        })),
        "drop_observable" => op("Drop an observable that has nothing to do with the ticket").body::<t::DropObservable>(json!({ "kind": "domain", "value": "evil.example", "reason": "A typing error" })),
        "mark_observable" => op("Say which part an observable plays in this ticket, or remark on it").body::<t::MarkObservable>(json!({ "kind": "ipv4", "value": "198.51.100.7", "role": "attacker", "note": "Command and control" })),
        "confirm_indicator" => op("Assert that an observable is bad: it becomes an indicator of the organisation's own").body::<t::ConfirmIndicator>(json!({ "kind": "domain", "value": "evil.example", "confidence": 80, "valid_until": "2036-12-01T00:00:00Z", "why": "It served the loader." })),
        "revoke_indicator" => op("Revoke an indicator; it stays an observable").body::<t::RevokeIndicator>(json!({ "kind": "domain", "value": "evil.example", "why": "Sinkholed" })),
        "watch" => op("Follow the ticket").body::<t::Watch>(json!({})),
        "unwatch" => op("Stop following the ticket").body::<t::Unwatch>(json!({})),
        _ => return None,
    };
    Some(op)
}

/// The example of each verb, for a test that reads them all.
pub fn example(document: &Value, verb: &str) -> Value {
    document["paths"][format!("/api/v1/tickets/{{number}}/{verb}")]["post"]["requestBody"]["content"]["application/json"]["example"].clone()
}
