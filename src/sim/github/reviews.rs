//! Reviews and who is asked for one.

use serde_json::{Value, json};

use super::access::Need;
use super::state::{Pull, Review, role_of};
use super::wire::{Outcome, invalid, not_found, not_supplied, ok, page, reply, stamp};
use super::{Cx, Route, View, body, pulls, to};
use crate::seam::transport::Method;

pub fn route(method: Method, rest: &[&str]) -> Option<Route> {
    let ["pulls", number, kind] = rest else {
        return None;
    };
    let number: u64 = number.parse().ok()?;
    let read = Need::read("pull_requests");
    let write = Need::write("pull_requests");
    match (method, *kind) {
        (Method::Get, "reviews") => to(read, "pulls/reviews#list-reviews-for-a-pull-request", {
            move |cx| list(cx, number)
        }),
        (Method::Post, "reviews") => {
            to(write, "pulls/reviews#create-a-review-for-a-pull-request", {
                move |cx| create(cx, number)
            })
        }
        (Method::Get, "requested_reviewers") => to(
            read,
            "pulls/review-requests#get-all-requested-reviewers-for-a-pull-request",
            move |cx| requested(cx, number),
        ),
        (Method::Post, "requested_reviewers") => to(
            write,
            "pulls/review-requests#request-reviewers-for-a-pull-request",
            move |cx| request(cx, number),
        ),
        _ => None,
    }
}

fn review_body(cx: &Cx<'_>, view: &View, pull: &Pull, review: &Review) -> Value {
    let base = &cx.request.base;
    let url = format!(
        "{}/pulls/{}",
        body::repo_url(base, &view.scenario),
        pull.number
    );
    let page = format!("{}/pull/{}", body::html_url(&view.scenario), pull.number);
    let html = format!("{page}#pullrequestreview-{}", review.id);
    json!({
        "id": review.id,
        "node_id": body::node_id("PullRequestReview", review.id),
        "user": body::user(base, &view.scenario, &review.by),
        "body": review.body,
        "state": review.state,
        "html_url": html,
        "pull_request_url": url,
        "author_association": body::association(&view.scenario, &review.by),
        "_links": { "html": { "href": html }, "pull_request": { "href": url } },
        "submitted_at": stamp(review.at),
        "commit_id": review.commit,
    })
}

/// Oldest first, as the service promises.
fn list(cx: &mut Cx<'_>, number: u64) -> Outcome {
    let view = cx.list_view();
    let pull = view.repo.pulls.get(&number).ok_or_else(not_found)?;
    let reviews = pull.reviews.iter();
    let items = reviews
        .map(|review| review_body(cx, &view, pull, review))
        .collect();
    Ok(page(cx.request, items))
}

fn create(cx: &mut Cx<'_>, number: u64) -> Outcome {
    let event = cx.request.text("event").unwrap_or_default().to_owned();
    let text = cx.request.text("body").unwrap_or_default().to_owned();
    let pull = cx
        .hub
        .repo
        .pulls
        .get(&number)
        .cloned()
        .ok_or_else(not_found)?;
    let own = pull.by == cx.hand.login;
    let unprocessable = |message: &str| {
        let body = json!({ "message": "Unprocessable Entity", "errors": [message] });
        Err(Box::new(reply(422, body)))
    };
    let state = match event.as_str() {
        "APPROVE" if own => return unprocessable("Can not approve your own pull request"),
        "REQUEST_CHANGES" if own => {
            return unprocessable("Can not request changes on your own pull request");
        }
        "APPROVE" => "APPROVED",
        "REQUEST_CHANGES" => "CHANGES_REQUESTED",
        "COMMENT" if !text.is_empty() => "COMMENTED",
        "COMMENT" => return Err(not_supplied("body")),
        _ => return unprocessable("Variable $event of type PullRequestReviewEvent is invalid"),
    };
    let id = cx.hub.review(&mut cx.hand, number, state, &text);
    let view = cx.current();
    let pull = view.repo.pulls.get(&number).ok_or_else(not_found)?;
    let review = pull
        .reviews
        .iter()
        .find(|review| review.id == id)
        .ok_or_else(not_found)?;
    Ok(ok(review_body(cx, &view, pull, review)))
}

fn requested(cx: &mut Cx<'_>, number: u64) -> Outcome {
    let view = cx.view();
    let pull = view.repo.pulls.get(&number).ok_or_else(not_found)?;
    let user = |login: &String| body::user(&cx.request.base, &view.scenario, login);
    let users: Vec<Value> = pull.requested.iter().map(user).collect();
    Ok(ok(json!({ "users": users, "teams": [] })))
}

fn request(cx: &mut Cx<'_>, number: u64) -> Outcome {
    let pull = cx
        .hub
        .repo
        .pulls
        .get(&number)
        .cloned()
        .ok_or_else(not_found)?;
    let asked: Vec<String> = cx
        .request
        .field("reviewers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|login| login.as_str().map(str::to_owned))
        .collect();
    if asked.iter().any(|login| *login == pull.by) {
        return Err(invalid(json!([
            "Review cannot be requested from pull request author."
        ])));
    }
    if asked
        .iter()
        .any(|login| role_of(&cx.hub.scenario, login).is_none())
    {
        return Err(invalid(json!([
            "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the repository."
        ])));
    }
    let at = cx.hand.at;
    if asked.iter().any(|login| !pull.requested.contains(login)) {
        cx.hub.edit_pull(at, number, |pull| {
            for login in asked {
                if !pull.requested.contains(&login) {
                    pull.requested.push(login);
                }
            }
            pull.updated_at = at;
        });
    }
    cx.hub.expect_reviews(at);
    let view = cx.current();
    let look = view.look();
    let pull = look.repo.pulls.get(&number).ok_or_else(not_found)?;
    Ok(reply(201, pulls::simple(cx, &look, pull)))
}
