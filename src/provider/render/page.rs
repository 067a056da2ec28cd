//! Lists: pages of wrappers, each with the cursor that leads on.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Client, encoded, reading};
use crate::event::FailedCall;
use crate::provider::http::CallError;

/// The most that Render gives at once.
const PAGE: usize = 100;
/// More pages than this are a loop, or a workspace that golive was not made for: 50 pages are 5,000 things.
const PAGES_MAX: usize = 50;

impl Client<'_> {
    /// All entries of a list. `path` has its query, `wrapper` is the key that holds an entry, such as `service`. A page
    /// that comes round again, too many of them, or a full page without a way on are errors and never a shorter list.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        wrapper: &str,
    ) -> Result<Vec<T>, CallError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let first = format!("{path}{joint}limit={PAGE}");
        let mut entries = Vec::new();
        let mut been = BTreeSet::new();
        let mut next = first.clone();
        for _ in 0..PAGES_MAX {
            let page: Option<Vec<Value>> = self.http.json(reading(&next)).await?;
            let page = page.unwrap_or_default();
            let full = page.len() >= PAGE;
            let cursor = page.last().and_then(|last| last.get("cursor"));
            let cursor = cursor.and_then(Value::as_str).map(str::to_string);
            for entry in page {
                entries.push(unwrapped(entry, wrapper).ok_or_else(|| {
                    no_list(&next, "an entry of the list is not of the expected shape")
                })?);
            }
            if !full {
                return Ok(entries);
            }
            let Some(cursor) = cursor else {
                return Err(no_list(&next, "a full page names no next one"));
            };
            next = format!("{first}&cursor={}", encoded(&cursor));
            if !been.insert(cursor) {
                return Err(no_list(&next, "its pages go round in a circle"));
            }
        }
        Err(no_list(path, &format!("more than {PAGES_MAX} pages")))
    }

    /// The first entries of a list, where no more are wanted.
    pub(super) async fn beginning<T: DeserializeOwned>(
        &self,
        path: &str,
        wrapper: &str,
        count: usize,
    ) -> Result<Vec<T>, CallError> {
        self.page(&format!("{path}?limit={count}"), wrapper).await
    }

    /// One page of a list, `path` with its whole query.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        path: &str,
        wrapper: &str,
    ) -> Result<Vec<T>, CallError> {
        let page: Option<Vec<Value>> = self.http.json(reading(path)).await?;
        let entries = page.unwrap_or_default().into_iter();
        entries
            .map(|entry| {
                unwrapped(entry, wrapper).ok_or_else(|| {
                    no_list(path, "an entry of the list is not of the expected shape")
                })
            })
            .collect()
    }
}

/// An entry in its wrapper, or bare as some of Render's documents have it. The parser's own words are not kept: they
/// may repeat a value.
fn unwrapped<T: DeserializeOwned>(mut entry: Value, wrapper: &str) -> Option<T> {
    let inner = match entry.get_mut(wrapper) {
        Some(inner) if inner.is_object() => inner.take(),
        _ => entry,
    };
    serde_json::from_value(inner).ok()
}

fn no_list(path: &str, cause: &str) -> CallError {
    CallError::Unreachable {
        call: FailedCall {
            method: "GET".into(),
            path: path.into(),
            status: None,
            request_id: None,
        },
        cause: cause.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::render::Owner;

    #[test]
    fn entries_are_read_wrapped_and_bare() {
        let bare = json!({"id": "tea-1", "name": "acme"});
        let wrapped = json!({"owner": bare, "cursor": "abc"});
        for entry in [bare, wrapped] {
            let owner: Owner = unwrapped(entry, "owner").unwrap();
            assert_eq!(owner.id, "tea-1");
        }
        assert!(unwrapped::<Owner>(json!({"owner": {"name": 7}}), "owner").is_none());
    }
}
