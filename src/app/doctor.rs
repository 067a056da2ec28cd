//! `golive doctor`: what works on this machine, and what to do about the rest. Nothing is changed but a canary in the vault.

use std::io::IsTerminal;
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::place::Place;
use super::{reach, run, variable, vaults};
use crate::cli::{Global, VaultChoice};
use crate::disk::RealDisk;
use crate::error::Result;
use crate::plan::Provider;
use crate::seam::disk::Disk;
use crate::seam::resolver::{Question, RecordKind, Resolver, Server};
use crate::seam::vault::Vault;

/// Less free room than this, and a launch's records may not fit beside what others write.
const ROOM_MIN: u64 = 8 << 20;

struct Finding {
    what: &'static str,
    ok: bool,
    seen: String,
    /// What to do, where it is not well.
    hint: Option<String>,
}

pub fn run(global: &Global) -> Result<u8> {
    let place = Place::find(global);
    let mut findings = vec![terminal(), colours(), characters()];
    findings.push(match &place {
        Ok(place) => well(
            "launch",
            format!("{} in {}", place.launch.id, place.dir.display()),
        ),
        Err(error) => ill("launch", error.what.clone(), error.hint.clone()),
    });
    if let Ok(place) = &place {
        findings.push(folder(place));
        findings.push(state(place));
        let (told, opened) = vault(global, place)?;
        findings.push(told);
        findings.extend(providers(place, opened)?);
        findings.extend(resolvers(place)?);
    }
    findings.push(tool(
        "git",
        "proposes the repository's name in golive init; nothing else needs it",
    ));
    let ill = findings.iter().any(|finding| !finding.ok);
    if global.json {
        let list: Vec<_> = findings
            .iter()
            .map(|finding| serde_json::json!({"what": finding.what, "ok": finding.ok, "seen": finding.seen, "hint": finding.hint}))
            .collect();
        println!(
            "{:#}",
            serde_json::json!({"version": env!("CARGO_PKG_VERSION"), "findings": list})
        );
    } else {
        println!("golive {}", env!("CARGO_PKG_VERSION"));
        for finding in &findings {
            println!(
                "{:<5} {:<11} {}",
                if finding.ok { "ok" } else { "look" },
                finding.what,
                finding.seen
            );
            if let Some(hint) = &finding.hint {
                println!("      {:<11} hint: {hint}", "");
            }
        }
    }
    Ok(u8::from(ill))
}

fn well(what: &'static str, seen: impl Into<String>) -> Finding {
    Finding {
        what,
        ok: true,
        seen: seen.into(),
        hint: None,
    }
}

fn ill(what: &'static str, seen: impl Into<String>, hint: Option<String>) -> Finding {
    Finding {
        what,
        ok: false,
        seen: seen.into(),
        hint,
    }
}

fn terminal() -> Finding {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return well(
            "terminal",
            "none here: golive run and --json work without one",
        );
    }
    match crossterm::terminal::size() {
        Ok((width, height)) if width < 60 || height < 16 => ill(
            "terminal",
            format!("{width}x{height}"),
            Some("the wizard needs 60x16; golive run needs no room".into()),
        ),
        Ok((width, height)) => {
            let term = variable("TERM").unwrap_or_else(|| "not named".into());
            well("terminal", format!("{width}x{height}, {term}"))
        }
        Err(error) => ill("terminal", format!("does not tell its size: {error}"), None),
    }
}

fn colours() -> Finding {
    match variable("NO_COLOR") {
        Some(_) => well("colours", "off, as NO_COLOR asks"),
        None => well("colours", "on; --color never switches them off"),
    }
}

fn characters() -> Finding {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| variable(name));
    match locale {
        Some(locale) if locale.to_lowercase().replace('-', "").contains("utf8") => {
            well("characters", locale)
        }
        Some(locale) => ill(
            "characters",
            format!("{locale} is not UTF-8"),
            Some("--ascii".into()),
        ),
        None => ill(
            "characters",
            "no locale is set",
            Some("--ascii, or LANG=C.UTF-8".into()),
        ),
    }
}

/// Whether the launch's folder can be written, and has room.
fn folder(place: &Place) -> Finding {
    let hint = Some(
        "golive keeps its records there: look at its owner, its permissions and the disk"
            .to_string(),
    );
    let disk = RealDisk::default();
    let probe = place.paths.folder.join("doctor");
    let written = disk
        .create_dir(&place.paths.folder)
        .and_then(|()| disk.replace(&probe, b"probe\n"));
    if let Err(error) = written {
        return ill(
            "folder",
            format!(
                "{} cannot be written: {error}",
                place.paths.folder.display()
            ),
            hint,
        );
    }
    let removed = std::fs::remove_file(&probe);
    match rustix::fs::statvfs(&place.paths.folder) {
        Ok(room) if room.f_bavail.saturating_mul(room.f_frsize) < ROOM_MIN => {
            ill("folder", "its disk has less than 8 MiB left", hint)
        }
        Ok(_) if removed.is_ok() => well("folder", place.paths.folder.display().to_string()),
        _ => ill("folder", "its disk cannot be asked for its room", hint),
    }
}

fn state(place: &Place) -> Finding {
    match place.contents() {
        Ok(contents) if contents.records.is_empty() => well("records", "none yet"),
        Ok(contents) => well("records", format!("{}, unbroken", contents.records.len())),
        Err(error) => ill("records", error.what, error.hint),
    }
}

/// Opening the keyring writes, reads and deletes a canary; a file is only opened where its passphrase is at hand.
fn vault(global: &Global, place: &Place) -> Result<(Finding, Option<Arc<dyn Vault>>)> {
    if place.rehearsal {
        return Ok((well("vault", "in memory: this is a rehearsal"), None));
    }
    let opened = run::runtime()?.block_on(vaults::open(global, place, false));
    let able = match global.vault {
        // It says itself that it is read only.
        VaultChoice::Env => "",
        VaultChoice::Keyring | VaultChoice::File => ", writes and reads",
    };
    Ok(match opened {
        Ok(vault) => {
            let told = well("vault", format!("{}{able}", vault.describe()));
            (told, Some(vault))
        }
        Err(error) => {
            let cause = error
                .cause
                .map(|cause| format!(": {cause}"))
                .unwrap_or_default();
            let told = ill("vault", format!("{}{cause}", error.what), error.hint);
            (told, None)
        }
    })
}

/// For each provider the address that golive speaks to, who named it, and which of its tokens are at hand. What is
/// missing is only told: it stops nothing but what needs it.
fn providers(place: &Place, vault: Option<Arc<dyn Vault>>) -> Result<Vec<Finding>> {
    if place.rehearsal {
        return Ok(vec![]);
    }
    let urls = match place.urls() {
        Ok(urls) => urls,
        Err(error) => return Ok(vec![ill("addresses", error.what, error.hint)]),
    };
    run::runtime()?.block_on(async {
        let mut findings = vec![];
        for provider in Provider::ALL {
            let own = format!("GOLIVE_{}_URL", provider.word().to_uppercase());
            let named = match (urls.get(&provider), variable(&own)) {
                (Some(url), Some(_)) => format!("{url}, as ${own} says"),
                (Some(url), None) => format!("{url}, as golive.toml says"),
                (None, _) => provider.address().to_string(),
            };
            let tokens = match &vault {
                Some(vault) => tokens(&**vault, provider).await?,
                None => "its tokens are not known".into(),
            };
            findings.push(well(provider.word(), format!("{named}; {tokens}")));
        }
        Ok(findings)
    })
}

/// Which of the public resolvers answer a question for the launch's own zone. Whatever they say of it is an answer.
fn resolvers(place: &Place) -> Result<Option<Finding>> {
    if place.rehearsal {
        return Ok(None);
    }
    let network = place.urls().and_then(|urls| reach::network(place, &urls));
    let network = match network {
        Ok(network) => network,
        Err(error) => {
            let cause = error.cause.map(|cause| format!(": {cause}"));
            let seen = format!("{}{}", error.what, cause.unwrap_or_default());
            return Ok(Some(ill("resolvers", seen, error.hint)));
        }
    };
    let public = network.public();
    if public.is_empty() {
        let seen = "not known: GOLIVE_RESOLVER names those of the simulated world";
        return Ok(Some(ill(
            "resolvers",
            seen,
            Some("set it to the address `dns` in the ready file".into()),
        )));
    }
    let asked = public.iter().map(|address| async {
        let question = Question {
            name: place.manifest.dns.zone.to_string(),
            kind: RecordKind::Ns,
            server: Server::Public(*address),
        };
        (*address, network.ask(&question).await)
    });
    let told = run::runtime()?.block_on(futures::future::join_all(asked));
    let (answering, silent): (Vec<_>, Vec<_>) =
        told.into_iter().partition(|(_, told)| told.is_ok());
    let answering: Vec<String> = answering
        .iter()
        .map(|(address, _)| address.to_string())
        .collect();
    let silent: Vec<String> = silent
        .iter()
        .filter_map(|(address, told)| {
            Some(format!("{address} is silent: {}", told.as_ref().err()?.0))
        })
        .collect();
    let mut seen = silent.join("; ");
    if !answering.is_empty() {
        let joint = if seen.is_empty() { "" } else { "; " };
        let verb = if answering.len() == 1 {
            "answers"
        } else {
            "answer"
        };
        seen = format!("{} {verb}{joint}{seen}", answering.join(", "));
    }
    Ok(Some(match silent.is_empty() {
        true => well("resolvers", seen),
        false => ill(
            "resolvers",
            seen,
            Some("let UDP and TCP to port 53 pass, or name others in golive.toml: [dns] resolvers = [\"IP\"]".into()),
        ),
    }))
}

async fn tokens(vault: &dyn Vault, provider: Provider) -> Result<String> {
    let (mut there, mut whole) = (vec![], false);
    let Some(token) = crate::tokens::of(provider) else {
        return Ok("its keys are among the launch's variables (golive secrets list)".into());
    };
    for way in &token.ways {
        let mut all = true;
        for slot in &way.slots {
            match vault.get(&slot.name).await?.is_some() {
                true if !there.contains(&slot.name.as_str()) => there.push(slot.name.as_str()),
                true => {}
                false => all = false,
            }
        }
        whole |= all;
    }
    let login = format!("golive login {}", provider.word());
    Ok(match (there.is_empty(), whole) {
        (true, _) => format!("no token yet ({login})"),
        (false, true) => format!("{} at hand", there.join(", ")),
        (false, false) => format!(
            "{} at hand, another is needed with it ({login})",
            there.join(", ")
        ),
    })
}

fn tool(name: &'static str, what_for: &str) -> Finding {
    let found = Command::new(name)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match found {
        Ok(output) if output.status.success() => well(
            name,
            crate::text::strip_controls(String::from_utf8_lossy(&output.stdout).trim()),
        ),
        _ => well(name, format!("not found; {what_for}")),
    }
}
