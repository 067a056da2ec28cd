//! What must change in one file so that cors follows `CORS_ORIGIN`: the edits, what to tell about them, or why none is needed.

use std::ops::Range;

use tree_sitter::Node;

use super::dynamic::{Follows, follows};
use super::given::Given;
use super::mount::{self, Argument, CorsCall, Package, Reach};
use super::options::OldOptions;
use super::orphan::{self, Orphans};
use super::place;
use super::style::Style;
use super::syntax::{File, Refusal, condition_above, contains, field, line, statement_of};

/// A part of the text and what stands there afterwards.
#[derive(Debug)]
pub(super) struct Edit {
    pub range: Range<usize>,
    pub text: String,
}

/// What looking at a file came to. No edits: it already is as it should be, because of `why`.
#[derive(Default)]
pub(super) struct Draft {
    pub edits: Vec<Edit>,
    pub notes: Vec<String>,
    pub why: String,
}

/// Everything a part of the change has to know about the file.
struct Scene<'f, 't> {
    file: &'f File<'t>,
    style: &'f Style,
    package: Package,
    calls: Vec<CorsCall<'t>>,
}

pub(super) fn examine<'t>(file: &File<'t>, style: &Style) -> Result<Draft, Refusal> {
    let package = Package::find(file)?;
    let calls = mount::calls(file, &package)?;
    let given = Given::find(file, &calls)?;
    headers_by_hand(file, given.object())?;
    let scene = Scene {
        file,
        style,
        package,
        calls,
    };
    let mut draft = Draft::default();
    match given {
        Given::Variable { name, object } => scene.in_variable(&mut draft, name, object)?,
        Given::InPlace { object } => scene.in_place(&mut draft, object)?,
        Given::Nowhere => scene.add_everything(&mut draft)?,
    }
    if !draft.edits.is_empty() {
        scene.standing_notes(&mut draft);
    }
    Ok(draft)
}

/// A header set by hand would contradict what cors answers, and which of the two wins depends on their order.
fn headers_by_hand(file: &File<'_>, object: Option<Node<'_>>) -> Result<(), Refusal> {
    let options = object.map(|object| object.byte_range());
    for node in file.of_kind("string_fragment") {
        let text = file.text(node).to_ascii_lowercase();
        let in_options = options
            .as_ref()
            .is_some_and(|range| contains(range, &node.byte_range()));
        if text.contains("access-control-allow-") && !in_options {
            let why = format!("the header {} is set by hand here", file.text(node).trim());
            return Err(Refusal::at(node, why));
        }
    }
    Ok(())
}

impl<'t> Scene<'_, 't> {
    /// The options have a name: their object is replaced where it stands.
    fn in_variable(&self, draft: &mut Draft, name: &str, object: Node<'t>) -> Result<(), Refusal> {
        let (file, style) = (self.file, self.style);
        let old = OldOptions::read(file, object)?;
        let (statement, block) = place_of(object)?;
        match follows(file, &old) {
            Follows::List { line, differences } => {
                draft.why = format!("the origins come from CORS_ORIGIN already (line {line})");
                if !differences.is_empty() {
                    draft.why += &format!("; unlike the plan: {}", differences.join("; "));
                }
            }
            follows => {
                let (list, orphans) = self.retire(draft, &old, &follows);
                let indent = file.indent(object.start_byte());
                let lines = style.options_object(&list, &old.extras(file));
                draft.edits.push(Edit {
                    range: object.byte_range(),
                    text: style.join(&lines, indent),
                });
                self.put_list(draft, &list, &orphans, statement, &[]);
            }
        }
        for call in &self.calls {
            if matches!(call.argument, Argument::Nothing) {
                if !contains(&block.byte_range(), &call.node.byte_range())
                    || call.node.start_byte() < statement.start_byte()
                {
                    let why = format!("cors() is called here where `{name}` is not known");
                    return Err(Refusal::at(call.node, why));
                }
                self.give(draft, call, name);
                draft.notes.push(format!(
                    "preflights (line {}) now get the same options",
                    line(call.node)
                ));
            }
        }
        if self.is_mounted()? {
            return self.bring_in(draft, !self.calls.is_empty(), None);
        }
        let after = place::after_app(file, &style.app, Some((statement, block)))?;
        let lines = [style.use_line(&style.app, self.package.name(), name)];
        draft
            .edits
            .push(place::insert_after(file, style, after, &lines));
        self.bring_in(draft, true, Some(after))
    }

    /// The options stand in the call, or there are none: they get a name before the first call.
    fn in_place(&self, draft: &mut Draft, object: Option<Node<'t>>) -> Result<(), Refusal> {
        let (file, style) = (self.file, self.style);
        let Some(first) = self.calls.first() else {
            return Ok(());
        };
        let (statement, block) = place_of(first.node)?;
        for call in &self.calls {
            if !contains(&block.byte_range(), &call.node.byte_range()) {
                let why = "cors is called in two places that do not share a block";
                return Err(Refusal::at(call.node, why));
            }
        }
        let (list, extras, orphans) = match object {
            Some(object) => {
                let old = OldOptions::read(file, object)?;
                let follows = follows(file, &old);
                if let Follows::List { line, differences } = follows {
                    // The object decides as the plan wants it, so it is not touched, whatever else is added.
                    draft.why = format!("the origins come from CORS_ORIGIN already (line {line})");
                    if !differences.is_empty() {
                        draft.why += &format!("; unlike the plan: {}", differences.join("; "));
                    }
                    return self.already_in_place(draft);
                }
                let (list, orphans) = self.retire(draft, &old, &follows);
                (list, old.extras(file), orphans)
            }
            None => {
                draft.notes.push(OPEN.to_owned());
                let list = file.free_name(&LIST_NAMES, &[]);
                (list, Vec::new(), Orphans::default())
            }
        };
        let options = file.free_name(&OPTIONS_NAMES, &[]);
        let mut lines = style.options_statement(&options, &list, &extras);
        lines.push(String::new());
        if !self.is_mounted()? {
            let app = field(first.mounts[0].node, "function")
                .and_then(|member| field(member, "object"))
                .map_or(style.app.as_str(), |app| file.text(app));
            lines.push(style.use_line(app, self.package.name(), &options));
        }
        for call in &self.calls {
            self.give(draft, call, &options);
        }
        self.put_list(draft, &list, &orphans, statement, &lines);
        self.bring_in(draft, true, Some(statement))
    }

    /// An object in the call that follows `CORS_ORIGIN` is left, as long as nothing else is open beside it.
    fn already_in_place(&self, draft: &mut Draft) -> Result<(), Refusal> {
        for call in &self.calls {
            if matches!(call.argument, Argument::Nothing) {
                let why = "preflights get other options here than the rest";
                return Err(Refusal::at(call.node, why));
            }
        }
        if !self.is_mounted()? {
            let why = "cors answers preflights only; the app itself does not use it";
            return Err(Refusal::file(why));
        }
        self.bring_in(draft, true, None)
    }

    /// No cors at all: everything is added behind the app.
    fn add_everything(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let (file, style) = (self.file, self.style);
        place::lives_elsewhere(file)?;
        let after = place::after_app(file, &style.app, None)?;
        let list = file.free_name(&LIST_NAMES, &[]);
        let options = file.free_name(&OPTIONS_NAMES, &[]);
        let mut lines = vec![String::new()];
        lines.extend(style.origin_list(&list));
        lines.push(String::new());
        lines.extend(style.options_statement(&options, &list, &[]));
        lines.push(String::new());
        lines.push(style.use_line(&style.app, self.package.name(), &options));
        draft
            .edits
            .push(place::insert_after(file, style, after, &lines));
        draft.notes.push(
            "no cors was here: until now browsers let no other site read the API's answers"
                .to_owned(),
        );
        self.bring_in(draft, true, Some(after))
    }

    /// Notes what goes with the old object, and finds the name for the new list.
    fn retire(
        &self,
        draft: &mut Draft,
        old: &OldOptions<'t>,
        follows: &Follows,
    ) -> (String, Orphans<'t>) {
        let file = self.file;
        let mut removed = old.removed();
        let orphans = orphan::find(file, &mut removed);
        if let Follows::Partly { why } = follows {
            draft.notes.push((*why).to_owned());
        }
        let open = match old.value("origin") {
            None => true,
            Some(origin) => origin.kind() == "true" || file.string(origin) == Some("*"),
        };
        if open {
            draft.notes.push(OPEN.to_owned());
        }
        draft.notes.extend(orphan::former_origins(file, &removed));
        draft.notes.extend(old.notes(file));
        draft.notes.extend(orphans.notes.iter().cloned());
        (file.free_name(&LIST_NAMES, &removed), orphans)
    }

    /// Puts the list (and what belongs behind it) where an old list stood, or before `statement`; removes the orphans.
    fn put_list(
        &self,
        draft: &mut Draft,
        list: &str,
        orphans: &Orphans<'t>,
        statement: Node<'t>,
        behind: &[String],
    ) {
        let (file, style) = (self.file, self.style);
        let successor = orphans
            .statements
            .iter()
            .copied()
            .find(|orphan| place::is_list_before(*orphan, statement));
        let lines = style.origin_list(list);
        let mut before = Vec::new();
        if let Some(orphan) = successor {
            draft
                .edits
                .push(place::replace_statement(file, style, orphan, &lines));
        } else {
            before.extend(lines);
            before.push(String::new());
        }
        before.extend_from_slice(behind);
        if !before.is_empty() {
            draft
                .edits
                .push(place::insert_before(file, style, statement, before));
        }
        for orphan in &orphans.statements {
            if Some(*orphan) != successor {
                draft.edits.push(place::remove_statement(file, *orphan));
            }
        }
        if let Some(call) = place::dotenv_after(file, statement) {
            draft.notes.push(format!(
                "dotenv reads .env only on line {}, after the list is made: a CORS_ORIGIN in .env is not seen",
                line(call)
            ));
        }
    }

    fn give(&self, draft: &mut Draft, call: &CorsCall<'t>, options: &str) {
        if let Some(arguments) = field(call.node, "arguments") {
            draft.edits.push(Edit {
                range: arguments.byte_range(),
                text: format!("({options})"),
            });
        }
    }

    /// Is cors mounted on the app (or a part of it)? Single routes alone are somebody's choice that golive does not undo.
    fn is_mounted(&self) -> Result<bool, Refusal> {
        let mounts = || self.calls.iter().flat_map(|call| &call.mounts);
        if mounts().any(|mount| matches!(mount.reach, Reach::Whole | Reach::Path)) {
            return Ok(true);
        }
        match mounts().find(|mount| mount.reach == Reach::Route) {
            Some(route) => Err(Refusal::at(
                route.node,
                "cors is used on single routes only",
            )),
            None => Ok(false),
        }
    }

    /// Adds the import when the package is called by name and was not brought in; it must stand before `user` runs.
    fn bring_in(
        &self,
        draft: &mut Draft,
        called: bool,
        user: Option<Node<'t>>,
    ) -> Result<(), Refusal> {
        if !called {
            return Ok(());
        }
        self.package.must_be_free()?;
        let by_name = user.is_some() && self.calls.is_empty()
            || self.calls.iter().any(|call| {
                field(call.node, "function").is_some_and(|callee| callee.kind() == "identifier")
            });
        if matches!(self.package, Package::Missing) && by_name {
            draft.edits.push(place::import_edit(self.file, self.style)?);
            draft.notes.push(
                "cors was not brought in here: it must be among the dependencies (npm install cors)"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// What stays as it was and limits what the change can do.
    fn standing_notes(&self, draft: &mut Draft) {
        let file = self.file;
        let mounts = || self.calls.iter().flat_map(|call| &call.mounts);
        if mounts().all(|mount| mount.reach != Reach::Whole)
            && let Some(part) = mounts().find(|mount| mount.reach == Reach::Path)
        {
            draft.notes.push(format!(
                "cors answers for a part of the API only, as before (line {})",
                line(part.node)
            ));
        }
        for mount in mounts().filter(|mount| mount.reach == Reach::Whole) {
            let app = field(mount.node, "function").and_then(|member| field(member, "object"));
            if let Some(route) =
                app.and_then(|app| mount::route_before(file, file.text(app), mount.node))
            {
                draft.notes.push(format!(
                    "line {} stands before cors and so answers browsers without it, as before",
                    line(route)
                ));
            }
        }
        if let Some(own) = place::sockets(file) {
            draft.notes.push(format!(
                "line {} has CORS settings of its own (sockets?); they stay as they are",
                line(own)
            ));
        }
    }
}

const OPEN: &str = "until now every site could call; from now on only those in CORS_ORIGIN";
const LIST_NAMES: [&str; 2] = ["allowedOrigins", "corsAllowedOrigins"];
const OPTIONS_NAMES: [&str; 2] = ["corsOptions", "apiCorsOptions"];

/// The statement and block of a node that runs exactly once, unconditionally.
fn place_of<'t>(node: Node<'t>) -> Result<(Node<'t>, Node<'t>), Refusal> {
    if let Some(condition) = condition_above(node) {
        return Err(Refusal::at(
            condition,
            "the cors options are made only under a condition",
        ));
    }
    statement_of(node).ok_or_else(|| Refusal::at(node, "the cors options stand in no statement"))
}
