//! Does the origin decision of these options follow `CORS_ORIGIN`?

use tree_sitter::Node;

use super::options::OldOptions;
use super::style::DEVELOPMENT_ORIGIN;
use super::syntax::{File, contains, field, is_binding, is_variable, line, statement_of, within};

/// The variable the plan takes origins from.
pub(super) const VARIABLE: &str = "CORS_ORIGIN";

/// How far an origin decision already is what the plan wants.
pub(super) enum Follows {
    /// It takes a list from the variable. Line of the reading, and what differs from the plan.
    List {
        line: usize,
        differences: Vec<String>,
    },
    /// It reads the variable, but a list in it, or its absence, would not do what the plan wants.
    Partly {
        why: &'static str,
    },
    No,
}

/// Follows the variables that the origin is decided by, through this file.
pub(super) fn follows<'t>(file: &File<'t>, options: &OldOptions<'t>) -> Follows {
    let Some(origin) = options.value("origin") else {
        return Follows::No;
    };
    let decision = decision(file, origin);
    let Some(read) = decision
        .iter()
        .find(|node| file.is_environment(**node, VARIABLE))
    else {
        return Follows::No;
    };
    if !calls(file, &decision, "split") {
        return Follows::Partly {
            why: "CORS_ORIGIN was taken as one origin; now it is a list",
        };
    }
    if decision.iter().any(|node| opens_to_all(file, *node)) {
        return Follows::Partly {
            why: "without CORS_ORIGIN every site could call; now none can, outside development",
        };
    }
    let mut differences = Vec::new();
    if !calls(file, &decision, "trim") {
        differences.push("entries are not trimmed, so CORS_ORIGIN must have no blanks".to_owned());
    }
    let has = |text: &str| decision.iter().any(|node| file.string(*node) == Some(text));
    if !has(DEVELOPMENT_ORIGIN) {
        differences.push(format!(
            "no fall-back to {DEVELOPMENT_ORIGIN} in development"
        ));
    }
    let logs = decision.iter().any(|node| {
        node.kind() == "call_expression"
            && field(*node, "function").is_some_and(|f| {
                file.text(f).contains("log") || file.text(f).starts_with("console.")
            })
    });
    if !logs {
        differences.push("a blocked origin is not named in the log".to_owned());
    }
    differences.extend(options.differences(file));
    Follows::List {
        line: line(*read),
        differences,
    }
}

/// All nodes that the origin decision consists of: the value itself and, step by step, the definitions of the names
/// in it and the statements that fill them.
fn decision<'t>(file: &File<'t>, origin: Node<'t>) -> Vec<Node<'t>> {
    let mut parts = vec![origin];
    let mut followed: Vec<&str> = Vec::new();
    let mut next = 0;
    while let Some(part) = parts.get(next).copied() {
        next += 1;
        for node in within(part) {
            let name = file.text(node);
            if is_variable(node) && !is_binding(node) && !followed.contains(&name) {
                followed.push(name);
                definitions(file, name, &mut parts);
            }
        }
    }
    parts.into_iter().flat_map(within).collect()
}

fn definitions<'t>(file: &File<'t>, name: &'t str, parts: &mut Vec<Node<'t>>) {
    let bindings = file.bindings(name);
    let inside = |node: &Node<'t>, parts: &[Node<'t>]| {
        parts
            .iter()
            .any(|part| contains(&part.byte_range(), &node.byte_range()))
    };
    // A parameter of the decision itself hides whatever else has its name.
    if bindings.iter().any(|binding| inside(binding, parts)) {
        return;
    }
    for binding in bindings {
        let Some((statement, block)) = statement_of(binding) else {
            continue;
        };
        match statement.kind() {
            "lexical_declaration" | "variable_declaration" | "export_statement" => {
                parts.push(declarator_of(binding));
            }
            "function_declaration" if field(statement, "name") == Some(binding) => {
                parts.push(statement);
            }
            _ => continue,
        }
        for mention in file.mentions(name).filter(|mention| fills(file, *mention)) {
            parts.extend(statement_in(mention, block).filter(|s| !inside(s, parts)));
        }
    }
}

fn declarator_of(binding: Node<'_>) -> Node<'_> {
    let mut node = binding;
    while let Some(parent) = node.parent() {
        node = parent;
        if node.kind() == "variable_declarator" {
            break;
        }
    }
    node
}

/// `name.push(…)`, `name.unshift(…)`, `name.add(…)`, `name = …`
fn fills(file: &File<'_>, mention: Node<'_>) -> bool {
    let Some(parent) = mention.parent() else {
        return false;
    };
    match parent.kind() {
        "member_expression" => field(parent, "property")
            .is_some_and(|property| matches!(file.text(property), "push" | "unshift" | "add")),
        "assignment_expression" => field(parent, "left") == Some(mention),
        _ => false,
    }
}

/// The statement of this very block that a node is a part of.
fn statement_in<'t>(node: Node<'t>, block: Node<'t>) -> Option<Node<'t>> {
    let (mut statement, mut parent) = statement_of(node)?;
    while parent != block {
        (statement, parent) = statement_of(parent)?;
    }
    Some(statement)
}

fn calls(file: &File<'_>, decision: &[Node<'_>], method: &str) -> bool {
    decision
        .iter()
        .any(|node| node.kind() == "property_identifier" && file.text(*node) == method)
}

/// `… || '*'`, `… ? … : '*'`, `… : true`: a fall-back that lets every site in.
fn opens_to_all(file: &File<'_>, node: Node<'_>) -> bool {
    let open = node.kind() == "true" || file.string(node) == Some("*");
    let Some(parent) = node.parent().filter(|_| open) else {
        return false;
    };
    match parent.kind() {
        "ternary_expression" | "array" => true,
        "binary_expression" => field(parent, "operator")
            .is_some_and(|operator| matches!(file.text(operator), "||" | "??")),
        _ => false,
    }
}
