//! What the infrastructure is made with, where `golive.toml` leaves it to be told from the rest.

use super::{Manifest, ResourceName, Service, ServiceKind};

/// Installs what a running service needs.
const BUILD: &str = "npm ci";
/// The same with the tools of development, which `npm run dev` starts the code with. Render builds with
/// `NODE_ENV=production`, so `npm ci` alone leaves them out.
const BUILD_WITH_TOOLS: &str = "npm ci --include=dev";
const START_WITH_TOOLS: &str = "npm run dev";

impl Manifest {
    /// The Render plan that a service is created on.
    pub fn plan_of<'m>(&'m self, service: &'m Service) -> &'m ResourceName {
        let plans = &self.render.plan;
        service.plan.as_ref().unwrap_or(match service.kind {
            ServiceKind::WebService => &plans.web_service,
            ServiceKind::BackgroundWorker => &plans.background_worker,
            ServiceKind::Redis => &plans.redis,
        })
    }

    /// The build command of a service.
    pub fn build_of(&self, service: &Service) -> String {
        let start = service.start.as_ref().map(ToString::to_string);
        match (&service.build, start.as_deref()) {
            (Some(build), _) => build.to_string(),
            (None, Some(START_WITH_TOOLS)) => BUILD_WITH_TOOLS.into(),
            (None, _) => BUILD.into(),
        }
    }

    /// The folder that Render builds in, from the repository's root; empty for the root itself.
    pub fn render_root(&self) -> String {
        match self.code.server.as_str() {
            "." => String::new(),
            folder => folder.to_string(),
        }
    }

    /// The folder that Vercel builds in; `None` for the repository's root.
    pub fn vercel_root(&self) -> Option<String> {
        match self.code.front_end.as_str() {
            "." => None,
            folder => Some(folder.to_string()),
        }
    }
}
