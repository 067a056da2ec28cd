//! Lists of several pages: followed as given, and never shorter than they are.

use std::sync::Mutex;

use futures::future::BoxFuture;
use golive::clock::Jumping;
use golive::provider::github::{Client, Manners};
use golive::provider::http::{CallError, Http, Pacer};
use golive::seam::transport::{HttpRequest, HttpResponse, Transport, TransportError};
use golive::secret::Secret;

/// Answers each path with a page and the address of the next.
struct Pages {
    next: fn(&str) -> Option<String>,
    asked: Mutex<Vec<String>>,
}

impl Transport for Pages {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let path = request
            .url
            .trim_start_matches("https://api.example")
            .to_string();
        let link = (self.next)(&path).map(|next| format!("<{next}>; rel=\"next\""));
        self.asked.lock().unwrap().push(path);
        let response = HttpResponse {
            status: 200,
            headers: link
                .map(|link| ("link".to_string(), link))
                .into_iter()
                .collect(),
            body: br#"[{"id": 1, "name": "one"}]"#.to_vec(),
        };
        Box::pin(std::future::ready(Ok(response)))
    }
}

fn rulesets(next: fn(&str) -> Option<String>) -> (Result<usize, CallError>, Vec<String>) {
    let pages = Pages {
        next,
        asked: Mutex::default(),
    };
    let answer = Jumping::runtime().unwrap().block_on(async {
        let clock = Jumping::new("2026-11-24T09:00:00Z".parse().unwrap());
        let (manners, pacer) = (Manners::new(Secret::new("ghp_x")), Pacer::default());
        let http = Http::new(
            "https://api.example",
            &manners,
            &pages,
            &clock,
            &|_| {},
            &pacer,
        );
        let client = Client::new(http, "acme", "shop");
        client.rulesets().await.map(|list| list.len())
    });
    (answer, pages.asked.into_inner().unwrap())
}

fn cause(answer: Result<usize, CallError>) -> String {
    answer.unwrap_err().cause()
}

#[test]
fn the_next_page_is_asked_for_as_given() {
    let (answer, asked) = rulesets(|path| match path {
        "/repositories/7/rulesets?after=b%2Fc&per_page=100" => None,
        _ => Some("https://api.example/repositories/7/rulesets?after=b%2Fc&per_page=100".into()),
    });
    assert_eq!(answer.unwrap(), 2);
    assert_eq!(
        asked[1],
        "/repositories/7/rulesets?after=b%2Fc&per_page=100"
    );
}

#[test]
fn pages_that_never_end_are_an_error_and_not_a_list() {
    let (circle, _) = rulesets(|_| Some("https://api.example/x".into()));
    assert_eq!(cause(circle), "its pages go round in a circle");
    let (endless, asked) = rulesets(|path| Some(format!("https://api.example{path}1")));
    assert_eq!(cause(endless), "more than 50 pages");
    assert_eq!(asked.len(), 50);
}

#[test]
fn the_token_goes_to_no_other_server() {
    let (elsewhere, asked) = rulesets(|_| Some("https://evil.example/x".into()));
    assert_eq!(cause(elsewhere), "its next page is elsewhere");
    assert_eq!(asked.len(), 1);
}
