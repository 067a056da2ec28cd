//! How a file is written (modules, quotes, semicolons, indentation, line ends), and the plan's code in that manner.

use super::syntax::{File, field};

/// The methods a browser may use, as the plan lists them.
pub(super) const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// The request headers a browser may send, as the plan lists them.
pub(super) const ALLOWED_HEADERS: [&str; 2] = ["Content-Type", "Authorization"];
/// The response headers a browser may read, as the plan lists them.
pub(super) const EXPOSED_HEADERS: [&str; 1] = ["Content-Disposition"];
/// For how many seconds a browser may keep the answer to a preflight.
pub(super) const MAX_AGE_S: &str = "86400";
/// Who may call when nothing is configured and `NODE_ENV` is `development`.
pub(super) const DEVELOPMENT_ORIGIN: &str = "http://localhost:3000";

/// How a file brings other modules in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modules {
    /// `const cors = require('cors')`
    CommonJs,
    /// `import cors from 'cors'`
    EsModules,
}

/// The manner of one file. Its default is CommonJS, single quotes, semicolons, two blanks, LF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    pub modules: Modules,
    pub quote: char,
    pub semicolons: bool,
    /// What one level of indentation is.
    pub indent: String,
    /// How a line ends: `"\n"` or `"\r\n"`.
    pub line_end: &'static str,
    /// The variable that holds the Express app.
    pub app: String,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            modules: Modules::CommonJs,
            quote: '\'',
            semicolons: true,
            indent: "  ".to_owned(),
            line_end: "\n",
            app: "app".to_owned(),
        }
    }
}

impl Style {
    /// Reads the manner of a file off its syntax; what the file does not show stays at the default.
    pub(super) fn of(file: &File<'_>) -> Self {
        let (mut single, mut double, mut with, mut without) = (0, 0, 0, 0);
        let mut modules = Modules::CommonJs;
        for node in &file.nodes {
            match node.kind() {
                "string" if file.text(*node).starts_with('"') => double += 1,
                "string" => single += 1,
                "expression_statement"
                | "lexical_declaration"
                | "variable_declaration"
                | "import_statement"
                | "return_statement" => {
                    if file.text(*node).ends_with(';') {
                        with += 1;
                    } else {
                        without += 1;
                    }
                }
                _ => {}
            }
            if matches!(node.kind(), "import_statement" | "export_statement") {
                modules = Modules::EsModules;
            }
        }
        let crlf = file.text.matches("\r\n").count();
        let unix = file.text.matches('\n').count() - crlf;
        Self {
            modules,
            quote: if double > single { '"' } else { '\'' },
            semicolons: with >= without,
            indent: indent_of(file.text),
            line_end: if crlf > unix { "\r\n" } else { "\n" },
            app: app_name(file).unwrap_or_else(|| "app".to_owned()),
        }
    }

    fn end(&self) -> &'static str {
        if self.semicolons { ";" } else { "" }
    }

    fn quoted(&self, text: &str) -> String {
        format!("{q}{text}{q}", q = self.quote)
    }

    fn array(&self, entries: &[&str]) -> String {
        let quoted: Vec<String> = entries.iter().map(|entry| self.quoted(entry)).collect();
        format!("[{}]", quoted.join(", "))
    }

    /// The line that brings the cors package in.
    pub(super) fn import_cors(&self) -> String {
        let (package, end) = (self.quoted("cors"), self.end());
        match self.modules {
            Modules::CommonJs => format!("const cors = require({package}){end}"),
            Modules::EsModules => format!("import cors from {package}{end}"),
        }
    }

    /// The statements that read `CORS_ORIGIN` into `list` and fall back to localhost in development.
    pub(super) fn origin_list(&self, list: &str) -> Vec<String> {
        let (i, e, q) = (&self.indent, self.end(), self.quote);
        vec![
            "// Origins that may call this API from a browser: CORS_ORIGIN, separated by commas"
                .into(),
            format!("const {list} = (process.env.CORS_ORIGIN || {q}{q})"),
            format!("{i}.split({})", self.quoted(",")),
            format!("{i}.map((entry) => entry.trim())"),
            format!("{i}.filter(Boolean){e}"),
            String::new(),
            "// For local development, if the variable isn't set, fall back to localhost".into(),
            format!(
                "if (process.env.NODE_ENV === {} && {list}.length === 0) {{",
                self.quoted("development")
            ),
            format!("{i}{list}.push({}){e}", self.quoted(DEVELOPMENT_ORIGIN)),
            format!(
                "{i}console.log({}){e}",
                self.quoted("[CORS] Development mode: allowing localhost:3000 by default.")
            ),
            "}".into(),
        ]
    }

    /// The options object of the plan, deciding by `list`; `extras` are properties kept from the old object.
    pub(super) fn options_object(&self, list: &str, extras: &[String]) -> Vec<String> {
        let (i, e) = (&self.indent, self.end());
        let mut lines = vec![
            "{".into(),
            format!("{i}origin: function (origin, callback) {{"),
            format!("{i}{i}// Requests without an origin pass (mobile apps, other servers, curl)"),
            format!("{i}{i}if (!origin) return callback(null, true){e}"),
            String::new(),
            format!("{i}{i}if ({list}.indexOf(origin) !== -1) {{"),
            format!("{i}{i}{i}return callback(null, true){e}"),
            format!("{i}{i}}}"),
            format!(
                "{i}{i}const msg = `The CORS policy for this site does not allow access from the specified Origin: ${{origin}}`{e}"
            ),
            format!("{i}{i}console.error(`[CORS] Blocked request from origin: ${{origin}}`){e}"),
            format!("{i}{i}return callback(new Error(msg), false){e}"),
            format!("{i}}},"),
            format!("{i}methods: {},", self.array(&METHODS)),
            format!("{i}allowedHeaders: {},", self.array(&ALLOWED_HEADERS)),
            format!("{i}credentials: true,"),
            format!("{i}maxAge: {MAX_AGE_S},"),
            format!("{i}exposedHeaders: {},", self.array(&EXPOSED_HEADERS)),
        ];
        lines.extend(extras.iter().map(|extra| format!("{i}{extra},")));
        lines.push("}".into());
        lines
    }

    /// `const corsOptions = {…};`
    pub(super) fn options_statement(
        &self,
        options: &str,
        list: &str,
        extras: &[String],
    ) -> Vec<String> {
        let mut lines = self.options_object(list, extras);
        lines[0] = format!("const {options} = {{");
        if let Some(last) = lines.last_mut() {
            last.push_str(self.end());
        }
        lines
    }

    /// `app.use(cors(corsOptions));`
    pub(super) fn use_line(&self, app: &str, cors: &str, options: &str) -> String {
        format!("{app}.use({cors}({options})){}", self.end())
    }

    /// Lines put behind each other, each after the first indented by `base`; an empty line stays empty.
    pub(super) fn join(&self, lines: &[String], base: &str) -> String {
        let mut text = String::new();
        for (n, line) in lines.iter().enumerate() {
            if n > 0 {
                text.push_str(self.line_end);
                if !line.is_empty() {
                    text.push_str(base);
                }
            }
            text.push_str(line);
        }
        text
    }
}

/// The plan's code, whole, for an operator to paste: import, origin list, options and the line that uses them.
pub fn snippet(style: &Style) -> String {
    let mut lines = vec![style.import_cors(), String::new()];
    lines.extend(style.origin_list("allowedOrigins"));
    lines.push(String::new());
    lines.extend(style.options_statement("corsOptions", "allowedOrigins", &[]));
    lines.push(String::new());
    lines.push(style.use_line(&style.app, "cors", "corsOptions"));
    style.join(&lines, "") + style.line_end
}

/// One tab when the file indents with tabs; else the smallest usual number of blanks that a line begins with.
fn indent_of(text: &str) -> String {
    let mut blanks_min = usize::MAX;
    for line in text.lines() {
        let rest = line.trim_start_matches(' ');
        let blanks = line.len() - rest.len();
        if rest.starts_with('\t') && blanks == 0 {
            return "\t".to_owned();
        }
        // A block comment's continued lines begin with one blank and a star.
        if blanks > 0 && !rest.trim().is_empty() && !rest.starts_with('*') {
            blanks_min = blanks_min.min(blanks);
        }
    }
    " ".repeat(if matches!(blanks_min, 3 | 4 | 8) {
        blanks_min
    } else {
        2
    })
}

/// The variable of the first `… = express()`.
pub(super) fn app_name(file: &File<'_>) -> Option<String> {
    file.of_kind("variable_declarator").find_map(|declarator| {
        let value = field(declarator, "value")?;
        let name = field(declarator, "name")?;
        (super::mount::makes_app(file, value) && name.kind() == "identifier")
            .then(|| file.text(name).to_owned())
    })
}
