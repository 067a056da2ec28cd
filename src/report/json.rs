//! The same run and the same state for programs: one event a line, or one document. `v` and `schema` name the version.

use serde_json::{Value, json};

use crate::event::{Event, Live};
use crate::journal::state::Standing;
use crate::plan::{ItemId, Row};
use crate::price::Price;
use crate::view::{Shown, View};

/// One event as one line's object.
pub fn event(event: &Event, view: &View) -> Value {
    match event {
        Event::Durable(record) => {
            let mut value = serde_json::to_value(record).unwrap_or_default();
            value["v"] = json!(1);
            value["type"] = json!("recorded");
            value
        }
        Event::Live(live) => {
            let mut value = live_event(live, view);
            value["v"] = json!(1);
            value["at"] = json!(view.now);
            value
        }
    }
}

fn live_event(live: &Live, view: &View) -> Value {
    match live {
        Live::Looking { item } => json!({"type": "looking", "item": item}),
        Live::Applying { item, change } => {
            json!({"type": "applying", "item": item, "change": change})
        }
        Live::Looked { item } => json!({"type": "looked", "item": item}),
        Live::Planned { step, rows } => {
            json!({"type": "planned", "step": step, "rows": self::rows(rows), "total": total(view, rows)})
        }
        Live::Waiting {
            item,
            wait,
            next_look,
            until,
        } => json!({
            "type": "waiting", "item": item, "condition": wait.condition, "expected": wait.expected,
            "seen": wait.seen, "next_look": next_look, "worst_case": until, "why": wait.why,
        }),
        Live::Call(call) => {
            let mut value = serde_json::to_value(call).unwrap_or_default();
            value["type"] = json!("call");
            value
        }
        Live::BackingOff {
            provider,
            why,
            attempt,
            attempts_max,
            until,
        } => json!({
            "type": "backing_off", "provider": provider, "why": why, "attempt": attempt,
            "attempts_max": attempts_max, "until": until,
        }),
        Live::Limit {
            provider,
            limit,
            remaining,
            resets_at,
        } => json!({
            "type": "limit", "provider": provider, "limit": limit, "remaining": remaining, "resets_at": resets_at,
        }),
        Live::Unknown { item, failure } => {
            json!({"type": "unknown", "item": item, "failure": failure})
        }
        Live::Said { item, text } => json!({"type": "said", "item": item, "text": text}),
        Live::Idle { next_look, .. } => json!({"type": "idle", "next_look": next_look}),
        Live::Declined { text } => json!({"type": "declined", "text": text}),
        Live::Ended => json!({"type": "ended"}),
    }
}

/// What is wanted of each step, and what its paid rows cost together.
pub fn plans(view: &View) -> Vec<Value> {
    view.wanted
        .iter()
        .map(|(step, rows)| {
            json!({"step": step, "rows": self::rows(rows), "total": total(view, rows)})
        })
        .collect()
}

/// What paid rows cost together: US cents a month of those whose price is known, and the word that approves them. Null
/// when nothing of it costs anything.
pub fn total<'a>(view: &View, rows: impl IntoIterator<Item = &'a Row>) -> Value {
    match view.cost(rows) {
        None => Value::Null,
        Some(cost) => json!({
            "monthly_cents": cost.total.cents, "rows": cost.total.rows, "unknown": cost.total.unknown,
            "word": cost.word, "prices_as_of": cost.as_of, "pages": cost.pages,
        }),
    }
}

/// US cents a month, `"unknown"`, or null where it costs nothing.
fn price(row: &Row) -> Value {
    match row.price {
        Some(Price::Monthly(cents)) => json!(cents),
        Some(Price::Unknown) => json!("unknown"),
        None => Value::Null,
    }
}

/// Rows as objects, each with the digest that an approval names.
pub fn rows(rows: &[Row]) -> Vec<Value> {
    rows.iter()
        .map(|row| {
            let mut value = serde_json::to_value(row).unwrap_or_default();
            value["id"] = json!(row.id());
            value["price"] = price(row);
            value
        })
        .collect()
}

/// The document of `golive status --json`.
pub fn status(view: &View) -> Value {
    let counts = view.counts();
    let blocking: Vec<_> = view
        .outline
        .items()
        .filter(|item| item.required && !view.shown(item).is_settled())
        .map(|item| item.id.clone())
        .collect();
    json!({
        "schema": 1,
        "launch": view.outline.name,
        "id": view.outline.launch,
        "rehearsal": view.outline.rehearsal,
        "steps": view.outline.steps().map(|step| {
            let phase = view.outline.phases.iter().find(|phase| phase.steps.iter().any(|other| other.number == step.number));
            let shown = view.shown_step(step);
            json!({
                "number": step.number,
                "title": step.title,
                "phase": phase.map(|phase| phase.number),
                "state": shown,
                "settled": shown.is_settled(),
                "items": step.items.iter().map(|item| self::item(view, item)).collect::<Vec<_>>(),
            })
        }).collect::<Vec<_>>(),
        "counts": {"done": counts.done, "total": counts.total},
        "gate": {"open": blocking.is_empty(), "blocking": blocking},
    })
}

/// What is settled and yet should be looked at, each with its fix and whether someone lives with it.
fn findings(view: &View, id: &ItemId) -> Vec<Value> {
    let found = view.findings(id).into_iter().map(|found| {
        json!({
            "id": found.name, "text": found.finding.text, "fix": found.finding.fix,
            "accepted": found.accepted.map(|(by, why)| json!({"by": by, "why": why})),
        })
    });
    found.collect()
}

fn item(view: &View, item: &crate::view::ItemOutline) -> Value {
    let state = view.item_state(&item.id);
    let shown = view.shown(item);
    let mut value = json!({
        "id": item.id,
        "title": item.title,
        "state": shown,
        "settled": shown.is_settled(),
        "required": item.required,
        "evidence": Value::Null,
        "at": state.and_then(|state| state.at),
    });
    match state.map(|state| &state.standing) {
        Some(Standing::Settled(evidence)) => {
            value["evidence"] = json!(evidence.text);
            value["url"] = json!(evidence.url);
            value["notes"] = json!(evidence.notes);
            value["findings"] = json!(findings(view, &item.id));
        }
        Some(Standing::Failed(failure)) => value["failure"] = json!(failure),
        Some(Standing::Blocked(blocker)) => value["asks"] = json!(blocker),
        Some(Standing::Waived { by, why }) => value["waived"] = json!({"by": by, "why": why}),
        Some(Standing::Skipped { by, why, url }) => {
            value["skipped"] = json!({"by": by, "why": why, "url": url})
        }
        Some(Standing::Drifted { was, now }) => value["drifted"] = json!({"was": was, "now": now}),
        _ => {}
    }
    if let Some(attestation) = state.and_then(|state| state.attested.as_ref()) {
        value["attested"] = json!(attestation);
    }
    if shown == Shown::Blocked {
        value["needs"] = json!(view.waits_for(item));
    }
    value
}
