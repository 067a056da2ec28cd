//! Every way out of the screen, and every way to the shell and back: the terminal is left as it was found.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::SIZES;
use crate::tmux::{Terminal, open};

/// A wizard whose first call gets no reply for half a minute: it is busy until then.
const BUSY: &str = "--speed 1 --faults 'timeout_before@GET /user#1'";

/// What is timed has the machine for itself as far as these tests go.
static TIMED: Mutex<()> = Mutex::new(());

fn give_token(terminal: &Terminal) {
    terminal.see("needs you (n)");
    terminal.press(&["n"]);
    terminal.see("Enter takes the rehearsal's own");
    terminal.press(&["Enter"]);
}

#[test]
fn q_leaves_and_says_what_is_open_and_how_to_go_on() {
    for (columns, rows) in SIZES {
        let Some(terminal) = open(columns, rows) else {
            return;
        };
        terminal.start("");
        give_token(&terminal);
        terminal.see("wants 5 changes approved");
        terminal.press(&["q"]);
        // A person is needed.
        assert_eq!(terminal.prompt(), 10);
        let left = terminal.screen().replace('\n', "");
        assert!(left.contains("2 of 115 items are settled."), "{left}");
        assert!(left.contains("1.stable-main"), "{left}");
        let go_on = format!("golive rehearse --dir {}", terminal.launch().display());
        assert!(left.contains(&go_on), "{left}");
        terminal.is_as_found();
    }
}

/// Approves the first branches; the reply to the first write does not come for some seconds.
fn write_without_reply(terminal: &Terminal) {
    terminal.start("--speed 4 --faults 'timeout_after_apply@POST /repos/*/*/git/refs#1'");
    give_token(terminal);
    terminal.see("wants 5 changes approved");
    terminal.press(&["n"]);
    terminal.see("A approves");
    terminal.press(&["A"]);
    terminal.see("approves these changes and nothing else");
    terminal.press(&["Enter"]);
    terminal.see("sent: + branch");
}

#[test]
fn ctrl_c_stops_after_the_call_and_a_second_one_at_once() {
    let Some(terminal) = open(120, 36) else {
        return;
    };
    write_without_reply(&terminal);
    let alone = TIMED.lock();
    let process = terminal.process();
    terminal.press(&["C-c"]);
    terminal.see("Ctrl-C again within 2 s stops now");
    let pressed = Instant::now();
    terminal.press(&["C-c"]);
    terminal.ended(process);
    let took = pressed.elapsed();
    drop(alone);
    assert!(took < Duration::from_millis(200), "{took:?}");
    assert_eq!(terminal.prompt(), 130);
    let left = terminal.screen();
    assert!(
        left.contains("A call left and its outcome is not recorded"),
        "{left}"
    );
    terminal.is_as_found();

    // The next start finds by looking that it happened, and goes on with the rest.
    terminal.start("");
    terminal.see("7/115 settled");
    terminal.press(&["q"]);
    assert_eq!(terminal.prompt(), 10);
}

#[test]
fn one_ctrl_c_lets_the_running_call_end() {
    let Some(terminal) = open(80, 24) else {
        return;
    };
    write_without_reply(&terminal);
    terminal.press(&["C-c"]);
    terminal.see("Stopping: the running call is finished");
    assert_eq!(terminal.prompt(), 130);
    terminal.is_as_found();
}

#[test]
fn ctrl_c_with_nothing_running_leaves_as_q_does() {
    let Some(terminal) = open(80, 24) else {
        return;
    };
    terminal.start("");
    terminal.see("needs you (n)");
    terminal.press(&["C-c"]);
    assert_eq!(terminal.prompt(), 10);
    terminal.is_as_found();
}

/// The shell has the terminal while golive is stopped: nothing of the screen is left on it, and commands work.
fn shell_has_it(terminal: &Terminal) {
    let screen = terminal.until("the shell's prompt", |screen| {
        screen.contains("golive is suspended") && screen.trim_end().ends_with("shell>")
    });
    assert!(screen.contains("Stopped"), "{screen}");
    terminal.is_as_found();
}

#[test]
fn ctrl_z_goes_to_the_shell_and_fg_comes_back() {
    for (columns, rows) in SIZES {
        let Some(terminal) = open(columns, rows) else {
            return;
        };
        terminal.start("");
        terminal.see("needs you (n)");
        terminal.press(&["C-z"]);
        shell_has_it(&terminal);
        terminal.run("fg");
        terminal.see("needs you (n)");
        assert_eq!(terminal.ask("#{alternate_on}"), "1");
        // Keys arrive, and only golive reads them.
        give_token(&terminal);
        terminal.see("wants 5 changes approved");
        terminal.press(&["q"]);
        assert_eq!(terminal.prompt(), 10);
        terminal.is_as_found();
    }
}

#[test]
fn sent_to_the_background_it_leaves_the_terminal_to_the_shell() {
    let Some(terminal) = open(120, 36) else {
        return;
    };
    terminal.start("");
    terminal.see("needs you (n)");
    terminal.press(&["C-z"]);
    shell_has_it(&terminal);
    terminal.run("bg");
    terminal.run("echo between $((3 * 7)); jobs");
    let screen = terminal.see("between 21");
    assert!(!screen.contains("REHEARSAL ]"), "{screen}");
    terminal.see("Running");
    terminal.is_as_found();
    terminal.run("fg");
    terminal.see("needs you (n)");
    terminal.press(&["?"]);
    terminal.see("type to search");
    terminal.press(&["Escape"]);
    terminal.until("the main screen", |screen| screen.contains("Launch map"));
    terminal.press(&["q"]);
    assert_eq!(terminal.prompt(), 10);
    terminal.is_as_found();
}

#[test]
fn stopped_by_another_program_it_hands_the_terminal_back_too() {
    let Some(terminal) = open(80, 24) else {
        return;
    };
    terminal.start("");
    terminal.see("needs you (n)");
    terminal.signal(Signal::TSTP);
    shell_has_it(&terminal);
    terminal.run("fg");
    terminal.see("needs you (n)");

    // A stop that no program can listen to: the shell sets its modes, and golive its own when it comes back.
    terminal.signal(Signal::STOP);
    terminal.until("the shell's word", |screen| screen.contains("Stopped"));
    terminal.run("fg");
    terminal.until("the whole screen", |screen| {
        screen.contains("needs you (n)") && !screen.contains("Stopped")
    });
    terminal.press(&["q"]);
    assert_eq!(terminal.prompt(), 10);
    terminal.is_as_found();
}

#[test]
fn signals_end_it_with_their_codes() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let Some(terminal) = open(80, 24) else {
            return;
        };
        terminal.start(BUSY);
        give_token(&terminal);
        terminal.see("golive works on 0.github");
        let process = terminal.process();
        terminal.signal(signal);
        terminal.ended(process);
        assert_eq!(terminal.prompt(), code);
        terminal.is_as_found();
    }
}

#[test]
fn when_the_window_is_closed_no_process_stays() {
    let Some(terminal) = open(80, 24) else {
        return;
    };
    terminal.start(BUSY);
    give_token(&terminal);
    terminal.see("golive works on 0.github");
    let process = terminal.process();
    // Another window keeps the server alive.
    terminal.tmux(&["new-session", "-d", "-s", "other", "sh"]);
    terminal.tmux(&["kill-session", "-t", "main"]);
    terminal.ended(process);
}

/// The planted fault is in the binary only with this feature.
#[cfg(feature = "sabotage")]
mod a_worker_that_panics {
    use super::*;

    #[test]
    fn fails_its_item_and_leaves_the_screen_intact() {
        for (columns, rows) in SIZES {
            let Some(terminal) = open(columns, rows) else {
                return;
            };
            let golive = terminal.golive("");
            terminal.run(&format!("GOLIVE_PLANT=PanicInLook {golive}"));
            give_token(&terminal);
            let screen = terminal.see("0.github failed");
            // Nobody else has written on the screen: it has not scrolled, and its corners are where they were.
            let corners = screen.matches(['┌', '┐', '└', '┘']).count();
            assert!(screen.starts_with(" golive"), "{screen}");
            assert_eq!(corners % 4, 0, "{screen}");
            terminal.see("FAILED");
            terminal.press(&["n"]);
            terminal.see("planted: a panic while");
            terminal.press(&["PageDown"]);
            terminal.see("GL-BUG");
            terminal.press(&["PageUp"]);
            // Tried again it fails again, as long as the mistake is in.
            terminal.press(&["r"]);
            terminal.until("two reports", |screen| {
                screen.matches("a worker of golive failed by a").count() == 2
            });
            terminal.see("FAILED");
            terminal.press(&["q"]);
            assert_eq!(terminal.prompt(), 1);
            let left = terminal.history();
            assert!(left.contains("error: golive made a mistake"), "{left}");
            assert!(left.contains("planted: a panic while looking"), "{left}");
            terminal.is_as_found();

            // A start looks again at what failed; without the mistake it goes on from where it stood.
            terminal.start("");
            terminal.see("wants 5 changes approved");
            terminal.press(&["q"]);
            assert_eq!(terminal.prompt(), 10);
        }
    }
}
