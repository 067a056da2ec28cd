//! What can be taken away from the screen: calls as curl, pages to open, text to copy.

use super::model::{Open, Place, PlanLine, UiState};
use super::{farewell, grid, ways};
use crate::event::FailedCall;
use crate::journal::state::Standing;
use crate::plan::{Blocker, ItemId, Provider};
use crate::view::View;

/// The call under the cursor, or the one that was refused, as a command that can be pasted.
pub fn curl_text(ui: &UiState, view: &View) -> Option<String> {
    match ui.place() {
        Place::Calls => {
            let call = ui.call(view)?;
            let body = call.mutating;
            Some(curl(
                ui,
                view,
                call.provider,
                &call.method,
                &call.path,
                body,
            ))
        }
        Place::Item => {
            let id = ui.one()?;
            let call = failed_call(view, id)?;
            let provider = view.outline.item(id)?.provider?;
            let body = call.method != "GET";
            Some(curl(ui, view, provider, &call.method, &call.path, body))
        }
        _ => None,
    }
}

fn failed_call<'a>(view: &'a View, id: &ItemId) -> Option<&'a FailedCall> {
    match &view.item_state(id)?.standing {
        Standing::Failed(failure) => failure.call.as_ref(),
        _ => None,
    }
}

fn curl(
    ui: &UiState,
    view: &View,
    provider: Provider,
    method: &str,
    path: &str,
    body: bool,
) -> String {
    let base = (ui.lookup.api_url)(provider);
    let base = base.trim_end_matches('/');
    // The address is quoted for the shell; a quote inside it would end the quoting.
    let path = path.replace('\'', "%27");
    let signed = signed(view, provider, &path);
    let mut text = format!("curl -X {method} '{base}{path}' \\\n  {}", signed.flags);
    if body && !signed.has_body {
        let kind = match provider {
            Provider::Atlas => ATLAS_MEDIA,
            _ => "application/json",
        };
        text += &format!(" \\\n  -H 'Content-Type: {kind}' --data @body.json");
        text.push_str("\n# golive keeps no bodies: write what is to be sent into body.json");
    }
    if let Some(note) = signed.note {
        text += &format!("\n# {note}");
    }
    text
}

/// Atlas has a media type for each version of an endpoint; a date after the newest means the newest.
const ATLAS_MEDIA: &str = "application/vnd.atlas.2025-03-12+json";

/// Stripe has a key for each environment and mode; whoever pastes the call knows which is meant.
const STRIPE_VARIABLE: &str = "STRIPE_SECRET_KEY";

/// What signs a call, with variables in place of secrets.
struct Signed {
    flags: String,
    has_body: bool,
    note: Option<&'static str>,
}

fn signed(view: &View, provider: Provider, path: &str) -> Signed {
    let plain = |flags: String| Signed {
        flags,
        has_body: false,
        note: None,
    };
    let bearer = |token: &str| format!("-H \"Authorization: Bearer ${token}\"");
    if provider != Provider::Atlas {
        let slot = ways::token_slot(view, provider).unwrap_or(STRIPE_VARIABLE);
        return plain(bearer(slot));
    }
    if path.starts_with("/api/oauth/") {
        return Signed {
            has_body: true,
            ..plain(
                "-u \"$ATLAS_CLIENT_ID:$ATLAS_CLIENT_SECRET\" -d grant_type=client_credentials"
                    .into(),
            )
        };
    }
    let accept = format!("-H 'Accept: {ATLAS_MEDIA}'");
    match ways::token_slot(view, provider) {
        Some("ATLAS_PUBLIC_KEY") => plain(format!(
            "--digest -u \"$ATLAS_PUBLIC_KEY:$ATLAS_PRIVATE_KEY\" \\\n  {accept}"
        )),
        _ => Signed {
            note: Some("$ATLAS_TOKEN is the access_token that POST /api/oauth/token answers with"),
            ..plain(format!("{} \\\n  {accept}", bearer("ATLAS_TOKEN")))
        },
    }
}

/// The page that belongs to what the cursor is on.
pub fn page(ui: &UiState, view: &View) -> Option<String> {
    match ui.open.last() {
        Some(Open::Secret { slot, .. }) => {
            return (ui.lookup.token_page)(slot)?.url;
        }
        Some(Open::Matrix(own)) => return grid::page(own, view),
        Some(Open::Form(_) | Open::Confirm(_) | Open::Help { .. } | Open::Find { .. }) => {
            return None;
        }
        _ => {}
    }
    let state = view.item_state(ui.one()?)?;
    let url = match &state.standing {
        Standing::Settled(evidence) => evidence.url.clone(),
        Standing::Skipped { url, .. } => url.clone(),
        Standing::Blocked(blocker) => match blocker {
            Blocker::Forbidden { url, .. }
            | Blocker::ByHand { url, .. }
            | Blocker::Attest { url, .. } => url.clone(),
            Blocker::Review { url, .. } => Some(url.clone()),
            _ => None,
        },
        Standing::Failed(failure) => failure.hint.as_deref().and_then(first_url),
        _ => None,
    };
    url.or_else(|| state.made.iter().find_map(|made| made.url.clone()))
}

fn first_url(text: &str) -> Option<String> {
    let start = text.find("https://")?;
    let end = text[start..]
        .find([' ', '>', ',', ')'])
        .map_or(text.len(), |end| start + end);
    Some(text[start..end].to_string())
}

/// What `y` copies here.
pub fn copy_text(ui: &UiState, view: &View) -> Option<String> {
    match ui.open.last() {
        Some(Open::Text { lines, .. }) => return Some(lines.join("\n")),
        Some(Open::Row { id, .. }) => {
            let (row, _) = view.rows.get(id)?;
            let mut lines = vec![row.to_string()];
            lines.extend(row.detail.iter().cloned());
            return Some(lines.join("\n"));
        }
        Some(Open::Item { id, .. }) => return item_text(view, id),
        Some(Open::Matrix(own)) => return grid::copied(own, view),
        Some(_) => return None,
        None => {}
    }
    match ui.place() {
        Place::Step | Place::Map => item_text(view, ui.one()?),
        Place::Plan => match ui.plan_lines(view).get(ui.row_at)? {
            PlanLine::Row(row, _) => Some(row.to_string()),
            PlanLine::Same(item) => item_text(view, &item.id),
        },
        Place::Calls => curl_text(ui, view),
        Place::Log => {
            let at = ui.log_at.unwrap_or(view.log.len().saturating_sub(1));
            Some(view.log.get(at)?.text.clone())
        }
        _ => None,
    }
}

fn item_text(view: &View, id: &ItemId) -> Option<String> {
    let state = view.item_state(id)?;
    Some(match &state.standing {
        Standing::Failed(failure) => farewell::failure(failure),
        Standing::Settled(evidence) => evidence.text.clone(),
        Standing::Blocked(Blocker::ByHand { paste, .. }) if !paste.is_empty() => paste.join("\n"),
        Standing::Blocked(blocker) => blocker.sentence(),
        Standing::Waived { by, why } | Standing::Skipped { by, why, .. } => format!("{by}: {why}"),
        Standing::Drifted { was, now } => format!("{was} → {now}"),
        Standing::Pending | Standing::Undone => return None,
    })
}
