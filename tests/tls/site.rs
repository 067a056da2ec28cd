//! nginx with a site for each certificate that a visitor may meet, told apart by the name that is asked for.

use std::path::Path;
use std::process::Command;

use crate::authority::{Authority, YEARS, self_signed};
use crate::servers::command;

/// What nginx says when it answers: its sockets listen before it counts its files.
pub const READY: &str = "getrlimit(RLIMIT_NOFILE)";
pub const GOOD: &str = "www.bondigoo.test";
pub const EXPIRED: &str = "expired.bondigoo.test";
pub const EARLY: &str = "early.bondigoo.test";
/// Shows a certificate for `*.vercel.test`.
pub const OTHER: &str = "other.bondigoo.test";
/// The same, of an authority that nobody trusts, and expired.
pub const WORST: &str = "worst.bondigoo.test";
pub const SELF_SIGNED: &str = "self.bondigoo.test";
/// From an authority that is not trusted.
pub const STRANGE: &str = "strange.bondigoo.test";
/// A name that the server knows nothing of.
pub const UNKNOWN: &str = "unknown.bondigoo.test";
pub const BODY: usize = 200_000;

/// Writes all certificates, then says how the server is started. With `old`, it speaks TLS 1.1 and nothing newer.
pub fn nginx(program: &Path, folder: &Path, port: u16, trusted: &Authority, old: bool) -> Command {
    let strangers = Authority::new("Nobody's Trust");
    trusted.certify(folder, GOOD, &[GOOD, "*.preview.bondigoo.test"], YEARS);
    trusted.certify(folder, EXPIRED, &[EXPIRED], (2020, 2021));
    trusted.certify(folder, EARLY, &[EARLY], (2044, 2045));
    trusted.certify(folder, OTHER, &["*.Vercel.test"], YEARS);
    strangers.certify(folder, WORST, &["*.vercel.test"], (2020, 2021));
    strangers.certify(folder, STRANGE, &[STRANGE], YEARS);
    self_signed(folder, SELF_SIGNED, &[SELF_SIGNED]);
    let protocols = match old {
        true => "ssl_protocols TLSv1.1; ssl_ciphers DEFAULT:@SECLEVEL=0;",
        false => "ssl_protocols TLSv1.2 TLSv1.3;",
    };
    let names = [GOOD, EXPIRED, EARLY, OTHER, WORST, SELF_SIGNED, STRANGE];
    let sites: String = names
        .iter()
        .map(|name| {
            format!(
                "server {{
    listen 127.0.0.1:{port} ssl http2;
    server_name {name};
    ssl_certificate {name}.pem;
    ssl_certificate_key {name}.key;
    include site;
}}
"
            )
        })
        .collect();
    let configuration = format!(
        "daemon off;
master_process off;
pid pid;
error_log stderr notice;
events {{ }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {protocols}
    server {{
        listen 127.0.0.1:{port} ssl http2 default_server;
        ssl_reject_handshake on;
    }}
{sites}}}
"
    );
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("written");
    write("nginx.conf", &configuration);
    write("site", SITE);
    write("long", &"x".repeat(BODY));
    let mut nginx = command(program);
    nginx
        .arg("-p")
        .arg(folder)
        .args(["-e", "stderr", "-c", "nginx.conf"]);
    nginx
}

const SITE: &str = "
root .;
add_header X-Host $host always;
add_header X-Name $ssl_server_name always;
add_header X-Connection $connection always;
add_header X-Origin $http_origin always;
add_header X-Asked $http_access_control_request_method always;
add_header X-Method $request_method always;
add_header X-Bypass $http_x_vercel_protection_bypass always;
location = / { return 200 \"here\"; }
location = /health { return 503 \"starting\"; }
location = /moved { return 308 https://elsewhere.bondigoo.test/; }
location = /query { return 200 $args; }
location = /api { return 204; }
location = /slow { alias long; limit_rate 1; }
location = /long { }
";
