//! Schedules as FHIR has them, and the templates that are shipped.

use super::*;

fn begins() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, 1).unwrap()
}

fn read(timing: &Value) -> Schedule {
    schedule_of(timing, chrono_tz::America::New_York, begins())
}

#[test]
fn a_timing_that_a_rule_can_say_becomes_one() {
    let rule = |repeat: Value| read(&json!({ "repeat": repeat }));
    let twice = rule(json!({"frequency": 2, "period": 1, "periodUnit": "d",
        "timeOfDay": ["20:00:00", "08:00:00"]}));
    assert_eq!(
        twice.rule.as_deref(),
        Some("FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0")
    );
    assert_eq!(twice.start, "2026-06-01T08:00");
    let week = rule(
        json!({"frequency": 1, "period": 2, "periodUnit": "wk", "dayOfWeek": ["mon", "thu"],
        "boundsPeriod": {"start": "2026-06-03", "end": "2026-08-01"}}),
    );
    assert_eq!(
        week.rule.as_deref(),
        Some("FREQ=WEEKLY;INTERVAL=2;UNTIL=20260801;BYDAY=MO,TH")
    );
    // Some time on the day: until it is over.
    assert_eq!(
        (week.start.as_str(), week.late_minutes),
        ("2026-06-03T00:00", 1439)
    );
    let month = rule(json!({"period": 1.0, "periodUnit": "mo", "count": 6,
        "boundsPeriod": {"start": "2026-06-15T10:00:00-04:00"}}));
    assert_eq!(month.rule.as_deref(), Some("FREQ=MONTHLY;COUNT=6"));
    assert_eq!(month.start, "2026-06-15T10:00");
    let once = read(&json!({"event": ["2026-06-20T09:30:00-04:00"]}));
    assert_eq!((once.start.as_str(), once.rule), ("2026-06-20T09:30", None));
}

#[test]
fn a_timing_that_no_rule_says_is_kept_in_words() {
    for repeat in [
        json!({"frequency": 3, "period": 1, "periodUnit": "d"}),
        json!({"frequency": 1, "period": 6, "periodUnit": "h"}),
        json!({"when": ["ACM"]}),
        json!({"frequency": 1, "frequencyMax": 2, "period": 1, "periodUnit": "d"}),
        json!({"timeOfDay": ["08:00:00", "20:30:00"]}),
        json!({"period": 1.5, "periodUnit": "d"}),
    ] {
        let kept = read(&json!({"code": {"text": "as told"}, "repeat": repeat}));
        assert_eq!(
            (kept.rule.as_deref(), kept.text.as_deref()),
            (None, Some("as told")),
            "{repeat}"
        );
        assert_eq!(Calendar::new(&kept, ZONE).unwrap_err().field, "rule");
    }
}

#[test]
fn a_schedule_goes_out_and_comes_back_the_same() {
    let mut all = vec![
        schedule("2026-06-01T09:00", "FREQ=MONTHLY;BYDAY=2TU,-1FR"),
        schedule("2026-06-01T09:00", "FREQ=DAILY;INTERVAL=2;BYHOUR=8,20"),
        schedule("2026-06-01T09:00", "FREQ=WEEKLY;UNTIL=20260801"),
        schedule("2026-06-01T09:00", ""),
        Schedule {
            start: "2026-06-01T00:00".into(),
            text: Some("before meals".into()),
            ..Schedule::default()
        },
    ];
    all[1].except = vec!["2026-06-03T08:00".into()];
    for schedule in all {
        let mut timing = timing_of(&schedule);
        assert_eq!(read(&timing), schedule);
        // Without our extension, what FHIR itself can say is the same rule in time.
        timing.as_object_mut().unwrap().remove("extension");
        let plain = read(&timing);
        if timing["repeat"].is_object() && schedule.except.is_empty() {
            let window = ("2026-05-01T00:00:00Z", "2026-12-01T00:00:00Z");
            assert_eq!(
                names(&plain, window.0, window.1),
                names(&schedule, window.0, window.1)
            );
        }
    }
}

#[test]
fn every_shipped_template_is_read_computed_and_translated() {
    for shipped in SHIPPED_TEMPLATES {
        let template = shipped_template(shipped.canonical).unwrap().unwrap();
        assert_eq!(template.canonical(), shipped.canonical);
        assert!(template.copyright.contains("public domain"));
        assert!(template.source()["relatedArtifact"][0]["citation"].is_string());
        let words = template.goals.iter().map(|it| &it.text);
        let words = words.chain(
            template
                .actions
                .iter()
                .flat_map(|it| [&it.title, &it.instructions]),
        );
        for words in words.chain([&template.title, &template.description]) {
            assert_ne!(words.in_language("es"), words.own(), "{}", words.own());
        }
        for action in &template.actions {
            let Some(schedule) = action.schedule(chrono_tz::America::New_York, begins()) else {
                continue;
            };
            let calendar = Calendar::new(&schedule, ZONE).unwrap();
            assert!(calendar.next(at("2026-06-01T04:00:00Z")).is_some());
        }
    }
}

#[test]
fn a_shipped_template_is_never_changed() {
    use sha2::{Digest, Sha256};
    let digests: Vec<String> = SHIPPED_TEMPLATES
        .iter()
        .map(|it| {
            let digest = Sha256::digest(it.json.as_bytes());
            let digits: String = digest
                .iter()
                .take(8)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            format!("{} {digits}", it.canonical.rsplit('/').next().unwrap())
        })
        .collect();
    assert_eq!(
        digests,
        [
            "heart-failure|1.0 42c5ae28c2f9c9ef",
            "fall-prevention|1.0 259a26dbfe24a47f",
            "diabetic-foot|1.0 0036c0dd6c22f53b"
        ]
    );
}

#[test]
fn a_template_that_can_not_be_used_names_what_is_wrong() {
    let sound = json!({"resourceType": "PlanDefinition", "url": "https://c.example/p", "version": "1",
        "title": "T", "status": "active", "action": [{"title": "Walk"}]});
    assert!(Template::from_value(sound.clone()).is_ok());
    for (change, field) in [
        (json!({"resourceType": "Plan"}), "resourceType"),
        (json!({"url": "a|b"}), "url"),
        (json!({"version": ""}), "version"),
        (json!({"title": ""}), "title"),
        (json!({"action": []}), "action"),
        (json!({"action": [{"title": "a"}, {}]}), "title"),
        (json!({"goal": [{}]}), "description.text"),
    ] {
        let mut wrong = sound.clone();
        let fields = change.as_object().unwrap().clone();
        wrong.as_object_mut().unwrap().extend(fields);
        assert_eq!(Template::from_value(wrong).unwrap_err().field, field);
    }
}
