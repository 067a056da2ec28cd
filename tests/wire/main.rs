//! What is known after a call that went wrong, over real sockets: nothing is applied twice, and nothing unclear is called clear.

mod road;
mod server;

use golive::provider::http::{CallError, Class};
use golive::seam::transport::Method;
use jiff::SignedDuration;
use road::{Road, START, TOKEN};
use server::{Act, Server, fine, reply};

const HTML: &str = "<html><title>502 of a proxy that calls it 200</title></html>";

/// Everything that can go wrong after the provider has done what was asked.
fn lost_replies() -> Vec<(&'static str, Act)> {
    let head = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n";
    let truncated = format!("{head}content-length: 400\r\n\r\n{{\"id\":7,");
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n5\r\n{{\"id\"\r\n40\r\n:7,");
    let slow = format!("{head}content-length: 400\r\n\r\n{:400}", "{");
    vec![
        ("closed without a reply", Act::SayAndClose(vec![])),
        ("reset without a reply", Act::SayAndReset(vec![])),
        (
            "closed within the headers",
            Act::SayAndClose(head.as_bytes().to_vec()),
        ),
        ("no reply in time", Act::Silence),
        ("truncated body", Act::SayAndClose(truncated.into())),
        (
            "closed within a chunk",
            Act::SayAndClose(chunked.clone().into()),
        ),
        ("reset within a chunk", Act::SayAndReset(chunked.into())),
        ("a reply too slow to end", Act::Drip(slow.into())),
        (
            "HTML in place of JSON",
            reply("200 OK", &[("content-type", "text/html")], HTML),
        ),
        ("empty 201", reply("201 Created", &[], "")),
        (
            "204 where an object was due",
            Act::Say(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        ),
        (
            "not HTTP at all",
            Act::SayAndClose(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
        ),
        (
            "503 after the effect",
            reply("503 Service Unavailable", &[], "busy"),
        ),
        ("500 after the effect", reply("500 Oops", &[], "")),
        ("502 of a proxy", reply("502 Bad Gateway", &[], HTML)),
    ]
}

fn body_of_100_mib() -> Vec<(&'static str, Act)> {
    let head = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n";
    vec![
        (
            "100 MiB announced",
            Act::Flood(format!("{head}content-length: 104857600\r\n\r\n").into()),
        ),
        (
            "100 MiB in chunks",
            Act::Flood(format!("{head}transfer-encoding: chunked\r\n\r\n").into()),
        ),
    ]
}

#[tokio::test]
async fn a_create_whose_reply_is_lost_happened_once_and_is_called_unclear() {
    for (fault, act) in lost_replies().into_iter().chain(body_of_100_mib()) {
        // The first call makes it a kept-alive connection, the kind that libraries like to repeat on.
        let server = Server::start([fine(), act]).await;
        let road = Road::to(&server.url());
        road.look().await.unwrap();
        let outcome = road.create().await;
        assert!(
            matches!(outcome, Err(CallError::Ambiguous { .. })),
            "{fault}: {outcome:?}"
        );
        assert_eq!(server.count("POST"), 1, "{fault}");
        assert_eq!(road.backed_off(), 0, "{fault}");
    }
}

#[tokio::test]
async fn what_may_happen_twice_is_repeated_until_there_is_an_answer() {
    for (fault, act) in lost_replies() {
        let server = Server::start([act.clone(), fine(), act]).await;
        let road = Road::to(&server.url());
        let made = road
            .put()
            .await
            .unwrap_or_else(|error| panic!("{fault}: {error:?}"));
        assert_eq!(made["id"], 7);
        assert_eq!(server.count("POST"), 2, "{fault}");
        road.look()
            .await
            .unwrap_or_else(|error| panic!("{fault}: {error:?}"));
        assert_eq!(server.count("GET"), 2, "{fault}");
        assert_eq!(road.clock.sleeps(), [1, 1], "{fault}");
        assert_eq!(road.backed_off(), 2, "{fault}");
    }
}

#[tokio::test]
async fn a_reply_without_end_is_cut_off_and_not_asked_for_again() {
    for (fault, act) in body_of_100_mib() {
        let server = Server::start([act.clone(), act]).await;
        let road = Road::to(&server.url());
        let looked = road.look().await.unwrap_err();
        assert!(
            matches!(looked, CallError::Unreachable { .. }),
            "{fault}: {looked:?}"
        );
        assert!(
            matches!(road.put().await, Err(CallError::Ambiguous { .. })),
            "{fault}"
        );
        assert_eq!(server.received().len(), 2, "{fault}");
    }
}

#[tokio::test]
async fn attempts_are_bounded() {
    let server = Server::start(vec![Act::SayAndClose(vec![]); 20]).await;
    let road = Road::to(&server.url());
    assert!(matches!(
        road.look().await,
        Err(CallError::Unreachable { .. })
    ));
    assert_eq!(server.count("GET"), 6);
    assert_eq!(road.clock.sleeps(), [1, 2, 4, 8, 16]);
    assert!(matches!(road.put().await, Err(CallError::Ambiguous { .. })));
    assert_eq!(server.count("POST"), 6);
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent_and_a_create_may_be_tried_again() {
    let port = {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        gone.local_addr().unwrap().port()
    };
    let road = Road::to(&format!("http://127.0.0.1:{port}"));
    let refused = road.create().await.unwrap_err();
    assert!(
        matches!(refused, CallError::Unreachable { .. }),
        "{refused:?}"
    );
    assert!(refused.cause().contains("refused"), "{}", refused.cause());
    assert_eq!(road.backed_off(), 5);
}

#[tokio::test]
async fn tls_to_a_server_without_it_sends_nothing() {
    let server = Server::start([]).await;
    let road = Road::to(&format!("https://127.0.0.1:{}", server.port));
    let refused = road.create().await.unwrap_err();
    assert!(
        matches!(refused, CallError::Unreachable { .. }),
        "{refused:?}"
    );
    assert!(
        refused.cause().starts_with("could not connect"),
        "{}",
        refused.cause()
    );
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn names_below_localhost_are_this_machine_without_a_look_up() {
    let server = Server::start([]).await;
    let road = Road::to(&format!("http://api.golive-test.localhost:{}", server.port));
    assert_eq!(road.create().await.unwrap()["id"], 7);
    let token = format!("Bearer {TOKEN}");
    assert_eq!(server.received()[0].authorization, Some(token));
}

/// A reply that asks for patience, then success; the waits it led to.
async fn waited(status: &str, headers: &[(&str, &str)], body: &str) -> Vec<u64> {
    let server = Server::start([reply(status, headers, body)]).await;
    let road = Road::to(&server.url());
    // A limit is a refusal: it surely did not happen, so even a create is tried again.
    road.create().await.unwrap();
    assert_eq!(server.count("POST"), 2);
    assert_eq!(road.backed_off(), 1);
    road.clock.sleeps()
}

#[tokio::test]
async fn limits_are_waited_for_as_the_provider_says() {
    const LIMIT: &str = "429 Too Many Requests";
    const SECONDARY: &str = r#"{"message":"You have exceeded a secondary rate limit."}"#;
    assert_eq!(waited(LIMIT, &[("retry-after", "30")], "").await, [30]);
    assert_eq!(waited(LIMIT, &[("retry-after", "0")], "").await, [1]);
    let date = ("retry-after", "Thu, 01 Jan 1970 00:02:00 GMT");
    assert_eq!(waited(LIMIT, &[date], "").await, [120]);
    let their_now = ("date", "Thu, 01 Jan 1970 00:01:30 GMT");
    assert_eq!(waited(LIMIT, &[date, their_now], "").await, [30]);
    assert_eq!(waited(LIMIT, &[("retry-after", "soon")], "").await, [60]);
    assert_eq!(waited(LIMIT, &[], "").await, [60]);
    let hinted = waited("403 Forbidden", &[("retry-after", "60")], SECONDARY).await;
    assert_eq!(hinted, [60]);
    assert_eq!(waited("403 Forbidden", &[], SECONDARY).await, [60]);
}

#[tokio::test]
async fn a_limit_of_a_day_is_handed_to_the_item() {
    let day = reply("429 Too Many Requests", &[("retry-after", "86400")], "");
    let server = Server::start([day]).await;
    let road = Road::to(&server.url());
    match road.create().await {
        Err(CallError::Limited { until, call }) => {
            assert_eq!(until, START + SignedDuration::from_hours(24));
            assert_eq!(call.status, Some(429));
        }
        other => panic!("{other:?}"),
    }
    assert!(road.clock.sleeps().is_empty());
    assert_eq!(server.count("POST"), 1);
}

#[tokio::test]
async fn a_limit_without_end_is_bounded_in_attempts_and_time() {
    let limit = reply("429 Too Many Requests", &[("retry-after", "170")], "");
    let server = Server::start(vec![limit; 20]).await;
    let road = Road::to(&server.url());
    assert!(matches!(
        road.create().await,
        Err(CallError::Limited { .. })
    ));
    assert_eq!(road.clock.sleeps(), [170; 5]);
    assert_eq!(server.count("POST"), 6);
}

#[tokio::test]
async fn a_busy_provider_says_when_to_come_again() {
    let busy = reply("503 Service Unavailable", &[("retry-after", "45")], "");
    let server = Server::start([busy]).await;
    let road = Road::to(&server.url());
    road.look().await.unwrap();
    assert_eq!(road.clock.sleeps(), [45]);
}

#[tokio::test]
async fn a_refusal_is_final_and_in_the_providers_words() {
    for status in [
        "400 Bad",
        "401 No",
        "403 Forbidden",
        "404 Not Found",
        "409 Conflict",
        "422 Unprocessable",
    ] {
        let server =
            Server::start([reply(status, &[], "Reference \u{1b}[31malready exists")]).await;
        let road = Road::to(&server.url());
        let refused = road.put().await.unwrap_err();
        assert!(refused.refusal().is_some(), "{status}: {refused:?}");
        assert!(
            refused.cause().ends_with("Reference already exists"),
            "{}",
            refused.cause()
        );
        assert_eq!(server.count("POST"), 1, "{status}");
    }
}

fn moved(status: &str, location: &str) -> Act {
    reply(status, &[("location", location)], "")
}

#[tokio::test]
async fn a_look_follows_three_redirects_on_the_same_server() {
    let server = Server::start([
        moved("301 Moved", "/two?page=9"),
        moved("302 Found", "three"),
        moved("307 Again", "/four"),
    ])
    .await;
    let road = Road::to(&server.url());
    road.look().await.unwrap();
    let paths: Vec<String> = server.received().into_iter().map(|one| one.path).collect();
    assert_eq!(paths, ["/refs?page=2", "/two?page=9", "/three", "/four"]);

    let server = Server::start(vec![moved("308 Moved", "/refs"); 9]).await;
    let lost = Road::to(&server.url()).look().await.unwrap_err();
    assert!(matches!(lost, CallError::Unreachable { .. }), "{lost:?}");
    assert_eq!(server.received().len(), 4);
}

#[tokio::test]
async fn a_redirect_to_another_server_is_told_and_not_followed() {
    let other = Server::start([]).await;
    let elsewhere = format!("http://127.0.0.1:{}/refs?key=hunter2", other.port);
    let named = format!("http://localhost:{}/refs", other.port);
    let server = Server::start([]).await;
    let secure = format!("https://127.0.0.1:{}/refs", server.port);
    for location in [
        elsewhere.as_str(),
        &named,
        &secure,
        "//127.0.0.2/x",
        "http://[broken",
        "",
    ] {
        let server = Server::start([moved("302 Found", location)]).await;
        let road = Road::to(&server.url());
        let error = road.look().await.unwrap_err();
        assert!(
            matches!(error, CallError::Moved { .. }),
            "{location}: {error:?}"
        );
        assert!(!error.cause().contains("hunter2"), "{}", error.cause());
        assert_eq!(server.received().len(), 1);
    }
    assert!(
        other.received().is_empty(),
        "the token went to another server"
    );
}

#[tokio::test]
async fn a_redirect_out_of_the_providers_own_paths_is_not_followed() {
    for location in ["/api/v30/refs", "/other", "/api/v3"] {
        let server = Server::start([moved("302 Found", location)]).await;
        let road = Road::to(&format!("{}/api/v3/", server.url()));
        let error = road.look().await.unwrap_err();
        assert!(
            matches!(error, CallError::Moved { .. }),
            "{location}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_redirected_write_is_never_repeated() {
    for status in ["301 Moved", "302 Found", "307 Again", "308 Moved"] {
        let server = Server::start(vec![moved(status, "/elsewhere"); 9]).await;
        let road = Road::to(&server.url());
        let changed = road.call(Class::Natural, Method::Patch, "/refs").await;
        for outcome in [road.create().await, changed] {
            let error = outcome.unwrap_err();
            assert!(
                matches!(error, CallError::Moved { .. }),
                "{status}: {error:?}"
            );
            assert!(error.cause().ends_with("/elsewhere"), "{}", error.cause());
        }
        assert_eq!(server.received().len(), 2, "{status}");
    }
    // "See other" speaks of something done.
    let server = Server::start([moved("303 See Other", "/result")]).await;
    let error = Road::to(&server.url()).create().await.unwrap_err();
    assert!(matches!(error, CallError::Ambiguous { .. }), "{error:?}");
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn neither_token_nor_a_value_of_a_reply_is_told() {
    #[derive(Debug, serde::Deserialize)]
    struct Numbered {
        #[serde(rename = "id")]
        _id: u64,
    }
    const CANARY: &str = r#"{"id":"canary-in-a-reply"}"#;
    // The parser's own words would carry the value to a screen.
    let parsed = serde_json::from_str::<Numbered>(CANARY);
    assert!(parsed.unwrap_err().to_string().contains("canary"));
    let server = Server::start(vec![reply("200 OK", &[], CANARY); 6]).await;
    let road = Road::to(&server.url());
    let error = road.call::<Numbered>(Class::Read, Method::Get, "/refs");
    let error = error.await.unwrap_err();
    assert!(
        error.cause().contains("shape at line 1"),
        "{}",
        error.cause()
    );
    assert!(!format!("{error:?} {}", road.told()).contains("canary"));

    for (fault, act) in lost_replies() {
        let server = Server::start([act.clone(), act]).await;
        let road = Road::to(&server.url());
        let mut told = format!("{:?}", road.create().await);
        told.push_str(&format!("{:?}", road.look().await));
        told.push_str(&road.told());
        assert!(!told.contains("golive-sim"), "{fault}: {told}");
    }
}

/// The planted bug shows that the count above can fail.
#[cfg(feature = "sabotage")]
#[tokio::test]
async fn a_client_that_repeats_on_a_lost_reply_is_seen() {
    use golive::sabotage::{Bug, plant};
    let server = Server::start([Act::SayAndClose(vec![]), Act::SayAndReset(vec![])]).await;
    let road = Road::to(&server.url());
    plant(Some(Bug::RepeatOnTimeout));
    let outcome = road.create().await;
    plant(None);
    assert!(outcome.is_ok());
    assert_eq!(server.count("POST"), 3);
}
