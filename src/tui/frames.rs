//! When the next frame is drawn. Nothing ticks: a frame is asked for by what happened, or by what moves on the screen.

use tokio::time::{Duration, Instant};

/// At most 30 frames a second.
const FRAME_MIN: Duration = Duration::from_millis(33);
/// The spinner's step: 8 Hz.
const SPIN: Duration = Duration::from_millis(125);
const SECOND: Duration = Duration::from_secs(1);

/// What on the screen changes by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moving {
    pub spinner: bool,
    /// A running clock or a countdown.
    pub clock: bool,
    /// Something that ends: a toast, a revealed secret.
    pub ends_at: Option<Instant>,
}

#[derive(Debug)]
pub struct Frames {
    started: Instant,
    wanted: Option<Instant>,
    last: Option<Instant>,
    /// How many frames were drawn.
    pub drawn: u64,
}

impl Frames {
    pub fn new(now: Instant) -> Frames {
        Frames {
            started: now,
            wanted: Some(now),
            last: None,
            drawn: 0,
        }
    }

    /// Something happened: draw as soon as the limit allows. Several requests make one frame.
    pub fn request(&mut self, now: Instant) {
        self.request_at(now);
    }

    fn request_at(&mut self, at: Instant) {
        let at = match self.last {
            Some(last) => at.max(last + FRAME_MIN),
            None => at,
        };
        self.wanted = Some(self.wanted.map_or(at, |wanted| wanted.min(at)));
    }

    /// A frame was drawn; what moves says when the next one is due.
    pub fn drew(&mut self, now: Instant, moving: Moving) {
        self.drawn += 1;
        self.last = Some(now);
        self.wanted = None;
        if moving.spinner {
            self.request_at(self.next_multiple(now, SPIN));
        }
        if moving.clock {
            self.request_at(self.next_multiple(now, SECOND));
        }
        if let Some(end) = moving.ends_at {
            self.request_at(end);
        }
    }

    fn next_multiple(&self, now: Instant, step: Duration) -> Instant {
        let since = now.duration_since(self.started).as_millis();
        let steps = since / step.as_millis() + 1;
        self.started + step * u32::try_from(steps).unwrap_or(u32::MAX)
    }

    /// The spinner's step at that time.
    pub fn spin(&self, now: Instant) -> usize {
        let steps = now.duration_since(self.started).as_millis() / SPIN.as_millis();
        usize::try_from(steps).unwrap_or(0)
    }

    /// Ends when the next frame is due; never, when none is wanted.
    pub async fn due(&self) {
        match self.wanted {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn count(moving: Moving, seconds: u64) -> u64 {
        let mut frames = Frames::new(Instant::now());
        let end = Instant::now() + Duration::from_secs(seconds);
        while tokio::time::timeout_at(end, frames.due()).await.is_ok() {
            frames.drew(Instant::now(), moving);
        }
        frames.drawn
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_screen_is_drawn_once_and_never_again() {
        assert_eq!(count(Moving::default(), 3600).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_spinner_costs_eight_frames_a_second_and_a_clock_one() {
        let spinner = Moving {
            spinner: true,
            clock: true,
            ends_at: None,
        };
        let drawn = count(spinner, 10).await;
        assert!((79..=82).contains(&drawn), "{drawn}");
        let clock = Moving {
            clock: true,
            ..Moving::default()
        };
        let drawn = count(clock, 10).await;
        assert!((10..=12).contains(&drawn), "{drawn}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_events_draws_thirty_frames_a_second() {
        let mut frames = Frames::new(Instant::now());
        let end = Instant::now() + Duration::from_secs(1);
        while Instant::now() < end {
            frames.request(Instant::now());
            tokio::select! {
                biased;
                () = frames.due() => frames.drew(Instant::now(), Moving::default()),
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        }
        assert!((28..=31).contains(&frames.drawn), "{}", frames.drawn);
    }
}
