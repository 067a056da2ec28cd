//! What every client says alike: a plain read, a parameter of an address, a list that does not end.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{CallError, Class, Endpoint};
use crate::event::FailedCall;
use crate::seam::transport::Method;

/// What stays as it is in a path and in a query: RFC 3986's unreserved characters.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// One parameter of a path or query, its slashes included.
pub fn encoded(parameter: &str) -> String {
    utf8_percent_encode(parameter, PLAIN).to_string()
}

/// A read of `path`, which is encoded already.
pub fn reading(path: &str) -> Endpoint<'_> {
    Endpoint {
        class: Class::Read,
        method: Method::Get,
        path,
        body: None,
        media: None,
    }
}

/// A list whose pages lead nowhere: nothing is concluded from what came of it.
pub fn endless(path: &str, cause: String) -> CallError {
    CallError::Unreachable {
        call: FailedCall {
            method: "GET".into(),
            path: path.into(),
            status: None,
            request_id: None,
        },
        cause,
    }
}
