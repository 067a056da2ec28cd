//! What the name servers of the test are told.

use std::path::Path;
use std::process::Command;

use crate::servers::command;

/// The addresses that the authoritative server listens on, as a zone's two name servers.
pub const OWN: [&str; 2] = ["127.0.0.1", "127.0.0.2"];

/// The product's zone. Its negative answers live as long as its minimum says: 600 s.
pub fn product(www: &str) -> String {
    // Twelve strings of 250 bytes do not fit into a datagram; two of 255 and 45 are one value of 300.
    let long: String = (0..12)
        .map(|n| format!(" \"{}\"", letter(n).repeat(250)))
        .collect();
    let key = format!("\"{}\" \"{}\"", "k".repeat(255), "K".repeat(45));
    format!(
        "$ORIGIN bondigoo.test.
@ 3600 SOA ns1 dns 7 28800 7200 604800 600
@ 3600 NS ns1
@ 3600 NS ns2
ns1 3600 A 127.0.0.1
ns2 3600 A 127.0.0.2
@ 600 A 192.0.2.1
@ 600 AAAA 2001:db8::1
@ 600 MX 10 Mail.bondigoo.test.
@ 600 MX 0 .
@ 600 TXT \"v=spf1 include:\" \"mail.test -all\"
@ 600 TXT \"verify=a;b \\\"c\\\"\"
@ 900 CAA 0 issue \"letsencrypt.org\"
@ 900 CAA 128 IssueWild \";\"
www 300 CNAME {www}
api 120 CNAME Deep.Hosting.TEST.
only6 60 AAAA 2001:db8::6
key._domainkey 600 TXT {key}
long 60 TXT{long}
*.wild 60 A 192.0.2.9
hosted 3600 NS ns1.hosting.test.
_acme-challenge.www 60 TXT \"token\"
"
    )
}

fn letter(n: u8) -> String {
    char::from(b'a' + n).to_string()
}

/// The providers' zone, where CNAMEs lead. Here the SOA's own time is the shorter one: 120 s.
const HOSTING: &str = "$ORIGIN hosting.test.
@ 120 SOA ns1 dns 1 28800 7200 604800 900
@ 3600 NS ns1
ns1 3600 A 127.0.0.1
old 300 A 192.0.2.10
new 300 A 192.0.2.20
deep 60 CNAME deeper
deeper 60 A 192.0.2.30
";

/// knotd, authoritative for both zones.
pub fn knot(program: &Path, folder: &Path, port: u16, www: &str) -> Command {
    let place = folder.display();
    let listen = OWN.map(|address| format!("{address}@{port}")).join(", ");
    let configuration = format!(
        "server:
    rundir: {place}
    pidfile: {place}/pid
    listen: [ {listen} ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {place}/db
log:
  - target: stderr
    any: info
template:
  - id: default
    storage: {place}
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: bondigoo.test
  - domain: hosting.test
"
    );
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("written");
    write("knot.conf", &configuration);
    write("bondigoo.test.zone", &product(www));
    write("hosting.test.zone", HOSTING);
    let mut knotd = command(program);
    knotd.arg("-c").arg(folder.join("knot.conf"));
    knotd
}

/// What knotd says when it answers.
pub const KNOT_READY: &str = "server started";

/// unbound, which looks further itself, for the zones of an authoritative server at `own`.
pub fn unbound(program: &Path, folder: &Path, port: u16, own: u16) -> Command {
    // A copy, since AppArmor lets the one in its place read its own folders alone.
    let copy = folder.join("unbound");
    std::fs::copy(program, &copy).expect("a copy");
    let place = folder.display();
    let stubs: String = ["bondigoo.test", "hosting.test"]
        .map(|zone| format!("stub-zone:\n    name: \"{zone}\"\n    stub-addr: 127.0.0.1@{own}\n"))
        .concat();
    let configuration = format!(
        "server:
    interface: 127.0.0.1
    port: {port}
    directory: \"{place}\"
    pidfile: \"{place}/pid\"
    username: \"\"
    chroot: \"\"
    use-syslog: no
    logfile: \"\"
    verbosity: 1
    num-threads: 1
    module-config: \"iterator\"
    do-not-query-localhost: no
    local-zone: \"test.\" nodefault
    access-control: 127.0.0.0/8 allow
remote-control:
    control-enable: no
{stubs}forward-zone:
    name: \".\"
    forward-addr: 127.0.0.1@{own}
"
    );
    std::fs::write(folder.join("unbound.conf"), configuration).expect("written");
    let mut unbound = command(&copy);
    unbound.arg("-d").arg("-c").arg(folder.join("unbound.conf"));
    unbound
}

/// What unbound says when it answers.
pub const UNBOUND_READY: &str = "start of service";
