//! An attachment's calls over HTTP, with altered headers, addresses and parts.
//! An input is lines: the method, what follows the calls' path, headers; then an
//! empty line and the part.

use homeround::model::Role;
use homeround::wire::{
    ATTACHMENTS, DEVICE_HEADER, PROTOCOL, PROTOCOL_HEADER, TUS_PART, TUS_VERSION,
};
use homeround_tests::stage::{Backend, Booking, Device, Office, fixture, raw};
use sha2::{Digest as _, Sha256};

use super::super::dice::{Dice, havoc};
use super::{Door, Outcome};

const PART: &[u8] = b"a photo, or so";

pub(crate) struct Uploads {
    backend: Backend,
    /// `/patient/sha256` of an attachment that may be sent.
    place: String,
    device: String,
    token: String,
}

impl Uploads {
    pub(crate) fn new() -> Self {
        let backend = Backend::start();
        let office = Office::new(&backend);
        let _ = office.import(&fixture("collection.json"));
        let nurse = office.person("nina", Role::Nurse);
        let patient = office.patients()[0];
        let _ = office.book(&Booking::of(patient, &[nurse]));
        let device = Device::enrol(&backend, "nina", 9).id.to_string();
        let name = homeround::model::ChangeHash(Sha256::digest(PART).into());
        Self {
            place: format!("/{patient}/{name}"),
            token: format!("Bearer {}", backend.token("nina")),
            device,
            backend,
        }
    }

    fn lines(&self, method: &str, headers: &[(&str, &str)], part: &[u8]) -> Vec<u8> {
        let mut text = format!("{method}\n{}\n", self.place);
        let protocol = PROTOCOL.to_string();
        let common = [
            (PROTOCOL_HEADER, protocol.as_str()),
            (DEVICE_HEADER, &self.device),
            ("tus-resumable", TUS_VERSION),
        ];
        for (name, value) in common.iter().chain(headers) {
            text.push_str(&format!("{name}: {value}\n"));
        }
        [text.as_bytes(), b"\n", part].concat()
    }
}

impl Door for Uploads {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let length = PART.len().to_string();
        let begin = [
            ("upload-length", length.as_str()),
            ("content-type", "image/jpeg"),
        ];
        let append = [("upload-offset", "0"), ("content-type", TUS_PART)];
        vec![
            self.lines("POST", &begin, b""),
            self.lines("HEAD", &[], b""),
            self.lines("PATCH", &append, &PART[..6]),
            self.lines("GET", &[("range", "bytes=0-5")], b""),
            self.lines("OPTIONS", &[], b""),
        ]
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> = input
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        let lent: Vec<&[u8]> = other.split(|byte| *byte == b'\n').collect();
        let at = dice.below(lines.len());
        match dice.below(6) {
            0 => lines.push(dice.pick(&lent).map_or(Vec::new(), |line| line.to_vec())),
            1 if lines.len() > 3 => drop(lines.remove(at)),
            2 => {
                // A figure where the line's figure was.
                let figure = dice.figure(6).to_string();
                let name = lines[at]
                    .split(|byte| *byte == b' ')
                    .next()
                    .unwrap_or_default();
                lines[at] = [name, b" ", figure.as_bytes()].concat();
            }
            _ => havoc(
                dice,
                &mut lines[at],
                b"bytes=0-18446744073709551615,-1;/\xff\x00",
            ),
        }
        lines.join(&b'\n')
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let text = String::from_utf8_lossy(input).into_owned();
        let (head, part) = text.split_once("\n\n").unwrap_or((&text, ""));
        // Line ends would make another request of this one.
        let head = head.replace('\r', "");
        let mut lines = head.lines();
        let method: String = lines
            .next()
            .unwrap_or("GET")
            .chars()
            .filter(char::is_ascii_graphic)
            .collect();
        let place = lines.next().unwrap_or("").replace([' ', '\t'], "%20");
        let headers: Vec<(&str, &str)> = lines
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"))
            .filter(|(name, _)| !name.eq_ignore_ascii_case("transfer-encoding"))
            .chain([("authorization", self.token.as_str())])
            .collect();
        let path = format!("{ATTACHMENTS}{place}");
        let answer = raw::send(
            self.backend.address(),
            &method,
            &path,
            &headers,
            part.as_bytes(),
        );
        // The next answer shows that it goes on; what failed inside is asked at once.
        let alive = answer.status < 500
            || raw::send(self.backend.address(), "GET", "/healthz", &[], b"").status == 200;
        let code = format!("{} {method:.6} {:.24}", answer.status, answer.code());
        if answer.status < 300 {
            Outcome::judged(code, alive)
        } else {
            Outcome {
                poisoned: !alive,
                ..Outcome::refused(code)
            }
        }
    }
}
