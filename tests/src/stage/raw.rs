//! One HTTP request by hand, so that a scenario can send what no client would.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The head as it came.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The stable code of a failure, from JSON or from a phone's body.
    #[must_use]
    pub fn code(&self) -> String {
        match self.failure() {
            Some(failure) => failure.code,
            None => self.json()["code"].as_str().unwrap_or("").to_owned(),
        }
    }

    /// The remedy of a failure.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self.failure() {
            Some(failure) => failure.remedy,
            None => self.json()["remedy"].as_str().unwrap_or("").to_owned(),
        }
    }

    fn failure(&self) -> Option<homeround::wire::Failure> {
        homeround::wire::open_body(&self.body).ok()
    }
}

/// Sends a request and reads the whole answer. The head gets `host`,
/// `connection` and, unless `headers` has one, `content-length`.
#[must_use]
pub fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut stream = ask(address, method, path, headers, body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    parse(&answer)
}

/// As [`send`] for an answer that goes on and on: reads its head alone.
#[must_use]
pub fn head(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut stream = ask(address, "GET", path, headers, b"");
    let (mut answer, mut some) = (Vec::new(), [0; 512]);
    while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut some) {
            Ok(0) | Err(_) => break,
            Ok(read) => answer.extend_from_slice(&some[..read]),
        }
    }
    parse(&answer)
}

fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let sized = |(name, _): &(&str, &str)| *name == "content-length";
    if !headers.iter().any(sized) {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    // A backend that has read enough may hang up before the end of the body.
    let _ = stream.write_all(body);
    stream
}

fn parse(answer: &[u8]) -> Answer {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.expect("an HTTP answer");
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body = &answer[end + 4..];
    let body = if head.contains("transfer-encoding: chunked") {
        unchunk(body)
    } else {
        body.to_vec()
    };
    Answer { status, head, body }
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line]).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let from = line + 2;
        if size == 0 || rest.len() < from + size + 2 {
            break;
        }
        body.extend_from_slice(&rest[from..from + size]);
        rest = &rest[from + size + 2..];
    }
    body
}
