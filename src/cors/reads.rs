//! Which variables of the environment a file of JavaScript reads: by name, taken apart, or under another name.

use std::ops::Range;

use tree_sitter::Node;

use super::syntax::{self, File, field, line};

/// Where the environment stands for the code: Node's, and that of builds by Vite.
const ENVIRONMENTS: [&str; 2] = ["process.env", "import.meta.env"];

/// A place that reads one variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Read {
    pub name: String,
    /// The first line is 1.
    pub line: usize,
    /// The code says what it takes when there is none: `process.env.PORT || 5000`.
    pub has_fallback: bool,
}

/// All that a file reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    pub named: Vec<Read>,
    /// Lines that read a variable whose name only the running code knows, or hand the whole environment on.
    pub unnamed: Vec<usize>,
}

/// Every variable that the code reads, and where. A file with syntax errors, or in TypeScript, is read as far as it can
/// be; comments and strings never count.
pub fn environment_reads(source: &str) -> Reads {
    let Some(tree) = syntax::parse(source) else {
        return scanned(source, &[]);
    };
    let file = File::new(source, &tree);
    let mut reads = Reads::default();
    for node in file.nodes.iter().copied() {
        if is_environment(&file, node) {
            file_read(&file, node, &mut reads);
        }
    }
    if tree.root_node().has_error() {
        // TypeScript, for one: around what the grammar does not know, nodes may be missing.
        let silent: Vec<Range<usize>> = file
            .nodes
            .iter()
            .filter(|node| matches!(node.kind(), "comment" | "string" | "regex"))
            .map(Node::byte_range)
            .collect();
        reads.named.extend(scanned(source, &silent).named);
    }
    reads.named.sort();
    // What both ways have found is the same place; the tree knows of fallbacks and sorts last.
    reads.named.reverse();
    reads
        .named
        .dedup_by(|one, other| (&one.name, one.line) == (&other.name, other.line));
    reads
        .named
        .sort_by(|one, other| (one.line, &one.name).cmp(&(other.line, &other.name)));
    reads.unnamed.sort_unstable();
    reads.unnamed.dedup();
    reads
}

fn is_environment(file: &File<'_>, node: Node<'_>) -> bool {
    node.kind() == "member_expression" && ENVIRONMENTS.contains(&file.text(node))
}

/// What is done with the environment where it stands.
fn file_read<'t>(file: &File<'t>, whole: Node<'t>, reads: &mut Reads) {
    let Some(parent) = whole.parent() else {
        return;
    };
    let is = |node: Option<Node<'_>>| node.is_some_and(|node| node.id() == whole.id());
    match parent.kind() {
        "member_expression" | "subscript_expression" if is(field(parent, "object")) => {
            one_read(file, parent, reads);
        }
        "variable_declarator" if is(field(parent, "value")) => {
            let Some(name) = field(parent, "name") else {
                return;
            };
            match name.kind() {
                "object_pattern" => pattern_read(file, name, reads),
                "identifier" => alias_read(file, name, reads),
                _ => reads.unnamed.push(line(whole)),
            }
        }
        "assignment_expression" if is(field(parent, "right")) => match field(parent, "left") {
            Some(left) if left.kind() == "object_pattern" => pattern_read(file, left, reads),
            _ => reads.unnamed.push(line(whole)),
        },
        // Asked of as a whole, such as `process.env && …` or `'PORT' in process.env`.
        "binary_expression"
        | "unary_expression"
        | "if_statement"
        | "expression_statement"
        | "parenthesized_expression"
        | "ternary_expression" => {
            if let Some(name) = asked_for(file, parent) {
                reads.named.push(Read {
                    name: name.into(),
                    line: line(whole),
                    has_fallback: true,
                });
            }
        }
        _ => reads.unnamed.push(line(whole)),
    }
}

/// `'NAME' in process.env`.
fn asked_for<'t>(file: &File<'t>, node: Node<'t>) -> Option<&'t str> {
    let operator = field(node, "operator")?;
    (file.text(operator) == "in")
        .then(|| file.string(field(node, "left")?))
        .flatten()
}

/// `….NAME` or `…['NAME']`, unless it is written there and not read.
fn one_read<'t>(file: &File<'t>, access: Node<'t>, reads: &mut Reads) {
    let parent = access.parent();
    let written = parent.is_some_and(|parent| {
        parent.kind() == "assignment_expression"
            && field(parent, "left").is_some_and(|left| left.id() == access.id())
    });
    let deleted = parent.is_some_and(|parent| {
        parent.kind() == "unary_expression"
            && field(parent, "operator").is_some_and(|word| file.text(word) == "delete")
    });
    if written || deleted {
        return;
    }
    let name = match field(access, "property") {
        Some(property) => Some(file.text(property)),
        None => field(access, "index").and_then(|index| constant(file, index)),
    };
    let Some(name) = name else {
        reads.unnamed.push(line(access));
        return;
    };
    reads.named.push(Read {
        name: name.to_string(),
        line: line(access),
        has_fallback: has_fallback(file, access),
    });
}

/// A string, or a template without anything put in.
fn constant<'t>(file: &File<'t>, node: Node<'t>) -> Option<&'t str> {
    if node.kind() == "template_string" {
        let text = file.text(node);
        let inside = text.get(1..text.len().checked_sub(1)?)?;
        return (!inside.contains("${")).then_some(inside);
    }
    file.string(node)
}

fn has_fallback(file: &File<'_>, access: Node<'_>) -> bool {
    access.parent().is_some_and(|parent| {
        parent.kind() == "binary_expression"
            && field(parent, "left").is_some_and(|left| left.id() == access.id())
            && field(parent, "operator").is_some_and(|word| matches!(file.text(word), "||" | "??"))
    })
}

/// `const { NAME, OTHER: own, THIRD = 'x' } = process.env`.
fn pattern_read<'t>(file: &File<'t>, pattern: Node<'t>, reads: &mut Reads) {
    for part in syntax::named_children(pattern) {
        let has_fallback = part.kind() == "object_assignment_pattern";
        let (named, fallback) = match part.kind() {
            "shorthand_property_identifier_pattern" => (Some(part), false),
            "object_assignment_pattern" => (field(part, "left"), has_fallback),
            "pair_pattern" => {
                let value = field(part, "value");
                let fallback = value.is_some_and(|value| value.kind() == "assignment_pattern");
                (field(part, "key"), fallback)
            }
            "comment" => continue,
            _ => (None, false),
        };
        let name = named.and_then(|named| match named.kind() {
            "property_identifier" | "shorthand_property_identifier_pattern" => {
                Some(file.text(named))
            }
            _ => file.string(named),
        });
        match name {
            Some(name) => reads.named.push(Read {
                name: name.to_string(),
                line: line(part),
                has_fallback: fallback,
            }),
            None => reads.unnamed.push(line(part)),
        }
    }
}

/// `const env = process.env`: then `env.NAME` is read wherever `env` stands.
fn alias_read<'t>(file: &File<'t>, alias: Node<'t>, reads: &mut Reads) {
    for mention in file.mentions(file.text(alias)) {
        if mention.id() == alias.id() {
            continue;
        }
        let access = mention.parent().filter(|parent| {
            matches!(parent.kind(), "member_expression" | "subscript_expression")
                && field(*parent, "object").is_some_and(|object| object.id() == mention.id())
        });
        match access {
            Some(access) => one_read(file, access, reads),
            None => reads.unnamed.push(line(mention)),
        }
    }
}

/// By the letters alone, outside the given ranges: for what the grammar could not read.
fn scanned(source: &str, silent: &[Range<usize>]) -> Reads {
    let mut reads = Reads::default();
    for environment in ENVIRONMENTS {
        for (at, _) in source.match_indices(environment) {
            let rest = &source[at + environment.len()..];
            let rest = rest.strip_prefix('?').unwrap_or(rest);
            let Some(rest) = rest.strip_prefix('.') else {
                continue;
            };
            let name: String = rest
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            let hidden = silent.iter().any(|range| range.contains(&at));
            if !name.is_empty() && !hidden {
                let line = source[..at].matches('\n').count() + 1;
                reads.named.push(Read {
                    name,
                    line,
                    has_fallback: false,
                });
            }
        }
    }
    reads
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> Vec<String> {
        let reads = environment_reads(source);
        reads.named.into_iter().map(|read| read.name).collect()
    }

    #[test]
    fn a_variable_is_read_in_many_ways() {
        let source = r#"
            const a = process.env.ONE;
            const b = process.env['TWO'] || 'x', c = process.env[`THREE`];
            const { FOUR, FIVE: five, SIX = '6', 'SEVEN': seven } = process.env;
            const env = process.env;
            start(env.EIGHT, import.meta.env.VITE_NINE, process.env?.TEN);
            let ELEVEN; ({ ELEVEN } = process.env);
            if ('TWELVE' in process.env) go();
        "#;
        let mut found = names(source);
        found.sort();
        let mut all = [
            "ONE",
            "TWO",
            "THREE",
            "FOUR",
            "FIVE",
            "SIX",
            "SEVEN",
            "EIGHT",
            "VITE_NINE",
            "TEN",
            "ELEVEN",
            "TWELVE",
        ];
        all.sort_unstable();
        assert_eq!(found, all);
        let reads = environment_reads(source);
        let fallback = |name: &str| {
            let read = reads.named.iter().find(|read| read.name == name).unwrap();
            (read.line, read.has_fallback)
        };
        assert_eq!(fallback("ONE"), (2, false));
        assert_eq!(fallback("TWO"), (3, true));
        assert_eq!(fallback("SIX"), (4, true));
        assert!(reads.unnamed.is_empty(), "{:?}", reads.unnamed);
    }

    #[test]
    fn comments_strings_and_what_is_only_written_do_not_count() {
        let source = "// process.env.A\nconst s = 'process.env.B';\nprocess.env.C = 'x';\ndelete process.env.D;\n";
        assert!(names(source).is_empty());
    }

    #[test]
    fn what_only_the_running_code_knows_is_said_by_its_line() {
        let source = "const v = process.env[name];\nconfigure(process.env);\nconst all = { ...process.env };\n";
        assert_eq!(environment_reads(source).unnamed, [1, 2, 3]);
    }

    #[test]
    fn typescript_is_read_as_far_as_it_goes() {
        let source = "interface Env { port: number }\n// process.env.NOT_THIS\nexport const url: string = process.env.API_URL as string;\nexport const port = Number(process.env.PORT ?? 3000);\n";
        assert_eq!(names(source), ["API_URL", "PORT"]);
    }
}
