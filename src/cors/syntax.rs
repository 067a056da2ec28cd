//! A JavaScript file as its syntax tree, and the questions about names, statements and scopes that a change has to ask.

use std::collections::HashMap;
use std::ops::Range;

use tree_sitter::{Node, Parser, Tree};

/// Why golive leaves a file alone: the sentence, and the line it points at (1 is the first).
#[derive(Debug)]
pub(super) struct Refusal {
    pub why: String,
    pub line: Option<usize>,
}

impl Refusal {
    pub fn file(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            line: None,
        }
    }

    pub fn at(node: Node<'_>, why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            line: Some(line(node)),
        }
    }
}

/// The tree of one text, or nothing when the grammar cannot be loaded.
pub(super) fn parse(text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_javascript::LANGUAGE.into())
        .ok()?;
    parser.parse(text, None)
}

/// The line of a node as an editor counts: the first is 1.
pub(super) fn line(node: Node<'_>) -> usize {
    node.start_position().row + 1
}

pub(super) fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// One parsed file: its text and every named node, in the order of the text.
pub(super) struct File<'t> {
    pub text: &'t str,
    pub nodes: Vec<Node<'t>>,
    /// Where each variable is mentioned, so that following names through a long file stays cheap.
    variables: HashMap<&'t str, Vec<Node<'t>>>,
}

impl<'t> File<'t> {
    pub fn new(text: &'t str, tree: &'t Tree) -> Self {
        let nodes = within(tree.root_node());
        let mut variables: HashMap<&str, Vec<Node<'_>>> = HashMap::new();
        for node in nodes.iter().filter(|node| is_variable(**node)) {
            let name = text.get(node.byte_range()).unwrap_or_default();
            variables.entry(name).or_default().push(*node);
        }
        Self {
            text,
            nodes,
            variables,
        }
    }

    pub fn text(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    pub fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = Node<'t>> + '_ {
        self.nodes
            .iter()
            .copied()
            .filter(move |node| node.kind() == kind)
    }

    /// Every place where a variable of this name is written or read; property names are other things.
    pub fn mentions(&self, name: &str) -> impl Iterator<Item = Node<'t>> + '_ {
        self.variables.get(name).into_iter().flatten().copied()
    }

    /// Every variable name of the file.
    pub fn names(&self) -> impl Iterator<Item = &'t str> + '_ {
        self.variables.keys().copied()
    }

    /// Where a variable of this name is introduced: declarations, parameters and imports.
    pub fn bindings(&self, name: &str) -> Vec<Node<'t>> {
        self.mentions(name)
            .filter(|node| is_binding(*node))
            .collect()
    }

    /// A name that nothing in the file carries yet.
    pub fn free_name(&self, wishes: &[&str], gone: &[Range<usize>]) -> String {
        let taken = |name: &str| {
            self.mentions(name)
                .any(|node| !gone.iter().any(|range| contains(range, &node.byte_range())))
        };
        wishes
            .iter()
            .map(|wish| (*wish).to_owned())
            .chain((2..).map(|n| format!("{}{n}", wishes[0])))
            .find(|name| !taken(name))
            .unwrap_or_default()
    }

    /// The characters between the quotes of a plain string.
    pub fn string(&self, node: Node<'_>) -> Option<&'t str> {
        let text = self.text(node);
        (node.kind() == "string" && text.len() >= 2).then(|| &text[1..text.len() - 1])
    }

    /// The package or file a `require('…')` call names.
    pub fn required(&self, node: Node<'_>) -> Option<&'t str> {
        if node.kind() != "call_expression" || self.text(field(node, "function")?) != "require" {
            return None;
        }
        self.string(field(node, "arguments")?.named_child(0)?)
    }

    /// Where the variable behind a binding comes from, when that is another module.
    pub fn module_of(&self, binding: Node<'t>) -> Option<&'t str> {
        let mut node = binding;
        loop {
            match node.kind() {
                "import_statement" => return self.string(field(node, "source")?),
                "variable_declarator" => return self.required_within(field(node, "value")?),
                "program" | "statement_block" => return None,
                _ => node = node.parent()?,
            }
        }
    }

    /// The module of `require('x')`, `require('x').y` or `require('x')(…)`.
    fn required_within(&self, value: Node<'t>) -> Option<&'t str> {
        let mut node = value;
        loop {
            if let Some(module) = self.required(node) {
                return Some(module);
            }
            node = match node.kind() {
                "call_expression" => field(node, "function")?,
                "member_expression" => field(node, "object")?,
                "await_expression" | "parenthesized_expression" => node.named_child(0)?,
                _ => return None,
            };
        }
    }

    /// Does this expression read `process.env.NAME`?
    pub fn is_environment(&self, node: Node<'_>, name: &str) -> bool {
        self.environment_name(node) == Some(name)
    }

    /// The variable that `process.env.NAME`, `process.env['NAME']` or `const { NAME } = process.env` reads.
    pub fn environment_name(&self, node: Node<'_>) -> Option<&'t str> {
        match node.kind() {
            "member_expression" | "subscript_expression" => {
                let object = field(node, "object")?;
                if self.text(object) != "process.env" {
                    return None;
                }
                match field(node, "property") {
                    Some(property) => Some(self.text(property)),
                    None => self.string(field(node, "index")?),
                }
            }
            "shorthand_property_identifier_pattern" | "pair_pattern" => {
                let mut pattern = node.parent()?;
                if pattern.kind() == "object_assignment_pattern" {
                    pattern = pattern.parent()?;
                }
                let declarator = pattern.parent()?;
                let value = field(declarator, "value")?;
                if declarator.kind() != "variable_declarator" || self.text(value) != "process.env" {
                    return None;
                }
                Some(self.text(field(node, "key").unwrap_or(node)))
            }
            _ => None,
        }
    }

    /// The byte where the line of `at` begins.
    pub fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The byte after the line break that ends the line of `at`.
    pub fn next_line(&self, at: usize) -> usize {
        self.text[at..]
            .find('\n')
            .map_or(self.text.len(), |newline| at + newline + 1)
    }

    /// The blanks and tabs that the line of `at` begins with.
    pub fn indent(&self, at: usize) -> &'t str {
        let line = &self.text[self.line_start(at)..];
        let width = line
            .find(|c: char| c != ' ' && c != '\t')
            .unwrap_or(line.len());
        &line[..width]
    }
}

pub(super) fn field<'t>(node: Node<'t>, name: &str) -> Option<Node<'t>> {
    node.child_by_field_name(name)
}

/// A node and all named nodes below it, in the order of the text. A loop and not a recursion, so that a text of a
/// hundred thousand brackets costs memory and not the stack.
pub(super) fn within(top: Node<'_>) -> Vec<Node<'_>> {
    let mut nodes = Vec::new();
    let mut cursor = top.walk();
    loop {
        if cursor.node().is_named() {
            nodes.push(cursor.node());
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return nodes;
            }
        }
    }
}

pub(super) fn named_children<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).collect()
}

/// Arguments of a call, comments left out.
pub(super) fn arguments<'t>(call: Node<'t>) -> Vec<Node<'t>> {
    let Some(list) = field(call, "arguments").filter(|list| list.kind() == "arguments") else {
        return Vec::new();
    };
    let mut all = named_children(list);
    all.retain(|node| node.kind() != "comment");
    all
}

/// The statement a node stands in, and the block (or file) that statement is a direct part of.
pub(super) fn statement_of<'t>(node: Node<'t>) -> Option<(Node<'t>, Node<'t>)> {
    let mut node = node;
    loop {
        let parent = node.parent()?;
        if is_block(parent) {
            return Some((node, parent));
        }
        node = parent;
    }
}

fn is_block(node: Node<'_>) -> bool {
    matches!(node.kind(), "program" | "statement_block")
}

/// What makes a node run only sometimes or repeatedly: an `if`, a loop, a `? :`, an `&&`.
pub(super) fn condition_above<'t>(node: Node<'t>) -> Option<Node<'t>> {
    let mut node = node;
    while let Some(parent) = node.parent() {
        let conditional = matches!(
            parent.kind(),
            "if_statement"
                | "else_clause"
                | "ternary_expression"
                | "binary_expression"
                | "switch_statement"
                | "for_statement"
                | "for_in_statement"
                | "while_statement"
                | "do_statement"
                | "catch_clause"
                | "labeled_statement"
                | "with_statement"
        );
        if conditional {
            return Some(parent);
        }
        node = parent;
    }
    None
}

pub(super) fn is_variable(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "identifier" | "shorthand_property_identifier" | "shorthand_property_identifier_pattern"
    )
}

pub(super) fn is_binding(node: Node<'_>) -> bool {
    if node.kind() == "shorthand_property_identifier_pattern" {
        return true;
    }
    let Some(parent) = node.parent() else {
        return false;
    };
    let is = |name| field(parent, name) == Some(node);
    match parent.kind() {
        "variable_declarator"
        | "function_declaration"
        | "generator_function_declaration"
        | "function_expression"
        | "class_declaration" => is("name"),
        "import_clause" | "namespace_import" | "formal_parameters" | "rest_pattern"
        | "array_pattern" => true,
        "import_specifier" => is("alias") || (is("name") && field(parent, "alias").is_none()),
        "assignment_pattern" | "object_assignment_pattern" => is("left"),
        "pair_pattern" => is("value"),
        "arrow_function" | "catch_clause" => is("parameter"),
        _ => false,
    }
}

pub(super) fn is_function(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "arrow_function"
            | "function_expression"
            | "function_declaration"
            | "generator_function"
            | "generator_function_declaration"
            | "method_definition"
    )
}
