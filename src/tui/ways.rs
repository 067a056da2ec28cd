//! The numbered ways on from a failure or a question. The same list is drawn and done.

use super::model::{FormKind, Open, UiState, can_act};
use crate::event::Failure;
use crate::journal::state::Standing;
use crate::plan::{Blocker, Choice, ItemId, Provider};
use crate::secret::SecretName;
use crate::tokens;
use crate::view::{ItemOutline, Shown, View};

/// One way on. What is not possible keeps its number and says why.
#[derive(Clone, Debug)]
pub struct Way {
    pub text: String,
    pub then: String,
    pub act: Result<Do, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Do {
    Retry,
    ByHand,
    Back,
    Undo,
    Form(FormKind),
    Quit,
    Choose {
        key: String,
        word: String,
    },
    GiveSecret {
        slot: String,
    },
    /// A finding, by its name.
    Accept(String),
    Open(String),
}

impl Way {
    fn new(text: impl Into<String>, then: impl Into<String>, act: Do) -> Way {
        Way {
            text: text.into(),
            then: then.into(),
            act: Ok(act),
        }
    }

    fn unless(mut self, reason: Option<String>) -> Way {
        if let Some(reason) = reason {
            self.act = Err(reason);
        }
        self
    }
}

/// The ways on of the item that is open; none where nothing is asked.
pub fn open(ui: &UiState, view: &View) -> Vec<Way> {
    match ui.open.last() {
        Some(Open::Item { id, .. }) => of(view, id),
        _ => Vec::new(),
    }
}

pub fn of(view: &View, id: &ItemId) -> Vec<Way> {
    let Some(item) = view.outline.item(id) else {
        return Vec::new();
    };
    let state = view.item_state(id);
    let ways = match (state.map(|state| &state.standing), view.shown(item)) {
        (_, Shown::Unknown) => unknown(),
        (Some(Standing::Failed(failure)), Shown::Failed) => failed(view, item, failure),
        (Some(Standing::Blocked(blocker)), Shown::YourTurn | Shown::Waiting) => {
            asked(view, item, blocker)
        }
        (Some(Standing::Settled(_)), shown) if shown.is_settled() => found(view, id),
        (Some(Standing::Drifted { .. }), Shown::Drifted) => vec![Way::new(
            "Look again and plan",
            "the plan shows what would be put back; nothing changes before you approve",
            Do::Retry,
        )],
        _ => Vec::new(),
    };
    ways.into_iter()
        .map(|way| {
            let changes = !matches!(way.act, Ok(Do::Back | Do::Open(_) | Do::Quit));
            let forbidden = (changes && !can_act(view))
                .then(|| "this screen cannot change anything".to_string());
            way.unless(forbidden)
        })
        .collect()
}

/// Each finding that nobody has accepted may be lived with.
fn found(view: &View, id: &ItemId) -> Vec<Way> {
    let found = view.findings(id).into_iter();
    let open = found.filter(|found| found.accepted.is_none());
    open.map(|found| {
        Way::new(
            format!("Live with {}", found.finding.code),
            "asks for your name and a reason",
            Do::Accept(found.name),
        )
    })
    .collect()
}

fn unknown() -> Vec<Way> {
    vec![
        Way::new(
            "Look again",
            "golive reads what is true, and repeats nothing blindly",
            Do::Retry,
        ),
        Way::new("Leave it for later", "it stays unknown", Do::Back),
    ]
}

fn failed(view: &View, item: &ItemOutline, failure: &Failure) -> Vec<Way> {
    let retry = if failure.retryable {
        "looks first; a change is asked for again"
    } else {
        "looks first; unchanged, it likely fails"
    };
    let after = needed_by(view, &item.id);
    let stays = match after.len() {
        0 => "stays failed; nothing else needs it".to_string(),
        1 => "stays failed; 1 item waits for it".to_string(),
        n => format!("stays failed; {n} items wait for it"),
    };
    vec![
        Way::new("Try again", retry, Do::Retry),
        Way::new(
            "I did it by hand",
            "golive looks whether it is as planned",
            Do::Retry,
        ),
        Way::new("Leave it for later", stays, Do::Back),
        Way::new(
            "Undo what golive made here",
            "shows a plan first, to be approved",
            Do::Undo,
        )
        .unless(made_nothing(view, &item.id)),
        skip(item, &after),
        Way::new(
            "Save and quit",
            "the next start looks at everything again",
            Do::Quit,
        ),
    ]
}

/// An optional item is skipped, a required one waived. What needs it then goes on, so that is said.
fn skip(item: &ItemOutline, after: &[ItemId]) -> Way {
    let (text, kind) = if item.required {
        ("Waive it", FormKind::Waive)
    } else {
        ("Skip it", FormKind::Skip)
    };
    let then = match after {
        [] => "asks for your name and a reason".to_string(),
        [one] => format!("asks for a reason; {one} then goes on"),
        [first, rest @ ..] => format!("asks for a reason; {first} and {} more go on", rest.len()),
    };
    Way::new(text, then, Do::Form(kind))
}

fn made_nothing(view: &View, id: &ItemId) -> Option<String> {
    let made = view
        .item_state(id)
        .is_some_and(|state| !state.made.is_empty());
    (!made).then(|| "golive made nothing here".to_string())
}

/// The items that need this one, directly or through others.
pub fn needed_by(view: &View, id: &ItemId) -> Vec<ItemId> {
    let mut found: Vec<ItemId> = vec![id.clone()];
    loop {
        let next = view.outline.items().find(|item| {
            !found.contains(&item.id) && item.needs.iter().any(|need| found.contains(need))
        });
        match next {
            Some(item) => found.push(item.id.clone()),
            None => break,
        }
    }
    found.split_off(1)
}

fn open_page(url: &Option<String>) -> Way {
    let reason = url.is_none().then(|| "there is no page for it".to_string());
    let url = url.clone().unwrap_or_default();
    Way::new("Open the page", url.clone(), Do::Open(url)).unless(reason)
}

fn other_token(view: &View, item: &ItemOutline, text: &str) -> Way {
    let Some(provider) = item.provider else {
        return Way::new(text, "", Do::Back).unless(Some("no token is in use here".into()));
    };
    let slot = token_slot(view, provider).into();
    let then = "asks for it on the next screen";
    Way::new(text, then, Do::GiveSecret { slot })
}

fn asked(view: &View, item: &ItemOutline, blocker: &Blocker) -> Vec<Way> {
    let again = |text: &str, then: &str| Way::new(text, then, Do::Retry);
    let page = open_page;
    let token = |text: &str| other_token(view, item, text);
    let later = Way::new("Leave it for later", "the rest goes on", Do::Back);
    match blocker {
        Blocker::ByHand { url, paste, .. } => {
            let rehearsed = Way::new(
                "Let the rehearsal's operator do it",
                "as the card shows; golive then looks whether it is so",
                Do::ByHand,
            );
            let rehearsed = (view.outline.rehearsal && !paste.is_empty()).then_some(rehearsed);
            let own = [
                again("I did it", "golive looks whether it is so"),
                page(url),
                later,
                skip(item, &needed_by(view, &item.id)),
            ];
            rehearsed.into_iter().chain(own).collect()
        }
        Blocker::Review { url, .. } => vec![
            again("Look now", "golive looks by itself from time to time"),
            page(&Some(url.clone())),
            later,
        ],
        Blocker::Forbidden { url, .. } => vec![
            again("I gave the token that permission", "golive looks again"),
            token("Give another token"),
            page(url),
            later,
        ],
        Blocker::OtherAccount { .. } => vec![
            token("Give a token of the right account"),
            again("Look again", "after the account was changed"),
            later,
        ],
        Blocker::SecretMissing { slot, .. } | Blocker::TokenRefused { slot, .. } => {
            to_sign(slot).into_iter().chain([later]).collect()
        }
        Blocker::Attest { url, .. } => vec![
            Way::new(
                "Say that it is so",
                "asks for your name and a note",
                Do::Form(FormKind::Attest),
            ),
            page(url),
            later,
        ],
        Blocker::Choose { key, options, .. } => {
            let choice = |choice: &Choice| {
                let (key, word) = (key.clone(), choice.word.clone());
                Way::new(choice.text.clone(), "", Do::Choose { key, word })
            };
            options.iter().map(choice).chain([later]).collect()
        }
        Blocker::Taken { .. } | Blocker::Drift { .. } | Blocker::Unclear { .. } => vec![
            again(
                "I settled it by hand",
                "golive looks, and goes on where it stands",
            ),
            later,
            skip(item, &needed_by(view, &item.id)),
        ],
    }
}

/// The first name that what signs for a provider is kept under: of the way that is kept, else of the recommended one.
pub fn token_slot(view: &View, provider: Provider) -> &'static str {
    let ways = &tokens::of(provider).ways;
    let kept = |way: &&tokens::Way| {
        let mut slots = way.slots.iter();
        slots.any(|slot| view.state.kept.contains_key(&slot.name))
    };
    let way = ways.iter().find(kept).unwrap_or(&ways[0]);
    way.slots[0].name.as_str()
}

/// The ways to sign that a missing slot leaves open: more than one where none was begun.
fn to_sign(slot: &str) -> Vec<Way> {
    let name = SecretName::new(slot);
    let ways = tokens::of_slot(&name).map_or(&[][..], |token| &token.ways);
    let first = ways.first().is_some_and(|way| way.slots[0].name == name);
    let several = ways.iter().any(|way| !way.has(&name));
    match first && several {
        true => ways.iter().map(signing).collect(),
        false => vec![Way::new(
            format!("Give {slot}"),
            "asks for it on the next screen",
            Do::GiveSecret { slot: slot.into() },
        )],
    }
}

fn signing(way: &tokens::Way) -> Way {
    Way::new(
        way.title.clone(),
        format!("asks for {}", way.names()),
        Do::GiveSecret {
            slot: way.slots[0].name.to_string(),
        },
    )
}

/// Whether the operator has a choice of what to give.
pub fn has_choice(slot: &str) -> bool {
    to_sign(slot).len() > 1
}
