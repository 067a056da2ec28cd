//! Names that are right by their type: branches, hosts, repositories, folders, variables and the rest.
//!
//! Each type is checked where it is read, so a wrong name is reported with its line and column, and nothing later
//! has to look again.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::text::strip_controls;

/// Defines a text newtype whose only door is its check. The check answers why a text is refused.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name, or the sentence that says why it is none.
            pub fn parse(text: &str) -> Result<Self, String> {
                $check(text)
                    .map(|()| Self(text.to_owned()))
                    .map_err(|why| format!("{} {why}", quoted(text)))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    };
}

checked_text!(
    /// A table key of `golive.toml`, such as `prod`; the last part of an item's id.
    Key,
    key
);
checked_text!(
    /// What the launch is called: lower-case letters, digits and hyphens.
    LaunchName,
    launch_name
);
checked_text!(
    /// `<name>-<8 hex digits>`, written once by `golive init`; keyring entries and markers derive from it.
    LaunchId,
    launch_id
);
checked_text!(
    /// A git branch, by the rules of `git check-ref-format --branch` and what GitHub refuses besides.
    BranchName,
    branch_name
);
checked_text!(
    /// A host name in lower case without a dot at its end, such as `api.staging.bondigoo.ch`.
    HostName,
    host_name
);
checked_text!(
    /// A GitHub user or organisation.
    Login,
    login
);
checked_text!(
    /// The name a provider knows a thing by: a service, a project, a cluster, a group, a database, a user.
    ResourceName,
    resource_name
);
checked_text!(
    /// What a person may call a thing or themselves: one line that can be shown.
    Title,
    title
);
checked_text!(
    /// A file or folder inside the repository, `.` being its root.
    RepoPath,
    repo_path
);
checked_text!(
    /// The path part of an address, such as `/health`.
    UrlPath,
    url_path
);
checked_text!(
    /// A command line as Render or Vercel runs it.
    Command,
    command
);
checked_text!(
    /// An environment variable.
    VariableName,
    variable_name
);

/// `owner/name` on GitHub.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Repo {
    pub owner: Login,
    pub name: String,
}

impl Repo {
    /// The repository, or the sentence that says why the text names none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refuse = |why: &str| format!("{} {why}", quoted(text));
        let (owner, name) = text
            .split_once('/')
            .ok_or_else(|| refuse("is not a repository: it is written owner/name"))?;
        repository_name(name).map_err(|why| refuse(&why))?;
        Ok(Self {
            owner: Login::parse(owner)
                .map_err(|why| refuse(&format!("is not a repository: {why}")))?,
            name: name.to_owned(),
        })
    }
}

impl TryFrom<String> for Repo {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Repo> for String {
    fn from(repo: Repo) -> String {
        repo.to_string()
    }
}

impl fmt::Display for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// A text from a file as it may be shown: quoted, control characters escaped, cut at 60 characters.
pub fn quoted(text: &str) -> String {
    const SHOWN_MAX: usize = 60; // what fits one line of an 80-column terminal beside the sentence
    let mut shown: String = text.chars().take(SHOWN_MAX).collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        shown.push('…');
    }
    let escaped: String = shown.chars().flat_map(shown_char).collect();
    format!("`{escaped}`")
}

/// What could write on the operator's terminal, or show another name than is there, is escaped, not dropped:
/// the operator has to find it in the file.
fn shown_char(c: char) -> Vec<char> {
    if is_showable(c) {
        vec![c]
    } else {
        c.escape_default().collect()
    }
}

fn is_showable(c: char) -> bool {
    let text = c.to_string();
    strip_controls(&text) == text
}

type Check = Result<(), String>;

fn refuse_unless(holds: bool, why: &str) -> Check {
    if holds { Ok(()) } else { Err(why.to_owned()) }
}

fn word(text: &str, others: &str, max: usize) -> bool {
    (1..=max).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

fn key(text: &str) -> Check {
    refuse_unless(
        word(text, "_-", 64) && !text.starts_with('-') && !text.ends_with('-'),
        "is not a key: letters, digits, `_` and inner `-`, at most 64",
    )
}

fn launch_name(text: &str) -> Check {
    refuse_unless(
        word(text, "-", 40)
            && !text.contains(|c: char| c.is_ascii_uppercase())
            && !text.starts_with('-')
            && !text.ends_with('-'),
        "is not a launch's name: lower-case letters, digits and inner hyphens, at most 40",
    )
}

fn launch_id(text: &str) -> Check {
    let shaped = text.rsplit_once('-').is_some_and(|(name, tail)| {
        launch_name(name).is_ok()
            && tail.len() == 8
            && tail.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
    });
    refuse_unless(
        shaped,
        "is not a launch's id: it is `<name>-<8 hex digits>`, as `golive init` writes it",
    )
}

/// The rules of git-check-ref-format(1), plus GitHub's: no `refs/…`, nothing that looks like a commit.
fn branch_name(text: &str) -> Check {
    let because = |why: &str| Err(format!("is not a branch name: {why}"));
    if text.is_empty() {
        return because("it is empty");
    }
    // GitHub keeps 255 bytes for `refs/heads/` and the name.
    if text.len() > 244 {
        return because("it has more than 244 bytes");
    }
    if let Some(bad) = text
        .chars()
        .find(|c| c.is_control() || c.is_whitespace() || " ~^:?*[\\".contains(*c))
    {
        return because(&format!("git allows no `{}` in it", bad.escape_default()));
    }
    if text.contains("..") || text.contains("@{") || text.contains("//") {
        return because("git allows no `..`, `@{` or `//` in it");
    }
    if text == "@" || text == "HEAD" || text.starts_with('-') || text.starts_with("refs/") {
        return because("git or GitHub keeps this name for itself");
    }
    if text.ends_with('.') || text.starts_with('/') || text.ends_with('/') {
        return because("it may not begin or end with `/` or end with `.`");
    }
    if text
        .split('/')
        .any(|part| part.starts_with('.') || part.ends_with(".lock"))
    {
        return because("no part of it may begin with `.` or end with `.lock`");
    }
    if text.len() == 40 && text.chars().all(|c| c.is_ascii_hexdigit()) {
        return because("it looks like a commit");
    }
    Ok(())
}

fn host_name(text: &str) -> Check {
    let because = |why: &str| Err(format!("is not a host name: {why}"));
    if !text.is_ascii() {
        return because(&match url::Host::parse(text) {
            Ok(ascii) => format!("write it in its ASCII form, `{ascii}`"),
            Err(_) => "write it in its ASCII form (`xn--…`)".to_owned(),
        });
    }
    if text.contains('*') {
        return because("a wildcard stands for any name and is none itself; name each host");
    }
    if text.contains("://") || text.contains('/') || text.contains(':') {
        return because("only the name, without `https://`, port or path");
    }
    if text.chars().any(|c| c.is_ascii_uppercase()) {
        return because("write it in lower case");
    }
    let labels: Vec<&str> = text.split('.').collect();
    let right =
        |label: &&str| word(label, "-", 63) && !label.starts_with('-') && !label.ends_with('-');
    if text.len() > 253 || labels.len() < 2 || !labels.iter().all(right) {
        return because(
            "parts of letters, digits and inner hyphens, joined by dots, such as `www.example.com`",
        );
    }
    if labels.iter().any(|label| label.starts_with("xn--")) && url::Host::parse(text).is_err() {
        return because("its `xn--…` part stands for no name that can be written");
    }
    let numeric = |label: &&&str| label.chars().all(|c| c.is_ascii_digit());
    if labels.last().filter(numeric).is_some() {
        return because("it is an address, and a name is needed");
    }
    Ok(())
}

/// GitHub's rule, plus `_`, which the logins of managed users contain.
fn login(text: &str) -> Check {
    refuse_unless(
        word(text, "-_", 39) && !text.starts_with('-') && !text.contains("--"),
        "is not a GitHub login: letters, digits and single hyphens, at most 39",
    )
}

fn repository_name(name: &str) -> Check {
    if name.ends_with(".git") {
        return Err("is not a repository: leave `.git` off".to_owned());
    }
    refuse_unless(
        word(name, "._-", 100) && name != "." && name != "..",
        "is not a repository: its name has letters, digits, `.`, `_` and `-`, at most 100",
    )
}

fn resource_name(text: &str) -> Check {
    refuse_unless(
        word(text, "._-", 100) && text.starts_with(|c: char| c.is_ascii_alphanumeric()),
        "is not a name a provider takes: letters, digits, `.`, `_` and `-`, at most 100",
    )
}

fn title(text: &str) -> Check {
    refuse_unless(
        !text.trim().is_empty()
            && text.trim() == text
            && text.chars().count() <= 200
            && text.chars().all(is_showable),
        "is not one line of text: 1 to 200 characters without control characters or spaces around them",
    )
}

fn repo_path(text: &str) -> Check {
    if text == "." {
        return Ok(());
    }
    let right = |part: &str| !matches!(part, "" | "." | "..") && part.trim() == part;
    refuse_unless(
        text.len() <= 400
            && !text.contains('\\')
            && !text.contains(char::is_control)
            && text.split('/').all(right),
        "is not a path inside the repository: parts joined by `/`, without `..` and without `/` at either end",
    )
}

fn url_path(text: &str) -> Check {
    let allowed = |c: char| c.is_ascii_graphic() && !"?#\\\"<>".contains(c);
    refuse_unless(
        text.starts_with('/')
            && !text.starts_with("//")
            && text.len() <= 200
            && text.chars().all(allowed),
        "is not a path of an address: it begins with one `/` and has no spaces, `?` or `#`",
    )
}

fn command(text: &str) -> Check {
    refuse_unless(
        title(text).is_ok(),
        "is not a command: one line without control characters or spaces around it",
    )
}

fn variable_name(text: &str) -> Check {
    refuse_unless(
        word(text, "_", 100) && !text.starts_with(|c: char| c.is_ascii_digit()),
        "is not a variable's name: letters, digits and `_`, not beginning with a digit",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn branches_follow_the_rules_of_git() {
        for good in [
            "main",
            "feature/validate-pipeline",
            "release-1.2",
            "a@b",
            "ä",
        ] {
            assert!(BranchName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-x",
            "a..b",
            "a b",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[",
            "a\\b",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a.",
            "@",
            "a@{1}",
            "HEAD",
            "refs/heads/a",
            "a\tb",
            "0123456789012345678901234567890123456789",
        ] {
            assert!(BranchName::parse(bad).is_err(), "{bad}");
        }
        assert!(BranchName::parse(&"b".repeat(245)).is_err());
    }

    #[test]
    fn hosts_are_lower_case_names_and_nothing_else() {
        for good in [
            "bondigoo.ch",
            "api.staging.bondigoo.ch",
            "xn--bcher-kva.example",
            "a.b2",
        ] {
            assert!(HostName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "localhost",
            "https://bondigoo.ch",
            "bondigoo.ch/x",
            "bondigoo.ch:443",
            "Bondigoo.ch",
            "bondigoo.ch.",
            "-a.ch",
            "a-.ch",
            "a..ch",
            "a_b.ch",
            "127.0.0.1",
            "bücher.ch",
            "a b.ch",
            "*.bondigoo.ch",
            "xn--a-ecp.ch\u{7f}",
            "xn--zzzzzzzz99999.ch",
        ] {
            assert!(HostName::parse(bad).is_err(), "{bad}");
        }
        let why = |text: &str| HostName::parse(text).expect_err("no host");
        assert!(why("bücher.ch").contains("`xn--bcher-kva.ch`"));
        assert!(why("*.bondigoo.ch").contains("name each host"));
        assert!(HostName::parse("xn--bcher-kva.ch").is_ok());
    }

    #[test]
    fn repositories_follow_the_rules_of_github() {
        let repo = Repo::parse("acme-inc/bondigoo-platform").expect("a repository");
        assert_eq!(
            (repo.owner.as_str(), repo.name.as_str()),
            ("acme-inc", "bondigoo-platform")
        );
        assert_eq!(repo.to_string(), "acme-inc/bondigoo-platform");
        for bad in [
            "",
            "acme",
            "acme/",
            "/x",
            "acme/a/b",
            "-acme/x",
            "ac--me/x",
            "acme/..",
            "acme/x.git",
            "acme/x y",
            "https://github.com/acme/x",
            "acme/ä",
        ] {
            assert!(Repo::parse(bad).is_err(), "{bad}");
        }
        assert!(Repo::parse(&format!("{}/x", "a".repeat(40))).is_err());
    }

    #[test]
    fn ids_paths_keys_and_variables_are_checked() {
        assert!(LaunchId::parse("bondigoo-0a1b2c3d").is_ok());
        for bad in [
            "bondigoo",
            "bondigoo-0A1B2C3D",
            "bondigoo-123",
            "-12345678",
            "a b-12345678",
        ] {
            assert!(LaunchId::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "/etc", "../x", "a/../b", "a/", "a//b", "a\\b", "./a"] {
            assert!(RepoPath::parse(bad).is_err(), "{bad}");
        }
        assert!(RepoPath::parse("server/scripts").is_ok() && RepoPath::parse(".").is_ok());
        for bad in ["", "a.b", "a b", "-a", "ä"] {
            assert!(Key::parse(bad).is_err(), "{bad}");
        }
        assert!(VariableName::parse("2X").is_err() && VariableName::parse("NODE_ENV").is_ok());
        assert!(UrlPath::parse("health").is_err() && UrlPath::parse("/health").is_ok());
        assert!(Title::parse(" Ada").is_err() && Title::parse("Ada Lovelace").is_ok());
    }

    #[test]
    fn a_refused_name_cannot_write_on_the_terminal() {
        let why = BranchName::parse("a\u{1b}[31m\u{202e}b").expect_err("refused");
        assert!(
            !why.contains('\u{1b}') && !why.contains('\u{202e}'),
            "{why}"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_a_check_panic(text in ".{0,300}") {
            let _ = BranchName::parse(&text);
            let _ = HostName::parse(&text);
            let _ = Repo::parse(&text);
            let _ = LaunchId::parse(&text);
            let _ = RepoPath::parse(&text);
            let _ = UrlPath::parse(&text);
            let _ = Title::parse(&text);
        }
    }
}
