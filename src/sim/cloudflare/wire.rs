//! Cloudflare's own words on the wire: the envelope of every answer, and pages.

use serde_json::{Value, json};

pub use crate::sim::wire::{Outcome, Reply, Request};
use crate::sim::wire::{ok, reply};

/// Cloudflare's own host.
pub const HOST: &str = "api.cloudflare.com";

pub fn refuse(status: u16, code: u32, message: &str) -> Box<Reply> {
    Box::new(reply(
        status,
        json!({
            "success": false, "errors": [{ "code": code, "message": message }],
            "messages": [], "result": null,
        }),
    ))
}

pub fn result(result: Value) -> Reply {
    ok(json!({ "success": true, "errors": [], "messages": [], "result": result }))
}

/// The page of a list that was asked for. `size` is how long one is when nothing is said.
pub fn page(request: &Request, size: usize, items: Vec<Value>) -> Reply {
    let number = |name: &str| {
        request
            .query(name)?
            .parse()
            .ok()
            .filter(|number| *number > 0)
    };
    let page = number("page").unwrap_or(1usize);
    let size = number("per_page").unwrap_or(size);
    let total = items.len();
    let skip = (page - 1).saturating_mul(size);
    let shown: Vec<Value> = items.into_iter().skip(skip).take(size).collect();
    let info = json!({
        "page": page, "per_page": size, "count": shown.len(),
        "total_count": total, "total_pages": total.div_ceil(size),
    });
    ok(json!({
        "success": true, "errors": [], "messages": [], "result": shown, "result_info": info,
    }))
}
