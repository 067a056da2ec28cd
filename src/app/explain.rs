//! `golive explain`: a step, an item, a secret or an error code, in words.

use super::login;
use super::place::Place;
use crate::cli::Global;
use crate::error::{Error, Result};
use crate::plan::{Provider, whose};
use crate::resource::Wish;
use crate::secret::SecretName;
use crate::step::SlotOrigin;
use crate::step::catalog::{Catalog, PHASES};

/// The codes that a failure can carry, besides those of a provider.
const CODES: [(&str, &str); 4] = [
    (
        "GL-VAULT",
        "The vault refused. golive never turns to another store by itself: unlock it, or choose --vault file.",
    ),
    (
        "GL-HERE",
        "Something that this machine must do could not be done: a name could not be resolved, a database not be reached, or an answer not be read. Nothing was sent to a provider. The failure names what, and where a time-out comes from an access list it says so.",
    ),
    (
        "GL-RESTLESS",
        "The provider keeps showing something else than was done. Usually someone else changes the same thing.",
    ),
    (
        "GL-BUG",
        "golive itself made a mistake. What was recorded is kept, and the other items went on.",
    ),
];

/// How a provider's codes end, and what that means: a word, or the HTTP status of its refusal. {P} is the provider,
/// {T} the name its token is kept under.
const ENDINGS: [(&str, &str); 11] = [
    (
        "401",
        "{P} does not take the token: it is mistyped, expired or revoked. golive login {p} asks for another one.",
    ),
    (
        "402",
        "{P} wants a payment method, or the account is held back for a bill. The failure names the page.",
    ),
    (
        "403",
        "{P} refuses the token this call. The failure names the right it asks for; golive explain {T} lists all.",
    ),
    (
        "404",
        "{P} shows nothing under that name, or the token may not see it: the two look alike from outside.",
    ),
    (
        "405",
        "{P} does not do this now. Its own words beside the code say which rule or check is missing.",
    ),
    (
        "409",
        "The name is taken, or someone changed the same thing in the same moment. Trying again looks first.",
    ),
    (
        "422",
        "{P} finds the request wrong. Its own words beside the code say what.",
    ),
    (
        "LIMIT",
        "{P} asks for more patience than one call has. golive tries again by itself when the time has come.",
    ),
    (
        "UNCLEAR",
        "The reply to a write was lost. golive does not repeat it blindly: it looks whether it happened.",
    ),
    (
        "UNREACHABLE",
        "Nothing was sent, or no usable answer came. Nothing is concluded from that; trying again looks first.",
    ),
    (
        "MOVED",
        "What was asked for has another name or place now. Put the new name into golive.toml.",
    ),
];

/// Where a provider's refusals mean something else than their status says elsewhere.
const OWN: [(&str, &str); 6] = [
    (
        "GL-VERCEL-403",
        "Vercel answers so to a token that is mistyped, expired or revoked, and to a team that the token was not made for. golive explain VERCEL_TOKEN tells which scope to choose.",
    ),
    (
        "GL-VERCEL-400",
        "Vercel finds the request wrong for this project or repository: often its GitHub app does not see the repository, or the branch is not there yet. Its own words and page stand beside the code.",
    ),
    (
        "GL-RENDER-402",
        "The Render workspace has no card on file. Nothing was created; add one on its billing page, then golive run.",
    ),
    (
        "GL-RENDER-LIMIT",
        "Render creates at most 20 services an hour for one user. golive goes on by itself when the hour is over.",
    ),
    (
        "GL-ATLAS-401",
        "Atlas does not take the keys, or they lack a role: it answers 401 to both. Its own word beside the code tells which; golive explain ATLAS_CLIENT_ID lists the roles.",
    ),
    (
        "GL-ATLAS-403",
        "The keys have an API access list that lacks this machine's address, or the organisation asks for such a list. It is another list than the database's: Organization, Access Manager, Applications, API Access List.",
    ),
];

pub fn run(global: &Global, topic: &str) -> Result<u8> {
    let text = code(topic)
        .or_else(|| secret(topic))
        .or_else(|| launch_secret(global, topic))
        .map_or_else(|| item(global, topic), |text| Ok(Some(text)))?
        .map_or_else(|| step(topic), Ok)?;
    println!("{text}");
    Ok(0)
}

fn code(topic: &str) -> Option<String> {
    let topic = topic.to_uppercase();
    let known = CODES.iter().chain(&OWN).find(|(code, _)| *code == topic);
    if let Some((_, text)) = known {
        return Some(format!("{topic}\n{text}"));
    }
    let (provider, end) = Provider::ALL.into_iter().find_map(|provider| {
        let prefix = format!("GL-{}-", provider.word().to_uppercase());
        Some((provider, topic.strip_prefix(&prefix)?))
    })?;
    let text = match ENDINGS.iter().find(|(ending, _)| *ending == end) {
        Some((_, text)) => {
            let token = crate::tokens::of(provider);
            let slot = token.map(|token| token.ways[0].slots[0].name.as_str());
            text.replace("{P}", &provider.to_string())
                .replace("{p}", provider.word())
                .replace("{T}", slot.unwrap_or("the key"))
        }
        None => {
            let status = end.parse::<u16>().ok()?;
            format!(
                "{provider} answered with HTTP status {status}. Its own words stand beside the code."
            )
        }
    };
    Some(format!("{topic}\n{text}"))
}

fn secret(topic: &str) -> Option<String> {
    let slot = SecretName::new(topic.to_uppercase());
    let token = crate::tokens::of_slot(&slot)?;
    let what = token.what(&slot)?;
    let (ways, promises) = (login::ways(token), login::promises(token));
    Some(format!("{slot}: {what}\n{ways}\n{}", promises.trim_end()))
}

/// A secret of the launch at hand, such as `dev.DATABASE_PASSWORD`.
fn launch_secret(global: &Global, topic: &str) -> Option<String> {
    let place = Place::find(global).ok()?;
    let slot = place.launch.slot(&SecretName::new(topic))?;
    let item = place.launch.items.iter().find(|item| item.id == slot.item);
    let is_password = item.is_some_and(|item| matches!(item.wish, Wish::AtlasLogin(_)));
    let asked = match slot.origin {
        SlotOrigin::Asked => match slot.form {
            Some(form) => format!(
                "\nIt is {}, which {} shows. {}",
                form.in_words(),
                form.page(),
                match slot.later {
                    true => "It is asked for once the launch has switched to live.",
                    false => "It is asked for once, and kept in the vault.",
                }
            ),
            None if is_password => "\nIt exists already and is proved by a login. golive never resets it without asking.".into(),
            None => "\nOnly you know it. It is asked for once, and kept in the vault.".into(),
        },
        SlotOrigin::Made => {
            "\nIt is in the vault before it is sent, and no one needs to type it.".into()
        }
        SlotOrigin::Read => String::new(),
    };
    Some(format!(
        "{}: {}, {}, kept by {}.{asked}",
        slot.name,
        slot.what,
        slot.origin.word(),
        slot.item
    ))
}

/// An item of the launch at hand; without a launch only steps can be explained.
fn item(global: &Global, topic: &str) -> Result<Option<String>> {
    let Ok(place) = Place::find(global) else {
        return Ok(None);
    };
    let Some(item) = place
        .launch
        .items
        .iter()
        .find(|item| item.id.as_str() == topic)
    else {
        return Ok(None);
    };
    let needs: Vec<String> = item.needs.iter().map(ToString::to_string).collect();
    let needs = if needs.is_empty() {
        "nothing".into()
    } else {
        needs.join(", ")
    };
    let required = if item.required {
        "required"
    } else {
        "optional"
    };
    Ok(Some(format!(
        "{} {} ({required}, at {})\nNeeds {needs}.\n\n{}",
        item.id,
        item.title,
        whose(item.provider),
        step(item.id.step())?
    )))
}

fn step(topic: &str) -> Result<String> {
    let catalog = Catalog::embedded()?;
    let Some(step) = catalog.steps.iter().find(|step| step.file.number == topic) else {
        let steps: Vec<&str> = catalog
            .steps
            .iter()
            .map(|step| step.file.number.as_str())
            .collect();
        return Err(
            Error::usage(format!("there is nothing called {topic} to explain")).hint(format!(
                "a step ({}), an item, a code such as GL-GITHUB-404, or a secret such as GITHUB_TOKEN",
                steps.join(", ")
            )),
        );
    };
    let file = &step.file;
    let items: Vec<String> = file
        .item
        .iter()
        .map(|item| match item.each {
            // Its title goes on with what each of them is about.
            Some(_) => format!("  {}.{}-…  {} …", file.number, item.id, item.title),
            None => format!("  {}.{}  {}", file.number, item.id, item.title),
        })
        .collect();
    Ok(format!(
        "Step {} {} (phase {} {}, about {} minutes)\n\n{}\n\nItems\n{}\n\nUndo  {}\nDocs  {}",
        file.number,
        file.title,
        step.phase,
        PHASES[step.phase as usize],
        file.minutes,
        file.why.trim(),
        items.join("\n"),
        file.undo,
        file.docs
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_and_token_can_be_explained() {
        for step in Catalog::embedded().unwrap().steps {
            assert!(
                self::step(&step.file.number)
                    .unwrap()
                    .contains(&step.file.title)
            );
        }
        for slot in crate::tokens::all().iter().flat_map(|token| token.slots()) {
            assert!(secret(slot.as_str()).unwrap().contains("made at"));
        }
        assert!(code("gl-github-404").unwrap().contains("look alike"));
        assert!(code("GL-GITHUB-418").unwrap().contains("418"));
        assert!(code("GL-GITHUB-403").unwrap().contains("GITHUB_TOKEN"));
        assert!(code("GL-ATLAS-403").unwrap().contains("API access list"));
        assert!(
            code("GL-RENDER-401")
                .unwrap()
                .contains("golive login render")
        );
        assert!(code("GL-HERE").is_some() && code("GL-NOWHERE-404").is_none());
    }
}
