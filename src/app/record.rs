//! What the state file says, and the records that a person writes into it: ticks, waivers, acceptances.

use std::io::Write;

use super::place::{Place, busy, holder, newer};
use crate::answers::{Answers, Attestation as Word};
use crate::cli::Global;
use crate::clock::Wall;
use crate::engine::approval;
use crate::error::{Error, Kind, Result};
use crate::event::Durable;
use crate::init;
use crate::journal::state::{Standing, State};
use crate::journal::{Journal, Opened, Opening};
use crate::manifest::Title;
use crate::plan::{Attestation, Blocker, ItemId};
use crate::report::{json, lines};
use crate::seam::clock::Clock;
use crate::step::Catalog;
use crate::view::{Names, Shown, View, approving};

/// `golive status`
pub fn status(global: &Global) -> Result<u8> {
    let place = Place::find(global)?;
    place.notes(&place.contents()?);
    let view = place.view()?;
    if global.json {
        println!("{:#}", json::status(&view));
        return Ok(0);
    }
    print!("{}", table(&view));
    Ok(0)
}

/// Steps and items with their states, and why the open ones are open.
fn table(view: &View) -> String {
    let mut out = String::new();
    if view.outline.rehearsal {
        out += "REHEARSAL\n";
    }
    for phase in &view.outline.phases {
        let counts = view.counts_of(phase);
        out += &format!(
            "Phase {} {}: {} of {} settled\n",
            phase.number, phase.title, counts.done, counts.total
        );
        for step in &phase.steps {
            out += &format!(
                "  {:<4} {:<40} {}\n",
                step.number,
                step.title,
                view.shown_step(step).word()
            );
            for item in &step.items {
                let shown = view.shown(item);
                let at = view.item_state(&item.id).and_then(|state| state.at);
                let at = at
                    .map(|at| at.strftime("%Y-%m-%d %H:%M").to_string())
                    .unwrap_or_default();
                out += &format!(
                    "    {:<18} {:<28} {:<11} {at}\n",
                    item.id,
                    item.title,
                    shown.word()
                );
                if let Some(Standing::Settled(evidence)) =
                    view.item_state(&item.id).map(|state| &state.standing)
                {
                    out += &format!("      {}\n", evidence.text);
                }
                for line in lines::findings(view, &item.id) {
                    out += &format!("      {line}\n");
                }
                for line in lines::open_item(view, item) {
                    out += &format!("      {line}\n");
                }
            }
        }
    }
    out += "This is what golive last recorded; golive verify looks at everything again.\n";
    out
}

/// What `golive plan` prints: exit 0 when nothing would change and nobody is asked.
pub fn plan(global: &Global, view: &View) -> Result<u8> {
    let failed = view
        .outline
        .items()
        .any(|item| matches!(view.shown(item), Shown::Failed | Shown::Unknown));
    let code = u8::from(failed);
    if global.json {
        let mut document = json::status(view);
        document["plan"] = json::plans(view).into();
        document["total"] = json::total(view, view.wanted.values().flatten());
        println!("{document:#}");
        return Ok(code);
    }
    let mut lines = lines::Lines::new(std::io::stdout(), view.outline.rehearsal);
    let told = lines
        .plans(view)
        .and_then(|()| lines.open(view))
        .and_then(|()| lines.found(view))
        .and_then(|()| {
            let mut out = std::io::stdout();
            writeln!(out, "{}", planned(view))
        });
    told.map(|()| code)
        .map_err(|error| Error::failed("the plan could not be printed").because(error))
}

/// How much would change, what it would cost, and what to type.
fn planned(view: &View) -> String {
    let rows = || view.wanted.values().flatten();
    let changes = match rows().count() {
        0 => return "Nothing would change. Nothing was changed.".into(),
        1 => "1 change is planned".into(),
        n => format!("{n} changes are planned"),
    };
    let cost = match view.cost(rows()) {
        Some(cost) => format!(", {}", cost.sentence()),
        None => String::new(),
    };
    let yes_helps = view.wanted.values().any(|rows| {
        !approval::by_flags(rows, true, &[], &view.outline.name)
            .0
            .is_empty()
    });
    let go_on = if yes_helps {
        "golive, or golive run --yes"
    } else {
        "golive"
    };
    let mut text = format!("{changes}{cost}. Nothing was changed. To go on: {go_on}");
    for (step, rows) in &view.wanted {
        let rows: Vec<_> = rows.iter().collect();
        let command = approving(step, &rows, &view.outline.name);
        // Where `--yes` alone approves it, that is said already.
        if let Some(command) = command.filter(|command| command.contains("--confirm")) {
            text += &format!("\nStep {step}: golive, or {command}");
        }
    }
    text
}

/// What `golive verify` prints: what is not so any more. Exit 12 on drift.
pub fn verify(global: &Global, before: &View, after: &View) -> Result<u8> {
    let mut drifted = vec![];
    let mut unknown = vec![];
    for item in after.outline.items() {
        let (was, is) = (before.shown(item), after.shown(item));
        match is {
            Shown::Unknown | Shown::Failed if was.is_settled() => unknown.push(item),
            _ if was.is_settled() && !is.is_settled() => drifted.push(item),
            _ => {}
        }
    }
    let settled = before
        .outline
        .items()
        .filter(|item| before.shown(item).is_settled())
        .count();
    let code = match (drifted.is_empty(), unknown.is_empty()) {
        (false, _) => Kind::Drift.exit_code(),
        (true, false) => Kind::Failed.exit_code(),
        (true, true) => 0,
    };
    if global.json {
        let ids = |items: &[&crate::view::ItemOutline]| {
            items.iter().map(|item| item.id.clone()).collect::<Vec<_>>()
        };
        let mut document = json::status(after);
        document["drifted"] = serde_json::json!(ids(&drifted));
        document["not_known"] = serde_json::json!(ids(&unknown));
        println!("{document:#}");
        return Ok(code);
    }
    for item in drifted.iter().chain(&unknown) {
        println!(
            "{:<18} was {}, is {}: {}",
            item.id,
            before.shown(item).word(),
            after.shown(item).word(),
            item.title
        );
        for line in lines::open_item(after, item) {
            println!("    {line}");
        }
    }
    let same = settled - drifted.len() - unknown.len();
    println!(
        "{same} of {settled} settled items are still so, {} changed, {} not known.",
        drifted.len(),
        unknown.len()
    );
    Ok(code)
}

/// Opens the launch for one record by a person. It must not be held by another golive.
fn with_journal(
    global: &Global,
    write: impl FnOnce(&Place, &State) -> Result<Durable>,
) -> Result<Durable> {
    let place = Place::find(global)?;
    let now = Wall.now();
    let catalogue = Catalog::version();
    let opening = Opening {
        launch: &place.launch.id,
        version: env!("CARGO_PKG_VERSION"),
        catalogue: &catalogue,
        rehearsal: place.rehearsal,
        holder: holder(now),
    };
    // Looked at first, so that a refusal leaves no trace in the file.
    let durable = write(&place, &place.contents()?.state)?;
    match Journal::open(place.disk.clone(), &place.paths, &opening)? {
        Opened::Busy(holder) => Err(busy(holder.as_ref())),
        Opened::Newer { kind, .. } => Err(newer(&kind)),
        Opened::Held {
            mut journal,
            mut state,
            notices,
            ..
        } => {
            notices.iter().for_each(|notice| eprintln!("{notice}"));
            journal.append(&mut state, durable.clone(), now)?;
            Ok(durable)
        }
    }
}

fn known(place: &Place, item: &str) -> Result<ItemId> {
    let id = ItemId::new(item);
    match place.launch.item(&id) {
        Some(_) => Ok(id),
        None => {
            let ids: Vec<&str> = place
                .launch
                .items
                .iter()
                .map(|item| item.id.as_str())
                .collect();
            Err(
                Error::usage(format!("there is no item {item} in this launch"))
                    .hint(ids.join(", ")),
            )
        }
    }
}

fn named(by: &str, what: &str, text: &str) -> Result<()> {
    match (by.trim().is_empty(), text.trim().is_empty()) {
        (true, _) => Err(Error::usage("a name is needed").hint("--by NAME")),
        (_, true) => Err(Error::usage(format!("{what} is needed")).hint(format!("--{what} TEXT"))),
        _ => Ok(()),
    }
}

fn told(global: &Global, durable: &Durable) -> Result<u8> {
    if global.json {
        println!("{}", serde_json::to_value(durable).unwrap_or_default());
    } else {
        let item = durable
            .item()
            .map(|item| format!("{item}: "))
            .unwrap_or_default();
        println!(
            "{item}{}",
            crate::view::sentence(durable, &Names::default()).unwrap_or_default()
        );
    }
    Ok(0)
}

/// `golive tick`
pub fn tick(global: &Global, item: &str, by: &str, note: &str) -> Result<u8> {
    named(by, "note", note)?;
    let durable = with_journal(global, |place, state| {
        let id = known(place, item)?;
        let Some(Standing::Blocked(Blocker::Attest { rests_on, .. })) =
            state.item(&id).map(|item| &item.standing)
        else {
            return Err(Error::new(
                Kind::Failed,
                format!("{item} does not ask for a person's word now"),
            )
            .now("nothing was recorded")
            .hint(format!("golive run {item} looks whether it does")));
        };
        let attestation = Attestation {
            by: by.into(),
            note: note.into(),
            at: Wall.now(),
            rests_on: rests_on.clone(),
        };
        Ok(Durable::Attested {
            item: id,
            attestation,
        })
    })?;
    told(global, &durable)
}

/// `golive untick`
pub fn untick(global: &Global, item: &str, by: &str) -> Result<u8> {
    named(by, "by", by)?;
    let durable = with_journal(global, |place, state| {
        let id = known(place, item)?;
        let rests = state.item(&id).is_some_and(|item| {
            item.attested.is_some()
                || matches!(
                    item.standing,
                    Standing::Waived { .. } | Standing::Skipped { .. }
                )
        });
        if !rests {
            return Err(
                Error::new(Kind::Failed, format!("{item} rests on no person's word"))
                    .now("nothing was recorded")
                    .hint("golive status"),
            );
        }
        Ok(Durable::Unticked {
            item: id,
            by: by.into(),
        })
    })?;
    told(global, &durable)
}

/// `golive waive`
pub fn waive(global: &Global, item: &str, by: &str, why: &str) -> Result<u8> {
    named(by, "why", why)?;
    let durable = with_journal(global, |place, _| {
        let id = known(place, item)?;
        if !place
            .launch
            .item(&id)
            .is_some_and(|item| item.wish.may_be_left_out())
        {
            return Err(Error::new(
                Kind::Failed,
                format!("{item} cannot be waived: what comes later rests on it"),
            )
            .now("nothing was recorded")
            .hint(format!("golive explain {item}")));
        }
        Ok(Durable::Waived {
            item: id,
            by: by.into(),
            why: why.into(),
        })
    })?;
    told(global, &durable)
}

/// `golive accept`
pub fn accept(global: &Global, finding: &str, by: &str, why: &str) -> Result<u8> {
    named(by, "why", why)?;
    let durable = with_journal(global, |_, state| {
        let known: Vec<String> = state.all_findings().map(|found| found.name).collect();
        if !known.iter().any(|name| name == finding) {
            let hint = match known.as_slice() {
                [] => "golive status lists findings once an item has some".to_string(),
                known => known.join(", "),
            };
            return Err(Error::usage(format!("there is no finding {finding}"))
                .now("nothing was recorded")
                .hint(hint));
        }
        Ok(Durable::Accepted {
            finding: finding.into(),
            by: by.into(),
            why: why.into(),
        })
    })?;
    told(global, &durable)
}

/// `golive answers`
pub fn answers(global: &Global) -> Result<u8> {
    let place = Place::find(global)?;
    let state = place.contents()?.state;
    let mut answers: Answers = init::answers_of(&place.manifest);
    for (id, item) in &state.items {
        for (key, word) in &item.decided {
            answers.set(format!("{id}.{key}"), word);
        }
        let Some(word) = &item.attested else { continue };
        if let (Ok(by), Ok(note)) = (Title::parse(&word.by), Title::parse(&word.note)) {
            answers.attest(id.as_str(), Word { by, note });
        }
    }
    print!("{}", answers.to_toml());
    Ok(0)
}

/// `golive log`
pub fn log(global: &Global) -> Result<u8> {
    let place = Place::find(global)?;
    let contents = place.contents()?;
    place.notes(&contents);
    let mut out = std::io::stdout().lock();
    let mut names = Names::default();
    for record in &contents.records {
        names.learn(&record.durable);
        let line = if global.json {
            serde_json::to_string(record).unwrap_or_default()
        } else {
            let Some(text) = crate::view::sentence(&record.durable, &names) else {
                continue;
            };
            let item = record
                .durable
                .item()
                .map(|item| item.to_string())
                .unwrap_or_default();
            format!(
                "{} {:>5}  {item:<18} {text}",
                record.at.strftime("%Y-%m-%d %H:%M:%S"),
                record.seq
            )
        };
        if writeln!(out, "{line}").is_err() {
            // The reader has seen enough (`| head`).
            break;
        }
    }
    Ok(0)
}

/// `golive log verify`
pub fn log_verify(global: &Global) -> Result<u8> {
    let place = Place::find(global)?;
    let contents = place.contents()?;
    place.notes(&contents);
    let (records, head) = (
        contents.records.len(),
        contents.head.get(..12).unwrap_or_default(),
    );
    let torn = contents.torn;
    if global.json {
        println!(
            "{}",
            serde_json::json!({"records": records, "head": contents.head, "torn_bytes": torn, "unbroken": true})
        );
        return Ok(0);
    }
    println!("{records} records, each tied to the one before it; unbroken. Last line {head}.");
    Ok(0)
}
