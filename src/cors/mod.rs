//! The plan's one code change: a server's cors options take their origins from `CORS_ORIGIN`.
//!
//! A pure function over source text. It changes only what it understands: whatever it returns as rewritten was parsed
//! again, has every untouched statement as before, and would be found already dynamic.

mod change;
mod dynamic;
mod given;
mod mount;
mod options;
mod orphan;
mod place;
mod reads;
mod style;
mod syntax;

#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};

use tree_sitter::{Node, Tree};

use change::{Draft, Edit};
use syntax::{File, Refusal, contains};

pub use reads::{Read, Reads, environment_reads};
pub use style::{Modules, Style, snippet};

/// What making a file's CORS dynamic comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The origins already come from `CORS_ORIGIN`; `why` says where this was seen and what differs from the plan.
    AlreadyDynamic { why: String },
    /// The whole new text, and what the operator should know before approving it.
    Rewritten { text: String, notes: Vec<String> },
    /// The file is left alone: why, where (the first line is 1), and the code to put in by hand.
    NotUnderstood {
        why: String,
        line: Option<usize>,
        snippet: String,
    },
}

/// A server file beyond this size is not one that people wrote.
const SOURCE_BYTES_MAX: usize = 1 << 20;

/// Editors on Windows may put this before the first line; Node skips it, the grammar does not.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The files of a few branches, each looked at again and again while a change travels, are judged once.
const REMEMBERED_MAX: usize = 4;

thread_local! {
    static REMEMBERED: RefCell<VecDeque<(String, Change)>> = const { RefCell::new(VecDeque::new()) };
}

/// Makes the cors options in a JavaScript file follow `CORS_ORIGIN`. Never fails and never gives back a broken file.
pub fn make_dynamic(source: &str) -> Change {
    let known = REMEMBERED.with_borrow(|all| {
        all.iter()
            .find(|(text, _)| text == source)
            .map(|(_, change)| change.clone())
    });
    known.unwrap_or_else(|| {
        let change = judge(source);
        REMEMBERED.with_borrow_mut(|all| {
            all.truncate(REMEMBERED_MAX - 1);
            all.push_front((source.to_owned(), change.clone()));
        });
        change
    })
}

fn judge(source: &str) -> Change {
    let body = source.strip_prefix(BYTE_ORDER_MARK).unwrap_or(source);
    let mark = &source[..source.len() - body.len()];
    let refuse = |refusal: Refusal, style: &Style| Change::NotUnderstood {
        why: refusal.why,
        line: refusal.line,
        snippet: snippet(style),
    };
    if body.len() > SOURCE_BYTES_MAX {
        let why = format!("the file is larger than {SOURCE_BYTES_MAX} bytes");
        return refuse(Refusal::file(why), &Style::default());
    }
    let Some(tree) = syntax::parse(body) else {
        let why = "golive's JavaScript grammar could not be loaded";
        return refuse(Refusal::file(why), &Style::default());
    };
    let file = File::new(body, &tree);
    let style = Style::of(&file);
    let outcome = sound(&file, &tree)
        .and_then(|()| change::examine(&file, &style))
        .and_then(|draft| finish(&file, draft));
    match outcome {
        Err(refusal) => refuse(refusal, &style),
        Ok(Change::Rewritten { text, notes }) => Change::Rewritten {
            text: format!("{mark}{text}"),
            notes,
        },
        Ok(change) => change,
    }
}

/// Does the code read `process.env.CORS_ORIGIN` anywhere? Comments and strings do not count; a file with syntax
/// errors is read as far as it can be.
pub fn reads_cors_origin(source: &str) -> bool {
    let Some(tree) = syntax::parse(source) else {
        return false;
    };
    let file = File::new(source, &tree);
    file.nodes
        .iter()
        .any(|node| file.is_environment(*node, dynamic::VARIABLE))
}

/// Refuses a text that is not JavaScript from its first to its last byte.
fn sound(file: &File<'_>, tree: &Tree) -> Result<(), Refusal> {
    if !tree.root_node().has_error() {
        return Ok(());
    }
    let wrong = file
        .nodes
        .iter()
        .find(|node| node.is_error() || node.is_missing());
    let why = if is_typescript(file.text) {
        "this looks like TypeScript, which golive does not change"
    } else {
        "this is not JavaScript that golive can read"
    };
    Err(match wrong {
        Some(node) => Refusal::at(*node, why),
        None => Refusal::file(why),
    })
}

fn is_typescript(text: &str) -> bool {
    [
        "import type ",
        "interface ",
        ": Application",
        ": Request",
        ": string",
        " as const",
    ]
    .iter()
    .any(|mark| text.contains(mark))
}

/// Applies the edits and proves the result before it is handed on.
fn finish(file: &File<'_>, draft: Draft) -> Result<Change, Refusal> {
    if draft.edits.is_empty() {
        return Ok(Change::AlreadyDynamic { why: draft.why });
    }
    let unsure = |why: &str| Refusal::file(format!("golive's own change did not hold: {why}"));
    let text = apply(file.text, &draft.edits).ok_or_else(|| unsure("two parts of it overlap"))?;
    let tree = syntax::parse(&text).ok_or_else(|| unsure("it could not be read again"))?;
    if tree.root_node().has_error() {
        return Err(unsure("it would not be JavaScript"));
    }
    let after = File::new(&text, &tree);
    if !survives(file, &draft.edits, &after) {
        return Err(unsure("it would change a statement beside it"));
    }
    let again =
        change::examine(&after, &Style::of(&after)).map_err(|refusal| unsure(&refusal.why))?;
    if !again.edits.is_empty() {
        return Err(unsure("it would want to be changed again"));
    }
    Ok(Change::Rewritten {
        text,
        notes: draft.notes,
    })
}

/// The text with all edits made; nothing when two of them touch the same bytes.
fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut order: Vec<&Edit> = edits.iter().collect();
    order.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut out = String::with_capacity(text.len() + 2048);
    let mut at = 0;
    for edit in order {
        out.push_str(text.get(at..edit.range.start)?);
        out.push_str(&edit.text);
        at = edit.range.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// Is every statement that no edit touches still a statement of its own? Without semicolons a line put between two
/// others can make one statement of them without any syntax error.
fn survives(before: &File<'_>, edits: &[Edit], after: &File<'_>) -> bool {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for statement in statements(after) {
        *left.entry(after.text(statement)).or_default() += 1;
    }
    statements(before)
        .filter(|statement| {
            let range = statement.byte_range();
            !edits.iter().any(|edit| {
                contains(&edit.range, &range)
                    || (range.start < edit.range.end && edit.range.start < range.end)
            })
        })
        .all(|statement| {
            left.get_mut(before.text(statement))
                .is_some_and(|count| count.checked_sub(1).map(|n| *count = n).is_some())
        })
}

fn statements<'f, 't>(file: &'f File<'t>) -> impl Iterator<Item = Node<'t>> + 'f {
    file.nodes.iter().copied().filter(|node| {
        node.kind() != "comment"
            && (node.kind().ends_with("_statement") || node.kind().ends_with("_declaration"))
    })
}
