//! The variables of a launch in its environments: what is wished of each, and how each stands now. Values are shown only
//! where they are no secrets.

use std::collections::BTreeMap;

use super::{Shown, View};
use crate::journal::state::Standing;
use crate::plan::{Blocker, Finding, ItemId, Row, Sign};
use crate::secret::SecretName;

/// The variables as the manifest wishes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix {
    /// In the manifest's order.
    pub environments: Vec<MatrixEnvironment>,
    pub variables: Vec<MatrixVariable>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixEnvironment {
    /// Its key in `golive.toml`, such as `prod`.
    pub key: String,
    pub title: String,
    pub production: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixVariable {
    pub name: String,
    /// `plain`, `secret` or `public`.
    pub kind: &'static str,
    /// Where it goes: `Render` or `Vercel`.
    pub to: &'static str,
    /// By the environment's key; an environment without one does not use the variable.
    pub cells: BTreeMap<String, MatrixCell>,
}

/// One variable in one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixCell {
    /// The item that answers for its value.
    pub item: ItemId,
    /// The item that puts it where it goes.
    pub holder: Option<ItemId>,
    /// What runs with it, by name.
    pub used_by: Vec<String>,
    pub now: CellWish,
    /// What is wished once the launch has switched to live; `None`: the same.
    pub live: Option<CellWish>,
}

/// What a cell is wished to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellWish {
    /// Who the value comes from, such as `given by you`.
    pub origin: String,
    /// A person gives it.
    pub asked: bool,
    /// golive makes it.
    pub generated: bool,
    /// The name that it is kept under.
    pub slot: Option<SecretName>,
    /// The value, where it may be shown.
    pub text: Option<String>,
    /// What it must be, such as `Stripe's test secret key`.
    pub form: Option<&'static str>,
    /// The page that shows it to a person.
    pub page: Option<&'static str>,
}

impl Matrix {
    pub fn cell(&self, variable: usize, environment: usize) -> Option<&MatrixCell> {
        let key = &self.environments.get(environment)?.key;
        self.variables.get(variable)?.cells.get(key)
    }

    /// `plain`, `secret` or `public`; a name that is no variable's is as good as secret.
    pub fn kind_of(&self, name: &str) -> &'static str {
        let own = self.variables.iter().find(|own| own.name == name);
        own.map_or("secret", |own| own.kind)
    }

    /// Where the cell of this item stands: variable and environment.
    pub fn place_of(&self, item: &ItemId) -> Option<(usize, usize)> {
        self.variables.iter().enumerate().find_map(|(row, own)| {
            let found = own.cells.iter().find(|(_, cell)| cell.item == *item)?;
            let column = self.environments.iter();
            let column = column.into_iter().position(|one| one.key == *found.0)?;
            Some((row, column))
        })
    }
}

/// How a cell stands, the first sign of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It has a value, and the value was judged.
    Good,
    /// It has a value that should be looked at.
    Suspicious,
    /// Its value must not be set, or could not be come by.
    Wrong,
    /// A person must give it.
    Missing,
    /// Nobody has looked yet, or what it rests on is not there yet.
    Open,
    /// The last look failed.
    Unknown,
    NotUsed,
}

/// A cell as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellShown {
    pub mark: Mark,
    /// A fingerprint, a kind such as `test`, a plain value, or what is lacking.
    pub text: String,
    /// The text is the value itself, so it needs no sign while all is well.
    pub plain: bool,
}

impl CellShown {
    fn new(mark: Mark, text: impl Into<String>) -> CellShown {
        CellShown {
            mark,
            text: text.into(),
            plain: false,
        }
    }

    /// Eyes are wanted.
    pub fn needs_eyes(&self) -> bool {
        matches!(
            self.mark,
            Mark::Suspicious | Mark::Wrong | Mark::Missing | Mark::Unknown
        )
    }
}

/// How the value that runs compares with the wished one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    Same,
    Add,
    Change,
    /// There is no value that could be set.
    Lacking,
    NotUsed,
    /// Not compared yet.
    Unknown,
}

impl Live {
    pub fn sign(self) -> char {
        match self {
            Live::Same => '=',
            Live::Add => '+',
            Live::Change => '~',
            Live::Lacking => '-',
            Live::NotUsed => '.',
            Live::Unknown => '?',
        }
    }

    pub fn in_words(self) -> &'static str {
        match self {
            Live::Same => "what is wished was set",
            Live::Add => "it is not there yet; the plan adds it",
            Live::Change => "another value is there; the plan changes it",
            Live::Lacking => "there is no value that could be set",
            Live::NotUsed => "not used",
            Live::Unknown => "not compared yet",
        }
    }
}

impl View {
    /// How a cell stands; `None` is a variable that the environment does not use.
    pub fn cell(&self, cell: Option<&MatrixCell>) -> CellShown {
        let Some(cell) = cell else {
            return CellShown::new(Mark::NotUsed, "not used");
        };
        let shown = self
            .outline
            .item(&cell.item)
            .map_or(Shown::Pending, |item| self.shown(item));
        let standing = self.item_state(&cell.item).map(|item| &item.standing);
        match (shown, standing) {
            (Shown::Unknown, _) => CellShown::new(Mark::Unknown, "not known"),
            (_, Some(Standing::Blocked(Blocker::SecretMissing { was_kept, .. }))) => {
                CellShown::new(Mark::Missing, if *was_kept { "gone" } else { "missing" })
            }
            (_, Some(Standing::Blocked(Blocker::TokenRefused { .. }))) => {
                CellShown::new(Mark::Wrong, self.value_of(cell).unwrap_or("refused".into()))
            }
            (_, Some(Standing::Blocked(_))) => CellShown::new(Mark::Wrong, "needs you"),
            (Shown::Failed, _) => CellShown::new(Mark::Wrong, "failed"),
            (Shown::Drifted, _) => CellShown::new(Mark::Suspicious, "changed"),
            (_, Some(Standing::Waived { .. } | Standing::Skipped { .. })) => {
                CellShown::new(Mark::NotUsed, shown.word())
            }
            (_, Some(Standing::Settled(_))) => self.settled(cell),
            _ => self.not_yet(cell),
        }
    }

    fn settled(&self, cell: &MatrixCell) -> CellShown {
        let findings = self.cell_findings(cell);
        let text = self.value_of(cell).unwrap_or_else(|| "set".into());
        if findings.is_empty() {
            let made = if cell.now.generated { " gen" } else { "" };
            return CellShown {
                plain: cell.now.text.is_some(),
                ..CellShown::new(Mark::Good, format!("{text}{made}"))
            };
        }
        let equal = findings.iter().any(|finding| finding.code == "equal");
        let same = equal.then(|| self.same_as(cell)).and_then(|same| {
            let first = same.first()?;
            Some(format!("= {first}"))
        });
        CellShown::new(Mark::Suspicious, same.unwrap_or(text))
    }

    /// What is known before anybody has judged it.
    fn not_yet(&self, cell: &MatrixCell) -> CellShown {
        let kept = cell.now.slot.as_ref();
        let kept = kept.and_then(|slot| self.state.kept.get(slot));
        match (&cell.now.text, kept) {
            (Some(text), _) => CellShown {
                plain: true,
                ..CellShown::new(Mark::Open, text)
            },
            (None, Some(fingerprint)) => CellShown::new(Mark::Open, fingerprint.to_string()),
            (None, None) if cell.now.asked => CellShown::new(Mark::Missing, "missing"),
            (None, None) => CellShown::new(Mark::Open, "later"),
        }
    }

    /// What may be shown of a cell's value: the value itself where it is none to hide, a key's mode, a fingerprint.
    fn value_of(&self, cell: &MatrixCell) -> Option<String> {
        let outputs = self.item_state(&cell.item).map(|item| &item.outputs);
        let output = |name: &str| outputs.and_then(|outputs| outputs.get(name)).cloned();
        let kept = cell.now.slot.as_ref();
        let kept = kept.and_then(|slot| self.state.kept.get(slot));
        let fingerprint = output("fingerprint").map(|all| all.chars().take(4).collect());
        output("value")
            .or_else(|| cell.now.text.clone())
            .or_else(|| output("shape"))
            .or(fingerprint)
            .or_else(|| kept.map(ToString::to_string))
    }

    /// The first digits of a value's fingerprint.
    pub fn cell_fingerprint(&self, cell: &MatrixCell) -> Option<String> {
        let item = self.item_state(&cell.item)?;
        let kept = cell.now.slot.as_ref();
        let kept = kept.and_then(|slot| self.state.kept.get(slot));
        let own = item.outputs.get("fingerprint");
        let own = own.map(|all| all.chars().take(4).collect());
        own.or_else(|| kept.map(ToString::to_string))
    }

    /// The other environments in which the same value stands, by computed fingerprints and not by eye.
    pub fn same_as(&self, cell: &MatrixCell) -> Vec<String> {
        let fingerprint = |cell: &MatrixCell| {
            let item = self.item_state(&cell.item)?;
            item.outputs.get("fingerprint").cloned()
        };
        let Some(own) = fingerprint(cell) else {
            return vec![];
        };
        let Some((row, _)) = self.outline.matrix.place_of(&cell.item) else {
            return vec![];
        };
        let cells = self.outline.matrix.variables[row].cells.iter();
        let equal = cells.filter(|(_, other)| {
            other.item != cell.item && fingerprint(other).as_deref() == Some(own.as_str())
        });
        equal.map(|(key, _)| key.clone()).collect()
    }

    /// What should be looked at about a cell, those that somebody lives with left out.
    pub fn cell_findings(&self, cell: &MatrixCell) -> Vec<Finding> {
        let found = self.findings(&cell.item).into_iter();
        let open = found.filter(|found| found.accepted.is_none());
        open.map(|found| found.finding.clone()).collect()
    }

    /// How what runs compares with a cell's wish, as far as somebody has compared it.
    pub fn live_of(&self, variable: &MatrixVariable, cell: Option<&MatrixCell>) -> Live {
        let Some(cell) = cell else {
            return Live::NotUsed;
        };
        let shown = self.cell(Some(cell));
        if matches!(shown.mark, Mark::Missing | Mark::Wrong) {
            return Live::Lacking;
        }
        let Some(holder) = &cell.holder else {
            return Live::Unknown;
        };
        if self.state.is_settled(holder) {
            return Live::Same;
        }
        let wanted = self.wanted.values().flatten();
        let rows = wanted.chain(self.rows.values().map(|(row, _)| row));
        let told = rows
            .filter(|row| row.item == *holder)
            .find_map(|row| told_by(row, &variable.name));
        told.unwrap_or(Live::Unknown)
    }

    /// Every cell that wants eyes, row by row.
    pub fn cells_for_eyes(&self) -> Vec<(usize, usize)> {
        let matrix = &self.outline.matrix;
        let columns = 0..matrix.environments.len();
        let all = (0..matrix.variables.len())
            .flat_map(|row| columns.clone().map(move |column| (row, column)));
        all.filter(|(row, column)| {
            let cell = matrix.cell(*row, *column);
            cell.is_some() && self.cell(cell).needs_eyes()
        })
        .collect()
    }
}

/// What a row of a group's plan does to one variable: as a line of its own among the details, or as what the row is about.
fn told_by(row: &Row, name: &str) -> Option<Live> {
    let named = |text: &str| {
        let part = |c: char| !c.is_ascii_alphanumeric() && c != '_';
        text.split(part).any(|word| word == name)
    };
    if let Some(line) = row.detail.iter().find(|line| named(line)) {
        return match line.trim_start().chars().next() {
            Some('+') => Some(Live::Add),
            Some('~' | '-') => Some(Live::Change),
            Some('=') => Some(Live::Same),
            _ => Some(by_sign(row.sign)),
        };
    }
    named(&row.what).then(|| by_sign(row.sign))
}

fn by_sign(sign: Sign) -> Live {
    match sign {
        Sign::Create => Live::Add,
        Sign::Change | Sign::Remove => Live::Change,
    }
}
