//! A world of the pure kind: an office, a backend and phones that are nothing but the
//! decisions of the rules under test, beside the reference, which decides the same.

mod question;
mod state;

use homeround::access::{Actor, BreakGlassRequest, Lease};
use homeround::model::{Anchor, Clock, DocumentKind, Millis, Role};

use self::question::{Asked, paths};
use self::state::{Edit, Phone, Set, Told, granted, path_of, patient, person};
pub use self::state::{Figures, Outcome};
use super::reference::{self, Access, Author, Form, Leash, PLACES, Part, Place, Why};
use super::rules::Rules;
use crate::dice::Dice;

const PEOPLE: usize = 4;
const PATIENTS: usize = 2;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// The backend's clock at the start of each history.
const START: i64 = 1_795_341_600_000;
/// Most things that are told of one history.
const FOUND_MAX: usize = 8;

/// Plays one history.
#[must_use]
pub fn play(rules: &Rules, seed: u64, with_story: bool) -> Outcome {
    let mut world = World::new(rules, seed, with_story);
    for _ in 0..16 + world.dice.below(24) {
        world.figures.events += 1;
        world.time_passes();
        world.event();
    }
    Outcome {
        figures: world.figures,
        found: world.found,
        story: world.story.unwrap_or_default(),
    }
}

struct World<'r> {
    rules: &'r Rules,
    dice: Dice,
    now: i64,
    /// Whom most of it is about.
    focus: usize,
    roles: [Role; PEOPLE],
    book: Vec<Access>,
    set: Set,
    changes: [Vec<&'static Place>; PATIENTS],
    sealed: [bool; PATIENTS],
    phones: [Phone; PEOPLE],
    figures: Figures,
    found: Vec<String>,
    story: Option<Vec<String>>,
}

impl<'r> World<'r> {
    fn new(rules: &'r Rules, seed: u64, with_story: bool) -> Self {
        let mut dice = Dice::new(seed);
        let roles = std::array::from_fn(|_| *dice.pick(&Role::ALL));
        let phones = std::array::from_fn(|_| Phone {
            boot: 1,
            uptime: ms(&mut dice, DAY),
            ..Phone::default()
        });
        let mut world = Self {
            rules,
            dice,
            now: START,
            focus: usize::try_from(seed % PEOPLE as u64).unwrap_or(0),
            roles,
            book: Vec::new(),
            set: Set {
                emergency_max: 4 * HOUR,
                lease_ms: 72 * HOUR,
                bans: Vec::new(),
            },
            changes: std::array::from_fn(|_| Vec::new()),
            sealed: [false; PATIENTS],
            phones,
            figures: Figures::default(),
            found: Vec::new(),
            story: with_story.then(Vec::new),
        };
        for _ in 0..3 {
            world.grant();
        }
        for who in 0..PEOPLE {
            world.sync(who);
        }
        world
    }

    fn tell(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.story.is_some() {
            let line = format!("+{} ms: {}", self.now - START, line(self));
            self.story.get_or_insert_default().push(line);
        }
    }

    /// Compares an answer of the rules with the reference's.
    fn compare(&mut self, what: &str, answer: bool, expected: bool) {
        self.figures.questions += 1;
        if answer == expected {
            return;
        }
        if answer {
            self.figures.forbidden_visible += 1;
        } else {
            self.figures.withheld += 1;
        }
        let how = if answer { "allowed" } else { "refused" };
        if self.found.len() < FOUND_MAX {
            self.found.push(format!("{what}: {how}, and should not be"));
        }
        self.tell(|_| format!("DISAGREED {what}: {how}"));
    }

    fn who(&mut self) -> usize {
        if self.dice.chance(50) {
            return self.focus;
        }
        usize::try_from(self.dice.below(PEOPLE as u64)).unwrap_or(0)
    }

    fn whom(&mut self) -> usize {
        usize::try_from(self.dice.below(PATIENTS as u64)).unwrap_or(0)
    }

    fn time_passes(&mut self) {
        let passed = match self.dice.below(4) {
            0 => 1,
            1 => ms(&mut self.dice, HOUR),
            2 => ms(&mut self.dice, 8 * HOUR),
            // Exactly to where something ends.
            _ => {
                let ends = self.book.iter().filter_map(|access| access.until);
                let next = ends.filter(|end| *end > self.now).min();
                let to = next.unwrap_or(self.now) - self.now;
                (to - i64::from(self.dice.chance(30))).max(0)
            }
        };
        self.now += passed;
        for phone in &mut self.phones {
            phone.uptime += passed;
        }
    }

    fn event(&mut self) {
        let who = self.who();
        match self.dice.below(100) {
            0..=11 => self.grant(),
            12..=18 => self.end(who),
            19..=22 => {
                self.roles[who] = *self.dice.pick(&Role::ALL);
                self.tell(|world| format!("{who} is a {} now", world.roles[who].name()));
            }
            23..=27 => self.set_policy(),
            28..=35 => self.emergency(who),
            36..=43 => self.clocks(who),
            44..=56 => self.sync(who),
            57..=76 => self.edit(who),
            _ => self.look(who),
        }
    }

    fn grant(&mut self) {
        let (who, whom) = (self.who(), self.whom());
        let why = *self.dice.pick(&[
            Why::CareTeam,
            Why::CareTeam,
            Why::Assignment,
            Why::Emergency,
        ]);
        let from = self.now + ms(&mut self.dice, 4 * HOUR) - 2 * HOUR;
        let long = 1 + ms(&mut self.dice, 30 * HOUR);
        let until = self.dice.chance(70).then_some(from + long);
        let access = Access {
            who,
            whom,
            why,
            from,
            until,
            over: false,
        };
        self.tell(|_| format!("{access:?}"));
        self.book.push(access);
    }

    fn end(&mut self, who: usize) {
        let whom = self.whom();
        self.tell(|_| format!("the office ends {who}'s access to {whom}"));
        let theirs = self.book.iter_mut();
        for access in theirs.filter(|access| access.who == who && access.whom == whom) {
            access.over = true;
        }
    }

    fn set_policy(&mut self) {
        self.set.emergency_max = *self.dice.pick(&[0, HOUR, 4 * HOUR, DAY, 2 * DAY]);
        self.set.lease_ms = *self.dice.pick(&[HOUR, 12 * HOUR, 72 * HOUR]);
        self.set.bans.clear();
        for _ in 0..self.dice.below(3) {
            let place = self.dice.pick(PLACES);
            let role = *self.dice.pick(&Role::ALL);
            let ban = (role, place.kind, reference::section(place.path));
            self.set.bans.push(ban);
        }
        self.tell(|world| format!("{:?}", world.set));
    }

    fn emergency(&mut self, who: usize) {
        let whom = self.whom();
        let reasons = [
            "Found unresponsive at home",
            "because",
            "          .         ",
            "",
        ];
        let reason = *self.dice.pick(&reasons);
        let wanted = *self.dice.pick(&[0, HOUR, 4 * HOUR, 100 * HOUR]);
        let request = BreakGlassRequest {
            patient: patient(whom),
            reason,
            wanted_ms: wanted,
        };
        let role = self.roles[who];
        let actor = Actor {
            person: person(who),
            role,
        };
        let policy = self.set.policy();
        let given = self
            .rules
            .break_glass(&policy, &actor, &request, Millis(self.now));
        let expected = reference::emergency(role, reason, wanted, self.set.emergency_max);
        self.tell(|_| format!("{who} asks for {whom} in an emergency: {expected:?}"));
        self.compare("emergency", given.is_some(), expected.is_some());
        let Some(long) = expected else { return };
        let until = self.now + long;
        let ends = given.map(|grant| grant.until_ms);
        self.compare(
            "end of an emergency",
            ends != Some(Some(Millis(until))),
            false,
        );
        self.book.push(Access {
            who,
            whom,
            why: Why::Emergency,
            from: self.now,
            until: Some(until),
            over: false,
        });
    }

    fn clocks(&mut self, who: usize) {
        let jump = ms(&mut self.dice, 20 * DAY) - 10 * DAY;
        let off = ms(&mut self.dice, 6 * HOUR);
        let what = self.dice.below(3);
        let phone = &mut self.phones[who];
        match what {
            0 => phone.wrong_by = jump,
            1 => {
                // Switched off for a while: the others' time goes on.
                phone.boot += 1;
                phone.uptime = 1 + off / 8;
            }
            _ => {
                phone.put_back |= phone.backup.is_some() && phone.seen != phone.backup;
                phone.seen = phone.backup.or(phone.seen);
            }
        }
        self.tell(|_| {
            format!(
                "{who}'s phone: {} (jump {jump}, off {off})",
                ["set", "off", "put back"][what as usize]
            )
        });
    }

    /// Sends what is unsent, has it judged, and takes what may be read.
    fn sync(&mut self, who: usize) {
        self.tell(|_| format!("{who} syncs"));
        for edit in std::mem::take(&mut self.phones[who].outbox) {
            self.judge(who, &edit);
        }
        let actor = Actor {
            person: person(who),
            role: self.roles[who],
        };
        let grants = granted(&self.book);
        let mut held = Vec::new();
        for whom in 0..PATIENTS {
            let now = Millis(self.now);
            let answer = self.rules.may_read(&actor, patient(whom), &grants, now);
            let longest = reference::EMERGENCY_MAX_MS;
            let as_whom = (who, actor.role);
            let expected = reference::may_read(as_whom, whom, &self.book, self.now, longest);
            self.compare("page", answer, expected);
            if answer {
                held.push((whom, self.changes[whom].clone(), self.sealed[whom]));
            }
        }
        let lease_ms = self.set.lease_ms;
        let phone = &mut self.phones[who];
        let anchor = Anchor {
            server_ms: Millis(self.now),
            monotonic_ms: phone.uptime,
            boot_id: phone.boot,
        };
        phone.lease = Some(Lease {
            granted_at: anchor,
            lease_ms,
        });
        (phone.seen, phone.backup, phone.counted, phone.put_back) = (None, None, 0, false);
        phone.leash = Some(Leash::granted(lease_ms, phone.boot, phone.uptime));
        phone.told = Some(Told {
            role: actor.role,
            set: self.set.clone(),
            book: self.book.clone(),
            anchor,
            held,
        });
    }

    /// The backend judges an offered edit.
    fn judge(&mut self, who: usize, edit: &Edit) {
        let sealed = self.sealed[edit.whom];
        let asked = Asked {
            who,
            role: self.roles[who],
            at: (Millis(self.now), self.now),
            sealed,
            edit,
        };
        let (answer, expected) = asked.answers(self.rules, &self.set, &self.book);
        self.tell(|_| format!("{who} offers {:?}: {expected}", paths(edit)));
        self.compare("push", answer, expected);
        if !answer {
            self.figures.refused += u64::from(!expected);
            return;
        }
        self.figures.allowed += 1;
        let signs = |part: &Part| part.place.form == Form::Signature;
        let visit = edit.kind == DocumentKind::Visit;
        self.sealed[edit.whom] |= visit && edit.parts.iter().any(signs);
        let places = edit.parts.iter().map(|part| part.place);
        self.changes[edit.whom].extend(places);
    }

    /// Somebody edits on their phone, or on an altered one that asks nobody.
    fn edit(&mut self, who: usize) {
        let whom = self.whom();
        let first = self.dice.pick(PLACES);
        let mut parts = vec![self.part(who, first)];
        while parts.len() < 4 && self.dice.chance(35) {
            let place = self.dice.pick(PLACES);
            if place.kind == first.kind {
                parts.push(self.part(who, place));
            }
        }
        let Some(told) = &self.phones[who].told else {
            return;
        };
        let copy = told.held.iter().find(|(held, ..)| *held == whom);
        let sealed = copy.is_some_and(|(_, _, sealed)| *sealed);
        let edit = Edit {
            whom,
            kind: first.kind,
            parts,
            creates: self.dice.chance(15),
            knew_of_seal: sealed,
        };
        if self.dice.chance(25) {
            self.tell(|_| format!("{who}'s altered phone writes {:?}", paths(&edit)));
            self.phones[who].outbox.push(edit);
            return;
        }
        let asked = Asked {
            who,
            role: told.role,
            at: self.phones[who].best(self.now),
            sealed,
            edit: &edit,
        };
        let (answer, expected) = asked.answers(self.rules, &told.set, &told.book);
        self.tell(|_| format!("{who} writes {:?}: {expected}", paths(&edit)));
        self.compare("edit", answer, expected);
        if answer {
            self.phones[who].outbox.push(edit);
        }
    }

    fn part(&mut self, who: usize, place: &'static Place) -> Part {
        let author = match self.dice.below(10) {
            0 => Author::Another,
            1 => Author::Nobody,
            _ => Author::Own,
        };
        let signs_as = if self.dice.chance(80) {
            self.roles[who]
        } else {
            *self.dice.pick(&Role::ALL)
        };
        Part {
            place,
            author,
            signs_as,
        }
    }

    /// Somebody looks at everything that their phone holds.
    fn look(&mut self, who: usize) {
        let best = self.phones[who].best(self.now);
        let phone = &mut self.phones[who];
        let (Some(told), Some(lease), Some(leash)) =
            (phone.told.clone(), phone.lease, phone.leash.as_mut())
        else {
            return;
        };
        let clock = Clock {
            wall_ms: Millis(self.now + phone.wrong_by),
            monotonic_ms: phone.uptime,
            boot_id: phone.boot,
        };
        let holds = leash.look(phone.boot, phone.uptime);
        let (open, seen) = self.rules.look(&lease, clock, phone.seen, phone.counted);
        phone.backup = phone.backup.or(Some(seen));
        phone.seen = Some(seen);
        phone.counted = phone.counted.max(seen.used_ms);
        let strict = open || !phone.put_back;
        self.tell(|_| format!("{who} looks: the lease {holds}"));
        if strict {
            self.compare("lease", open, holds);
        }
        if !open {
            self.figures.hidden += 1;
            return;
        }
        let (actor, grants) = (
            Actor {
                person: person(who),
                role: told.role,
            },
            granted(&told.book),
        );
        for (whom, changes, _) in &told.held {
            let answer = self.rules.may_read(&actor, patient(*whom), &grants, best.0);
            let longest = reference::EMERGENCY_MAX_MS;
            let as_whom = (who, told.role);
            let expected = reference::may_read(as_whom, *whom, &told.book, best.1, longest);
            self.compare("look", answer, expected);
            if !answer {
                self.figures.hidden += 1;
                continue;
            }
            for place in changes {
                let section = reference::section(place.path);
                let sees = self.rules.may_see(told.role, place.kind, path_of(place));
                let expected = holds && reference::may_see(told.role, place.kind, section);
                self.compare("sight", sees, expected);
                self.figures.shown += u64::from(sees);
                self.figures.hidden += u64::from(!sees);
            }
        }
    }
}

fn ms(dice: &mut Dice, end: i64) -> i64 {
    i64::try_from(dice.below(end.unsigned_abs())).unwrap_or(0)
}
