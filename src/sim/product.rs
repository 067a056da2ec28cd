//! The product in the world's repository: a small server and front end, embedded.

use std::collections::BTreeMap;

use super::scenario::ProductSpec;

macro_rules! asset {
    ($path:literal) => {
        include_str!(concat!("../../assets/worlds/product/", $path))
    };
}

/// The server file as it stands before the launch: one fixed origin.
pub const SERVER_STATIC: &str = asset!("server/server.js");
/// The server file with its origins from `CORS_ORIGIN`.
pub const SERVER_DYNAMIC: &str = asset!("server/server.dynamic.js");

const SERVER: [(&str, &str); 6] = [
    ("package.json", asset!("server/package.json")),
    ("worker.js", asset!("server/worker.js")),
    ("models/User.js", asset!("server/models/User.js")),
    ("models/Message.js", asset!("server/models/Message.js")),
    ("models/Booking.js", asset!("server/models/Booking.js")),
    ("models/Review.js", asset!("server/models/Review.js")),
];

const FRONT_END: [(&str, &str); 5] = [
    ("package.json", asset!("client/package.json")),
    ("public/index.html", asset!("client/public/index.html")),
    ("src/index.js", asset!("client/src/index.js")),
    ("src/App.js", asset!("client/src/App.js")),
    ("src/config.js", asset!("client/src/config.js")),
];

const ROOT: [(&str, &str); 3] = [
    ("package.json", asset!("package.json")),
    ("README.md", asset!("README.md")),
    (".gitignore", asset!("gitignore")),
];

/// Path of the server file in the repository.
pub fn server_file(spec: &ProductSpec) -> &str {
    spec.server_file.as_deref().unwrap_or("server/server.js")
}

/// Every file of the product by its path, with the static server file.
pub fn files(spec: &ProductSpec) -> BTreeMap<String, String> {
    let server_file = server_file(spec);
    let backend = server_file
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let front_end = spec.front_end.as_deref().unwrap_or("client");
    let mut files = BTreeMap::new();
    for (folder, part) in [
        ("", &ROOT[..]),
        (backend, &SERVER[..]),
        (front_end.trim_matches(['/', '.']), &FRONT_END[..]),
    ] {
        for (path, text) in part {
            let path = match folder {
                "" => (*path).to_owned(),
                folder => format!("{folder}/{path}"),
            };
            files.insert(path, (*text).to_owned());
        }
    }
    files.insert(server_file.to_owned(), server(spec, SERVER_STATIC));
    files
}

/// A server file of this world, whose health checks are answered where the launch has them asked.
pub fn server(spec: &ProductSpec, text: &str) -> String {
    match &spec.health_path {
        Some(path) if !path.contains(['\'', '\\', '\n']) => {
            text.replace("'/health'", &format!("'{path}'"))
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_where_the_names_say() {
        let spec = ProductSpec {
            server_file: Some("backend/index.js".to_owned()),
            front_end: Some(String::new()),
            health_path: Some("/up".to_owned()),
        };
        let files = files(&spec);
        assert!(files["backend/index.js"].contains("origin: 'http://localhost:3000'"));
        assert!(files["backend/index.js"].contains("'/up'"));
        assert!(files.contains_key("backend/models/User.js"));
        assert!(files["package.json"].contains("react-scripts"));
    }

    #[test]
    fn the_dynamic_server_reads_and_trims_its_origins() {
        assert!(SERVER_DYNAMIC.contains("process.env.CORS_ORIGIN"));
        assert!(SERVER_DYNAMIC.contains(".trim()"));
        assert!(SERVER_DYNAMIC.contains("app.use(cors(corsOptions));"));
        assert!(!SERVER_STATIC.contains("CORS_ORIGIN"));
    }
}
