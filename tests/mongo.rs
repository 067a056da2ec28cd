//! The real driver at a real server: FerretDB, which speaks MongoDB's protocol, with SCRAM and an odd password.
//!
//! `tests/setup/mongodb.sh DIR` builds it, which needs Go; `GOLIVE_FERRETDB=DIR` names the folder.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use golive::mongo::Driver;
use golive::provider::https::install_crypto;
use golive::seam::documents::{Documents, Door, Login};
use golive::secret::Secret;

const PASSWORD: &str = "p@ss:w/rd?#[]%";

/// A server on this machine, ended with its folder when the test is over.
struct Server {
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Server {
    /// `None` where none was built, which a skipped test says.
    fn start(test: &str) -> Option<Server> {
        let folder = std::env::var_os("GOLIVE_FERRETDB").map(PathBuf::from);
        let program = folder.map(|folder| folder.join("ferretdb"));
        let Some(program) = program.filter(|program| program.is_file()) else {
            println!(
                "SKIPPED {test}: no FerretDB, which needs Go: tests/setup/mongodb.sh builds it"
            );
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().display();
        let mut process = Command::new(program)
            .args([
                "--handler=sqlite",
                "--listen-addr=127.0.0.1:0",
                "--debug-addr=-",
            ])
            .args([
                "--telemetry=disable",
                "--test-enable-new-auth",
                "--setup-database=admin",
            ])
            .args([
                "--setup-username=shop_dev_user".to_string(),
                format!("--setup-password={PASSWORD}"),
            ])
            .args([
                format!("--sqlite-url=file:{place}/"),
                format!("--state-dir={place}"),
            ])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the server starts");
        // It says where it listens; what it says later is read away, so that it never waits for a reader.
        let mut lines = BufReader::new(process.stderr.take().expect("its words")).lines();
        let address = lines.find_map(|line| {
            let line = line.ok()?;
            let (_, rest) = line.split_once("Listening on TCP ")?;
            rest.split("...").next().map(str::to_string)
        });
        let address = address.expect("an address among the server's words");
        std::thread::spawn(move || lines.for_each(drop));
        Some(Server {
            process,
            address,
            _folder: folder,
        })
    }

    fn driver(&self) -> Driver {
        Driver::new(Some(format!("mongodb://{}", self.address)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn door(user: &str) -> Door {
    Door {
        host: "shop-dev.d3e4f.mongodb.net".into(),
        user: user.into(),
        database: "shop-dev".into(),
        options: "retryWrites=true&w=majority".into(),
    }
}

fn login(driver: &Driver, door: &Door, password: &str) -> Login {
    install_crypto();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(driver.login(door, &Secret::new(password)))
}

#[test]
fn a_user_with_an_odd_password_is_let_in() {
    let Some(server) = Server::start("a_user_with_an_odd_password_is_let_in") else {
        return;
    };
    let entered = login(&server.driver(), &door("shop_dev_user"), PASSWORD);
    assert!(matches!(entered, Login::In(_)), "{entered:?}");
}

#[test]
fn a_wrong_password_and_an_unknown_user_are_refused() {
    let Some(server) = Server::start("a_wrong_password_and_an_unknown_user_are_refused") else {
        return;
    };
    for (user, password) in [("shop_dev_user", "another one"), ("nobody", PASSWORD)] {
        let refused = login(&server.driver(), &door(user), password);
        let Login::Refused(cause) = &refused else {
            panic!("{user}: {refused:?}");
        };
        assert!(!cause.contains(PASSWORD) && !cause.is_empty());
    }
}

#[test]
fn a_port_where_nobody_listens_gives_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let driver = Driver::new(Some(format!("mongodb://{address}")));
    let silent = login(&driver, &door("shop_dev_user"), PASSWORD);
    assert!(matches!(silent, Login::NoAnswer(_)), "{silent:?}");
}

#[test]
fn options_that_no_driver_knows_are_no_refusal() {
    let odd = Door {
        options: "w=majority&retryWrites=perhaps".into(),
        ..door("shop_dev_user")
    };
    let driver = Driver::new(Some("mongodb://127.0.0.1:1".into()));
    assert!(matches!(login(&driver, &odd, PASSWORD), Login::NoAnswer(_)));
}
