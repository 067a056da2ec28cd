//! Where the world's Vercel and Render want names to point: the targets that their APIs name and that DNS answers for.

use sha2::{Digest, Sha256};

/// The zone in which Vercel keeps a target for each project.
pub const VERCEL_ZONE: &str = "vercel-dns-017.com";

/// The address that Vercel recommends for the apex of a domain.
pub const VERCEL_APEX: &str = "216.198.79.1";

/// Where Vercel answers: its own ranges, those of before among them.
const VERCEL_RANGES: [&str; 3] = ["216.198.79.", "64.29.17.", "76.76.21."];
/// Where Render answers.
const RENDER_RANGE: &str = "216.24.57.";

/// Whether Vercel answers at an address.
pub fn is_vercel(address: &str) -> bool {
    VERCEL_RANGES.iter().any(|range| address.starts_with(range))
}

/// Whether Render answers at an address.
pub fn is_render(address: &str) -> bool {
    address.starts_with(RENDER_RANGE)
}

/// Whether Cloudflare's proxies answer at an address (the part of its published ranges that they use).
pub fn is_proxy(address: &str) -> bool {
    let mut parts = address.split('.').map(|part| part.parse::<u8>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(104), Some(second)) => (16..32).contains(&second),
        (Some(172), Some(second)) => (64..72).contains(&second),
        _ => false,
    }
}

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

    #[test]
    fn an_address_tells_whose_it_is() {
        assert!(is_vercel(VERCEL_APEX) && is_vercel("76.76.21.21"));
        assert!(is_render("216.24.57.1") && !is_vercel("216.24.57.1"));
        assert!(is_proxy("104.21.34.17") && is_proxy("172.67.158.9"));
        assert!(!is_proxy("104.40.0.1") && !is_proxy("here"));
    }
}
