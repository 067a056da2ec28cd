//! When a call may leave, and whether and when it may leave again.

use std::sync::Mutex;
use std::time::Duration;

use backon::BackoffBuilder;
use jiff::{SignedDuration, Timestamp};

use crate::seam::transport::HttpResponse;

/// What an endpoint promises when it is called twice (`reliability.md` 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Reads only.
    Read,
    /// The same call again has the same result: an upsert by natural key, or content-addressed.
    Natural,
    /// The server keeps names unique, so a look tells whether it happened.
    Unique,
}

impl Class {
    /// Whether the same call may leave again when nobody knows what became of it.
    pub(super) fn repeatable(self) -> bool {
        match self {
            Class::Read | Class::Natural => true,
            Class::Unique => false,
        }
    }
}

/// A read is tried this often, a write this often while it surely did not happen.
pub(super) const ATTEMPTS_MAX: u32 = 6;
/// A call waits no longer than this in all. Beyond it the item waits instead, where the operator sees until when.
const PATIENCE_MAX: Duration = Duration::from_secs(15 * 60);
/// Longest pause between two attempts where the provider says nothing about waiting.
const DELAY_MAX: Duration = Duration::from_secs(60);
/// A provider that says "again at once" is given a moment all the same, or six attempts are gone in as many milliseconds.
const LIMIT_WAIT_MIN: Duration = Duration::from_secs(1);
/// A secondary limit without a header asks for at least a minute (GitHub's documentation).
const LIMIT_WITHOUT_HEADER: Duration = Duration::from_secs(60);

/// When the next write to a provider may leave; shared by all calls to it.
#[derive(Default)]
pub struct Pacer(Mutex<Option<Timestamp>>);

impl Pacer {
    /// Takes the next free place, and says how long to wait for it.
    pub(super) fn take(&self, now: Timestamp, pace: Duration) -> Duration {
        let mut next = self.0.lock().expect("no one panics while holding the pace");
        let free = next.map_or(now, |next| next.max(now));
        *next = Some(later(free, pace));
        free.duration_since(now).unsigned_abs()
    }
}

/// What a reply says about waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// A limit, or a pause that the provider asks for.
    Wait(Duration),
    LimitWithoutHeader,
    Nothing,
}

/// The pauses between the attempts of one call, and how often and how long it has waited.
pub(super) struct Patience {
    delays: backon::ExponentialBackoff,
    pub(super) attempt: u32,
    waited: Duration,
}

/// What becomes of a call after an attempt that gave no answer.
pub(super) enum Next {
    After(Duration),
    /// Not within this call: the provider is free again only after this.
    Limited(Duration),
    Enough,
}

impl Patience {
    pub(super) fn new() -> Self {
        let delays = backon::ExponentialBuilder::default()
            .with_min_delay(Duration::from_secs(1))
            .with_max_delay(DELAY_MAX)
            .without_max_times()
            .build();
        Self {
            delays,
            attempt: 1,
            waited: Duration::ZERO,
        }
    }

    /// Decides after an attempt about which the reply said `told`; `After` counts as waited and tried again.
    pub(super) fn next(&mut self, told: Told) -> Next {
        let grown = self.delays.next().unwrap_or(DELAY_MAX);
        let (delay, limit) = match told {
            Told::Wait(told) => (told.max(LIMIT_WAIT_MIN), true),
            Told::LimitWithoutHeader => (LIMIT_WITHOUT_HEADER * self.attempt, true),
            Told::Nothing => (grown, false),
        };
        let waited = self.waited.saturating_add(delay);
        if self.attempt >= ATTEMPTS_MAX || waited > PATIENCE_MAX {
            return if limit {
                Next::Limited(delay)
            } else {
                Next::Enough
            };
        }
        self.waited = waited;
        self.attempt += 1;
        Next::After(delay)
    }
}

pub(super) fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX))
        .unwrap_or(Timestamp::MAX)
}

/// `Retry-After` in both its forms, in seconds or as a date.
pub fn retry_after(response: &HttpResponse, now: Timestamp) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    // The date is the provider's; its own clock, where it tells it, says how far away that is.
    let now = response
        .header("date")
        .and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
        .map_or(now, |date| date.timestamp());
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Wed, 21 Oct 2015 07:28:00 GMT";

    fn told(headers: &[(&str, &str)]) -> Option<Duration> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect();
        let response = HttpResponse {
            status: 429,
            headers,
            body: Vec::new(),
        };
        retry_after(&response, "2015-10-21T07:27:30Z".parse().unwrap())
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(told(&[("retry-after", "120")]), seconds(120));
        assert_eq!(told(&[("retry-after", " 0 ")]), seconds(0));
        assert_eq!(told(&[("retry-after", DATE)]), seconds(30));
        // The provider's clock is ten seconds behind ours: its own date counts.
        let date = ("date", "Wed, 21 Oct 2015 07:27:20 GMT");
        assert_eq!(told(&[("retry-after", DATE), date]), seconds(40));
        // Gone by already.
        assert_eq!(
            told(&[("retry-after", "Wed, 21 Oct 2015 07:00:00 GMT")]),
            seconds(0)
        );
        for nonsense in ["", "soon", "-5", "1.5", "99999999999999999999999"] {
            assert_eq!(told(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
        assert_eq!(told(&[]), None);
    }

    #[test]
    fn a_call_waits_a_quarter_of_an_hour_at_most_in_all() {
        let mut patience = Patience::new();
        let mut waited = Duration::ZERO;
        loop {
            match patience.next(Told::Wait(Duration::from_secs(400))) {
                Next::After(delay) => waited += delay,
                Next::Limited(delay) => break assert_eq!(delay, Duration::from_secs(400)),
                Next::Enough => panic!("a limit stays a limit"),
            }
        }
        assert_eq!(waited, Duration::from_secs(800));
    }

    #[test]
    fn limits_without_a_header_wait_longer_each_time_and_end() {
        let mut patience = Patience::new();
        let mut waits = Vec::new();
        while let Next::After(delay) = patience.next(Told::LimitWithoutHeader) {
            waits.push(delay.as_secs());
        }
        assert_eq!(waits, [60, 120, 180, 240, 300]);
    }

    #[test]
    fn writes_leave_at_their_pace() {
        let (pacer, now, second) = (
            Pacer::default(),
            Timestamp::UNIX_EPOCH,
            Duration::from_secs(1),
        );
        let waits: Vec<u64> = (0..3).map(|_| pacer.take(now, second).as_secs()).collect();
        assert_eq!(waits, [0, 1, 2]);
        assert_eq!(pacer.take(later(now, second * 9), second), Duration::ZERO);
        pacer.take(Timestamp::MAX, second);
    }
}
