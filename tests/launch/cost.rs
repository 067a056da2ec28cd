//! What one calm launch costs, so that sweeps of thousands stay cheap.

use super::stage::Stage;

/// CPU time of one calm launch in process, in the test profile.
const CPU_MS_MAX: u64 = 50;
/// The best of so many is taken: the machine may be busy with something else.
const TRIES: usize = 5;

fn cpu_ms() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000 + time.tv_nsec as u64 / 1_000_000
}

#[test]
fn a_calm_launch_is_cheap() {
    let stage = Stage::new("fresh");
    let beginning = stage.beginning(3);
    let best = (0..TRIES)
        .map(|_| {
            let before = cpu_ms();
            let ran = stage.run(&beginning, None).unwrap();
            let calls = ran.end.calls();
            (cpu_ms() - before, calls)
        })
        .min()
        .unwrap();
    eprintln!("a calm launch: {} ms of CPU, {} calls", best.0, best.1);
    assert!(best.0 <= CPU_MS_MAX, "{} ms of CPU", best.0);
}
