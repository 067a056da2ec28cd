//! Render's words for plans: each size has an older and a newer name, and a reply may show either.

/// Sizes of web services and workers: the name of before August 2026 and the one since. `free` is for web services only.
const COMPUTE: [(&str, &str); 6] = [
    ("starter", "0.5c-512mb"),
    ("standard", "1c-2g"),
    ("pro", "2c-4g"),
    ("pro_plus", "4c-8g"),
    ("pro_max", "4c-16g"),
    ("pro_ultra", "8c-32g"),
];

/// Sizes of Key Value instances likewise, from small to large.
const KEY_VALUE: [(&str, &str); 4] = [
    ("starter", "256mb"),
    ("standard", "1g"),
    ("pro", "5g"),
    ("pro_plus", "10g"),
];

/// What `POST /services` takes as a paid plan; a web service takes `free` besides.
pub const COMPUTE_PLANS: [&str; 20] = [
    "starter",
    "standard",
    "pro",
    "pro_plus",
    "pro_max",
    "pro_ultra",
    "0.5c-512mb",
    "1c-2g",
    "2c-4g",
    "2c-8g",
    "2c-16g",
    "4c-8g",
    "4c-16g",
    "4c-32g",
    "8c-16g",
    "8c-32g",
    "8c-64g",
    "12c-24g",
    "12c-48g",
    "12c-96g",
];

/// What `POST /key-value` takes as a plan.
pub const KEY_VALUE_PLANS: [&str; 11] = [
    "free", "starter", "standard", "pro", "pro_plus", "256mb", "1g", "5g", "10g", "20g", "40g",
];

/// Two words for the same plan. `redis`: of Key Value instances, else of services.
pub fn same_plan(redis: bool, one: &str, other: &str) -> bool {
    newer(redis, one) == newer(redis, other)
}

/// The newer name of a plan, whatever it was called by. `…_legacy` occurs in replies only.
fn newer(redis: bool, plan: &str) -> String {
    let plan = plan.trim().to_lowercase().replace('-', "_");
    let plan = plan.strip_suffix("_legacy").unwrap_or(&plan);
    let names: &[(&str, &str)] = if redis { &KEY_VALUE } else { &COMPUTE };
    let known = names.iter().find(|(older, _)| *older == plan);
    known.map_or(plan, |(_, newer)| newer).replace('-', "_")
}

/// `wish` is a smaller Key Value instance than `now`. Render moves one to a larger plan only. What golive cannot
/// compare is not smaller.
pub fn is_smaller_key_value(wish: &str, now: &str) -> bool {
    let sizes = ["free", "256mb", "1g", "5g", "10g", "20g", "40g"];
    let place = |plan: &str| sizes.iter().position(|size| *size == newer(true, plan));
    matches!((place(wish), place(now)), (Some(wish), Some(now)) if wish < now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_the_same_under_both_its_names() {
        assert!(same_plan(false, "starter", "0.5c-512mb"));
        assert!(same_plan(false, "standard_legacy", "1c-2g"));
        assert!(same_plan(false, "2c-8g", "2c-8g"));
        assert!(!same_plan(false, "starter", "1c-2g"));
        assert!(same_plan(true, "256mb", "starter"));
        assert!(!same_plan(true, "starter", "0.5c-512mb"));
        assert!(!same_plan(true, "free", "starter"));
    }

    #[test]
    fn only_what_can_be_compared_is_smaller() {
        assert!(is_smaller_key_value("starter", "5g"));
        assert!(is_smaller_key_value("free", "starter"));
        assert!(!is_smaller_key_value("pro", "256mb"));
        assert!(!is_smaller_key_value("starter", "custom"));
    }
}
