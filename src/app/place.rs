//! Where a launch is: its folder, its manifest, and the launch that manifest and catalogue make together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::variable;
use crate::answers::Answers;
use crate::cli::Global;
use crate::clock::Wall;
use crate::disk::RealDisk;
use crate::error::{Error, Kind, Result};
use crate::init::{self, Terminal};
use crate::journal::{self, Contents, Paths};
use crate::manifest::{DnsMode, Manifest, Preset, checked_api_url};
use crate::plan::Provider;
use crate::provider::guard;
use crate::seam::clock::Clock;
use crate::seam::disk::{Disk, Holder};
use crate::step::{Catalog, Launch, expand};
use crate::view::View;

pub struct Place {
    pub dir: PathBuf,
    pub paths: Paths,
    pub manifest: Manifest,
    pub launch: Launch,
    pub disk: Arc<dyn Disk>,
    pub rehearsal: bool,
}

impl Place {
    /// The launch of `--dir`, or of the nearest folder upwards.
    pub fn find(global: &Global) -> Result<Place> {
        let dir = match &global.dir {
            Some(dir) => dir.clone(),
            None => {
                let here = std::env::current_dir().map_err(|error| {
                    Error::failed("golive cannot tell which folder it is in").because(error)
                })?;
                Manifest::find_upwards(&here).ok_or_else(|| no_manifest(&here))?
            }
        };
        Place::of(&dir, false)
    }

    /// The launch whose `golive.toml` is in `dir`. A folder of a rehearsal is one whatever was asked for.
    pub fn of(dir: &Path, rehearsal: bool) -> Result<Place> {
        let manifest = Manifest::load(dir)?;
        let paths = Paths::of(dir);
        let rehearsal = rehearsal || paths.folder.join("world.jsonl").exists();
        let launch = expand(&Catalog::embedded()?, &manifest, rehearsal)?;
        let disk = Arc::new(RealDisk::default());
        Ok(Place {
            dir: dir.to_path_buf(),
            paths,
            manifest,
            launch,
            disk,
            rehearsal,
        })
    }

    /// What the state file says, without its lock.
    pub fn contents(&self) -> Result<Contents> {
        let contents = journal::read(&*self.disk, &self.paths)?;
        match &contents.state.launch {
            Some(launch) if *launch != self.launch.id => Err(journal::another_launch(
                &self.paths.state(),
                launch,
                &self.launch.id,
            )),
            _ => Ok(contents),
        }
    }

    /// Tells what is special about a state file that is only read.
    pub fn notes(&self, contents: &Contents) {
        let path = self.paths.state();
        if contents.torn > 0 {
            eprintln!(
                "The last line of {} is not whole ({} bytes): it is being written, or was cut short; the next run drops it then.",
                path.display(),
                contents.torn
            );
        }
        if let Some(kind) = &contents.newer {
            eprintln!(
                "{} was continued by a newer golive (records of kind {kind}): what follows is only what this version can read.",
                path.display()
            );
        }
    }

    /// The view of what the state file says.
    pub fn view(&self) -> Result<View> {
        let contents = self.contents()?;
        Ok(View::new(
            self.launch.outline.clone(),
            contents.state,
            Wall.now(),
        ))
    }

    /// Where each provider is reached: `GOLIVE_<PROVIDER>_URL`, else the manifest, else its own address.
    pub fn urls(&self) -> Result<BTreeMap<Provider, String>> {
        let manifest = &self.manifest;
        let mut urls = BTreeMap::new();
        let dns = |mode: DnsMode| match manifest.dns.mode == mode {
            true => &manifest.dns.api_url,
            false => &None,
        };
        for provider in Provider::ALL {
            let named = match provider {
                Provider::GitHub => &manifest.github.api_url,
                Provider::Vercel => &manifest.vercel.api_url,
                Provider::Render => &manifest.render.api_url,
                Provider::Atlas => &manifest.atlas.api_url,
                Provider::GoDaddy => dns(DnsMode::GoDaddy),
                Provider::Cloudflare => dns(DnsMode::Cloudflare),
                Provider::Stripe => &manifest.stripe.api_url,
            };
            let variable_name = format!("GOLIVE_{}_URL", provider.word().to_uppercase());
            if let Some(named) = variable(&variable_name).or_else(|| named.clone()) {
                guard::address_fits(&checked_api_url(&named)?)?;
                urls.insert(provider, named);
            }
        }
        Ok(urls)
    }

    /// Where one provider is reached.
    pub fn url(&self, provider: Provider) -> Result<String> {
        let named = self.urls()?.remove(&provider);
        Ok(named.unwrap_or_else(|| provider.address().into()))
    }
}

fn no_manifest(here: &Path) -> Error {
    Error::usage(format!(
        "there is no golive.toml in {} or above it",
        here.display()
    ))
    .hint("golive init, or golive rehearse to try everything on an embedded world first")
}

/// What is told when only a newer golive may go on.
pub fn newer(kind: &str) -> Error {
    Error::damaged("this launch was continued by a newer golive")
        .because(format!(
            "its state file has records of kind {kind}, which this version does not know"
        ))
        .now("nothing was changed; golive status shows what this version can read")
        .hint("use the newer golive")
}

/// This process, as the lock shows it.
pub fn holder(since: Timestamp) -> Holder {
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    Holder {
        pid: std::process::id(),
        host,
        since,
    }
}

/// What is told when another golive holds the launch.
pub fn busy(holder: Option<&Holder>) -> Error {
    Error::new(Kind::Locked, format!("another golive holds this launch: {}", who(holder)))
        .now("nothing was changed by this one")
        .hint("golive status, or golive: it follows and cannot change anything; end the other one to go on here")
}

pub fn who(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => format!(
            "process {} on {}, since {}",
            holder.pid,
            holder.host,
            holder.since.strftime("%Y-%m-%d %H:%M:%S UTC")
        ),
        None => "it did not say who it is".into(),
    }
}

/// `golive init`.
pub fn init(global: &Global, preset: &str, answers: Option<&Path>, given: &Answers) -> Result<u8> {
    let dir = match &global.dir {
        Some(dir) => dir.clone(),
        None => std::env::current_dir()
            .map_err(|error| Error::failed("golive cannot tell where it is").because(error))?,
    };
    let mut all = answers.map(Answers::load).transpose()?.unwrap_or_default();
    all.extend(given.clone());
    let mut asker = Terminal {
        plain: global.ascii,
    };
    let written = init::run(&dir, Preset::named(preset)?, Some(all), &mut asker)?;
    if global.json {
        println!(
            "{}",
            serde_json::json!({"written": written.path, "id": written.id.to_string()})
        );
    } else {
        println!(
            "{} is written; the launch is called {}.",
            written.path.display(),
            written.id
        );
        eprintln!(
            "It holds no secrets and is meant to be committed. Next: golive login, then golive plan or golive."
        );
    }
    Ok(0)
}
