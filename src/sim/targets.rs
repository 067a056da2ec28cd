//! Where the world's Vercel and Render want names to point: the targets that their APIs name and that DNS answers for.

use sha2::{Digest, Sha256};

/// The zone in which Vercel keeps a target for each project.
pub const VERCEL_ZONE: &str = "vercel-dns-017.com";

/// The address that Vercel recommends for the apex of a domain.
pub const VERCEL_APEX: &str = "216.198.79.1";

/// What Vercel recommends as CNAME of a project's sub-domains, without a dot at its end. `project` is the project's id:
/// a renamed project keeps its target.
pub fn vercel_cname(project: &str) -> String {
    let digest = Sha256::digest(project.as_bytes());
    let label: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{label}.{VERCEL_ZONE}")
}

/// The name that Render gives a service; `slug` is what the service's own address begins with.
pub fn render_host(slug: &str) -> String {
    format!("{slug}.onrender.com")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_goes_by_the_project_and_is_a_name_in_vercels_zone() {
        let one = vercel_cname("prj_1");
        let (label, zone) = one.split_once('.').unwrap();
        assert_eq!((label.len(), zone), (16, VERCEL_ZONE));
        assert_ne!(one, vercel_cname("prj_2"));
        assert_eq!(render_host("shop-api-prod"), "shop-api-prod.onrender.com");
    }
}
