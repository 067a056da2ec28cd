//! Stories of a service's plan.

