//! The simulated network: a phone's requests on their way, and the answers on theirs.

use std::collections::BTreeMap;

use homeround::sync::{Lost, Request, Response, SyncState, TransportFault};
use homeround::wire::{self, PushResponse, Verdict};

use super::plan::Weather;
use super::planted::Bug;
use super::work;
use super::world::{Event, MINUTE, World, ended};

impl World {
    pub(super) fn begin_sync(&mut self, number: usize) {
        if self.phones[number].begin_sync() {
            self.figures.runs += 1;
            self.go_on(number);
        }
    }

    /// Lets a phone's run go on, and its request out.
    pub(super) fn go_on(&mut self, number: usize) {
        let phone = &mut self.phones[number];
        let report = phone.poll(&self.server);
        let serial = phone.process.as_ref().map_or(0, |process| process.serial);
        let sent = phone.take_sent();
        if self.phones[number].is_lent() && sent.is_some() {
            self.violated(format!("lent: phone {number} sends"));
        }
        self.look_for_death(number);
        if let Some(report) = report {
            let (pushed, pages) = (report.pushed, report.pages);
            let ended = ended(&report.ended);
            self.has_proofs(number, &report.ended);
            self.note(&format!(
                "phone {number} synced: {pushed} pushed, {pages} pages, {ended}"
            ));
            if let Some(app) = self.phones[number].app().cloned() {
                let _ = app.idle_slice();
                if self.plan.bug == Some(Bug::LastWriterWins) {
                    work::settle_everything(&app);
                }
                self.look_for_death(number);
            }
            self.send_photos(number);
            self.heed(number, &report.ended);
        }
        if let Some(message) = sent
            && self.phones[number].process.is_some()
        {
            self.transmit(number, serial, message);
        }
    }

    pub(super) fn weather_of(&self, number: usize) -> Weather {
        let fair = Weather {
            delay_ms: 200,
            ..Weather::default()
        };
        self.weather.get(&number).copied().unwrap_or(fair)
    }

    pub(super) fn transmit(
        &mut self,
        number: usize,
        serial: u64,
        message: (Request, Option<String>),
    ) {
        let weather = self.weather_of(number);
        let (id, patience) = (message.0.id, message.0.timeout_ms);
        let patience = i64::try_from(patience).unwrap_or(MINUTE);
        let path = message.0.path;
        let fate = if weather.cut || self.dice.chance(weather.loss) {
            "lost"
        } else {
            "sent"
        };
        self.note(&format!("phone {number} {fate} {path}"));
        if fate == "lost" {
            let (fault, after) = if self.dice.chance(50) {
                (TransportFault::Unreachable, 500)
            } else {
                (TransportFault::Timeout, patience)
            };
            let lost = Box::new(Err(fault.into()));
            self.after(after, Event::Answer(number, serial, id, lost));
            return;
        }
        if self.dice.chance(weather.twice) {
            let later = self.draw_ms(600_000);
            let copy = Box::new(message.clone());
            self.after(later, Event::Arrive(number, serial, copy, false));
        }
        let timeout = Box::new(Err(TransportFault::Timeout.into()));
        self.after(patience, Event::Answer(number, serial, id, timeout));
        let delay = 5 + self.draw_ms(weather.delay_ms);
        self.after(
            delay,
            Event::Arrive(number, serial, Box::new(message), true),
        );
    }

    pub(super) fn arrive(
        &mut self,
        number: usize,
        serial: u64,
        (request, token): (Request, Option<String>),
        answered: bool,
    ) {
        let (id, path) = (request.id, request.path);
        let answer = self.ask_backend(request, token.as_deref());
        let told = match &answer {
            Ok(response) => told(path, response),
            Err(lost) => lost.fault.code().to_owned(),
        };
        self.note(&format!("backend answers {path} of phone {number}: {told}"));
        let weather = self.weather_of(number);
        if !answered || weather.cut || weather.half_open || self.dice.chance(weather.loss) {
            return;
        }
        let delay = 5 + self.draw_ms(weather.delay_ms);
        let answer = Box::new(answer);
        self.after(delay, Event::Answer(number, serial, id, answer));
    }

    /// What the backend answers, whoever asks.
    pub(super) fn ask_backend(
        &mut self,
        request: Request,
        token: Option<&str>,
    ) -> Result<Response, Lost> {
        self.figures.requests += 1;
        if request.path == wire::PUSH {
            self.overheard = Some(request.body.clone());
        }
        if let Some(answer) = self.bugs.answer(&request) {
            return Ok(answer);
        }
        let path = request.path;
        let answer = self.server.call(path, token, request.body);
        self.look_for_server_death();
        if !self.server.is_up() {
            return Err(TransportFault::Broken.into());
        }
        let mut answer = answer.ok_or(TransportFault::Unreachable)?;
        self.bugs.spoil(path, &mut answer);
        Ok(answer)
    }

    /// One run to its end over a network on which nothing goes wrong. Answers how much it
    /// pushed, and where it ended.
    pub(super) fn sync_now(&mut self, number: usize) -> Option<(u64, SyncState)> {
        if !self.phones[number].begin_sync() {
            return None;
        }
        loop {
            let report = self.phones[number].poll(&self.server);
            if let Some(report) = report {
                let app = self.phones[number].app()?.clone();
                while !app.idle_slice().ok()?.is_done() {}
                self.has_proofs(number, &report.ended);
                self.heed(number, &report.ended);
                return Some((report.pushed, report.ended));
            }
            let (request, token) = self.phones[number].take_sent()?;
            let id = request.id;
            self.time.set(self.time.ms() + 50);
            let answer = self.ask_backend(request, token.as_deref());
            let _ = self.phones[number].hand_in(id, answer);
        }
    }
}

/// An answer as the trace tells it: of a push, how many changes were accepted, and why
/// others were not.
fn told(path: &str, response: &Response) -> String {
    let status = response.status;
    if path != wire::PUSH || status != 200 {
        return status.to_string();
    }
    let Ok(answer) = wire::open_body::<PushResponse>(&response.body) else {
        return status.to_string();
    };
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for run in answer.verdicts {
        let what = match run.verdict {
            Verdict::Accepted { .. } => "accepted".to_owned(),
            Verdict::Duplicate => "known".to_owned(),
            Verdict::Waiting { .. } => "waiting".to_owned(),
            Verdict::Rejected { code, .. } => code.to_string(),
        };
        *counts.entry(what).or_default() += run.count;
    }
    let counts = counts
        .iter()
        .map(|(what, count)| format!(", {count} {what}"));
    format!("{status}{}", counts.collect::<String>())
}
