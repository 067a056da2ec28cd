//! Planted bugs: each switches one safeguard off, to prove that the crash sweep sees its absence. Without the feature
//! `sabotage` none can be planted and the question costs nothing.

/// A safeguard that can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The intention is not made durable before the request leaves.
    NoSyncOfIntention,
    /// "It has happened" is written before the request leaves.
    OutcomeBeforeApply,
    /// A write whose reply is lost is sent again at once.
    RepeatOnTimeout,
    /// A look that failed counts as "not there".
    FailedReadIsAbsent,
    /// After a crash the first look is believed, though lists lag behind writes.
    NoSettleWait,
    /// The last look before a write is left out.
    NoSecondLook,
    /// The first look at anything panics.
    PanicInLook,
}

#[cfg(feature = "sabotage")]
mod switch {
    use std::cell::Cell;
    use std::sync::LazyLock;

    use super::Bug;

    /// A bug named by the environment, for a binary under test.
    static NAMED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("GOLIVE_PLANT").ok());

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants one bug for this thread, or takes it out.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    pub fn planted(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
            || NAMED
                .as_ref()
                .is_some_and(|name| *name == format!("{bug:?}"))
    }
}

#[cfg(not(feature = "sabotage"))]
mod switch {
    pub const fn planted(_: super::Bug) -> bool {
        false
    }
}

pub use switch::*;
