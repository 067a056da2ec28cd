//! Where a file calls the cors package and what it mounts it on: the whole app, a path, a route, or preflights.

use tree_sitter::Node;

use super::syntax::{
    File, Refusal, arguments, condition_above, field, is_binding, line, statement_of,
};

/// What the file calls the cors package.
pub(super) enum Package {
    /// Brought in under this name.
    Named(String),
    /// Not brought in, and nothing else is called `cors`.
    Missing,
    /// Something else is called `cors` here.
    Taken { line: usize, from: Option<String> },
}

impl Package {
    pub fn find(file: &File<'_>) -> Result<Self, Refusal> {
        let mut found: Vec<Node<'_>> = Vec::new();
        for declarator in file.of_kind("variable_declarator") {
            let required = field(declarator, "value").and_then(|value| file.required(value));
            if let (Some("cors"), Some(name)) = (required, field(declarator, "name")) {
                found.push(name);
            }
        }
        for import in file.of_kind("import_statement") {
            let source = field(import, "source").and_then(|source| file.string(source));
            if source == Some("cors") {
                let names = super::syntax::within(import);
                found.extend(names.into_iter().filter(|node| is_binding(*node)));
            }
        }
        let Some(name) = found.first().copied() else {
            return Ok(match file.bindings("cors").first() {
                None => Self::Missing,
                Some(binding) => Self::Taken {
                    line: line(*binding),
                    from: file.module_of(*binding).map(str::to_owned),
                },
            });
        };
        let specifier = name
            .parent()
            .filter(|parent| parent.kind() == "import_specifier");
        let usable = name.kind() == "identifier"
            && name.parent().is_none_or(|p| p.kind() != "namespace_import")
            && specifier
                .is_none_or(|s| field(s, "name").is_some_and(|n| file.text(n) == "default"));
        if !usable {
            return Err(Refusal::at(
                name,
                "the cors package is brought in in an unusual way",
            ));
        }
        if found.len() > 1 || file.bindings(file.text(name)).len() > 1 {
            let why = format!("`{}` stands for more than one thing here", file.text(name));
            return Err(Refusal::at(name, why));
        }
        Ok(Self::Named(file.text(name).to_owned()))
    }

    /// What to write where the package is called.
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Missing | Self::Taken { .. } => "cors",
        }
    }

    fn taken(&self) -> Option<Refusal> {
        let Self::Taken { line, from } = self else {
            return None;
        };
        let why = match from {
            Some(from) => format!("`cors` is not the cors package here: it comes from '{from}'"),
            None => "`cors` is not the cors package here, but a name of this file's own".to_owned(),
        };
        Some(Refusal {
            why,
            line: Some(*line),
        })
    }

    /// Refuses when the name is needed for the package but means something else.
    pub fn must_be_free(&self) -> Result<(), Refusal> {
        self.taken().map_or(Ok(()), Err)
    }
}

/// What a call of the cors package was given.
#[derive(Clone, Copy)]
pub(super) enum Argument<'t> {
    Nothing,
    Object(Node<'t>),
    Variable(Node<'t>),
}

/// What a middleware answers for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// `app.use(cors(…))`
    Whole,
    /// `app.use('/api', cors(…))`, or a router
    Path,
    /// `app.options('*', cors(…))`
    Preflight,
    /// `app.get('/x', cors(…), …)`
    Route,
}

pub(super) struct Mount<'t> {
    pub reach: Reach,
    /// The `app.use(…)` call.
    pub node: Node<'t>,
}

/// One call of the cors package.
pub(super) struct CorsCall<'t> {
    pub node: Node<'t>,
    pub argument: Argument<'t>,
    pub mounts: Vec<Mount<'t>>,
}

impl CorsCall<'_> {
    pub fn only(&self, reach: Reach) -> bool {
        self.mounts.iter().all(|mount| mount.reach == reach)
    }
}

/// Every call of the cors package, or the reason why one of them cannot be followed.
pub(super) fn calls<'t>(file: &File<'t>, package: &Package) -> Result<Vec<CorsCall<'t>>, Refusal> {
    let mut calls = Vec::new();
    for call in file.of_kind("call_expression") {
        let Some(callee) = field(call, "function") else {
            continue;
        };
        let by_name = callee.kind() == "identifier" && file.text(callee) == package.name();
        if by_name {
            package.must_be_free()?;
        }
        if by_name || file.required(callee) == Some("cors") {
            calls.push(cors_call(file, call)?);
        }
    }
    if let Package::Named(name) = package {
        followed(file, name)?;
    }
    Ok(calls)
}

/// Refuses when the package's name is used otherwise than by calling it.
fn followed(file: &File<'_>, name: &str) -> Result<(), Refusal> {
    for mention in file.mentions(name) {
        let called = mention.parent().is_some_and(|p| {
            p.kind() == "call_expression" && field(p, "function") == Some(mention)
        });
        if !called && !is_binding(mention) {
            let why = format!("`{name}` is used here without being called");
            return Err(Refusal::at(mention, why));
        }
    }
    Ok(())
}

fn cors_call<'t>(file: &File<'t>, call: Node<'t>) -> Result<CorsCall<'t>, Refusal> {
    let given = arguments(call);
    let argument = match given.as_slice() {
        [] => Argument::Nothing,
        [one] if one.kind() == "object" => Argument::Object(*one),
        [one] if one.kind() == "identifier" => Argument::Variable(*one),
        [one, ..] => {
            let text: String = file.text(*one).chars().take(40).collect();
            let why = format!("the options of cors are worked out where it is called: `{text}`");
            return Err(Refusal::at(*one, why));
        }
    };
    let mounts = mounts(file, call)?;
    for mount in &mounts {
        if let Some(condition) = condition_above(mount.node) {
            return Err(Refusal::at(
                condition,
                "cors is used only under a condition",
            ));
        }
    }
    Ok(CorsCall {
        node: call,
        argument,
        mounts,
    })
}

/// Where the middleware that a cors call makes is mounted: in place, or through a variable.
fn mounts<'t>(file: &File<'t>, call: Node<'t>) -> Result<Vec<Mount<'t>>, Refusal> {
    let lost = || {
        let why = "cors is called here, but golive cannot see what the result is mounted on";
        Refusal::at(call, why)
    };
    if let Some(mount) = mount_of(file, call) {
        return Ok(vec![mount]);
    }
    let declarator = call
        .parent()
        .filter(|parent| parent.kind() == "variable_declarator")
        .ok_or_else(lost)?;
    let name = field(declarator, "name")
        .filter(|name| name.kind() == "identifier")
        .ok_or_else(lost)?;
    if file.bindings(file.text(name)).len() != 1 {
        return Err(lost());
    }
    let found: Option<Vec<Mount<'t>>> = file
        .mentions(file.text(name))
        .filter(|mention| !is_binding(*mention))
        .map(|mention| mount_of(file, mention))
        .collect();
    found.filter(|mounts| !mounts.is_empty()).ok_or_else(lost)
}

/// The mount that has this middleware directly among its arguments.
fn mount_of<'t>(file: &File<'t>, middleware: Node<'t>) -> Option<Mount<'t>> {
    let mut holder = middleware.parent()?;
    if holder.kind() == "array" {
        holder = holder.parent()?;
    }
    let call = holder
        .parent()
        .filter(|parent| parent.kind() == "call_expression" && holder.kind() == "arguments")?;
    let member = field(call, "function").filter(|f| f.kind() == "member_expression")?;
    let reach = match file.text(field(member, "property")?) {
        "use" if narrowed(file, call, field(member, "object")?) => Reach::Path,
        "use" => Reach::Whole,
        "options" => Reach::Preflight,
        "get" | "post" | "put" | "patch" | "delete" | "head" | "all" => Reach::Route,
        _ => return None,
    };
    Some(Mount { reach, node: call })
}

/// Does a `use` answer for a part of the app only: a path other than the root, or a router?
fn narrowed<'t>(file: &File<'t>, call: Node<'t>, object: Node<'t>) -> bool {
    if object.kind() == "identifier"
        && value_of(file, object).is_some_and(|value| makes_router(file, value))
    {
        return true;
    }
    let Some(mut first) = arguments(call).first().copied() else {
        return false;
    };
    if first.kind() == "identifier" {
        first = value_of(file, first).unwrap_or(first);
    }
    match first.kind() {
        "string" => !matches!(
            file.string(first),
            Some("/" | "*" | "/*" | "*splat" | "/*splat" | "/{*splat}")
        ),
        "template_string" | "regex" | "binary_expression" => true,
        "array" => first
            .named_child(0)
            .is_some_and(|entry| matches!(entry.kind(), "string" | "template_string" | "regex")),
        _ => false,
    }
}

/// The value a variable is declared with, when it is declared exactly once.
pub(super) fn value_of<'t>(file: &File<'t>, variable: Node<'t>) -> Option<Node<'t>> {
    match file.bindings(file.text(variable)).as_slice() {
        [one] => one
            .parent()
            .filter(|parent| parent.kind() == "variable_declarator")
            .and_then(|declarator| field(declarator, "value")),
        _ => None,
    }
}

/// `express()` under whatever name express has here, or `require('express')()`.
pub(super) fn makes_app(file: &File<'_>, value: Node<'_>) -> bool {
    if value.kind() != "call_expression" {
        return false;
    }
    let Some(callee) = field(value, "function") else {
        return false;
    };
    if callee.kind() != "identifier" {
        return file.required(callee) == Some("express");
    }
    let bindings = file.bindings(file.text(callee));
    bindings
        .iter()
        .any(|binding| file.module_of(*binding) == Some("express"))
}

fn makes_router(file: &File<'_>, value: Node<'_>) -> bool {
    matches!(value.kind(), "call_expression" | "new_expression")
        && field(value, "function")
            .or_else(|| field(value, "constructor"))
            .is_some_and(|callee| file.text(callee).ends_with("Router"))
}

/// The first route or path that stands before `at` on the same app and in the same block, and so never meets cors.
pub(super) fn route_before<'t>(file: &File<'t>, app: &str, at: Node<'t>) -> Option<Node<'t>> {
    let (statement, block) = statement_of(at)?;
    file.of_kind("call_expression")
        .take_while(|call| call.start_byte() < statement.start_byte())
        .find(|call| {
            let Some(member) = field(*call, "function").filter(|f| f.kind() == "member_expression")
            else {
                return false;
            };
            let is_app = field(member, "object").is_some_and(|object| file.text(object) == app);
            let method = field(member, "property").map_or("", |property| file.text(property));
            let given = arguments(*call);
            let with_path = given.first().is_some_and(|first| first.kind() == "string");
            let answers = match method {
                // `app.get('port')` reads a setting.
                "get" => given.len() > 1,
                "post" | "put" | "patch" | "delete" | "all" | "route" | "use" => with_path,
                _ => false,
            };
            is_app && answers && statement_of(*call).is_some_and(|(_, b)| b == block)
        })
}
