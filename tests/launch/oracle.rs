//! What must be true after every run, however it was interrupted (`I1` to `I10` and `I14` of the reliability page). One
//! function, run after every test of the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use golive::event::Durable;
use golive::manifest::VariableKind;
use golive::secret::{Secret, SecretName};
use golive::sim::{MadeBy, ObjectRecord};
use golive::vault::redact::Redactor;

use super::stage::{Moment, Ran, Stage};

/// Requests that one launch may take, recovery included; a calm one takes less than half.
const CALLS_MAX: usize = 3_500;
/// Virtual time that a launch may take.
const HOURS_MAX: i64 = 6;

/// Everything that is wrong with how `ran` ended; nothing when all is well.
pub fn judge(stage: &Stage, calm: &Moment, ran: &Ran) -> Vec<String> {
    let mut wrong = vec![];
    let end = &ran.end;
    no_duplicates(end, &mut wrong);
    same_end(calm, end, &mut wrong);
    nothing_lost(ran, &mut wrong);
    only_approved(stage, ran, &mut wrong);
    no_secret(stage, end, &mut wrong);
    finished(stage, ran, &mut wrong);
    vault_coherent(ran, &mut wrong);
    done_is_done(stage, ran, &mut wrong);
    wrong
}

fn alive(moment: &Moment) -> Vec<ObjectRecord> {
    moment
        .world
        .ledger()
        .objects
        .into_iter()
        .filter(|object| object.alive)
        .collect()
}

/// Natural keys: commits are content, reviews belong to people.
fn key(object: &ObjectRecord) -> Option<(String, String, String)> {
    let counted = [
        "branch",
        "ruleset",
        "protection",
        "pull_request",
        "issue",
        "label",
        "project",
        "service",
        "key_value",
        "cluster",
        "database_user",
        "access_entry",
        "dns_record",
        "domain",
        "variable",
        "custom_domain",
        "env_group",
    ];
    counted.contains(&object.kind.as_str()).then(|| {
        (
            object.kind.clone(),
            object.parent.clone(),
            object.name.clone(),
        )
    })
}

/// I1
fn no_duplicates(end: &Moment, wrong: &mut Vec<String>) {
    let mut seen = BTreeMap::new();
    for key in alive(end)
        .iter()
        .filter(|object| object.made_by == MadeBy::Golive)
        .filter_map(key)
    {
        *seen.entry(key).or_insert(0) += 1;
    }
    for (key, count) in seen.into_iter().filter(|(_, count)| *count > 1) {
        wrong.push(format!("I1 {count} times {key:?}"));
    }
}

/// I2, I3 and the liveness of I10: the same objects as after a calm launch, and nobody else's changed.
fn same_end(calm: &Moment, end: &Moment, wrong: &mut Vec<String>) {
    let keys = |moment: &Moment| -> BTreeSet<_> { alive(moment).iter().filter_map(key).collect() };
    let (calm, end) = (keys(calm), keys(end));
    wrong.extend(
        calm.difference(&end)
            .map(|key| format!("I2 missing {key:?}")),
    );
    wrong.extend(
        end.difference(&calm)
            .map(|key| format!("I3 unexpected {key:?}")),
    );
}

/// I2: what the ledger says golive made is known to the state.
fn nothing_lost(ran: &Ran, wrong: &mut Vec<String>) {
    let made: BTreeSet<&str> = ran
        .view
        .state
        .items
        .values()
        .flat_map(|item| item.made.iter().map(|made| made.id.as_str()))
        .collect();
    for object in alive(&ran.end) {
        let kept = ["branch", "ruleset", "project", "service", "key_value"]
            .contains(&object.kind.as_str());
        if kept && object.made_by == MadeBy::Golive && !made.contains(object.id.as_str()) {
            wrong.push(format!(
                "I2 {} {} was made and is not known",
                object.kind, object.name
            ));
        }
    }
}

/// I5, I6 and I8 from the records, and refused creations from the ledger.
fn only_approved(stage: &Stage, ran: &Ran, wrong: &mut Vec<String>) {
    let contents = match stage.contents(&ran.end) {
        Ok(contents) => contents,
        Err(error) => return wrong.push(format!("I4 {error}")),
    };
    let (mut approved, mut applied, mut settled) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for record in &contents.records {
        match &record.durable {
            Durable::Approved { rows, .. } => {
                // Each approval is for one time.
                applied.retain(|(_, row)| !rows.contains(row));
                approved.extend(rows.iter().cloned());
            }
            Durable::Sent { item, row, .. } => {
                if !approved.contains(row) {
                    wrong.push(format!("I5 {item} was sent unapproved"));
                }
                let needs = stage
                    .launch
                    .item(item)
                    .map(|item| item.needs.clone())
                    .unwrap_or_default();
                for need in needs.into_iter().filter(|need| !settled.contains(need)) {
                    wrong.push(format!("I6 {item} was sent before {need} was settled"));
                }
            }
            Durable::Applied { item, row, .. } if !applied.insert((item.clone(), row.clone())) => {
                wrong.push(format!("I5 {item} happened twice"));
            }
            Durable::Settled { item, .. } | Durable::Skipped { item, .. } => {
                settled.insert(item.clone());
            }
            _ => {}
        }
    }
    for call in ran.end.world.ledger().calls {
        let repeated = call.method != "GET" && call.status == Some(422);
        if repeated {
            wrong.push(format!(
                "I5 {} {} was asked for again",
                call.method, call.path
            ));
        }
    }
}

/// I7
fn no_secret(stage: &Stage, end: &Moment, wrong: &mut Vec<String>) {
    let tokens = end.world.tokens().into_iter();
    let tokens = tokens.map(|(name, token)| (SecretName::new(name), token));
    let kept = end.vault.secrets();
    let kept = kept.filter(|(slot, _)| !is_former_plain(stage, slot));
    let kept = kept.map(|(slot, value)| (slot.clone(), value.clone()));
    let secrets: Vec<(SecretName, Secret)> = tokens.chain(kept).collect();
    wrong.extend(leaks(&secrets, end.disk.files()));
}

/// What a variable that may be shown held before golive set it: kept beside the secrets, and none.
fn is_former_plain(stage: &Stage, slot: &SecretName) -> bool {
    let Some(former) = slot.as_str().strip_prefix("former.") else {
        return false;
    };
    let name = former.rsplit('.').next().unwrap_or_default();
    let variable = stage.manifest.variable.iter();
    let mut own = variable.filter(|(own, _)| own.as_str() == name);
    own.next()
        .is_some_and(|(_, own)| own.kind != VariableKind::Secret)
}

/// Every place where a secret stands in a file, in any form that a leak would give it. Of an address only the password is
/// looked for: its host may be told.
fn leaks<'f>(
    secrets: &[(SecretName, Secret)],
    files: impl Iterator<Item = (&'f Path, &'f [u8])>,
) -> Vec<String> {
    let mut redactor = Redactor::default();
    for (name, value) in secrets {
        if let Some(own) = hidden_part(value) {
            redactor.know(name, &own);
        }
    }
    let mut found = vec![];
    for (path, bytes) in files {
        // What links a line to the one before it is proved to be a hash when the file is read: it carries nothing, and
        // eight hex digits of it may stand in a token by chance.
        let text = String::from_utf8_lossy(bytes);
        let read = without(&without(&text, "\"prev\":\"", 64), "\"sum\":\"", 16);
        for hit in redactor.hits(read.as_bytes()) {
            found.push(format!("I7 {hit:?} in {}", path.display()));
        }
    }
    found
}

/// The part of a value that nobody may see; `None` for an address without a password.
fn hidden_part(value: &Secret) -> Option<Secret> {
    let Some((_, rest)) = value.expose().split_once("://") else {
        return Some(value.clone());
    };
    let (user, _) = rest.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    Some(Secret::new(password))
}

#[test]
fn a_value_of_a_cell_that_leaks_is_seen_in_every_form() {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    let key = "golive-sim-stripe-sk-test-0123456789abcdef01234567";
    let secrets: Vec<(SecretName, Secret)> = [
        ("prod.STRIPE_SECRET_KEY_TEST", key),
        (
            "prod.REDIS_URL",
            "rediss://red-1:hunter2hunter2@fra.example.com:6379",
        ),
        ("prod.REDIS_URL_INTERNAL", "redis://red-1:6379"),
        ("prod.SESSION_SECRET", "q3Jv0Zl9sX7c"),
    ]
    .map(|(slot, value)| (SecretName::new(slot), Secret::new(value)))
    .into();
    let seen = |text: String| {
        let file = (Path::new("state.jsonl"), text.as_bytes());
        leaks(&secrets, std::iter::once(file)).len()
    };
    for value in [key, "hunter2hunter2", "q3Jv0Zl9sX7c"] {
        let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        let reversed: String = value.chars().rev().collect();
        for planted in [
            value.to_string(),
            BASE64_STANDARD.encode(format!("a{value}")),
            hex,
            reversed,
            format!("{:?}", value.as_bytes()),
            value[value.len() - 9..].to_string(),
        ] {
            assert!(seen(format!("{{\"text\":\"{planted}\"}}")) > 0, "{planted}");
        }
    }
    // Host and user of an address may be told, and so may what kind of key it is.
    assert_eq!(
        seen("red-1 at fra.example.com:6379, golive-sim-stripe-".into()),
        0
    );
}

/// The text without the so many characters that follow on each `key`.
fn without(text: &str, key: &str, length: usize) -> String {
    let mut parts = text.split(key);
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |all, part| {
        all + key + part.get(length..).unwrap_or_default()
    })
}

/// I10
fn finished(stage: &Stage, ran: &Ran, wrong: &mut Vec<String>) {
    let walked = ran.view.outline.items();
    for item in walked.filter(|item| stage.walks(&item.id)) {
        let shown = ran.view.shown(item);
        if !shown.is_settled() {
            wrong.push(format!("I10 {} is {}", item.id, shown.word()));
        }
    }
    let hours = ran
        .end
        .now
        .duration_since(super::assembly::START)
        .as_hours();
    if ran.end.calls() > CALLS_MAX || hours > HOURS_MAX {
        wrong.push(format!(
            "I10 took {} calls and {hours} hours",
            ran.end.calls()
        ));
    }
}

/// I14
fn vault_coherent(ran: &Ran, wrong: &mut Vec<String>) {
    for slot in ran.view.state.kept.keys() {
        if ran.end.vault.get(slot).is_none() {
            wrong.push(format!("I14 {slot} is said to be kept and is not"));
        }
    }
}

/// I9
fn done_is_done(stage: &Stage, ran: &Ran, wrong: &mut Vec<String>) {
    match stage.run(&ran.end, None) {
        Ok(again) => {
            let more = again.end.mutations() - ran.end.mutations();
            if more > 0 {
                wrong.push(format!("I9 a further run made {more} changing calls"));
            }
        }
        Err(error) => wrong.push(format!("I9 {error}")),
    }
}
