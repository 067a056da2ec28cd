//! Which files are code that runs, whose they are, and which names the platforms set by themselves.

use super::CodeVariables;
use crate::cors::{Read, Reads};
use crate::resource::value::Destination;

const CODE: [&str; 8] = ["js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts"];
/// Folders of what others wrote, what was built, and what never runs where people use the product.
const LEFT_OUT: [&str; 14] = [
    "node_modules",
    "bower_components",
    "vendor",
    "build",
    "dist",
    "out",
    "coverage",
    "test",
    "tests",
    "__tests__",
    "__mocks__",
    "e2e",
    "cypress",
    "playwright",
];

/// Who runs a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Server,
    FrontEnd,
}

impl Side {
    /// Whether its code gets the variables that go there.
    pub fn reads(self, to: Destination) -> bool {
        matches!(
            (self, to),
            (Side::Server, Destination::Render) | (Side::FrontEnd, Destination::Vercel)
        )
    }
}

/// Whether a file is code that runs, by its name.
pub fn is_code(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    if folders.split('/').any(is_left_out) {
        return false;
    }
    if is_page(path) {
        return true;
    }
    let Some((stem, ending)) = name.rsplit_once('.') else {
        return false;
    };
    let apart = [".test", ".spec", ".min", ".d", ".stories"];
    let left_out = apart.iter().any(|end| stem.ends_with(end)) || stem == "setupTests";
    CODE.contains(&ending) && !left_out
}

/// A page that a build fills in: `%REACT_APP_NAME%`.
pub fn is_page(path: &str) -> bool {
    path == "index.html" || path.ends_with("/index.html")
}

fn is_left_out(folder: &str) -> bool {
    LEFT_OUT.contains(&folder) || (folder.starts_with('.') && folder.len() > 1)
}

/// The variables that a build puts into a page.
pub fn page_reads(text: &str) -> Reads {
    let mut reads = Reads::default();
    for (n, line) in text.lines().enumerate() {
        let mut parts = line.split('%');
        parts.next();
        for name in parts {
            if crate::resource::value::reaches_browser(name)
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            {
                reads.named.push(Read {
                    name: name.to_string(),
                    line: n + 1,
                    has_fallback: false,
                });
            }
        }
    }
    reads
}

impl CodeVariables {
    /// Who runs a file. Of two folders, one inside the other, the inner one counts; one folder may be both.
    pub(super) fn sides(&self, path: &str) -> Vec<Side> {
        let depth = |folder: &str| inside(path, folder);
        let (server, front) = (depth(&self.server), depth(&self.front_end));
        match (server, front) {
            (Some(server), Some(front)) if server > front => vec![Side::Server],
            (Some(server), Some(front)) if server < front => vec![Side::FrontEnd],
            (Some(_), Some(_)) => vec![Side::Server, Side::FrontEnd],
            (Some(_), None) => vec![Side::Server],
            (None, Some(_)) => vec![Side::FrontEnd],
            (None, None) => vec![],
        }
    }

    /// Whether a folder is worth listing: it is in one of the two, or leads to one.
    pub(super) fn enters(&self, folder: &str) -> bool {
        let name = folder.rsplit('/').next().unwrap_or(folder);
        let leads = |to: &str| inside(to, folder).is_some();
        !is_left_out(name)
            && (!self.sides(&format!("{folder}/x")).is_empty()
                || leads(&self.server)
                || leads(&self.front_end))
    }
}

/// How deep a folder is that holds a path; `None` when it does not.
fn inside(path: &str, folder: &str) -> Option<usize> {
    let folder = folder.trim_start_matches("./").trim_matches('/');
    if folder.is_empty() || folder == "." {
        return Some(0);
    }
    path.strip_prefix(folder)?
        .starts_with('/')
        .then(|| folder.split('/').count())
}

/// Whether the platform sets a variable by itself, or the machine does.
pub fn is_set_by_platform(name: &str, side: Side) -> bool {
    const MACHINE: [&str; 9] = [
        "PATH", "HOME", "PWD", "USER", "SHELL", "HOSTNAME", "TMPDIR", "LANG", "TERM",
    ];
    const RENDER: [&str; 5] = [
        "PORT",
        "NODE_ENV",
        "RENDER",
        "IS_PULL_REQUEST",
        "NODE_VERSION",
    ];
    // What Vercel and the builds of Create React App, Next and Vite set.
    const BUILD: [&str; 12] = [
        "NODE_ENV",
        "CI",
        "VERCEL",
        "PUBLIC_URL",
        "NEXT_RUNTIME",
        "FAST_REFRESH",
        "TZ",
        "MODE",
        "DEV",
        "PROD",
        "SSR",
        "BASE_URL",
    ];
    const VERCEL: [&str; 4] = [
        "VERCEL_",
        "REACT_APP_VERCEL_",
        "NEXT_PUBLIC_VERCEL_",
        "VITE_VERCEL_",
    ];
    if MACHINE.contains(&name) || name.starts_with("npm_") {
        return true;
    }
    match side {
        Side::Server => RENDER.contains(&name) || name.starts_with("RENDER_"),
        Side::FrontEnd => {
            BUILD.contains(&name) || VERCEL.iter().any(|prefix| name.starts_with(prefix))
        }
    }
}

/// What Node or a library reads by itself: nobody finds it in the code.
pub fn is_read_by_libraries(name: &str) -> bool {
    matches!(
        name,
        "NODE_ENV" | "NODE_OPTIONS" | "TZ" | "CI" | "DEBUG" | "LOG_LEVEL" | "PORT"
    ) || name.starts_with("NPM_CONFIG_")
}
