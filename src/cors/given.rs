//! Which options the cors calls of a file are given, when all of them are given the same.

use tree_sitter::Node;

use super::mount::{Argument, CorsCall, Reach};
use super::syntax::{File, Refusal, field, is_binding, is_function, line};

/// Where the options stand.
pub(super) enum Given<'t> {
    /// `const corsOptions = {…}`
    Variable { name: &'t str, object: Node<'t> },
    /// `cors({…})`, or `cors()` when there is no object.
    InPlace { object: Option<Node<'t>> },
    /// cors is not called and no options are prepared.
    Nowhere,
}

impl<'t> Given<'t> {
    pub fn find(file: &File<'t>, calls: &[CorsCall<'t>]) -> Result<Self, Refusal> {
        let Some(first) = calls.first() else {
            return Self::prepared(file);
        };
        let main = calls
            .iter()
            .find(|call| !matches!(call.argument, Argument::Nothing))
            .unwrap_or(first);
        for call in calls {
            // Preflights without options of their own are given those of the app.
            let follows = matches!(call.argument, Argument::Nothing) && call.only(Reach::Preflight);
            if !follows && !same(file, main.argument, call.argument) {
                let why = format!(
                    "cors is called with other options here than in line {}",
                    line(main.node)
                );
                return Err(Refusal::at(call.node, why));
            }
        }
        match main.argument {
            Argument::Nothing => Ok(Self::InPlace { object: None }),
            Argument::Object(object) => Ok(Self::InPlace {
                object: Some(object),
            }),
            Argument::Variable(variable) => Self::variable(file, variable),
        }
    }

    /// The options object of today, if one stands in this file.
    pub fn object(&self) -> Option<Node<'t>> {
        match self {
            Self::Variable { object, .. } => Some(*object),
            Self::InPlace { object } => *object,
            Self::Nowhere => None,
        }
    }

    /// Options that stand ready although nothing calls cors with them: an object with an origin, named after cors.
    fn prepared(file: &File<'t>) -> Result<Self, Refusal> {
        let ready = file.of_kind("variable_declarator").find(|declarator| {
            let named = field(*declarator, "name")
                .is_some_and(|name| file.text(name).to_ascii_lowercase().contains("cors"));
            let object = field(*declarator, "value").filter(|value| value.kind() == "object");
            named
                && object.is_some_and(|object| {
                    super::options::OldOptions::read(file, object)
                        .is_ok_and(|options| options.value("origin").is_some())
                })
        });
        match ready.and_then(|declarator| field(declarator, "name")) {
            Some(name) if name.kind() == "identifier" => Self::variable(file, name),
            _ => Ok(Self::Nowhere),
        }
    }

    fn variable(file: &File<'t>, variable: Node<'t>) -> Result<Self, Refusal> {
        let name = file.text(variable);
        let bindings = file.bindings(name);
        let [binding] = bindings.as_slice() else {
            let why = match bindings.len() {
                0 => format!("`{name}` is not declared in this file"),
                _ => format!("`{name}` stands for more than one thing here"),
            };
            return Err(Refusal::at(variable, why));
        };
        if let Some(module) = file.module_of(*binding) {
            let why = format!("the cors options `{name}` come from '{module}'");
            return Err(Refusal::at(*binding, why));
        }
        let parent = binding.parent().unwrap_or(*binding);
        let value = field(parent, "value").filter(|_| parent.kind() == "variable_declarator");
        if value.is_some_and(is_function) || is_function(parent) {
            let why = format!("`{name}` is a function that chooses the options for each request");
            return Err(Refusal::at(*binding, why));
        }
        let Some(object) = value.filter(|value| value.kind() == "object") else {
            let why = format!("`{name}` is not a plain object, so golive cannot see the options");
            return Err(Refusal::at(*binding, why));
        };
        if let Some(change) = file.mentions(name).find(|mention| changes(file, *mention)) {
            let why = format!("`{name}` is changed here after it was made");
            return Err(Refusal::at(change, why));
        }
        Ok(Self::Variable { name, object })
    }
}

/// Two arguments that mean the same options, however they are laid out.
fn same(file: &File<'_>, one: Argument<'_>, other: Argument<'_>) -> bool {
    let bare = |node: Node<'_>| -> String {
        file.text(node)
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect()
    };
    match (one, other) {
        (Argument::Nothing, Argument::Nothing) => true,
        (Argument::Object(one), Argument::Object(other)) => bare(one) == bare(other),
        (Argument::Variable(one), Argument::Variable(other)) => file.text(one) == file.text(other),
        _ => false,
    }
}

/// Is the object behind this mention changed: assigned, deleted from, or handed to `Object.assign`?
fn changes(file: &File<'_>, mention: Node<'_>) -> bool {
    if is_binding(mention) {
        return false;
    }
    let mut node = mention;
    while let Some(parent) = node.parent() {
        match parent.kind() {
            "member_expression" | "subscript_expression"
                if field(parent, "object") == Some(node) =>
            {
                node = parent;
            }
            // `options.origin.push(…)`
            "call_expression" => return node != mention && field(parent, "function") == Some(node),
            "assignment_expression" | "augmented_assignment_expression" => {
                return field(parent, "left") == Some(node);
            }
            "update_expression" => return true,
            "unary_expression" => return file.text(parent).starts_with("delete"),
            "arguments" => {
                let callee = parent.parent().and_then(|call| field(call, "function"));
                return callee.is_some_and(|callee| file.text(callee) == "Object.assign")
                    && parent.named_child(0) == Some(node);
            }
            _ => return false,
        }
    }
    false
}
