//! Real servers on this machine, each with a folder and ports of its own, ended with the test that started them.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use tempfile::TempDir;

/// A server that is ready.
pub struct Running {
    process: Child,
    /// Where it listens, on every address that it was told.
    pub port: u16,
    _folder: TempDir,
}

impl Running {
    /// Starts `prepare(folder, port)` and waits until it has said `ready`. A port may be taken by another program between
    /// its choice and its use, so another one is tried then.
    pub fn start(ready: &str, prepare: impl Fn(&Path, u16) -> Command) -> Running {
        let mut words = String::new();
        for _ in 0..5 {
            let folder = tempfile::tempdir().expect("a folder");
            let port = free_port();
            words.clear();
            match started(&mut prepare(folder.path(), port), ready, &mut words) {
                Some(process) => {
                    return Running {
                        process,
                        port,
                        _folder: folder,
                    };
                }
                None => continue,
            }
        }
        panic!("the server does not start:\n{words}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `None` when it ended before it was ready; `words` is what it said.
fn started(command: &mut Command, ready: &str, words: &mut String) -> Option<Child> {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut process = command
        .stdin(std::process::Stdio::null())
        .stdout(writer.try_clone().expect("its other end"))
        .stderr(writer)
        .spawn()
        .expect("the server's program runs");
    // The command holds the pipe's end open, and without it the end of the words is never seen.
    command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let mut lines = BufReader::new(reader).lines().map_while(Result::ok);
    for line in lines.by_ref() {
        words.push_str(&line);
        words.push('\n');
        if line.contains(ready) {
            // What it says later is read away, so that it never waits for a reader.
            std::thread::spawn(move || lines.for_each(drop));
            return Some(process);
        }
    }
    let _ = process.kill();
    let _ = process.wait();
    None
}

/// The program, also where only root looks for it; `None` where it is not installed, which a skipped test says.
pub fn program(test: &str, name: &str, setup: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let mut places = std::env::split_paths(&path).chain(more);
    let found = places.find_map(|place| Some(place.join(name)).filter(|path| path.is_file()));
    if found.is_none() {
        println!("SKIPPED {test}: no {name}; as root on Debian, {setup} installs it");
    }
    found
}

/// A command that dies with this thread, should it be killed before it can end the server.
pub fn command(program: &Path) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    match setpriv.is_file() {
        true => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            command
        }
        false => Command::new(program),
    }
}

/// One that nobody uses, by TCP and UDP.
pub fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its number").port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Runs to its end on a runtime of its own.
pub fn wait_for<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(work)
}
