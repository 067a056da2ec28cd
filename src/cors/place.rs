//! Where new text goes in a file, so that its lines, comments and statements stay whole.

use tree_sitter::Node;

use super::change::Edit;
use super::mount;
use super::style::{Modules, Style};
use super::syntax::{File, Refusal, field, named_children, statement_of};

/// Lines as statements of their own before a statement, which goes on below them.
pub(super) fn insert_before(
    file: &File<'_>,
    style: &Style,
    statement: Node<'_>,
    mut lines: Vec<String>,
) -> Edit {
    let at = statement.start_byte();
    // The last, empty line carries the indentation of the statement that follows.
    if lines.last().is_some_and(|last| !last.is_empty()) {
        lines.push(String::new());
    }
    let indent = file.indent(at);
    let text = style.join(&lines, indent) + style.line_end + indent;
    Edit {
        range: at..at,
        text,
    }
}

/// Lines below a statement and the comment that may follow it on its line.
pub(super) fn insert_after(
    file: &File<'_>,
    style: &Style,
    statement: Node<'_>,
    lines: &[String],
) -> Edit {
    let end = code_end(file, statement);
    let line_end = file.next_line(end);
    let rest = file.text[end..line_end].trim();
    let indent = file.indent(statement.start_byte());
    let mut text = format!("{}{indent}", style.line_end) + &style.join(lines, indent);
    if lines.first().is_some_and(String::is_empty) {
        // An empty first line is a separator and carries no blanks.
        text = text.replacen(&format!("{}{indent}", style.line_end), style.line_end, 1);
    }
    let alone = rest.is_empty()
        || rest.starts_with("//")
        || (rest.starts_with("/*") && rest.find("*/") == Some(rest.len() - 2));
    let at = if alone {
        end + file.text[end..line_end].trim_end().len()
    } else {
        end
    };
    let next = code_after(file, at);
    // Without its semicolon our last line would swallow a next line that begins like this.
    if !style.semicolons && next.starts_with(['(', '[', '`', '/', '+', '-', '*', '.']) || !alone {
        if !text.ends_with([';', '}']) {
            text.push(';');
        }
        if !alone {
            text.push_str(style.line_end);
            text.push_str(indent);
        }
    }
    let blank_follows = file.text[line_end..]
        .lines()
        .next()
        .is_none_or(|line| line.trim().is_empty());
    if alone && lines.len() > 1 && !blank_follows {
        text.push_str(style.line_end);
    }
    Edit {
        range: at..at,
        text,
    }
}

/// Where a statement's own text ends. A semicolon that begins the next line belongs to what follows there, as files
/// without semicolons write `;(async () => …`, although the grammar counts it to the statement before.
fn code_end(file: &File<'_>, statement: Node<'_>) -> usize {
    let text = file.text(statement);
    let bare = text.strip_suffix(';').map_or(text, str::trim_end);
    let apart = text.len() - bare.len() > 1 && text[bare.len()..].contains('\n');
    statement.start_byte() + if apart { bare.len() } else { text.len() }
}

/// The text from the next thing on that is not a comment.
fn code_after<'t>(file: &File<'t>, at: usize) -> &'t str {
    let mut rest = file.text[at..].trim_start();
    loop {
        let end = match rest.get(..2) {
            Some("//") => rest.find('\n'),
            Some("/*") => rest.find("*/").map(|end| end + 2),
            _ => return rest,
        };
        rest = end.map_or("", |end| rest[end..].trim_start());
    }
}

/// Is this a list (or another value) declared in the same block before `statement`, so that ours can take its place?
pub(super) fn is_list_before(orphan: Node<'_>, statement: Node<'_>) -> bool {
    orphan.kind() != "function_declaration"
        && orphan.parent() == statement.parent()
        && orphan.start_byte() < statement.start_byte()
        && orphan
            .named_child(0)
            .and_then(|declarator| field(declarator, "value"))
            .is_some_and(|value| !super::syntax::is_function(value))
}

/// Other lines in the place of a whole statement.
pub(super) fn replace_statement(
    file: &File<'_>,
    style: &Style,
    statement: Node<'_>,
    lines: &[String],
) -> Edit {
    let indent = file.indent(statement.start_byte());
    let mut text = style.join(lines, indent);
    let end = code_end(file, statement);
    let next = file.next_line(end);
    let blank_follows = file.text[next..]
        .lines()
        .next()
        .is_none_or(|line| line.trim().is_empty());
    if !blank_follows {
        text.push_str(style.line_end);
    }
    Edit {
        range: statement.start_byte()..end,
        text,
    }
}

/// Takes a statement out, with the comment directly above it, and with its lines when it has them for itself.
pub(super) fn remove_statement(file: &File<'_>, statement: Node<'_>) -> Edit {
    let mut start = statement.start_byte();
    while let Some(comment) = comment_above(file, start) {
        start = comment;
    }
    let end = code_end(file, statement);
    let line_start = file.line_start(start);
    let mut next = file.next_line(end);
    let alone =
        file.text[line_start..start].trim().is_empty() && file.text[end..next].trim().is_empty();
    if !alone {
        return Edit {
            range: start..end,
            text: String::new(),
        };
    }
    let blank = |at: usize| file.text[at..file.next_line(at)].trim().is_empty();
    let blank_before = line_start == 0 || blank(file.line_start(line_start - 1));
    if blank_before && next < file.text.len() && blank(next) {
        next = file.next_line(next);
    }
    Edit {
        range: line_start..next,
        text: String::new(),
    }
}

/// Where the comment begins that ends on the line just above `start`; a file's first comment speaks of the file.
fn comment_above(file: &File<'_>, start: usize) -> Option<usize> {
    let line_start = file.line_start(start);
    let above = file.text[..line_start].trim_end_matches(['\n', '\r']).len();
    let breaks = file.text[above..line_start].matches('\n').count();
    let comment = file
        .of_kind("comment")
        .find(|comment| comment.end_byte() == above)?;
    let begin = comment.start_byte();
    let whole_line = file.text[file.line_start(begin)..begin].trim().is_empty();
    (breaks == 1 && whole_line && !file.text[..begin].trim().is_empty()).then_some(begin)
}

/// The statement behind which `app.use(…)` is added: the later one of the app's and the options'.
pub(super) fn after_app<'t>(
    file: &File<'t>,
    app: &str,
    options: Option<(Node<'t>, Node<'t>)>,
) -> Result<Node<'t>, Refusal> {
    let apps: Vec<Node<'t>> = file
        .of_kind("call_expression")
        .filter(|call| mount::makes_app(file, *call))
        .collect();
    let declared = |call: &Node<'t>| {
        let declarator = call.parent()?;
        let name = field(declarator, "name")?;
        let ours = declarator.kind() == "variable_declarator" && file.text(name) == app;
        statement_of(declarator).filter(|_| ours)
    };
    let (app_statement, app_block) = match apps.as_slice() {
        [] => {
            let why =
                "no Express app is made in this file, so golive cannot see where cors belongs";
            return Err(Refusal::file(why));
        }
        [one] => declared(one)
            .ok_or_else(|| Refusal::at(*one, "the Express app is not kept in a variable"))?,
        [_, second, ..] => {
            let why = "two Express apps are made in this file";
            return Err(Refusal::at(*second, why));
        }
    };
    if let Some(condition) = super::syntax::condition_above(app_statement) {
        let why = "the Express app is made only under a condition";
        return Err(Refusal::at(condition, why));
    }
    let after = match options {
        Some((statement, block)) if block == app_block => {
            if statement.start_byte() > app_statement.start_byte() {
                statement
            } else {
                app_statement
            }
        }
        Some((statement, _)) => {
            let why = "the cors options and the Express app stand in different blocks";
            return Err(Refusal::at(statement, why));
        }
        None => app_statement,
    };
    if let Some(route) = mount::route_before(file, app, after) {
        let why = "a route stands before the cors options, so cors would come too late for it";
        return Err(Refusal::at(route, why));
    }
    Ok(after)
}

/// Brings the package in, next to where the file brings express in.
pub(super) fn import_edit(file: &File<'_>, style: &Style) -> Result<Edit, Refusal> {
    let mut top: Vec<Node<'_>> = file
        .nodes
        .first()
        .map(|root| named_children(*root))
        .unwrap_or_default();
    top.retain(|node| node.kind() != "comment");
    let brings = |statement: &&Node<'_>| match statement.kind() {
        "import_statement" => true,
        "lexical_declaration" | "variable_declaration" => {
            style.modules == Modules::CommonJs
                && statement
                    .named_child(0)
                    .and_then(|declarator| field(declarator, "value"))
                    .is_some_and(|value| file.required(value).is_some())
        }
        _ => false,
    };
    let express = top.iter().filter(brings).find(|statement| {
        file.text(**statement).contains("'express'")
            || file.text(**statement).contains("\"express\"")
    });
    let line = style.import_cors();
    if let Some(statement) = express.or_else(|| top.iter().find(brings)) {
        return Ok(insert_after(file, style, *statement, &[line]));
    }
    // Behind `#!…` and 'use strict', which mean something only at the very top.
    let head = top.iter().take_while(|statement| {
        statement.kind() == "hash_bang_line"
            || statement.kind() == "expression_statement"
                && statement
                    .named_child(0)
                    .is_some_and(|child| child.kind() == "string")
    });
    match head.last() {
        Some(statement) => Ok(insert_after(file, style, *statement, &[line])),
        None => Ok(Edit {
            range: 0..0,
            text: format!("{line}{}", style.line_end),
        }),
    }
}

/// Refuses when something named after cors comes from another module, or a file of that name is brought in.
pub(super) fn lives_elsewhere(file: &File<'_>) -> Result<(), Refusal> {
    for string in file.of_kind("string") {
        let Some(module) = file.string(string) else {
            continue;
        };
        let brought_in = string.parent().is_some_and(|parent| {
            parent.kind() == "import_statement"
                || parent
                    .parent()
                    .is_some_and(|call| file.required(call) == Some(module))
        });
        if brought_in && module != "cors" && module.to_ascii_lowercase().contains("cors") {
            let why = format!("CORS seems to be set up in '{module}'");
            return Err(Refusal::at(string, why));
        }
    }
    let named = file
        .names()
        .filter(|name| *name != "cors" && name.to_ascii_lowercase().contains("cors"))
        .filter(|name| *name != super::dynamic::VARIABLE)
        .find_map(|name| file.mentions(name).next());
    match named {
        None => Ok(()),
        Some(node) => {
            let why = format!(
                "`{}` seems to set up CORS in a way golive cannot follow",
                file.text(node)
            );
            Err(Refusal::at(node, why))
        }
    }
}

/// A `dotenv.config()` of the same block that runs only after `statement`.
pub(super) fn dotenv_after<'t>(file: &File<'t>, statement: Node<'t>) -> Option<Node<'t>> {
    file.of_kind("call_expression").find(|call| {
        let Some(member) = field(*call, "function").filter(|f| f.kind() == "member_expression")
        else {
            return false;
        };
        if field(member, "property").is_none_or(|property| file.text(property) != "config") {
            return false;
        }
        let object = field(member, "object");
        let is_dotenv = object.is_some_and(|object| {
            file.required(object) == Some("dotenv")
                || file
                    .bindings(file.text(object))
                    .iter()
                    .any(|binding| file.module_of(*binding) == Some("dotenv"))
        });
        let after = call.start_byte() > statement.end_byte();
        let same_block = statement_of(*call).map(|(_, block)| block) == statement.parent();
        is_dotenv && after && same_block
    })
}

/// `cors: { origin: … }` in the options of something else, socket.io above all.
pub(super) fn sockets<'t>(file: &File<'t>) -> Option<Node<'t>> {
    file.of_kind("pair").find(|pair| {
        let named = field(*pair, "key").is_some_and(|key| file.text(key) == "cors");
        let object = field(*pair, "value").filter(|value| value.kind() == "object");
        let given = pair
            .parent()
            .and_then(|object| object.parent())
            .is_some_and(|list| list.kind() == "arguments");
        named && object.is_some() && given
    })
}
