//! What the `cors` package does with the options that a server's code gives it.

use std::collections::BTreeMap;

use super::literal::{inside, member, parts, string, strings};

/// The middleware as the code sets it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    origin: Origin,
    /// As the headers have them; the request's own where none are set.
    methods: String,
    allowed_headers: Option<String>,
    exposed_headers: Option<String>,
    credentials: bool,
    max_age: Option<String>,
}

/// What `origin` is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// `*`, or nothing said.
    Any,
    /// One text, given to everybody.
    Fixed(String),
    /// Each origin is given back.
    Every,
    Off,
    List(Vec<String>),
    /// A list out of `CORS_ORIGIN`. Who is not in it gets an error, or only no header.
    Variable {
        trims: bool,
        falls_back: bool,
        throws: bool,
    },
}

/// What the middleware makes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// It goes on, and the answer has these headers.
    On(Vec<(&'static str, String)>),
    /// A preflight is answered: 204 with these headers.
    Preflight(Vec<(&'static str, String)>),
    /// An error goes to the error handler, with this text.
    Error(String),
}

/// How a request looks to the middleware.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub options: bool,
    pub origin: Option<&'a str>,
    /// `access-control-request-headers`.
    pub wanted_headers: Option<&'a str>,
}

const METHODS: &str = "GET,HEAD,PUT,PATCH,POST,DELETE";
const LOCAL: &str = "http://localhost:3000";

impl Cors {
    /// The middleware in a server's code; `None` where it is not used.
    pub fn read(code: &str) -> Option<Cors> {
        let at = code.find("use(cors(")? + "use(cors".len();
        let given = inside(&code[at..])?;
        let options = match parts(given).first() {
            None => "",
            Some(literal) if literal.starts_with('{') => inside(literal)?,
            Some(name) => declared(code, name)?,
        };
        let joined = |name: &str| {
            let value = member(options, name)?;
            Some(strings(value).join(",")).filter(|list| !list.is_empty())
        };
        Some(Cors {
            origin: origin(code, member(options, "origin")),
            methods: joined("methods").unwrap_or_else(|| METHODS.to_owned()),
            allowed_headers: joined("allowedHeaders"),
            exposed_headers: joined("exposedHeaders"),
            credentials: member(options, "credentials") == Some("true"),
            max_age: member(options, "maxAge").map(str::to_owned),
        })
    }

    /// Answers a request with these variables of the process.
    pub fn answer(&self, seen: Seen<'_>, variables: &BTreeMap<String, String>) -> Made {
        let (allowed, varies) = match self.allowed(seen.origin, variables) {
            Ok(allowed) => allowed,
            Err(message) => return Made::Error(message),
        };
        let mut headers: Vec<(&'static str, String)> = Vec::new();
        headers.extend(allowed.map(|origin| ("access-control-allow-origin", origin)));
        let mut vary = Vec::new();
        vary.extend(varies.then_some("Origin"));
        if self.credentials {
            headers.push(("access-control-allow-credentials", "true".to_owned()));
        }
        if seen.options {
            headers.push(("access-control-allow-methods", self.methods.clone()));
            match (&self.allowed_headers, seen.wanted_headers) {
                (Some(own), _) => headers.push(("access-control-allow-headers", own.clone())),
                (None, wanted) => {
                    vary.push("Access-Control-Request-Headers");
                    let wanted = wanted.map(str::to_owned);
                    headers.extend(wanted.map(|all| ("access-control-allow-headers", all)));
                }
            }
            let age = self.max_age.clone();
            headers.extend(age.map(|age| ("access-control-max-age", age)));
        }
        let exposed = self.exposed_headers.clone();
        headers.extend(exposed.map(|all| ("access-control-expose-headers", all)));
        if !vary.is_empty() {
            headers.push(("vary", vary.join(", ")));
        }
        match seen.options {
            true => Made::Preflight(headers),
            false => Made::On(headers),
        }
    }

    /// The origin that is allowed, and whether the answer varies with it; or the error that is thrown.
    fn allowed(
        &self,
        origin: Option<&str>,
        variables: &BTreeMap<String, String>,
    ) -> Result<(Option<String>, bool), String> {
        let given_back = |known: bool| (origin.filter(|_| known).map(str::to_owned), true);
        Ok(match &self.origin {
            Origin::Any => (Some("*".to_owned()), false),
            Origin::Fixed(one) => (Some(one.clone()), true),
            Origin::Every => given_back(true),
            Origin::Off => (None, false),
            Origin::List(list) => {
                given_back(origin.is_some_and(|own| list.iter().any(|one| one == own)))
            }
            Origin::Variable {
                trims,
                falls_back,
                throws,
            } => {
                let list = allowed_origins(variables, *trims, *falls_back);
                let Some(own) = origin else {
                    // Requests that no browser made pass.
                    return Ok((None, true));
                };
                let known = list.iter().any(|one| one == own);
                if !known && *throws {
                    return Err(format!(
                        "The CORS policy for this site does not allow access from the specified Origin: {own}"
                    ));
                }
                given_back(known)
            }
        })
    }
}

/// `CORS_ORIGIN` as the code takes it apart.
fn allowed_origins(
    variables: &BTreeMap<String, String>,
    trims: bool,
    falls_back: bool,
) -> Vec<String> {
    let set = variables.get("CORS_ORIGIN").filter(|text| !text.is_empty());
    let parts = set.map(|text| text.split(',').map(str::to_owned));
    let mut list: Vec<String> = parts.into_iter().flatten().collect();
    if trims {
        list = list.iter().map(|one| one.trim().to_owned()).collect();
        list.retain(|one| !one.is_empty());
    }
    let developing = node_env(variables) == "development";
    if list.is_empty() && falls_back && developing {
        list.push(LOCAL.to_owned());
    }
    list
}

/// `NODE_ENV` of a process: Render sets `production` where nothing is said.
pub fn node_env(variables: &BTreeMap<String, String>) -> &str {
    let set = variables.get("NODE_ENV").map(String::as_str);
    set.unwrap_or("production")
}

/// The inside of the object that a name is declared as.
fn declared<'t>(code: &'t str, name: &str) -> Option<&'t str> {
    let begin = format!("{} =", name.trim());
    let (_, rest) = code.split_once(&begin)?;
    let rest = rest.trim_start();
    rest.starts_with('{').then(|| inside(rest)).flatten()
}

fn origin(code: &str, value: Option<&str>) -> Origin {
    let Some(value) = value else {
        return Origin::Any;
    };
    match string(value) {
        Some("*") => return Origin::Any,
        Some(one) => return Origin::Fixed(one.to_owned()),
        None => {}
    }
    match value {
        "true" => return Origin::Every,
        "false" => return Origin::Off,
        _ => {}
    }
    let listed = strings(value);
    if !listed.is_empty() {
        return Origin::List(listed.into_iter().map(str::to_owned).collect());
    }
    if code.contains("process.env.CORS_ORIGIN") {
        return Origin::Variable {
            trims: code.contains(".trim()"),
            falls_back: code.contains("NODE_ENV === 'development'") && code.contains(LOCAL),
            throws: value.contains("new Error"),
        };
    }
    // A function that decides by origins which stand in the code.
    let texts = code.split(['\'', '"', '`']);
    let origins = texts.filter(|text| {
        let rest = text
            .strip_prefix("https://")
            .or(text.strip_prefix("http://"));
        rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', ' ']))
    });
    Origin::List(origins.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::product::{SERVER_DYNAMIC, SERVER_STATIC};

    fn asked<'a>(options: bool, origin: &'a str) -> Seen<'a> {
        Seen {
            options,
            origin: Some(origin).filter(|origin| !origin.is_empty()),
            wanted_headers: Some("x-a"),
        }
    }

    fn variables(list: &[(&str, &str)]) -> BTreeMap<String, String> {
        let own = list.iter();
        own.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_fixed_origin_is_given_to_everybody() {
        let cors = Cors::read(SERVER_STATIC).unwrap();
        let Made::On(headers) = cors.answer(asked(false, "https://a.example"), &variables(&[]))
        else {
            panic!("it never blocks");
        };
        assert_eq!(
            headers,
            [
                ("access-control-allow-origin", LOCAL.to_owned()),
                ("access-control-allow-credentials", "true".to_owned()),
                ("vary", "Origin".to_owned()),
            ]
        );
    }

    #[test]
    fn the_list_lets_its_origins_in_and_no_others() {
        let cors = Cors::read(SERVER_DYNAMIC).unwrap();
        let set = variables(&[("CORS_ORIGIN", "https://a.example, https://b.example")]);
        let Made::Preflight(headers) = cors.answer(asked(true, "https://b.example"), &set) else {
            panic!("a preflight is answered at once");
        };
        assert_eq!(
            headers,
            [
                ("access-control-allow-origin", "https://b.example"),
                ("access-control-allow-credentials", "true"),
                (
                    "access-control-allow-methods",
                    "GET,POST,PUT,PATCH,DELETE,OPTIONS"
                ),
                ("access-control-allow-headers", "Content-Type,Authorization"),
                ("access-control-max-age", "86400"),
                ("access-control-expose-headers", "Content-Disposition"),
                ("vary", "Origin"),
            ]
            .map(|(name, value)| (name, value.to_owned()))
        );
        let foreign = cors.answer(asked(true, "https://c.example"), &set);
        assert!(matches!(foreign, Made::Error(text) if text.ends_with("https://c.example")));
        assert!(matches!(cors.answer(asked(false, ""), &set), Made::On(_)));
        // Without the variable only a developer's own machine is let in, and only in development.
        let local = |set: &[(&str, &str)]| cors.answer(asked(false, LOCAL), &variables(set));
        assert!(matches!(local(&[]), Made::Error(_)));
        assert!(matches!(local(&[("NODE_ENV", "development")]), Made::On(_)));
    }

    #[test]
    fn a_list_that_is_not_trimmed_misses_what_stands_behind_a_space() {
        let code = SERVER_DYNAMIC.replace(".map((origin) => origin.trim())", "");
        let cors = Cors::read(&code.replace(".filter(Boolean)", "")).unwrap();
        let set = variables(&[("CORS_ORIGIN", "https://a.example, https://b.example")]);
        let second = cors.answer(asked(false, "https://b.example"), &set);
        assert!(matches!(second, Made::Error(_)));
    }

    #[test]
    fn other_ways_to_set_it_up_are_understood() {
        let with = |use_: &str| Cors::read(&format!("const app = express();\napp.{use_};\n"));
        let origin = |use_: &str| with(use_).unwrap().origin;
        assert_eq!(origin("use(cors())"), Origin::Any);
        assert_eq!(origin("use(cors({ origin: '*' }))"), Origin::Any);
        assert_eq!(origin("use(cors({ origin: true }))"), Origin::Every);
        assert_eq!(origin("use(cors({ origin: false }))"), Origin::Off);
        let two = [
            "https://a.example".to_owned(),
            "https://b.example".to_owned(),
        ];
        let list = "use(cors({ origin: ['https://a.example', \"https://b.example\"] }))";
        assert_eq!(origin(list), Origin::List(two.into()));
        let decides = "use(cors({ origin: (o, cb) => cb(null, o === 'https://a.example') }))";
        assert_eq!(
            origin(decides),
            Origin::List(vec!["https://a.example".to_owned()])
        );
        assert_eq!(with("use(helmet())"), None);
    }
}
