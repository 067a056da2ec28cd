//! What the body of a project may hold, and how Vercel refuses what does not fit.

use serde_json::{Map, Value};

use super::wire::{Reply, invalid, refuse};

/// What a property takes.
enum Kind {
    /// At most so many characters.
    Text(usize),
    Flag,
    Number,
    Object,
    OneOf(&'static [&'static str]),
}

/// A property: its name, what it takes, and whether it may be null.
type Field = (&'static str, Kind, bool);

const FRAMEWORKS: &[&str] = &[
    "blitzjs",
    "nextjs",
    "gatsby",
    "remix",
    "react-router",
    "astro",
    "hexo",
    "eleventy",
    "docusaurus-2",
    "docusaurus",
    "preact",
    "solidstart-1",
    "solidstart",
    "dojo",
    "ember",
    "vue",
    "scully",
    "ionic-angular",
    "angular",
    "polymer",
    "svelte",
    "sveltekit",
    "sveltekit-1",
    "ionic-react",
    "create-react-app",
    "gridsome",
    "umijs",
    "sapper",
    "saber",
    "stencil",
    "nuxtjs",
    "redwoodjs",
    "hugo",
    "jekyll",
    "brunch",
    "middleman",
    "zola",
    "hydrogen",
    "vite",
    "vitepress",
    "vuepress",
    "parcel",
    "fastapi",
    "flask",
    "fasthtml",
    "sanity-v3",
    "sanity",
    "storybook",
    "nitro",
    "hono",
    "express",
    "h3",
    "nestjs",
    "fastify",
    "xmcp",
];

const NODE_VERSIONS: &[&str] = &["24.x", "22.x", "20.x"];

/// Taken when a project is made and afterwards.
const BOTH: [Field; 16] = [
    ("name", Kind::Text(100), false),
    ("buildCommand", Kind::Text(256), true),
    ("commandForIgnoringBuildStep", Kind::Text(256), true),
    ("devCommand", Kind::Text(256), true),
    ("installCommand", Kind::Text(256), true),
    ("outputDirectory", Kind::Text(256), true),
    ("rootDirectory", Kind::Text(256), true),
    ("framework", Kind::OneOf(FRAMEWORKS), true),
    ("enablePreviewFeedback", Kind::Flag, true),
    ("enableProductionFeedback", Kind::Flag, true),
    ("previewDeploymentsDisabled", Kind::Flag, true),
    ("publicSource", Kind::Flag, true),
    ("ssoProtection", Kind::Object, true),
    ("oidcTokenConfig", Kind::Object, false),
    ("resourceConfig", Kind::Object, false),
    ("enableAffectedProjectsDeployments", Kind::Flag, false),
];

const CREATE: [Field; 1] = [("gitRepository", Kind::Object, false)];

const CHANGE: [Field; 11] = [
    ("nodeVersion", Kind::OneOf(NODE_VERSIONS), false),
    ("autoExposeSystemEnvs", Kind::Flag, false),
    ("autoAssignCustomDomains", Kind::Flag, false),
    ("directoryListing", Kind::Flag, false),
    ("gitForkProtection", Kind::Flag, false),
    ("gitLFS", Kind::Flag, false),
    ("sourceFilesOutsideRootDirectory", Kind::Flag, false),
    ("skewProtectionMaxAge", Kind::Number, false),
    // Paid add-ons.
    ("passwordProtection", Kind::Object, true),
    ("trustedIps", Kind::Object, true),
    ("optionsAllowlist", Kind::Object, true),
];

const ADD_ONS: [&str; 3] = ["passwordProtection", "trustedIps", "optionsAllowlist"];

const PROTECTIONS: [&str; 4] = [
    "all",
    "preview",
    "prod_deployment_urls_and_all_previews",
    "all_except_custom_domains",
];

/// The body of a project to be made.
pub fn of_create(body: Option<&Value>) -> Result<Map<String, Value>, Box<Reply>> {
    let body = check(body, &CREATE)?;
    match body.contains_key("name") {
        true => Ok(body),
        false => Err(invalid("missing required property `name`.")),
    }
}

/// The body of a change: what is left out stays.
pub fn of_change(body: Option<&Value>) -> Result<Map<String, Value>, Box<Reply>> {
    let body = check(body, &CHANGE)?;
    let wanted = |name: &&str| body.get(*name).is_some_and(|value| !value.is_null());
    if ADD_ONS.iter().any(wanted) {
        let message = "Advanced Deployment Protection is not available for the user plan";
        return Err(refuse(428, "missing_protection_add_on", message));
    }
    Ok(body)
}

fn check(body: Option<&Value>, more: &[Field]) -> Result<Map<String, Value>, Box<Reply>> {
    let Some(Value::Object(body)) = body else {
        return Err(invalid("should be object."));
    };
    let mut body = body.clone();
    for (name, value) in &body {
        let known = BOTH.iter().chain(more).find(|field| field.0 == name);
        let Some((_, kind, nullable)) = known else {
            return Err(invalid(&format!(
                "should NOT have additional property `{name}`."
            )));
        };
        if !(value.is_null() && *nullable) {
            fits(name, value, kind)?;
        }
    }
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        check_name(name)?;
    }
    if let Some(root) = body.get("rootDirectory").and_then(Value::as_str) {
        check_root(root)?;
        if root.is_empty() {
            body.insert("rootDirectory".to_owned(), Value::Null);
        }
    }
    if let Some(Value::Object(protection)) = body.get("ssoProtection") {
        let kind = protection.get("deploymentType").and_then(Value::as_str);
        if !kind.is_some_and(|kind| PROTECTIONS.contains(&kind)) {
            return Err(invalid(
                "`ssoProtection.deploymentType` should be equal to one of the allowed values.",
            ));
        }
    }
    Ok(body)
}

fn fits(name: &str, value: &Value, kind: &Kind) -> Result<(), Box<Reply>> {
    let wrong = match kind {
        Kind::Text(most) => match value.as_str() {
            None => "should be string.".to_owned(),
            Some(text) if text.chars().count() > *most => {
                format!("should NOT be longer than {most} characters.")
            }
            Some(_) => return Ok(()),
        },
        Kind::OneOf(words) => match value.as_str() {
            Some(text) if words.contains(&text) => return Ok(()),
            _ => "should be equal to one of the allowed values.".to_owned(),
        },
        Kind::Flag if !value.is_boolean() => "should be boolean.".to_owned(),
        Kind::Number if !value.is_number() => "should be number.".to_owned(),
        Kind::Object if !value.is_object() => "should be object.".to_owned(),
        Kind::Flag | Kind::Number | Kind::Object => return Ok(()),
    };
    Err(invalid(&format!("`{name}` {wrong}")))
}

/// Refuses a name that no project can have.
pub fn check_name(name: &str) -> Result<(), Box<Reply>> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if !name.is_empty() && name.len() <= 100 && name.chars().all(plain) && !name.contains("---") {
        return Ok(());
    }
    let message = "Project names can be up to 100 characters long and must be lowercase. They can include letters, digits, and the following characters: '.', '_', '-'. However, they cannot contain the sequence '---'.";
    Err(refuse(400, "bad_request", message))
}

fn check_root(root: &str) -> Result<(), Box<Reply>> {
    if root.starts_with('/') || root.split('/').any(|part| part == "..") {
        return Err(invalid(
            "`rootDirectory` should be a relative path inside the repository.",
        ));
    }
    Ok(())
}
