//! What a call wants of an environment variable, and how Vercel refuses what cannot be.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Cx;
use super::account::Scope;
use super::state::{Kind, Project, Target, Variable};
use super::wire::{Reply, invalid};

/// 64 KB for all variables of a deployment together, so for one of them too.
pub const VALUE_MAX: usize = 64 * 1024;
/// How many variables a project may have for one target.
const COUNT_MAX: usize = 1000;

const PROPERTIES: [&str; 7] = [
    "comment",
    "customEnvironmentIds",
    "gitBranch",
    "key",
    "target",
    "type",
    "value",
];

/// Names that the platform sets itself.
const RESERVED: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_TASK_ROOT",
    "TZ",
];

/// A variable as it is to be.
#[derive(Clone, Debug)]
pub struct Wish {
    pub key: String,
    pub value: String,
    pub kind: Kind,
    pub targets: BTreeSet<Target>,
    pub branch: Option<String>,
    pub comment: Option<String>,
}

/// Why one variable cannot be as it is wished: a code and a sentence, with what goes beside them.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
    pub beside: Value,
}

impl Refusal {
    fn of(wish: &Wish, code: &'static str, message: impl Into<String>) -> Refusal {
        let mut beside = json!({ "key": wish.key, "envVarKey": wish.key, "target": names(wish) });
        if let Some(branch) = &wish.branch {
            beside["gitBranch"] = branch.clone().into();
        }
        Refusal {
            status: 400,
            code,
            message: message.into(),
            beside,
        }
    }

    /// As the only answer to a call.
    pub fn reply(self) -> Box<Reply> {
        super::wire::refuse_with(self.status, self.code, &self.message, self.beside)
    }

    /// As one of the `failed` of a call that went well otherwise.
    pub fn failed(self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let (Some(error), Value::Object(beside)) = (error.as_object_mut(), self.beside) {
            error.extend(beside);
        }
        json!({ "error": error })
    }
}

fn names(wish: &Wish) -> Vec<&'static str> {
    wish.targets.iter().map(|target| target.as_str()).collect()
}

/// Reads one object of a body; with `old`, what it leaves out stays.
pub fn read(body: &Value, old: Option<&Variable>) -> Result<Wish, Box<Reply>> {
    let Value::Object(body) = body else {
        return Err(invalid("should be object."));
    };
    let unknown = body
        .keys()
        .find(|name| !PROPERTIES.contains(&name.as_str()));
    if let Some(name) = unknown {
        return Err(invalid(&format!(
            "should NOT have additional property `{name}`."
        )));
    }
    let key = text(body, "key", old.map(|old| old.key.clone()))?;
    let value = text(body, "value", old.map(|old| old.value.clone()))?;
    let kind = text(body, "type", old.map(|old| old.kind.as_str().to_owned()))?;
    let Some(kind) = Kind::parse(&kind) else {
        return Err(invalid(
            "`type` should be equal to one of the allowed values.",
        ));
    };
    let branch = match body.get("gitBranch") {
        None => old.and_then(|old| old.branch.clone()),
        Some(Value::Null) => None,
        Some(Value::String(branch)) if branch.len() <= 250 => Some(branch.clone()),
        Some(_) => return Err(invalid("`gitBranch` should be string.")),
    };
    let comment = match body.get("comment") {
        None | Some(Value::Null) => old.and_then(|old| old.comment.clone()),
        Some(Value::String(comment)) if comment.chars().count() <= 500 => Some(comment.clone()),
        Some(_) => {
            return Err(invalid(
                "`comment` should NOT be longer than 500 characters.",
            ));
        }
    };
    Ok(Wish {
        key,
        value,
        kind,
        targets: targets(body, old)?,
        branch,
        comment,
    })
}

fn text(
    body: &Map<String, Value>,
    name: &str,
    stays: Option<String>,
) -> Result<String, Box<Reply>> {
    match (body.get(name), stays) {
        (Some(Value::String(text)), _) => Ok(text.clone()),
        (None, Some(stays)) => Ok(stays),
        (None, None) => Err(invalid(&format!("missing required property `{name}`."))),
        (Some(_), _) => Err(invalid(&format!("`{name}` should be string."))),
    }
}

/// A list, or one target as a bare text.
fn targets(
    body: &Map<String, Value>,
    old: Option<&Variable>,
) -> Result<BTreeSet<Target>, Box<Reply>> {
    let named: Vec<&Value> = match (body.get("target"), old) {
        (None, Some(old)) => return Ok(old.targets.clone()),
        (None, None) => return Err(invalid("missing required property `target`.")),
        (Some(Value::Array(list)), _) => list.iter().collect(),
        (Some(one), _) => vec![one],
    };
    let parsed = named
        .iter()
        .map(|name| Target::parse(name.as_str()?))
        .collect::<Option<BTreeSet<Target>>>();
    match parsed {
        Some(targets) if !targets.is_empty() => Ok(targets),
        _ => Err(invalid(
            "`target` should be equal to one of the allowed values.",
        )),
    }
}

/// The wish as the team's policy has it, or why it cannot be. `old` is the record that it changes.
pub fn admit(
    cx: &Cx<'_>,
    scope: &Scope,
    project: &Project,
    mut wish: Wish,
    old: Option<&Variable>,
) -> Result<Wish, Refusal> {
    let refused = |wish: &Wish, code, message: &str| Err(Refusal::of(wish, code, message));
    check_key(&wish)?;
    if wish.value.len() > VALUE_MAX {
        let message = "The value of an environment variable cannot be longer than 65536 bytes.";
        return refused(&wish, "env_value_invalid_length", message);
    }
    let develops = wish.targets.contains(&Target::Development);
    if scope.sensitive_only && wish.targets.iter().any(|one| *one != Target::Development) {
        wish.kind = Kind::Sensitive;
    }
    if wish.kind == Kind::Sensitive && develops {
        let message = "You cannot set a Sensitive Environment Variable's target to development.";
        return refused(&wish, "bad_request", message);
    }
    if let Some(old) = old.filter(|old| old.kind == Kind::Sensitive)
        && (old.key != wish.key || wish.kind != Kind::Sensitive)
    {
        let message = "The key and type of a Sensitive Environment Variable cannot be changed.";
        return refused(&wish, "bad_request", message);
    }
    check_branch(cx, project, &wish)?;
    check_others(cx, project, &wish, old)?;
    Ok(wish)
}

fn check_key(wish: &Wish) -> Result<(), Refusal> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let key = &wish.key;
    if !key.starts_with(|c: char| c.is_ascii_alphabetic()) || !key.chars().all(plain) {
        let message = "The name contains invalid characters. Only letters, digits, and underscores are allowed. Furthermore, the name should not start with a digit.";
        return Err(Refusal::of(wish, "env_key_invalid_characters", message));
    }
    if key.starts_with("VERCEL_") || key.starts_with("NOW_") {
        let message = format!("The name `{key}` is reserved.");
        return Err(Refusal::of(wish, "KEY_RESERVED", message));
    }
    if RESERVED.contains(&key.as_str()) {
        let message = format!("The name `{key}` is reserved by the platform.");
        return Err(Refusal::of(wish, "RESERVED_ENV_VARIABLE", message));
    }
    Ok(())
}

fn check_branch(cx: &Cx<'_>, project: &Project, wish: &Wish) -> Result<(), Refusal> {
    let Some(branch) = &wish.branch else {
        return Ok(());
    };
    let refused = |code, message: String| Err(Refusal::of(wish, code, message));
    if wish.targets.iter().any(|one| *one != Target::Preview) {
        let message = "The `gitBranch` property can only be set with the target `preview`.";
        return refused("bad_request", message.to_owned());
    }
    let production = project.link.as_ref().map(|link| &link.production_branch);
    if production == Some(branch) {
        let message =
            format!("Cannot set the Production Branch \"{branch}\" for a Preview variable.");
        return refused("bad_request", message);
    }
    if !cx.has_branch(project, branch) {
        let message = format!("Branch \"{branch}\" not found in the connected Git repository.");
        return refused("git_branch_not_found", message);
    }
    Ok(())
}

impl Cx<'_> {
    /// Whether the project's repository has the branch. Nothing is known of other repositories than the world's.
    pub fn has_branch(&self, project: &Project, branch: &str) -> bool {
        let code = self.around.code;
        let ours = |link: &&super::state::Link| link.source.is(&code.full_name());
        let linked = project.link.as_ref().filter(ours);
        linked.is_some() && code.head(branch).is_some()
    }
}

/// Refuses what another record covers already, in part or as a whole.
fn check_others(
    cx: &Cx<'_>,
    project: &Project,
    wish: &Wish,
    old: Option<&Variable>,
) -> Result<(), Refusal> {
    let state = cx.hub.state.current();
    let all = state.variables.values();
    let others = || {
        let own = all.clone().filter(|one| one.project == project.id);
        own.filter(|one| old.is_none_or(|old| old.id != one.id))
    };
    let clash = others().find(|one| {
        one.key == wish.key && one.branch == wish.branch && !one.targets.is_disjoint(&wish.targets)
    });
    if let Some(other) = clash {
        let target = other.targets.intersection(&wish.targets).next();
        let message = format!(
            "A variable with the name `{}` already exists for the target {} on branch {}",
            wish.key,
            target.map_or("", |target| target.as_str()),
            wish.branch.as_deref().unwrap_or("undefined"),
        );
        let mut refusal = Refusal::of(wish, "ENV_CONFLICT", message);
        if cx.hub.spec().odd.conflict_403 {
            refusal.status = 403;
        }
        return Err(refusal);
    }
    let full =
        |target: &&Target| others().filter(|one| one.targets.contains(target)).count() >= COUNT_MAX;
    if let Some(target) = wish.targets.iter().find(full) {
        let target = target.as_str();
        let message =
            format!("A project cannot have more than {COUNT_MAX} variables for {target}.");
        return Err(Refusal::of(wish, "MAX_ENVS_EXCEEDED", message));
    }
    Ok(())
}
