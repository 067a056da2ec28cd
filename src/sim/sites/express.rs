//! A server's code as far as visitors notice it: its routes, its CORS options, how it handles errors.

use super::cors::Cors;
use super::literal::{inside, parts, strings};

/// An Express application.
#[derive(Clone, Debug)]
pub struct App {
    pub cors: Option<Cors>,
    routes: Vec<Route>,
    /// What its error handler answers with, by status 500; none where it leaves that to Express.
    pub on_error: Option<String>,
    /// What it answers with where it has no route; none where it leaves that to Express.
    pub on_missing: Option<String>,
    /// `helmet` sets its headers.
    pub helmet: bool,
}

#[derive(Clone, Debug)]
struct Route {
    /// In capitals.
    method: String,
    paths: Vec<String>,
    /// It tells how the server is.
    health: bool,
}

/// What an application does with a request that its middleware let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    Health,
    /// Gives what its database has.
    Gives,
    /// Needs what the request does not bring.
    Fails,
    NotFound,
}

impl App {
    pub fn read(code: &str) -> App {
        App {
            cors: Cors::read(code),
            routes: routes(code),
            on_error: on_error(code),
            on_missing: on_missing(code),
            helmet: code.contains("use(helmet("),
        }
    }

    pub fn does(&self, method: &str, path: &str) -> Does {
        let mut routes = self.routes.iter();
        let found = routes.find(|route| {
            route.method == method && route.paths.iter().any(|known| matches(known, path))
        });
        match found {
            None => Does::NotFound,
            Some(route) if route.health => Does::Health,
            Some(route) if route.method == "GET" => Does::Gives,
            Some(_) => Does::Fails,
        }
    }
}

/// Whether a path is one that a route names; `:id` stands for any one segment.
fn matches(known: &str, path: &str) -> bool {
    let known = known.trim_end_matches('/').split('/');
    let mut asked = path.trim_end_matches('/').split('/');
    let same = known.into_iter().all(|one| {
        let other = asked.next();
        match one.starts_with(':') {
            true => other.is_some_and(|other| !other.is_empty()),
            false => other.is_some_and(|other| one.eq_ignore_ascii_case(other)),
        }
    });
    same && asked.next().is_none()
}

fn routes(code: &str) -> Vec<Route> {
    let calls = code.match_indices("app.").filter_map(|(at, begin)| {
        let rest = &code[at + begin.len()..];
        let (method, _) = rest.split_once('(')?;
        if !["get", "post", "put", "patch", "delete"].contains(&method) {
            return None;
        }
        let given = inside(&rest[method.len()..])?;
        let parts = parts(given);
        let (paths, handlers) = parts.split_first()?;
        let paths: Vec<String> = strings(paths).into_iter().map(str::to_owned).collect();
        if paths.is_empty() || handlers.is_empty() {
            // `app.get('port')` reads a setting.
            return None;
        }
        let says = |handler: &&str| handler.contains("status: 'ok'");
        Some(Route {
            method: method.to_uppercase(),
            paths,
            health: handlers.iter().any(says),
        })
    });
    calls.collect()
}

/// The text that a handler with four parameters answers with.
fn on_error(code: &str) -> Option<String> {
    let four = ["(error, req, res, next)", "(err, req, res, next)"];
    let at = four.iter().find_map(|begin| code.find(begin))?;
    let (_, rest) = code[at..].split_once("message: ")?;
    super::literal::string(rest).map(str::to_owned)
}

/// The text that a last handler answers with where no other one did.
fn on_missing(code: &str) -> Option<String> {
    let (_, rest) = code.split_once("res.status(404)")?;
    let (_, rest) = rest.split_once("message: ")?;
    super::literal::string(rest).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::product::SERVER_DYNAMIC;

    #[test]
    fn routes_and_the_error_handler_are_found_in_the_code() {
        let app = App::read(SERVER_DYNAMIC);
        assert_eq!(app.does("GET", "/health"), Does::Health);
        assert_eq!(app.does("GET", "/api/health/"), Does::Health);
        assert_eq!(app.does("GET", "/api/coaches/7/reviews"), Does::Gives);
        assert_eq!(app.does("POST", "/api/bookings"), Does::Fails);
        assert_eq!(app.does("GET", "/api/bookings"), Does::NotFound);
        assert_eq!(app.does("GET", "/"), Does::NotFound);
        assert_eq!(app.on_error.as_deref(), Some("Something went wrong"));
        assert_eq!(app.on_missing.as_deref(), Some("Not found"));
        assert!(app.helmet && app.cors.is_some());
    }

    #[test]
    fn code_that_is_no_server_has_nothing() {
        let app = App::read("app.get('port'); app.get( ; app.post('/x'");
        assert_eq!(app.does("GET", "port"), Does::NotFound);
        assert!(app.cors.is_none() && app.on_error.is_none());
    }
}
