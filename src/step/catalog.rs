//! The files in `steps/`: what they may say, and where they are read from. They name, order, explain and wire; they never decide.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::sound;
use crate::error::{Error, Result};

/// The phases of the plan, by number.
pub const PHASES: [&str; 5] = [
    "Pre-flight",
    "Infrastructure",
    "Configuration",
    "Data",
    "Validation",
];

/// The step files of this version, with the number of the phase their folder stands for.
const FILES: [(&str, u32, &str); 11] = [
    (
        "steps/0-preflight/0-access.toml",
        0,
        include_str!("../../steps/0-preflight/0-access.toml"),
    ),
    (
        "steps/0-preflight/1-branches.toml",
        0,
        include_str!("../../steps/0-preflight/1-branches.toml"),
    ),
    (
        "steps/0-preflight/2-cors.toml",
        0,
        include_str!("../../steps/0-preflight/2-cors.toml"),
    ),
    (
        "steps/1-infrastructure/2.1-build.toml",
        1,
        include_str!("../../steps/1-infrastructure/2.1-build.toml"),
    ),
    (
        "steps/1-infrastructure/3-atlas.toml",
        1,
        include_str!("../../steps/1-infrastructure/3-atlas.toml"),
    ),
    (
        "steps/1-infrastructure/4-render.toml",
        1,
        include_str!("../../steps/1-infrastructure/4-render.toml"),
    ),
    (
        "steps/1-infrastructure/5-vercel.toml",
        1,
        include_str!("../../steps/1-infrastructure/5-vercel.toml"),
    ),
    (
        "steps/2-configuration/6-vercel-domains.toml",
        2,
        include_str!("../../steps/2-configuration/6-vercel-domains.toml"),
    ),
    (
        "steps/2-configuration/6.1-render-domains.toml",
        2,
        include_str!("../../steps/2-configuration/6.1-render-domains.toml"),
    ),
    (
        "steps/2-configuration/6.2-dns-records.toml",
        2,
        include_str!("../../steps/2-configuration/6.2-dns-records.toml"),
    ),
    (
        "steps/2-configuration/7-variables.toml",
        2,
        include_str!("../../steps/2-configuration/7-variables.toml"),
    ),
];

/// All steps, in the plan's order.
#[derive(Clone, Debug)]
pub struct Catalog {
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub phase: u32,
    pub file: StepFile,
}

/// One step file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepFile {
    /// The plan's number, such as `2.1`.
    pub number: String,
    pub title: String,
    /// Needs of all its items.
    #[serde(default)]
    pub needs: Vec<String>,
    /// What it usually takes, waits included.
    pub minutes: u32,
    pub why: String,
    pub undo: String,
    pub docs: String,
    pub item: Vec<Item>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub id: String,
    pub title: String,
    pub each: Option<Each>,
    /// What its instances are called, where that is not the id.
    pub called: Option<String>,
    /// Where the key of an instance stands in its id.
    #[serde(default)]
    pub keyed: Keyed,
    /// Secret outputs, and the names they are kept under in the instance's environment.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
    #[serde(default)]
    pub needs: Vec<String>,
    pub ensure: Ensure,
}

/// How an instance's id is made of the item's name and the key it is repeated by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keyed {
    /// `4.api-prod`
    #[default]
    After,
    /// `3.prod-user`
    Before,
    /// `5.prod`
    Alone,
    /// `3.cluster`, and `3.cluster-prod` only where there are several.
    UnlessAlone,
}

/// The lists of the manifest that an item can be repeated over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Each {
    /// Every branch.
    Branch,
    /// Every branch whose protection is wanted.
    ProtectedBranch,
    /// The branch that production is deployed from.
    Production,
    /// Every branch that code is carried to, in that order; each needs the one before it.
    Promotion,
    /// Every environment that has a service of the item's role.
    Environment,
    /// Every environment whose Redis is reached by its external URL.
    ExternalRedis,
    /// Every Vercel project that is renamed from an existing one.
    VercelRenamed,
    /// Every Vercel project that is created.
    VercelCreated,
    /// Every Atlas cluster that is created when it is missing.
    CreatedCluster,
    /// Every database user whose password golive makes.
    GeneratedUser,
    /// Every database user whose password the operator gives.
    AskedUser,
    /// Every host that Vercel serves.
    Site,
    /// Every environment whose API has a host of its own.
    ApiHost,
    /// Every host.
    Name,
    /// Every variable in every environment that has it.
    Cell,
    /// Every environment with variables on Render.
    Group,
    /// Every environment with variables on Vercel.
    FrontEnd,
}

/// What an item makes true: a closed list of meanings.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ensure {
    GithubAccess {},
    GithubBranch {},
    MainStability {},
    BranchProtection {},
    DynamicCors {},
    Promotion {
        /// The item whose change travels.
        carries: String,
    },
    VercelAccess {},
    RenderAccess {},
    AtlasAccess {},
    VercelApp {},
    RenderApp {},
    VercelBuild {
        /// The item that makes the project.
        project: String,
    },
    DebtIssue {},
    AtlasCluster {},
    AtlasUser {},
    AtlasHere {},
    AtlasRoles {},
    AtlasLogin {
        /// The item that lets this machine reach the cluster.
        here: String,
    },
    AtlasRenderAccess {
        /// The items whose outbound addresses are let in.
        services: Vec<String>,
    },
    RenderKeyValue {
        /// The service's key in each environment.
        role: String,
    },
    RenderService {
        role: String,
    },
    RenderRedisAccess {
        /// The item of the Redis.
        redis: String,
        services: Vec<String>,
    },
    VercelProject {},
    VercelFirstBuild {
        project: String,
    },
    DnsAccess {},
    StripeAccess {},
    VercelDomain {
        /// The items that make the projects.
        projects: Vec<String>,
    },
    RenderDomain {
        /// The item that makes the service.
        service: String,
    },
    DnsZone {},
    DnsRecord {
        /// The items that claim a host at its provider.
        claims: Vec<String>,
        zone: String,
    },
    DnsSeen {
        claims: Vec<String>,
        record: String,
        zone: String,
    },
    DomainVerified {
        claims: Vec<String>,
        projects: Vec<String>,
        services: String,
    },
    SiteCertificate {
        claims: Vec<String>,
        verified: String,
    },
    CodeVariables {},
    Cell {},
    RenderGroup {
        services: Vec<String>,
    },
    RenderDeploy {
        role: String,
        service: String,
        group: String,
    },
    VercelVariables {
        projects: Vec<String>,
    },
    VercelRedeploy {
        projects: Vec<String>,
        /// The item that sets the variables.
        set: String,
    },
    ApiAnswers {},
}

impl Ensure {
    /// The lists over which such an item can be repeated; `None` among them: not at all.
    pub fn repeats_over(&self) -> &'static [Option<Each>] {
        match self {
            Ensure::GithubAccess {} | Ensure::DynamicCors {} => &[None],
            Ensure::GithubBranch {} => &[Some(Each::Branch)],
            Ensure::MainStability {} => &[Some(Each::Production)],
            Ensure::BranchProtection {} => &[Some(Each::ProtectedBranch)],
            Ensure::Promotion { .. } => &[Some(Each::Promotion)],
            Ensure::VercelAccess {}
            | Ensure::RenderAccess {}
            | Ensure::AtlasAccess {}
            | Ensure::VercelApp {}
            | Ensure::RenderApp {}
            | Ensure::DebtIssue {}
            | Ensure::AtlasHere {}
            | Ensure::AtlasRenderAccess { .. } => &[None],
            Ensure::VercelBuild { .. } | Ensure::VercelProject {} => {
                &[Some(Each::VercelRenamed), Some(Each::VercelCreated)]
            }
            Ensure::VercelFirstBuild { .. } => &[Some(Each::VercelCreated)],
            Ensure::AtlasCluster {} => &[Some(Each::CreatedCluster)],
            Ensure::AtlasUser {} => &[Some(Each::GeneratedUser)],
            Ensure::AtlasRoles {} | Ensure::AtlasLogin { .. } => &[Some(Each::AskedUser)],
            Ensure::RenderKeyValue { .. } | Ensure::RenderService { .. } => {
                &[Some(Each::Environment)]
            }
            Ensure::RenderRedisAccess { .. } => &[Some(Each::ExternalRedis)],
            Ensure::DnsAccess {}
            | Ensure::StripeAccess {}
            | Ensure::DnsZone {}
            | Ensure::CodeVariables {} => &[None],
            Ensure::VercelDomain { .. } => &[Some(Each::Site)],
            Ensure::RenderDomain { .. } | Ensure::ApiAnswers {} => &[Some(Each::ApiHost)],
            Ensure::DnsRecord { .. }
            | Ensure::DnsSeen { .. }
            | Ensure::DomainVerified { .. }
            | Ensure::SiteCertificate { .. } => &[Some(Each::Name)],
            Ensure::Cell {} => &[Some(Each::Cell)],
            Ensure::RenderGroup { .. } => &[Some(Each::Group)],
            Ensure::RenderDeploy { .. } => &[Some(Each::Environment)],
            Ensure::VercelVariables { .. } | Ensure::VercelRedeploy { .. } => {
                &[Some(Each::FrontEnd)]
            }
        }
    }

    /// The items that it names besides its needs; each must be among them.
    pub fn wired(&self) -> Vec<&str> {
        match self {
            Ensure::Promotion { carries } => vec![carries],
            Ensure::VercelFirstBuild { project } => vec![project],
            Ensure::AtlasLogin { here } => vec![here],
            Ensure::AtlasRenderAccess { services } => services.iter().map(String::as_str).collect(),
            Ensure::RenderRedisAccess { redis, services } => {
                let services = services.iter().map(String::as_str);
                services.chain([redis.as_str()]).collect()
            }
            Ensure::VercelDomain { projects } | Ensure::VercelVariables { projects } => {
                projects.iter().map(String::as_str).collect()
            }
            Ensure::VercelRedeploy { projects: _, set } => vec![set],
            Ensure::RenderDomain { service } => vec![service],
            Ensure::DnsRecord { claims, zone } => {
                let claims = claims.iter().map(String::as_str);
                claims.chain([zone.as_str()]).collect()
            }
            Ensure::DnsSeen { record, .. } => vec![record],
            Ensure::SiteCertificate { verified, .. } => vec![verified],
            Ensure::RenderGroup { services } => services.iter().map(String::as_str).collect(),
            Ensure::RenderDeploy { service, group, .. } => vec![service, group],
            _ => vec![],
        }
    }
}

impl Catalog {
    /// The catalogue of this version, checked as a whole.
    pub fn embedded() -> Result<Catalog> {
        let files = FILES
            .iter()
            .map(|(path, phase, text)| (*path, *phase, *text));
        Catalog::read(files)
    }

    /// Reads step files (path, phase, text) and checks what must be true of all of them together.
    pub fn read<'a>(files: impl Iterator<Item = (&'a str, u32, &'a str)>) -> Result<Catalog> {
        let mut steps = vec![];
        for (path, phase, text) in files {
            let file: StepFile = toml::from_str(text).map_err(|error| {
                Error::damaged(format!("{path} cannot be read")).because(error.to_string().trim())
            })?;
            sound::step(path, &file)?;
            steps.push(Step { phase, file });
        }
        let catalog = Catalog { steps };
        sound::whole(&catalog)?;
        Ok(catalog)
    }

    /// Names this version of the catalogue in the state file.
    pub fn version() -> String {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        FILES
            .iter()
            .for_each(|(_, _, text)| hash.update(text.as_bytes()));
        hash.finalize()[..6]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_sound_and_whole() {
        let catalog = Catalog::embedded().unwrap();
        assert_eq!(
            catalog
                .steps
                .iter()
                .map(|step| step.file.number.as_str())
                .collect::<Vec<_>>(),
            ["0", "1", "2", "2.1", "3", "4", "5", "6", "6.1", "6.2", "7"]
        );
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = vec![];
        for folder in std::fs::read_dir(root.join("steps")).unwrap() {
            for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
                found.push(
                    file.unwrap()
                        .path()
                        .strip_prefix(root)
                        .unwrap()
                        .display()
                        .to_string(),
                );
            }
        }
        found.sort();
        assert_eq!(found, FILES.map(|(path, _, _)| path.to_string()));
    }

    #[test]
    fn a_misspelt_key_or_kind_answers_with_the_known_ones() {
        let read = |text: &str| {
            Catalog::read([("steps/x.toml", 0, text)].into_iter())
                .unwrap_err()
                .to_string()
        };
        let step = "number = \"0\"\ntitle = \"t\"\nminutes = 1\nwhy = \"w\"\nundo = \"u\"\ndocs = \"https://d\"\n";
        let error = read(&format!(
            "{step}[[item]]\nid = \"a\"\ntitle = \"t\"\n[item.ensure.github_acess]\n"
        ));
        assert!(
            error.contains("github_acess") && error.contains("github_access"),
            "{error}"
        );
        let error = read(&format!("{step}minute = 2\n"));
        assert!(
            error.contains("minute") && error.contains("line 7"),
            "{error}"
        );
    }
}
