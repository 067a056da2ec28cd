//! Whom the key belongs to, and the workspaces it reaches.

use super::wire::{Outcome, Reply, any_place, not_found, ok, page, passes};
use super::{Cx, body, state};
use serde_json::json;

pub fn user(cx: &Cx<'_>) -> Reply {
    let user = &cx.hub.scenario.render.user;
    ok(json!({
        "id": state::id(cx.hub.seed, "usr", "user"),
        "email": user.email,
        "name": user.name,
    }))
}

pub fn list(cx: &Cx<'_>) -> Outcome {
    let (state, _) = cx.list_view();
    let call = cx.visit.call;
    let owners = state
        .owners
        .iter()
        .filter(|owner| passes(call, "name", &owner.name) && passes(call, "email", &owner.email))
        .map(|owner| (any_place(cx.hub.seed, &owner.id), body::owner(owner)))
        .collect();
    page(cx.request, "owner", owners)
}

pub fn one(cx: &Cx<'_>, id: &str) -> Outcome {
    let (state, _) = cx.view();
    // An id of the user's own leads to the default workspace.
    let found = match id.starts_with("own-") {
        true => state.owners.first(),
        false => state.owner(id),
    };
    let owner = found.ok_or_else(|| not_found(id))?;
    Ok(ok(body::owner(owner)))
}
