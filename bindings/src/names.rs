//! Who did something, as a screen shows it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use homeround::app::Homeround;
use homeround::model::{ActorId, PersonId as CorePerson};

use crate::types::PersonId;

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct By {
    /// Which person; none when the device that wrote it is not known here.
    pub person: Option<PersonId>,
    /// As colleagues read it; empty when it is not known here.
    pub name: String,
    /// Whether it is the person who works on this phone.
    pub me: bool,
}

impl By {
    /// Somebody whom this phone does not know.
    pub(crate) const fn unknown() -> Self {
        Self {
            person: None,
            name: String::new(),
            me: false,
        }
    }
}

/// Looks names up once each.
pub(crate) struct Names<'a> {
    phone: &'a Homeround,
    me: Option<CorePerson>,
    known: RefCell<BTreeMap<CorePerson, String>>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(phone: &'a Homeround) -> Self {
        let me = phone.me().ok().flatten();
        let known = me.iter().map(|me| (me.person, me.name.clone())).collect();
        Self {
            phone,
            me: me.map(|me| me.person),
            known: RefCell::new(known),
        }
    }

    pub(crate) fn by(&self, person: CorePerson) -> By {
        let mut known = self.known.borrow_mut();
        let name = known.entry(person).or_insert_with(|| {
            let found = self.phone.person(person);
            found.map(|person| person.name).unwrap_or_default()
        });
        By {
            person: Some(person),
            name: name.clone(),
            me: self.me == Some(person),
        }
    }

    pub(crate) fn by_actor(&self, actor: ActorId) -> By {
        let person = self.phone.person_of_device(actor.device_tag());
        match person.ok().flatten() {
            Some(person) => self.by(person),
            None => By::unknown(),
        }
    }
}
