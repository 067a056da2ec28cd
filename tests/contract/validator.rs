//! One exchange with a provider against the provider's document, on both sides, with the exceptions that are listed by name.

use std::collections::{BTreeMap, BTreeSet};

use golive::seam::transport::HttpResponse;
use golive::sim::{Call, Provider};
use serde_json::{Map, Value};

use crate::document::{Body, Document, Miss, Operation};
use crate::translate::Side;

/// Something in which a provider is known to differ from its document, and the reason. `call` is a method and a path
/// as the document spells it; `*` stands for any method, any path or any rest of one, and where the document lacks the
/// path `{…}` for any one segment.
pub struct Exception {
    pub call: &'static str,
    pub lack: Lack,
    pub why: &'static str,
}

/// What the document lacks, or says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The endpoint as a whole.
    Endpoint,
    /// A status that is not declared. Its body must still be worded as the provider's errors are.
    Status(u16),
    /// A query parameter.
    Query(&'static str),
    /// A body of a request that is declared without one, or none where one is required.
    RequestBody,
    /// A body of a good reply that is declared without one, or none where one is declared.
    ReplyBody(u16),
    /// What stands at a place of the request's body, and below (a JSON pointer; `*` is any one step).
    Sent(&'static str),
    /// What stands at a place of a good reply's body, and below.
    Answered(&'static str),
    /// What stands at a place of a refusal's body, and below.
    Refused(&'static str),
}

impl Exception {
    pub const fn new(call: &'static str, lack: Lack, why: &'static str) -> Exception {
        Exception { call, lack, why }
    }
}

/// Collects what is wrong with the exchanges it is shown.
pub struct Validator {
    providers: BTreeMap<Provider, (&'static Document, &'static [Exception])>,
    used: BTreeSet<(Provider, usize)>,
    /// Each kind of exchange that was compared: provider, method, path of the document, status.
    pub compared: BTreeSet<String>,
    /// What is wrong, each thing once: where, and what.
    pub wrong: Vec<String>,
}

/// The exchange that is being looked at.
struct Seen<'a> {
    call: &'a Call,
    /// Below the base address, without the query.
    path: &'a str,
    query: &'a str,
    /// The path as the document spells it, or as it is where it has none.
    template: &'a str,
    declared: bool,
    status: Option<u16>,
}

impl Validator {
    /// With the documents of these providers, each with its exceptions. `None`, said aloud, where one is not there.
    pub fn of(providers: &[(Provider, &'static [Exception])]) -> Option<Validator> {
        let documents = providers.iter().map(|(provider, exceptions)| {
            let document = Document::of(*provider)?;
            Some((*provider, (document, *exceptions)))
        });
        Some(Validator::with(documents.collect::<Option<_>>()?))
    }

    /// With documents that are at hand.
    pub fn with(
        providers: BTreeMap<Provider, (&'static Document, &'static [Exception])>,
    ) -> Validator {
        Validator {
            providers,
            used: BTreeSet::new(),
            compared: BTreeSet::new(),
            wrong: Vec::new(),
        }
    }

    /// One exchange; without a reply (it was lost) only what was sent is looked at. A provider that has no document
    /// here is passed over.
    pub fn check(&mut self, call: &Call, reply: Option<&HttpResponse>) {
        let Some(&(document, _)) = self.providers.get(&call.provider) else {
            return;
        };
        let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        let status = reply.map(|reply| reply.status);
        let below = path.strip_prefix(call.provider.prefix());
        let operation = below.and_then(|path| document.operation(call.method, path));
        let mut seen = Seen {
            call,
            path: below.unwrap_or(path),
            query,
            template: operation.as_ref().map_or("", |found| found.template),
            declared: operation.is_some(),
            status,
        };
        let Some(operation) = operation else {
            seen.template = seen.path;
            self.report(&seen, Lack::Endpoint, "the document has no such endpoint");
            if let Some(reply) = reply {
                self.refusal(&seen, reply);
            }
            return;
        };
        self.query(&seen, &operation);
        self.request(&seen, document, &operation);
        if let Some(reply) = reply {
            self.reply(&seen, document, &operation, reply);
        }
    }

    fn query(&mut self, seen: &Seen<'_>, operation: &Operation<'_>) {
        let declared = operation.query();
        let sent: BTreeSet<String> = url::form_urlencoded::parse(seen.query.as_bytes())
            .map(|(name, _)| name.into_owned())
            .collect();
        for name in sent
            .iter()
            .filter(|name| !declared.contains_key(name.as_str()))
        {
            self.report_query(seen, name);
        }
        for (name, required) in declared {
            if required && !sent.contains(name) {
                self.wrong(seen, &format!("the query lacks {name}"));
            }
        }
    }

    fn request(&mut self, seen: &Seen<'_>, document: &Document, operation: &Operation<'_>) {
        let sent = seen.call.body.as_deref().filter(|body| !body.is_empty());
        let (declared, sent) = match (operation.request(), sent) {
            (None, None) => return,
            (None, Some(_)) => {
                return self.report(seen, Lack::RequestBody, "a body is sent, and none declared");
            }
            (Some(declared), None) => {
                if declared.required {
                    self.report(seen, Lack::RequestBody, "no body is sent, and one required");
                }
                return;
            }
            (Some(declared), Some(sent)) => (declared, sent),
        };
        let kind = header(&seen.call.headers, "content-type");
        let Some(pointer) = self.schema(seen, &declared, kind, "the request") else {
            return;
        };
        let form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let value = if form {
            let fields = url::form_urlencoded::parse(sent).into_owned();
            Ok(Value::Object(
                fields
                    .map(|(name, value)| (name, Value::String(value)))
                    .collect::<Map<_, _>>(),
            ))
        } else {
            serde_json::from_slice(sent)
        };
        match value {
            Ok(value) => {
                for miss in document.misses(Side::Request, &pointer, &value) {
                    self.report_miss(seen, Side::Request, &miss);
                }
            }
            Err(cause) => self.wrong(seen, &format!("the request is no JSON: {cause}")),
        }
    }

    fn reply(
        &mut self,
        seen: &Seen<'_>,
        document: &Document,
        operation: &Operation<'_>,
        reply: &HttpResponse,
    ) {
        let status = reply.status;
        let Some(declared) = operation.reply(status) else {
            self.report(seen, Lack::Status(status), "the status is not declared");
            return self.refusal(seen, reply);
        };
        let provider = seen.call.provider.as_str();
        let (method, template) = (seen.call.method, seen.template);
        let kind = format!("{provider} {method} {template} {status}");
        self.compared.insert(kind);
        let Some(declared) = declared else {
            if status < 400 && !reply.body.is_empty() {
                let what = "a body is answered, and none declared";
                self.report(seen, Lack::ReplyBody(status), what);
            }
            return self.refusal(seen, reply);
        };
        if reply.body.is_empty() {
            let what = "no body is answered, and one declared";
            return self.report(seen, Lack::ReplyBody(status), what);
        }
        let kind = header(&reply.headers, "content-type");
        let Some(pointer) = self.schema(seen, &declared, kind, "the reply") else {
            return;
        };
        match serde_json::from_slice(&reply.body) {
            Ok(value) => {
                for miss in document.misses(Side::Reply, &pointer, &value) {
                    self.report_miss(seen, Side::Reply, &miss);
                }
            }
            Err(cause) => self.wrong(seen, &format!("the reply is no JSON: {cause}")),
        }
    }

    fn schema(
        &mut self,
        seen: &Seen<'_>,
        declared: &Body<'_>,
        kind: Option<&str>,
        whose: &str,
    ) -> Option<String> {
        match declared.schema(kind) {
            Ok(pointer) => pointer,
            Err(offered) => {
                let kind = kind.unwrap_or("nothing");
                self.wrong(seen, &format!("{whose} is {kind}, declared is {offered}"));
                None
            }
        }
    }

    /// A refusal that no schema describes is worded as the provider words its errors.
    fn refusal(&mut self, seen: &Seen<'_>, reply: &HttpResponse) {
        if reply.status < 400 {
            return;
        }
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let worded = match seen.call.provider {
            Provider::Github => {
                body["message"].is_string() && body["documentation_url"].is_string()
            }
            Provider::Vercel => {
                body["error"]["code"].is_string() && body["error"]["message"].is_string()
            }
            Provider::Render => body["message"].is_string(),
            Provider::Atlas => body["error"] == reply.status && body["errorCode"].is_string(),
            Provider::Godaddy => {
                let v3 = body["name"].is_string() && body["correlationId"].is_string();
                body["message"].is_string() && (v3 || body["code"].is_string())
            }
            Provider::Cloudflare => body["success"] == false && body["errors"][0]["code"].is_u64(),
            Provider::Stripe => body["error"]["type"].is_string(),
        };
        if !worded {
            self.wrong(seen, &format!("no error of this provider: {body}"));
        }
    }

    fn report(&mut self, seen: &Seen<'_>, lack: Lack, what: &str) {
        if !self.is_listed(seen, |listed| listed == lack) {
            self.wrong(seen, what);
        }
    }

    fn report_query(&mut self, seen: &Seen<'_>, name: &str) {
        if !self.is_listed(
            seen,
            |lack| matches!(lack, Lack::Query(known) if known == name),
        ) {
            self.wrong(seen, &format!("{name} in the query is not declared"));
        }
    }

    fn report_miss(&mut self, seen: &Seen<'_>, side: Side, miss: &Miss) {
        let good = seen.status.is_some_and(|status| status < 400);
        let listed = self.is_listed(seen, |lack| match lack {
            Lack::Sent(place) => side == Side::Request && matches_path(place, &miss.place),
            Lack::Answered(place) => {
                side == Side::Reply && good && matches_path(place, &miss.place)
            }
            Lack::Refused(place) => {
                side == Side::Reply && !good && matches_path(place, &miss.place)
            }
            _ => false,
        });
        if !listed {
            let whose = match side {
                Side::Request => "sent",
                Side::Reply => "answered",
            };
            self.wrong(seen, &format!("{whose} {}: {}", miss.place, miss.what));
        }
    }

    /// Whether a lack is on the provider's list; that it is, is remembered.
    fn is_listed(&mut self, seen: &Seen<'_>, is_it: impl Fn(Lack) -> bool) -> bool {
        let provider = seen.call.provider;
        let Some((_, exceptions)) = self.providers.get(&provider) else {
            return false;
        };
        let found = exceptions.iter().position(|exception| {
            let (method, path) = exception.call.split_once(' ').unwrap_or(("", ""));
            (method == "*" || method == seen.call.method.as_str())
                && (path == "*" || matches_whole(path, seen))
                && is_it(exception.lack)
        });
        found.is_some_and(|index| {
            self.used.insert((provider, index));
            true
        })
    }

    fn wrong(&mut self, seen: &Seen<'_>, what: &str) {
        let provider = seen.call.provider.as_str();
        let status = seen
            .status
            .map_or_else(|| "-".to_owned(), |status| status.to_string());
        let line = format!(
            "{provider} {} {} {status}: {what}",
            seen.call.method, seen.call.path
        );
        if !self.wrong.contains(&line) {
            self.wrong.push(line);
        }
    }

    /// The exceptions that nothing needed, so that the lists only shrink.
    pub fn unused(&self) -> Vec<String> {
        let all = self.providers.iter().flat_map(|(provider, (_, listed))| {
            let listed = listed.iter().enumerate();
            listed.map(move |(index, exception)| (*provider, index, exception))
        });
        all.filter(|(provider, index, _)| !self.used.contains(&(*provider, *index)))
            .map(|(provider, _, exception)| {
                let Exception { call, lack, why } = exception;
                format!("{}: {call}, {lack:?} ({why})", provider.as_str())
            })
            .collect()
    }
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    let found = headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// Whether a place is the listed one, or below it.
fn matches_path(listed: &str, place: &str) -> bool {
    let mut steps = place.split('/');
    listed.split('/').all(|wanted| {
        steps
            .next()
            .is_some_and(|step| wanted == "*" || wanted == step)
    })
}

/// Whether a call is to the listed path. A last `*` is any rest; `{…}` is the parameter of a path that the document
/// has, and any segment of one that it has not.
fn matches_whole(listed: &str, seen: &Seen<'_>) -> bool {
    let (listed, open) = match listed.strip_suffix("/*") {
        Some(listed) => (listed, true),
        None => (listed, false),
    };
    let wanted: Vec<&str> = listed.split('/').collect();
    let given: Vec<&str> = seen.template.split('/').collect();
    let enough = if open {
        given.len() > wanted.len()
    } else {
        given.len() == wanted.len()
    };
    let same =
        |(want, have): (&&str, &&str)| want == have || (want.starts_with('{') && !seen.declared);
    enough && wanted.iter().zip(&given).all(same)
}
