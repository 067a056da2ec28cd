//! What a wish comes to: the value itself, from the file, the vault and what other items have handed on.

use super::{DatabaseUrl, Kind, Source, Variable};
use crate::plan::Blocker;
use crate::resource::{Cx, Known, Look};
use crate::secret::{Secret, SecretName};

/// A shorter secret would be found in any text.
const TELLING_MIN: usize = 6;

/// What a wish comes to.
#[derive(Clone, Debug)]
pub enum Got {
    Value {
        value: Secret,
        /// A part of it that `golive.toml` says and no provider has confirmed yet.
        believed: Option<String>,
    },
    /// Nothing is kept under the name that it needs.
    NotKept(SecretName),
}

impl Source {
    /// The value as it is to be set. The error: the vault does not answer.
    pub async fn get(&self, cx: &Cx<'_>) -> Look<Got> {
        let sure = |value| Got::Value {
            value,
            believed: None,
        };
        let Some(slot) = self.slot() else {
            return Ok(sure(Secret::new(self.shown().unwrap_or_default())));
        };
        let Some(kept) = cx.slots.secret(slot).await? else {
            return Ok(Got::NotKept(slot.clone()));
        };
        Ok(match self {
            Source::DatabaseUrl(url) => url.get(cx.known, &kept),
            Source::Text(_) | Source::Kept(_) => sure(kept),
        })
    }
}

impl DatabaseUrl {
    /// The host is Atlas' word; the file's stands in for it only where no item has heard that word, and is told.
    fn get(&self, known: &Known, password: &Secret) -> Got {
        let told = known.output(&self.host_of, "host");
        Got::Value {
            value: self.written(told.unwrap_or(&self.expected_host), password),
            believed: told.is_none().then(|| self.expected_host.clone()),
        }
    }

    /// `mongodb+srv://USER:PASSWORD@HOST/DATABASE?OPTIONS&appName=APP`.
    pub fn written(&self, host: &str, password: &Secret) -> Secret {
        let user = Secret::new(&*self.user).percent_encoded();
        let options = match self.options.is_empty() {
            true => String::new(),
            false => format!("{}&", self.options),
        };
        let rest = format!("@{host}/{}?{options}appName={}", self.database, self.app);
        user.followed_by(":", &password.percent_encoded())
            .prefixed("mongodb+srv://")
            .suffixed(&rest)
    }
}

/// A variable with its value, as a group or a project is to hold it.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub name: String,
    pub kind: Kind,
    pub value: Secret,
    /// `a1f3`, where it can be told.
    pub fingerprint: Option<String>,
}

/// The values of variables; inside, the blocker of the first one that has none any more.
pub async fn wanted(cx: &Cx<'_>, variables: &[Variable]) -> Look<Result<Vec<Wanted>, Blocker>> {
    let mut wanted = Vec::with_capacity(variables.len());
    for variable in variables {
        let given = variable.given(cx.known);
        let value = match given.source.get(cx).await? {
            Got::Value { value, .. } => value,
            Got::NotKept(slot) => {
                return Ok(Err(Blocker::SecretMissing {
                    was_kept: cx.slots.fingerprint(&slot).is_some(),
                    slot: slot.to_string(),
                }));
            }
        };
        wanted.push(Wanted {
            name: variable.name.clone(),
            kind: variable.kind,
            fingerprint: sealed(cx, &value).await?,
            value,
        });
    }
    Ok(Ok(wanted))
}

/// What may be said about a value.
pub async fn sealed(cx: &Cx<'_>, value: &Secret) -> Look<Option<String>> {
    let fingerprint = cx.slots.fingerprint_of(value).await?;
    Ok(fingerprint.map(|fingerprint| fingerprint.to_string()))
}

/// Lines of a log, those left out that hold a secret of these variables: a program may well write down what it was
/// given.
pub async fn without_secrets(
    cx: &Cx<'_>,
    variables: &[Variable],
    lines: Vec<String>,
) -> Look<Vec<String>> {
    let mut secrets = vec![];
    for variable in variables {
        let given = variable.given(cx.known);
        let kept = match given.source.slot() {
            Some(slot) => cx.slots.secret(slot).await?,
            None => None,
        };
        // Of an address the password alone may be written down, as it is or as it stands in the address.
        secrets.extend(kept.iter().map(Secret::percent_encoded));
        secrets.extend(kept);
        if let Got::Value { value, .. } = given.source.get(cx).await?
            && variable.kind == Kind::Secret
        {
            secrets.push(value);
        }
    }
    let holds = |line: &str| {
        let line = line.as_bytes();
        secrets
            .iter()
            .any(|secret| secret.chars() >= TELLING_MIN && secret.stands_in(line))
    };
    let shown = lines.into_iter().map(|line| match holds(&line) {
        true => "(a line with a secret in it, not shown)".to_string(),
        false => line,
    });
    Ok(shown.collect())
}

/// Where the value is kept that golive replaced: `former.<place>.<variable>`.
pub fn former(place: &str, name: &str) -> SecretName {
    SecretName::new(format!("former.{place}.{name}"))
}

/// Keeps a value that golive is about to replace, before anything is sent. One that is kept already is the older one,
/// and what undoing goes back to.
pub async fn keep_former(cx: &Cx<'_>, slot: &SecretName, value: &Secret) -> Look<()> {
    match cx.slots.secret(slot).await? {
        Some(_) => Ok(()),
        None => cx.slots.keep(slot, value.clone()).await,
    }
}

/// `A, B and C`.
pub fn list<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let words: Vec<S> = words.into_iter().collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => one.as_ref().into(),
        [rest @ .., last] => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", rest.join(", "), last.as_ref())
        }
    }
}
