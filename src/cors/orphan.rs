//! What only the old options used: lists and functions that would stand about unused, and what they said.

use std::ops::Range;

use tree_sitter::Node;

use super::syntax::{
    File, contains, field, is_binding, is_function, is_variable, line, statement_of, within,
};

/// What the old options leave behind.
#[derive(Default)]
pub(super) struct Orphans<'t> {
    /// Statements that nothing uses any more and that do nothing by themselves, in the order they were found.
    pub statements: Vec<Node<'t>>,
    pub notes: Vec<String>,
}

/// Follows the names in the removed parts; `removed` grows by the statements found.
pub(super) fn find<'t>(file: &File<'t>, removed: &mut Vec<Range<usize>>) -> Orphans<'t> {
    let mut orphans = Orphans::default();
    // The first round collects orphans; each may orphan what it was made from, so rounds go on until none is new.
    while let Some(statement) = names_in(file, removed)
        .into_iter()
        .find_map(|name| orphan(file, name, removed))
    {
        removed.push(statement.byte_range());
        orphans.statements.push(statement);
    }
    for name in names_in(file, removed) {
        orphans.notes.extend(left_over(file, name, removed));
    }
    orphans
}

/// The distinct variables mentioned in the removed parts.
fn names_in<'t>(file: &File<'t>, removed: &[Range<usize>]) -> Vec<&'t str> {
    let mut names: Vec<&str> = Vec::new();
    for node in &file.nodes {
        let name = file.text(*node);
        if is_variable(*node) && is_gone(*node, removed) && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn is_gone(node: Node<'_>, removed: &[Range<usize>]) -> bool {
    removed
        .iter()
        .any(|range| contains(range, &node.byte_range()))
}

/// The statement that declares a name, when the name has one declaration outside the removed parts.
fn declaration<'t>(
    file: &File<'t>,
    name: &str,
    removed: &[Range<usize>],
) -> Option<(Node<'t>, Node<'t>)> {
    match file.bindings(name).as_slice() {
        [binding] if !is_gone(*binding, removed) => {
            let (statement, _) = statement_of(*binding)?;
            Some((*binding, statement))
        }
        _ => None,
    }
}

fn reads_left<'t>(file: &File<'t>, name: &str, removed: &[Range<usize>]) -> Option<Node<'t>> {
    file.mentions(name)
        .find(|mention| !is_binding(*mention) && !is_gone(*mention, removed))
}

fn orphan<'t>(file: &File<'t>, name: &str, removed: &[Range<usize>]) -> Option<Node<'t>> {
    let (binding, statement) = declaration(file, name, removed)?;
    let removable = match statement.kind() {
        "function_declaration" => field(statement, "name") == Some(binding),
        "lexical_declaration" | "variable_declaration" => {
            only_value(statement, binding).is_some_and(|value| does_nothing(file, value))
        }
        _ => false,
    };
    (removable && reads_left(file, name, removed).is_none()).then_some(statement)
}

/// The value of `const name = value` when the statement declares nothing else.
fn only_value<'t>(statement: Node<'t>, binding: Node<'t>) -> Option<Node<'t>> {
    let declarator = binding.parent()?;
    let alone = statement.named_child_count() == 1 && statement.named_child(0) == Some(declarator);
    field(declarator, "value").filter(|_| alone && declarator.kind() == "variable_declarator")
}

/// Working this value out changes nothing elsewhere, so it may go.
fn does_nothing(file: &File<'_>, value: Node<'_>) -> bool {
    let functions: Vec<Range<usize>> = within(value)
        .into_iter()
        .filter(|node| is_function(*node))
        .map(|node| node.byte_range())
        .collect();
    within(value).into_iter().all(|node| {
        let in_function = functions
            .iter()
            .any(|range| contains(range, &node.byte_range()));
        in_function
            || match node.kind() {
                "call_expression" => harmless_call(file, node),
                "new_expression" => {
                    field(node, "constructor").is_some_and(|c| file.text(c) == "Set")
                }
                "assignment_expression"
                | "augmented_assignment_expression"
                | "update_expression"
                | "await_expression"
                | "yield_expression"
                | "class" => false,
                _ => true,
            }
    })
}

fn harmless_call(file: &File<'_>, call: Node<'_>) -> bool {
    let method = field(call, "function").and_then(|function| field(function, "property"));
    method.is_some_and(|method| {
        matches!(
            file.text(method),
            "split" | "map" | "filter" | "trim" | "concat" | "replace" | "toLowerCase" | "flat"
        )
    })
}

/// What the operator should know about a name that the old options used and that stays.
fn left_over(file: &File<'_>, name: &str, removed: &[Range<usize>]) -> Option<String> {
    let (binding, statement) = declaration(file, name, removed)?;
    let read = reads_left(file, name, removed);
    let declared = line(binding);
    match read {
        None => Some(format!(
            "`{name}` (line {declared}) is not used any more and may be removed"
        )),
        Some(read) if only_value(statement, binding).is_some_and(|v| says_origins(file, v)) => {
            Some(format!(
                "`{name}` (line {declared}) stays for line {}; it no longer decides who may call the API",
                line(read)
            ))
        }
        Some(_) => None,
    }
}

fn says_origins(file: &File<'_>, value: Node<'_>) -> bool {
    within(value)
        .into_iter()
        .any(|node| file.string(node).is_some_and(is_origin))
}

pub(super) fn is_origin(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// What the removed parts let in until now.
pub(super) fn former_origins(file: &File<'_>, removed: &[Range<usize>]) -> Vec<String> {
    let (mut origins, mut patterns, mut variables) = (Vec::new(), Vec::new(), Vec::new());
    let add = |list: &mut Vec<String>, text: &str| {
        if !list.iter().any(|known| known == text) {
            list.push(text.to_owned());
        }
    };
    for node in file.nodes.iter().filter(|node| is_gone(**node, removed)) {
        if let Some(origin) = file.string(*node).filter(|text| is_origin(text)) {
            add(&mut origins, origin);
        }
        if node.kind() == "regex" {
            add(&mut patterns, file.text(*node));
        }
        if let Some(variable) = file.environment_name(*node)
            && !matches!(variable, "NODE_ENV" | super::dynamic::VARIABLE)
        {
            add(&mut variables, variable);
        }
    }
    let mut notes = Vec::new();
    if !origins.is_empty() {
        notes.push(format!(
            "let in until now: {}; those that go on calling belong in CORS_ORIGIN",
            origins.join(", ")
        ));
    }
    if !patterns.is_empty() {
        notes.push(format!(
            "the pattern {} goes: CORS_ORIGIN holds whole origins, so others that it let in are refused",
            patterns.join(", ")
        ));
    }
    if !variables.is_empty() {
        notes.push(format!(
            "{} no longer decides who may call; CORS_ORIGIN does",
            variables.join(", ")
        ));
    }
    notes
}
