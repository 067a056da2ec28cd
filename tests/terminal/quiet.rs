//! What must not happen: work while idle, keys pressed by a paste, a secret on the screen, a screen torn by a size.

use crate::SIZES;
use crate::tmux::{Terminal, open};

/// Of the form that GitHub gives its tokens, and not a real one.
const CANARY: &str = "ghp_c4n4ryOfTheM1nE0123456789abcdefghijk";

/// Processor ticks and context switches of all threads of a process.
#[cfg(target_os = "linux")]
fn work_done(process: rustix::process::Pid) -> Vec<String> {
    let folder = format!("/proc/{}", process.as_raw_nonzero());
    let stat = std::fs::read_to_string(format!("{folder}/stat")).expect("golive runs");
    let after_name = stat.rsplit_once(')').expect("a name").1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    // User and system time are the fields 14 and 15, counted from the process id; the first here is field 3.
    let mut work = vec![format!("ticks {} {}", fields[11], fields[12])];
    for task in std::fs::read_dir(format!("{folder}/task")).expect("threads") {
        let status = task.expect("a thread").path().join("status");
        let status = std::fs::read_to_string(status).expect("its status");
        let line = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            line.expect("a line").to_string()
        };
        work.push(format!(
            "{} {}",
            line("Name:"),
            line("voluntary_ctxt_switches:")
        ));
    }
    work.sort();
    work
}

#[test]
#[cfg(target_os = "linux")]
fn idle_it_draws_nothing_and_takes_no_time() {
    use std::time::Duration;
    let Some(terminal) = open(120, 36) else {
        return;
    };
    terminal.start("");
    terminal.see("needs you (n)");
    terminal.press(&["n"]);
    terminal.see("Enter takes the rehearsal's own");
    terminal.press(&["Enter"]);
    terminal.see("wants 5 changes approved");
    terminal.until("no passing word", |screen| {
        screen.contains("Your state is saved.") && !screen.contains("handed over")
    });
    // From here on, all that golive sends to the terminal goes into the file too.
    let sent = terminal.file("sent");
    terminal.tmux(&[
        "pipe-pane",
        "-t",
        "main",
        &format!("cat > '{}'", sent.display()),
    ]);
    terminal.until("the file", |_| sent.exists());
    let process = terminal.process();
    // The last frame is on the screen a moment before its thread is at rest.
    let mut before = work_done(process);
    terminal.until("golive at rest", |_| {
        std::thread::sleep(Duration::from_millis(100));
        let now = work_done(process);
        std::mem::replace(&mut before, now.clone()) == now
    });
    // The idle time itself is what is measured here; nothing is waited for.
    std::thread::sleep(Duration::from_secs(20));
    assert_eq!(work_done(process), before);
    assert_eq!(std::fs::read(&sent).expect("the file"), b"");
    // It was not dead: a key is drawn, and the file shows it.
    terminal.press(&["?"]);
    terminal.see("type to search");
    terminal.until("the frame's bytes", |_| {
        std::fs::metadata(&sent).is_ok_and(|file| file.len() > 0)
    });
    terminal.press(&["Escape", "q"]);
}

#[test]
fn made_too_small_and_large_again_the_screen_is_whole() {
    for (columns, rows) in SIZES {
        let Some(terminal) = open(columns, rows) else {
            return;
        };
        terminal.start("");
        let before = terminal.see("needs you (n)");
        for (narrow, low) in [(20, 5), (1, 1), (60, 16), (200, 60)] {
            terminal.resize(narrow, low);
            terminal.until("a screen of that size", |screen| match narrow {
                1 => true,
                20 => screen.contains("golive needs 60x16"),
                _ => screen.contains("needs you (n)"),
            });
        }
        terminal.back_to_size();
        terminal.until("the screen as it was", |screen| screen == before);
        terminal.press(&["q"]);
        assert_eq!(terminal.prompt(), 10);
        terminal.is_as_found();
    }
}

/// The canary in none of its forms, on the screen and in files.
fn nowhere(terminal: &Terminal) {
    use base64::Engine;
    let base64 = base64::engine::general_purpose::STANDARD.encode(CANARY);
    let forms = [CANARY, &CANARY[4..20], base64.as_str()];
    let screen = terminal.history();
    for form in forms {
        assert!(!screen.contains(form), "on the screen:\n{screen}");
        for (path, bytes) in terminal.files() {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(form), "in {}", path.display());
        }
    }
}

#[test]
fn a_paste_presses_no_key_and_a_secret_is_never_shown() {
    for (columns, rows) in SIZES {
        let Some(terminal) = open(columns, rows) else {
            return;
        };
        terminal.start("");
        let before = terminal.see("needs you (n)");
        // A terminal that can paste in one piece does; every letter of this one would be a key.
        terminal.paste(&format!("qpnA{CANARY}\n"));
        terminal.see("A paste was ignored");
        nowhere(&terminal);
        terminal.until("the screen as it was", |screen| screen == before);

        // In its field it is masked, and a line end in it gives nothing away.
        terminal.press(&["n"]);
        terminal.see("Enter takes the rehearsal's own");
        terminal.paste(&format!("{CANARY}\n"));
        terminal.see("●");
        nowhere(&terminal);
        terminal.press(&["Enter"]);
        // A real token never goes to the rehearsal's world.
        terminal.see("Not handed over");
        nowhere(&terminal);
        // The field stays open to be corrected, and there `q` would be a letter: the way out is Esc.
        terminal.press(&["Escape"]);
        terminal.until("the field closed", |screen| !screen.contains("› Paste"));
        nowhere(&terminal);
        terminal.press(&["q"]);
        assert_eq!(terminal.prompt(), 10);
        nowhere(&terminal);
        terminal.is_as_found();
    }
}
