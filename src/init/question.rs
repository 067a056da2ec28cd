//! The questions of `golive init`: what a preset cannot know, each with its check and its place in `golive.toml`.

use toml::Value;

use crate::manifest::{
    DnsMode, Edit, Login, Manifest, RenderRegion, Repo, RepoPath, ResourceName, ReviewBy, Title,
    UrlPath,
};

/// One question.
pub struct Question {
    /// Key in an answers file; with two hyphens before it, the flag.
    pub key: &'static str,
    /// The environment variable that answers it.
    pub variable: &'static str,
    pub prompt: &'static str,
    /// How the answer is written, for help.
    pub form: &'static str,
    /// The preset's own answer, taken where nobody is asked. `None`: only a person can know.
    pub preset: Option<&'static str>,
    /// What a rehearsal answers.
    pub rehearsed: &'static str,
    /// The only answers there are; empty: free text.
    pub choices: &'static [&'static str],
    /// Where the answer goes, or the sentence that refuses it.
    pub edits: fn(&str) -> Result<Vec<Edit>, String>,
    /// The answer as a manifest holds it.
    pub read: fn(&Manifest) -> Option<String>,
}

/// A question with free text that goes to one place.
const fn free(
    key: &'static str,
    variable: &'static str,
    form: &'static str,
    prompt: &'static str,
) -> Question {
    Question {
        key,
        variable,
        prompt,
        form,
        preset: None,
        rehearsed: "",
        choices: &[],
        edits: |_| Ok(Vec::new()),
        read: |_| None,
    }
}

/// In the order they are asked.
pub static QUESTIONS: [Question; 16] = [
    Question {
        rehearsed: "bondigoo/bondigoo-platform",
        edits: |text| Repo::parse(text).map(|_| one(&["github", "repository"], text)),
        read: |manifest| Some(manifest.github.repository.to_string()),
        ..free(
            "repository",
            "GOLIVE_REPOSITORY",
            "OWNER/NAME",
            "Repository on GitHub",
        )
    },
    Question {
        preset: Some("server"),
        edits: |text| RepoPath::parse(text).map(|_| one(&["code", "server"], text)),
        read: |manifest| Some(manifest.code.server.to_string()),
        ..free(
            "server-folder",
            "GOLIVE_SERVER_FOLDER",
            "PATH",
            "Folder of the server in the repository",
        )
    },
    Question {
        preset: Some("."),
        edits: |text| RepoPath::parse(text).map(|_| one(&["code", "front_end"], text)),
        read: |manifest| Some(manifest.code.front_end.to_string()),
        ..free(
            "front-end-folder",
            "GOLIVE_FRONT_END_FOLDER",
            "PATH",
            "Folder of the front end in the repository (. is its root)",
        )
    },
    Question {
        rehearsed: "/health",
        edits: |text| UrlPath::parse(text).map(|_| one(&["code", "health_path"], text)),
        read: |manifest| Some(manifest.code.health_path.to_string()),
        ..free(
            "health-path",
            "GOLIVE_HEALTH_PATH",
            "PATH",
            "Path of the API that answers 2xx when it is well",
        )
    },
    Question {
        preset: Some("none"),
        edits: |text| match text {
            "none" => Ok(one(&["vercel", "team"], "")),
            slug => resource(&["vercel", "team"], slug),
        },
        read: |manifest| {
            let team = manifest.vercel.team.as_ref();
            Some(team.map_or("none".to_owned(), ToString::to_string))
        },
        ..free(
            "vercel-team",
            "GOLIVE_VERCEL_TEAM",
            "SLUG|none",
            "Vercel team, by its slug as in vercel.com/SLUG (none: the token's own account)",
        )
    },
    Question {
        rehearsed: "bondigoo-platform",
        edits: |text| resource(&["vercel", "project", "prod", "existing"], text),
        read: |manifest| text_of(manifest.vercel.project.get("prod")?.existing.as_ref()?),
        ..free(
            "vercel-project",
            "GOLIVE_VERCEL_PROJECT",
            "NAME",
            "Existing Vercel project that becomes production's",
        )
    },
    Question {
        rehearsed: "bondigoo",
        edits: |text| line(&["atlas", "cluster", "prod", "project"], text),
        read: |manifest| text_of(&manifest.atlas.cluster.get("prod")?.project),
        ..free(
            "atlas-prod-project",
            "GOLIVE_ATLAS_PROD_PROJECT",
            "NAME|ID",
            "Atlas project for production's cluster",
        )
    },
    Question {
        rehearsed: "coaching-platform",
        edits: |text| line(&["atlas", "cluster", "dev", "project"], text),
        read: |manifest| text_of(&manifest.atlas.cluster.get("dev")?.project),
        ..free(
            "atlas-dev-project",
            "GOLIVE_ATLAS_DEV_PROJECT",
            "NAME|ID",
            "Atlas project of the existing development cluster",
        )
    },
    Question {
        rehearsed: "bondigoo",
        edits: |text| line(&["render", "workspace"], text),
        read: |manifest| text_of(&manifest.render.workspace),
        ..free(
            "render-workspace",
            "GOLIVE_RENDER_WORKSPACE",
            "NAME|ID",
            "Render workspace",
        )
    },
    Question {
        preset: Some("frankfurt"),
        choices: &["frankfurt", "oregon", "ohio", "virginia", "singapore"],
        edits: |text| Ok(one(&["render", "region"], text)),
        read: |manifest| Some(region(manifest.render.region).to_owned()),
        ..free(
            "render-region",
            "GOLIVE_RENDER_REGION",
            "REGION",
            "Render region",
        )
    },
    Question {
        preset: Some("starter"),
        edits: |text| resource(&["render", "plan", "web_service"], text),
        read: |manifest| text_of(&manifest.render.plan.web_service),
        ..free(
            "render-api-plan",
            "GOLIVE_RENDER_API_PLAN",
            "PLAN",
            "Render plan of each API",
        )
    },
    Question {
        preset: Some("starter"),
        edits: |text| match text {
            "free" => Err(
                "`free` is no plan for a worker: Render runs workers on paid plans only".to_owned(),
            ),
            _ => resource(&["render", "plan", "background_worker"], text),
        },
        read: |manifest| text_of(&manifest.render.plan.background_worker),
        ..free(
            "render-worker-plan",
            "GOLIVE_RENDER_WORKER_PLAN",
            "PLAN",
            "Render plan of each worker",
        )
    },
    Question {
        preset: Some("starter"),
        edits: |text| resource(&["render", "plan", "redis"], text),
        read: |manifest| text_of(&manifest.render.plan.redis),
        ..free(
            "render-redis-plan",
            "GOLIVE_RENDER_REDIS_PLAN",
            "PLAN",
            "Render plan of each Redis",
        )
    },
    Question {
        preset: Some("godaddy"),
        choices: &["godaddy", "cloudflare", "by-hand"],
        edits: |text| Ok(one(&["dns", "mode"], text)),
        read: |manifest| Some(dns_mode(manifest.dns.mode).to_owned()),
        ..free("dns", "GOLIVE_DNS", "MODE", "Who holds the DNS zone")
    },
    Question {
        preset: Some("anyone"),
        edits: reviewers,
        read: |manifest| Some(reviewers_of(manifest)),
        ..free(
            "reviewer",
            "GOLIVE_REVIEWER",
            "LOGIN,…|anyone|self",
            "Who reviews pull requests: GitHub logins, `anyone` but the author, or `self` if you are alone",
        )
    },
    Question {
        rehearsed: "Rehearsal operator",
        edits: |text| line(&["operator", "name"], text),
        read: |manifest| text_of(&manifest.operator.name),
        ..free(
            "operator",
            "GOLIVE_OPERATOR",
            "NAME",
            "Your name, for the record of what you decide",
        )
    },
];

impl Question {
    /// The question of that key.
    pub fn named(key: &str) -> Option<&'static Question> {
        QUESTIONS.iter().find(|question| question.key == key)
    }

    /// Where the answer goes, or the sentence that refuses it.
    pub fn answered(&self, answer: &str) -> Result<Vec<Edit>, String> {
        if !self.choices.is_empty() && !self.choices.contains(&answer) {
            return Err(format!(
                "{} is none of {}",
                crate::manifest::quoted(answer),
                self.choices.join(", ")
            ));
        }
        (self.edits)(answer)
    }

    /// The prompt, with the choices where there are any.
    pub fn full_prompt(&self) -> String {
        match self.choices {
            [] => self.prompt.to_owned(),
            choices => format!("{} ({})", self.prompt, choices.join(", ")),
        }
    }

    /// What a rehearsal answers.
    pub fn rehearsed(&self) -> &'static str {
        self.preset.unwrap_or(self.rehearsed)
    }
}

fn one(path: &'static [&'static str], text: &str) -> Vec<Edit> {
    vec![Edit {
        path,
        value: Value::String(text.to_owned()),
    }]
}

fn line(path: &'static [&'static str], text: &str) -> Result<Vec<Edit>, String> {
    Title::parse(text).map(|_| one(path, text))
}

fn resource(path: &'static [&'static str], text: &str) -> Result<Vec<Edit>, String> {
    ResourceName::parse(text).map(|_| one(path, text))
}

fn text_of(name: &(impl ToString + ?Sized)) -> Option<String> {
    Some(name.to_string())
}

fn reviewers(text: &str) -> Result<Vec<Edit>, String> {
    let (by, logins) = match text {
        "self" => ("self", Vec::new()),
        "anyone" => ("other", Vec::new()),
        logins => {
            let logins: Result<Vec<Login>, String> = logins
                .split(',')
                .map(|login| Login::parse(login.trim()))
                .collect();
            ("other", logins?)
        }
    };
    let logins = logins
        .into_iter()
        .map(|login| Value::String(login.to_string()))
        .collect();
    let mut edits = one(&["review", "by"], by);
    edits.push(Edit {
        path: &["review", "reviewers"],
        value: Value::Array(logins),
    });
    Ok(edits)
}

fn reviewers_of(manifest: &Manifest) -> String {
    let review = &manifest.review;
    match review.by {
        ReviewBy::Own => "self".to_owned(),
        ReviewBy::Other if review.reviewers.is_empty() => "anyone".to_owned(),
        ReviewBy::Other => review
            .reviewers
            .iter()
            .map(Login::as_str)
            .collect::<Vec<_>>()
            .join(","),
    }
}

fn region(region: RenderRegion) -> &'static str {
    match region {
        RenderRegion::Frankfurt => "frankfurt",
        RenderRegion::Oregon => "oregon",
        RenderRegion::Ohio => "ohio",
        RenderRegion::Virginia => "virginia",
        RenderRegion::Singapore => "singapore",
    }
}

fn dns_mode(mode: DnsMode) -> &'static str {
    match mode {
        DnsMode::GoDaddy => "godaddy",
        DnsMode::Cloudflare => "cloudflare",
        DnsMode::ByHand => "by-hand",
    }
}
