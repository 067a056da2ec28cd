//! One provider's OpenAPI document: the operation that a call means, and what its schemas say about a value.
//!
//! The documents are not part of this repository. `GOLIVE_SPECS` names their folder; else `../shared/specs` is tried.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use golive::seam::transport::Method;
use golive::sim::Provider;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Registry, ValidationError, Validator};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::translate::{Side, translated};

pub struct Document {
    root: Value,
    requests: Registry<'static>,
    replies: Registry<'static>,
    /// By the place of the schema in the document.
    compiled: Mutex<BTreeMap<(Side, String), Arc<Validator>>>,
}

/// Where in a value something is wrong, as a JSON pointer, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    pub place: String,
    pub what: String,
}

/// The name by which the schemas of a document refer to each other.
const ADDRESS: &str = "openapi:/document";

impl Document {
    /// The provider's document, read once; `None`, said aloud, where there is none.
    pub fn of(provider: Provider) -> Option<&'static Document> {
        static READ: [OnceLock<Option<Document>>; Provider::ALL.len()] =
            [const { OnceLock::new() }; Provider::ALL.len()];
        let of = match provider {
            Provider::Cloudflare => "cloudflare-dns",
            other => other.as_str(),
        };
        let name = format!("{of}.openapi.json");
        let index = Provider::ALL.iter().position(|known| *known == provider)?;
        let document = READ[index].get_or_init(|| {
            let bytes = std::fs::read(folder().join(&name)).ok()?;
            let root = serde_json::from_slice(&bytes).expect("the document is JSON");
            Some(Document::new(root))
        });
        if document.is_none() {
            let folder = folder();
            println!(
                "SKIPPED contract: {name} is not in the folder of specs, {}",
                folder.display()
            );
        }
        document.as_ref()
    }

    pub fn new(root: Value) -> Document {
        let registry = |side| {
            let resource = translated(&root, side);
            let builder = Registry::new().draft(Draft::Draft202012);
            let builder = builder.add(ADDRESS, resource).expect("a valid address");
            builder.prepare().expect("the references lead somewhere")
        };
        Document {
            requests: registry(Side::Request),
            replies: registry(Side::Reply),
            compiled: Mutex::default(),
            root,
        }
    }

    /// The operation of a path without its query: of all templates that fit, the one with the most that is literal.
    pub fn operation(&self, method: Method, path: &str) -> Option<Operation<'_>> {
        let method = method.as_str().to_lowercase();
        let paths = self.root["paths"].as_object()?;
        let fitting = paths.iter().filter(|(template, item)| {
            let operation = &item[&method];
            operation.is_object() && self.fits(template, item, operation, path)
        });
        // Of equals the one that is literal earlier, as routers have it: `{` sorts behind every letter.
        let (template, item) = fitting.min_by_key(|(template, _)| {
            let literal = template.split('/').filter(|segment| !is_open(segment));
            (Reverse(literal.count()), template.as_str())
        })?;
        Some(Operation {
            document: self,
            template,
            item,
            node: &item[&method],
            pointer: format!("/paths/{}/{method}", template.replace('/', "~1")),
        })
    }

    fn fits(&self, template: &str, item: &Value, operation: &Value, path: &str) -> bool {
        let (wanted, given): (Vec<&str>, Vec<&str>) =
            (template.split('/').collect(), path.split('/').collect());
        let same = |wanted: &[&str], given: &[&str]| {
            let mut pairs = wanted.iter().zip(given);
            pairs.all(|(want, have)| {
                if is_open(want) {
                    !have.is_empty()
                } else {
                    want == have
                }
            })
        };
        if wanted.len() == given.len() {
            return same(&wanted, &given);
        }
        // GitHub's last parameter may hold slashes, such as the path of a file.
        let Some((last, rest)) = wanted.split_last() else {
            return false;
        };
        let name = last.trim_start_matches('{').trim_end_matches('}');
        is_open(last)
            && given.len() > wanted.len()
            && same(rest, &given)
            && self
                .parameters(item, operation)
                .any(|parameter| parameter["name"] == name && parameter["x-multi-segment"] == true)
    }

    fn parameters<'d>(
        &'d self,
        item: &'d Value,
        operation: &'d Value,
    ) -> impl Iterator<Item = &'d Value> {
        [item, operation]
            .into_iter()
            .flat_map(|node| node["parameters"].as_array().into_iter().flatten())
            .map(|parameter| self.follow(parameter, "").0)
    }

    /// The node itself, or what it refers to, with its place.
    fn follow<'d>(&'d self, mut node: &'d Value, place: &str) -> (&'d Value, String) {
        let mut place = place.to_owned();
        while let Some(reference) = node["$ref"].as_str() {
            place = reference.trim_start_matches('#').to_owned();
            node = self
                .root
                .pointer(&place)
                .expect("a reference leads somewhere");
        }
        (node, place)
    }

    /// What a value lacks of the schema at a place of the document.
    pub fn misses(&self, side: Side, pointer: &str, value: &Value) -> Vec<Miss> {
        let mut misses = Vec::new();
        for error in self.compiled(side, pointer).iter_errors(value) {
            tell(&error, &mut misses);
        }
        misses
    }

    fn compiled(&self, side: Side, pointer: &str) -> Arc<Validator> {
        let key = (side, pointer.to_owned());
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = compiled.entry(key).or_insert_with(|| {
            const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'~').remove(b'-');
            let fragment = utf8_percent_encode(pointer, &PLAIN);
            let registry = match side {
                Side::Request => &self.requests,
                Side::Reply => &self.replies,
            };
            let built = jsonschema::options()
                .with_draft(Draft::Draft202012)
                .with_registry(registry)
                .should_validate_formats(true)
                .build(&json!({ "$ref": format!("{ADDRESS}#{fragment}") }));
            Arc::new(built.unwrap_or_else(|error| panic!("the schema at {pointer}: {error}")))
        });
        Arc::clone(entry)
    }
}

fn folder() -> PathBuf {
    std::env::var_os("GOLIVE_SPECS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/specs"),
        PathBuf::from,
    )
}

fn is_open(segment: &str) -> bool {
    segment.starts_with('{')
}

/// One thing that is wrong; of a choice of which nothing fits, what the nearest branch misses.
fn tell(error: &ValidationError<'_>, misses: &mut Vec<Miss>) {
    let choices = match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.as_slice()
        }
        _ => &[],
    };
    let branches = choices.iter().map(|branch| {
        let mut misses = Vec::new();
        branch.iter().for_each(|error| tell(error, &mut misses));
        misses
    });
    let of_kind = |branch: &Vec<Miss>| {
        // A branch for another kind of value altogether is never what was meant.
        branch
            .iter()
            .any(|miss| miss.place == error.instance_path().as_str())
    };
    if let Some(nearest) = branches.min_by_key(|branch| (of_kind(branch), branch.len())) {
        return misses.extend(nearest);
    }
    let place = error.instance_path();
    let at = |name: &str, what: &str| Miss {
        place: place.join(name).to_string(),
        what: what.to_owned(),
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            misses.push(at(property.as_str().unwrap_or_default(), "is missing"));
        }
        ValidationErrorKind::UnevaluatedProperties { unexpected }
        | ValidationErrorKind::AdditionalProperties { unexpected } => {
            misses.extend(unexpected.iter().map(|name| at(name, "is not declared")));
        }
        _ => misses.push(Miss {
            place: place.to_string(),
            what: error.to_string().chars().take(300).collect(),
        }),
    }
}

/// What the document says about one endpoint.
pub struct Operation<'d> {
    document: &'d Document,
    /// As the document spells the path.
    pub template: &'d str,
    item: &'d Value,
    node: &'d Value,
    pointer: String,
}

/// A body as an operation declares it: by media type, where its schema is.
pub struct Body<'d> {
    pub required: bool,
    content: &'d Value,
    pointer: String,
}

impl<'d> Operation<'d> {
    /// The names of its query parameters, with whether they are required.
    pub fn query(&self) -> BTreeMap<&'d str, bool> {
        let parameters = self.document.parameters(self.item, self.node);
        parameters
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| Some((parameter["name"].as_str()?, &parameter["required"])))
            .map(|(name, required)| (name, *required == true))
            .collect()
    }

    /// The body it takes.
    pub fn request(&self) -> Option<Body<'d>> {
        let place = format!("{}/requestBody", self.pointer);
        let (body, place) = self.document.follow(&self.node["requestBody"], &place);
        Some(Body {
            required: body["required"] == true,
            content: declared(&body["content"])?,
            pointer: format!("{place}/content"),
        })
    }

    /// Whether a status is declared, by itself, as one of its hundred (`4XX`) or as `default`; inside, the body it comes with.
    pub fn reply(&self, status: u16) -> Option<Option<Body<'d>>> {
        let replies = &self.node["responses"];
        let hundred = format!("{}XX", status / 100);
        let key = [status.to_string(), hundred, "default".to_owned()]
            .into_iter()
            .find(|key| replies[key].is_object())?;
        let place = format!("{}/responses/{key}", self.pointer);
        let (reply, place) = self.document.follow(&replies[&key], &place);
        Some(declared(&reply["content"]).map(|content| Body {
            required: true,
            content,
            pointer: format!("{place}/content"),
        }))
    }

    /// The media type of what it answers with when all goes well, which is what to ask for.
    pub fn answers_with(&self) -> Option<&'d str> {
        let statuses = self.node["responses"].as_object()?.keys();
        let body = statuses
            .filter_map(|status| status.parse().ok())
            .filter(|status| (200..300).contains(status))
            .find_map(|status| self.reply(status)?)?;
        body.media_types().next()
    }
}

/// A content that declares at least one media type.
fn declared(content: &Value) -> Option<&Value> {
    let types = content.as_object()?;
    (!types.is_empty()).then_some(content)
}

impl<'d> Body<'d> {
    pub fn media_types(&self) -> impl Iterator<Item = &'d str> {
        let types = self.content.as_object().into_iter().flatten();
        types.map(|(name, _)| name.as_str())
    }

    /// Where the schema of a media type is, of the first one when none is named. Parameters such as the charset do not
    /// count. `Err` when the type is not offered; inside, `None` when it is offered without a schema.
    pub fn schema(&self, named: Option<&str>) -> Result<Option<String>, String> {
        let bare = |name: &str| name.split(';').next().unwrap_or("").trim().to_lowercase();
        let mut types = self.media_types();
        let chosen = match named {
            None => types.next(),
            Some(named) => types.find(|offered| bare(offered) == bare(named)),
        };
        let Some(chosen) = chosen else {
            let offered: Vec<&str> = self.media_types().collect();
            return Err(offered.join(", "));
        };
        let pointer = format!("{}/{}/schema", self.pointer, chosen.replace('/', "~1"));
        let has = self.content[chosen]["schema"].is_object();
        Ok(has.then_some(pointer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_of_every_document_can_be_compared_with() {
        for provider in Provider::ALL {
            let Some(document) = Document::of(provider) else {
                return;
            };
            let schemas = document.root["components"]["schemas"].as_object();
            let names = schemas.expect("schemas").keys();
            for name in names {
                let pointer = format!("/components/schemas/{name}");
                document.misses(Side::Request, &pointer, &Value::Null);
                document.misses(Side::Reply, &pointer, &Value::Null);
            }
            let paths = document.root["paths"].as_object().expect("paths");
            for (path, item) in paths {
                let methods = item.as_object().expect("operations").keys();
                let methods = methods.filter_map(|method| Method::parse(&method.to_uppercase()));
                for method in methods {
                    let operation = document.operation(method, path).expect("its own path");
                    assert_eq!(operation.template, path);
                    operation.compare_all(document);
                }
            }
        }
    }

    impl Operation<'_> {
        fn compare_all(&self, document: &Document) {
            let statuses = self.node["responses"].as_object().expect("replies").keys();
            let replies = statuses.filter_map(|status| self.reply(status.parse().ok()?)?);
            let bodies = self.request().map(|body| (Side::Request, body));
            for (side, body) in bodies
                .into_iter()
                .chain(replies.map(|body| (Side::Reply, body)))
            {
                for kind in body.media_types() {
                    let pointer = body.schema(Some(kind)).expect("its own media type");
                    if let Some(pointer) = pointer {
                        document.misses(side, &pointer, &Value::Null);
                    }
                }
            }
        }
    }

    #[test]
    fn of_the_paths_that_fit_the_most_literal_is_meant() {
        let get = json!({ "responses": {} });
        let files = json!({ "responses": {}, "parameters": [
            { "name": "path", "in": "path", "x-multi-segment": true },
        ] });
        let document = Document::new(json!({ "paths": {
            "/things/{id}": { "get": get },
            "/things/by-name/{name}": { "get": get },
            "/things/{id}/owner": { "get": get },
            "/files/{path}": { "get": files },
            "/files/{path}/owner": { "get": get },
        } }));
        let template = |path| {
            let operation = document.operation(Method::Get, path);
            operation.map(|operation| operation.template)
        };
        assert_eq!(template("/things/7"), Some("/things/{id}"));
        assert_eq!(
            template("/things/by-name/a"),
            Some("/things/by-name/{name}")
        );
        assert_eq!(
            template("/things/by-name/owner"),
            Some("/things/by-name/{name}")
        );
        assert_eq!(template("/things/7/owner"), Some("/things/{id}/owner"));
        assert_eq!(template("/files/a/b/c.js"), Some("/files/{path}"));
        assert_eq!(template("/files/a/owner"), Some("/files/{path}/owner"));
        assert_eq!(template("/things/7/owner/x"), None);
        assert_eq!(template("/things/"), None);
        assert!(document.operation(Method::Post, "/things/7").is_none());
    }

    #[test]
    fn a_status_may_be_declared_with_its_hundred() {
        let get = json!({ "responses": { "200": {}, "4XX": {} } });
        let document = Document::new(json!({ "paths": { "/things": { "get": get } } }));
        let operation = document.operation(Method::Get, "/things").unwrap();
        let declared = [200, 201, 404, 499, 500].map(|status| operation.reply(status).is_some());
        assert_eq!(declared, [true, false, true, true, false]);
    }
}
