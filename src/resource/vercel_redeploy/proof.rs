//! Whether a value stands in what is served: in a script that the site's own list of its files names.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::resource::Cx;
use crate::resource::protection::is_login;
use crate::resource::value::Wanted;
use crate::seam::transport::Method;
use crate::seam::web::{Page, Unreached, Visit};

/// The list that builds of Create React App, and of others like it, serve of their files.
const LIST: &str = "/asset-manifest.json";
const LIST_BYTES_MAX: usize = 1 << 20;
const SCRIPT_BYTES_MAX: usize = 16 << 20;
/// A build splits its code; beyond so many scripts golive says what it did not read.
const SCRIPTS_MAX: usize = 40;
const TIMEOUT: Duration = Duration::from_secs(30);
/// A shorter value, such as `false`, stands in any script.
const TELLING_MIN: usize = 12;

/// Why nothing is seen at a host that visitors have to log in at.
pub const HIDDEN: &str = "Vercel's deployment protection stands before it";

/// What came of looking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing to look for: no value is long enough to tell.
    NotTelling,
    /// Each of these names' values stands in a script of that host.
    Served { host: String, names: Vec<String> },
    /// That host serves scripts, and these names' values stand in none of them.
    NotServed { host: String, names: Vec<String> },
    /// It cannot be told there, and why.
    NotKnown { host: String, why: String },
}

/// Whether a script that holds the value would hold it letter by letter.
pub fn is_telling(wanted: &Wanted) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '`' | '\\' | '<' | '$');
    wanted.value.chars() >= TELLING_MIN && wanted.value.is_made_of(plain)
}

/// Looks on a host for the telling ones among the values.
pub async fn look(
    cx: &Cx<'_>,
    host: &str,
    headers: &[(String, crate::seam::transport::HeaderText)],
    wanted: &[&Wanted],
) -> Proof {
    let mut left: Vec<&Wanted> = wanted
        .iter()
        .copied()
        .filter(|one| is_telling(one))
        .collect();
    if left.is_empty() {
        return Proof::NotTelling;
    }
    let names = |of: &[&Wanted]| of.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    let all = names(&left);
    let unknown = |why: String| Proof::NotKnown {
        host: host.to_string(),
        why,
    };
    let get = |path: &str, most| visit(host, path, headers, most);
    let list = match page(cx.web.fetch(&get(LIST, LIST_BYTES_MAX)).await) {
        Ok(page) => page,
        Err(why) => return unknown(why),
    };
    let Some(scripts) = scripts(&list.body, host) else {
        return unknown(format!("{LIST} is no list of files"));
    };
    let mut unread = None;
    for path in scripts.iter().take(SCRIPTS_MAX) {
        match page(cx.web.fetch(&get(path, SCRIPT_BYTES_MAX)).await) {
            Ok(script) => left.retain(|one| !one.value.stands_in(&script.body)),
            Err(why) => unread = Some(format!("{path}: {why}")),
        }
        if left.is_empty() {
            return Proof::Served {
                host: host.to_string(),
                names: all,
            };
        }
    }
    if scripts.len() > SCRIPTS_MAX {
        unread = Some(format!("it names more than {SCRIPTS_MAX} scripts"));
    }
    match unread {
        Some(why) => unknown(why),
        None => Proof::NotServed {
            host: host.to_string(),
            names: names(&left),
        },
    }
}

fn visit(
    host: &str,
    path: &str,
    headers: &[(String, crate::seam::transport::HeaderText)],
    body_max: usize,
) -> Visit {
    Visit {
        method: Method::Get,
        preflight: false,
        host: host.into(),
        path: path.into(),
        headers: headers.to_vec(),
        timeout: TIMEOUT,
        body_max,
    }
}

/// What came, or why it does not count.
fn page(answer: Result<Page, Unreached>) -> Result<Page, String> {
    let page = answer.map_err(|error| error.to_string())?;
    match page.status {
        200 => Ok(page),
        _ if is_login(&page) => Err(HIDDEN.into()),
        status => Err(format!("it answers {status}")),
    }
}

/// Paths of the scripts that a list names, each once, those of the page first. `None`: it is no such list.
fn scripts(list: &[u8], host: &str) -> Option<Vec<String>> {
    let list: Value = serde_json::from_slice(list).ok()?;
    let entry = list.get("entrypoints").and_then(Value::as_array);
    let files = list.get("files").and_then(Value::as_object);
    if entry.is_none() && files.is_none() {
        return None;
    }
    let entry = entry.into_iter().flatten().filter_map(Value::as_str);
    let files = files.into_iter().flat_map(|files| files.values());
    let named = entry.chain(files.filter_map(Value::as_str));
    let mut been = BTreeSet::new();
    let paths = named
        .filter(|path| path.ends_with(".js"))
        .filter_map(|path| own_path(path, host))
        .filter(|path| been.insert(path.clone()));
    Some(paths.collect())
}

/// A path on the same host: as it stands, without its slash, or with the host before it.
fn own_path(path: &str, host: &str) -> Option<String> {
    let rest = path.strip_prefix(&format!("https://{host}"));
    let rest = rest.unwrap_or(path);
    if rest.contains("://") || rest.starts_with("//") {
        return None;
    }
    let clean = rest.chars().all(|c| c.is_ascii_graphic());
    clean.then(|| format!("/{}", rest.trim_start_matches("./").trim_start_matches('/')))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scripts_are_found_however_the_list_is_written() {
        let list = json!({
            "files": {"main.js": "/static/js/main.1.js", "main.js.map": "/static/js/main.1.js.map",
                      "x.js": "https://www.example.com/static/js/2.js", "y.js": "https://cdn.example.net/y.js"},
            "entrypoints": ["static/css/main.css", "static/js/main.1.js"]
        });
        let found = scripts(list.to_string().as_bytes(), "www.example.com").unwrap();
        assert_eq!(found, ["/static/js/main.1.js", "/static/js/2.js"]);
        assert!(scripts(b"<!doctype html>", "www.example.com").is_none());
        assert!(scripts(b"{\"name\": \"x\"}", "www.example.com").is_none());
    }
}
