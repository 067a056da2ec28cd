//! Lists of several pages: gone on with as Vercel says, and never shorter than they are.

use std::sync::Mutex;

use futures::future::BoxFuture;
use golive::clock::Jumping;
use golive::provider::http::{CallError, Http, Pacer};
use golive::provider::vercel::{Client, Manners};
use golive::seam::transport::{HttpRequest, HttpResponse, Transport, TransportError};
use golive::secret::Secret;
use serde_json::{Value, json};

/// Answers each path with a page and what its `pagination.next` says.
struct Pages {
    next: fn(usize) -> Value,
    asked: Mutex<Vec<String>>,
}

impl Transport for Pages {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let path = request.url.trim_start_matches("https://api.example");
        let mut asked = self.asked.lock().unwrap();
        asked.push(path.to_string());
        let team = json!({"id": format!("team_{}", asked.len()), "slug": "x"});
        let body = json!({
            "teams": [team], "pagination": {"count": 1, "next": (self.next)(asked.len()), "prev": null}
        });
        let response = HttpResponse {
            status: 200,
            headers: vec![],
            body: body.to_string().into_bytes(),
        };
        Box::pin(std::future::ready(Ok(response)))
    }
}

fn teams(next: fn(usize) -> Value) -> (Result<usize, CallError>, Vec<String>) {
    let pages = Pages {
        next,
        asked: Mutex::default(),
    };
    let answer = Jumping::runtime().unwrap().block_on(async {
        let clock = Jumping::new("2026-11-24T09:00:00Z".parse().unwrap());
        let (manners, pacer) = (Manners::new(Secret::new("x")), Pacer::default());
        let http = Http::new(
            "https://api.example",
            &manners,
            &pages,
            &clock,
            &|_| {},
            &pacer,
        );
        let teams = Client::new(http, None).teams().await;
        teams.map(|list| list.len())
    });
    (answer, pages.asked.into_inner().unwrap())
}

#[test]
fn the_next_page_is_asked_for_as_it_is_named() {
    let (answer, asked) = teams(|n| match n {
        1 => json!(1_584_722_256_178_i64),
        2 => json!("after/b&c"),
        _ => Value::Null,
    });
    assert_eq!(answer.unwrap(), 3);
    assert_eq!(asked[1], "/v2/teams?limit=100&until=1584722256178");
    // A word cannot lead out of the list.
    assert_eq!(asked[2], "/v2/teams?limit=100&until=after%2Fb%26c");
}

#[test]
fn pages_that_never_end_or_cannot_be_read_are_an_error_and_not_a_list() {
    let cause = |next| teams(next).0.unwrap_err().cause();
    assert_eq!(cause(|_| json!(7)), "its pages go round in a circle");
    assert_eq!(cause(|n| json!(n)), "more than 50 pages");
    for next in [|_| json!({"href": "x"}), |_| json!(""), |_| json!(true)] {
        assert_eq!(cause(next), "its next page cannot be read");
    }
}
