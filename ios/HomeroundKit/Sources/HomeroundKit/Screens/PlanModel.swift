import Foundation
import HomeroundCore

/// An occurrence that is due or overdue.
public struct DueRow: Identifiable, Sendable {
    public var id: String { "\(activity)/\(occurrence)" }
    public let plan: PlanId
    public let activity: EntryId
    public let occurrence: String
    public let title: String
    public let at: String
    public let state: Chip
}

/// An activity of a plan.
public struct ActivityRow: Identifiable, Sendable {
    public let id: EntryId
    public let title: String
    public let instructions: String
    /// When it is due, as the plan writes it; empty: at no set time.
    public let start: String
    public let rule: String
    /// Where it stands, how often and when next it is due, who does it.
    public let about: [Part]
    /// How it was kept to: of those that count, and of each kind how many.
    public let kept: [Words]
    /// How it went, newest first.
    public let progress: [ChartRow]
    /// Who does it; none: whoever visits.
    public let assignee: Assignee?
    /// Nothing can be computed of it.
    public let byHand: Bool
    /// It was dropped, or rests.
    public let resting: Bool
    let early: UInt32
    let late: UInt32
    let except: [String]
}

/// A goal of a plan, with how it went.
public struct GoalRow: Identifiable, Sendable {
    public let id: EntryId
    public let text: String
    public let about: [Part]
    public let dropped: Bool
    public let progress: [ChartRow]
}

/// A care plan.
public struct PlanCard: Identifiable, Sendable {
    public let id: PlanId
    public let title: String
    public let about: [Part]
    /// How it was kept to: of those that count, and of each kind how many.
    public let kept: [Words]
    /// Who answers for it.
    public let assignee: Assignee?
    public let due: [DueRow]
    public let activities: [ActivityRow]
    public let goals: [GoalRow]
    public let conflicts: [ConflictRow]
}

/// What the care plans' screen shows.
public struct CarePlansState: ScreenState {
    public var plans: [PlanCard] = []
    public var templates: [PlanTemplate] = []
    /// Whom a plan or an activity can be given to: roles, and the patient's team.
    public var people: [Assignee] = [.role(role: .nurse), .role(role: .therapist), .role(role: .aide)]
    /// A new plan is being chosen.
    public var choosing = false
    public var loaded = false
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init() {}
}

/// FHIR's achievement statuses that a person can choose.
public let achievements = ["improving", "no-change", "worsening", "achieved", "not-achieved", "not-attainable"]

/// Rules that a person can choose without writing one, with what they are called.
public let rules = [
    CommonRule(rule: "", name: Words("rule_once")),
    CommonRule(rule: "FREQ=DAILY", name: Words("rule_day")),
    CommonRule(rule: "FREQ=DAILY;INTERVAL=2", name: Words("rule_other_day")),
    CommonRule(rule: "FREQ=WEEKLY", name: Words("rule_week")),
    CommonRule(rule: "FREQ=WEEKLY;INTERVAL=2", name: Words("rule_other_week")),
    CommonRule(rule: "FREQ=MONTHLY", name: Words("rule_month")),
]

/// A rule of recurrence that most activities follow.
public struct CommonRule: Identifiable, Sendable {
    public var id: String { rule }
    /// As RFC 5545 writes it; empty: once.
    public let rule: String
    public let name: Words
}

/// What a role is called.
public func words(_ role: Role) -> Words { Words("role_\(snake(role))") }

/// What an achievement status is called.
public func achievementWords(_ code: String) -> Words {
    let known = achievements + ["in-progress", "sustaining", "no-progress"]
    return known.contains(code)
        ? Words("achievement_\(code.replacingOccurrences(of: "-", with: "_"))") : Words("achievement_other", code)
}

/// A patient's care plans: what is due first, how they are kept to, how goals go, and a new one.
public final class CarePlansModel: Model<CarePlansState> {
    private let phone: Homeround
    private let id: PatientId
    private let formats: Formats
    private let zone: String

    public init(_ phone: Homeround, _ id: PatientId, _ formats: Formats, zone: String) throws {
        self.phone = phone
        self.id = id
        self.formats = formats
        self.zone = zone
        super.init(CarePlansState(), phone)
        follow(try phone.carePlans(id)) { [weak self] state, plans in
            state.plans = plans.compactMap { self?.card($0) }
            state.loaded = true
        }
        act { [self] in
            let members = try await phone.patient(id).careTeams().flatMap(\.members)
            change {
                for one in members {
                    guard let person = one.person else { continue }
                    let assignee = Assignee.person(id: person, name: one.name)
                    if !$0.people.contains(assignee) { $0.people.append(assignee) }
                }
            }
        }
    }

    // MARK: What a person does

    /// Shows the templates.
    @discardableResult
    public func choose() -> Work {
        act { [self] in
            let templates = try await phone.planTemplates(formats.language)
            change {
                $0.templates = templates
                $0.choosing = true
            }
        }
    }

    public func closeChoice() { change { $0.choosing = false } }

    /// Makes a plan of a template, in this phone's language, from today on, in the time of the patient's home.
    @discardableResult
    public func create(_ template: String) -> Work {
        act { [self] in
            let begins = try await phone.today()
            let new = NewPlan(template: template, language: formats.language, begins: begins)
            try await phone.patient(id).createPlan(new)
            change { $0.choosing = false }
        }
    }

    @discardableResult
    public func done(_ row: DueRow) -> Work {
        act { [self] in try await phone.plan(row.plan).recordOccurrence(row.activity, row.occurrence, done: true) }
    }

    @discardableResult
    public func leaveOut(_ row: DueRow, _ reason: NotDoneReason, comment: String) -> Work {
        act { [self] in
            let plan = try phone.plan(row.plan)
            try await plan.recordOccurrence(row.activity, row.occurrence, done: false, reason: reason, comment: said(comment))
        }
    }

    /// How a goal goes, in FHIR's achievement status, and in words.
    @discardableResult
    public func progress(_ plan: PlanId, _ goal: EntryId, _ achievement: String, comment: String) -> Work {
        act { [self] in
            let note = ProgressNote(achievement: achievement, comment: said(comment))
            try await phone.plan(plan).recordProgress(goal, note)
        }
    }

    /// How an activity goes, in words, and whether it has begun.
    @discardableResult
    public func activityProgress(_ plan: PlanId, _ activity: EntryId, begun: Bool, comment: String) -> Work {
        act { [self] in
            let note = ProgressNote(status: begun ? .started : nil, comment: said(comment))
            try await phone.plan(plan).recordProgress(activity, note)
        }
    }

    @discardableResult
    public func assign(_ plan: PlanId, _ who: Assignee?) -> Work {
        act { [self] in try await phone.plan(plan).assign(who) }
    }

    @discardableResult
    public func assignActivity(_ plan: PlanId, _ activity: EntryId, _ who: Assignee?) -> Work {
        act { [self] in try await phone.plan(plan).assignActivity(activity, who) }
    }

    @discardableResult
    public func addGoal(_ plan: PlanId, _ text: String) -> Work { act { [self] in try await phone.plan(plan).addGoal(text) } }

    @discardableResult
    public func dropGoal(_ plan: PlanId, _ goal: EntryId) -> Work {
        act { [self] in try await phone.plan(plan).dropGoal(goal) }
    }

    @discardableResult
    public func addActivity(_ plan: PlanId, _ title: String) -> Work {
        act { [self] in try await phone.plan(plan).addActivity(Coding(system: "", code: "", text: title)) }
    }

    /// Says what an activity is, and when it is due: `start` as `YYYY-MM-DDTHH:MM`, `rule` as RFC 5545 has it.
    @discardableResult
    public func changeActivity(_ plan: PlanId, _ before: ActivityRow, title: String, start: String, rule: String) -> Work {
        act { [self] in
            let known = try phone.plan(plan)
            if title != before.title {
                try await known.changeActivity(before.id, title, instructions: said(before.instructions))
            }
            if start != before.start || rule != before.rule {
                let schedule = PlanSchedule(
                    start: start, rule: said(rule), except: before.except, earlyMinutes: before.early, lateMinutes: before.late)
                try await known.setSchedule(before.id, said(start) == nil ? nil : schedule)
            }
        }
    }

    @discardableResult
    public func dropActivity(_ plan: PlanId, _ activity: EntryId, reason: String) -> Work {
        act { [self] in try await phone.plan(plan).dropActivity(activity, reason: reason) }
    }

    @discardableResult
    public func resumeActivity(_ plan: PlanId, _ activity: EntryId, reason: String) -> Work {
        act { [self] in try await phone.plan(plan).resumeActivity(activity, reason: reason) }
    }

    @discardableResult
    public func settle(_ plan: PlanId, _ conflict: ConflictRow, _ choice: Choice) -> Work {
        act { [self] in try await phone.plan(plan).settle(conflict.field, chosenJson: choice.json) }
    }

    private func said(_ text: String) -> String? { text.allSatisfy(\.isWhitespace) ? nil : text }

    // MARK: What the screen shows of it

    private func card(_ plan: CarePlan) -> PlanCard {
        let view = plan.view
        let here = view.timeZone ?? zone
        let titles = Dictionary(uniqueKeysWithValues: view.activities.map { ($0.id, $0.code.text) })
        let due = plan.state.activities.flatMap { of -> [(Int64, DueRow)] in
            let open = of.occurrences.filter { $0.state == .due || $0.state == .overdue }
            return open.map { one in
                let row = DueRow(
                    plan: view.id, activity: of.activity, occurrence: one.occurrence, title: titles[of.activity] ?? "",
                    at: formats.moment(one.dueMs, here), state: chip(one.state))
                return (one.dueMs, row)
            }
        }
        let status = Part.words(Words("plan_status_\(view.status.replacingOccurrences(of: "-", with: "_"))"))
        return PlanCard(
            id: view.id, title: view.title, about: [status] + (view.assignee.map { [named($0)] } ?? []),
            kept: kept(plan.state.counts), assignee: view.assignee, due: due.sorted { $0.0 < $1.0 }.map(\.1),
            activities: view.activities.map { activity($0, plan, here) },
            goals: view.goals.map { goal($0, view, here) }, conflicts: view.conflicts.map(conflict))
    }

    private func activity(_ one: Activity, _ plan: CarePlan, _ here: String) -> ActivityRow {
        let state = plan.state.activities.first { $0.activity == one.id }
        let resting = one.lifecycle.flatMap { $0 == "active" ? nil : $0 }
        let next = state?.occurrences.first { $0.state == .upcoming }
        let stands = resting.map { "activity_\($0.replacingOccurrences(of: "-", with: "_"))" } ?? "task_\(snake(one.status))"
        var about: [Part] = [.words(Words(stands))]
        if let often = often(one.schedule) { about.append(often) }
        if let next { about.append(.words(Words("plan_next", formats.moment(next.dueMs, here)))) }
        if let assignee = one.assignee { about.append(named(assignee)) }
        let computed = state.flatMap { $0.notComputed == nil ? kept($0.counts) : nil }
        return ActivityRow(
            id: one.id, title: one.code.text, instructions: one.instructions ?? "", start: one.schedule?.start ?? "",
            rule: one.schedule?.rule ?? "", about: about, kept: computed ?? [], progress: progress(one.id, plan.view, here),
            assignee: one.assignee, byHand: state?.notComputed != nil, resting: resting != nil,
            early: one.schedule?.earlyMinutes ?? 0, late: one.schedule?.lateMinutes ?? 0, except: one.schedule?.except ?? [])
    }

    private func goal(_ one: Goal, _ view: PlanView, _ here: String) -> GoalRow {
        let dropped = one.lifecycle == "cancelled"
        var about: [Part] = dropped ? [.words(Words("goal_dropped"))] : []
        if let achievement = one.achievement { about.append(.words(achievementWords(achievement))) }
        if let due = one.due { about.append(.words(Words("goal_due", due))) }
        return GoalRow(
            id: one.id, text: one.text, about: about, dropped: dropped, progress: progress(one.id, view, here))
    }

    /// How often an activity is due, in words where there are some for its rule.
    private func often(_ schedule: PlanSchedule?) -> Part? {
        guard let rule = schedule?.rule else { return schedule?.text.map(Part.text) }
        return rules.first { $0.rule == rule }.map { .words($0.name) } ?? .text(rule)
    }

    /// What was said of a goal or an activity, newest first.
    private func progress(_ of: EntryId, _ view: PlanView, _ here: String) -> [ChartRow] {
        let entries = view.progress.filter { $0.of == of }.enumerated().reversed()
        return entries.map { progressRow("\(of)/\($0.offset)", $0.element, here) }
    }

    private func progressRow(_ id: String, _ one: PlanProgress, _ here: String) -> ChartRow {
        var said: [Part] = []
        if let achievement = one.achievement { said.append(.words(achievementWords(achievement))) }
        if let status = one.status { said.append(.words(Words("task_\(snake(status))"))) }
        if let percent = one.percent { said.append(.text("\(percent) %")) }
        if let value = one.value { said.append(.text("\(plain(value)) \(one.unit ?? "")")) }
        if let comment = one.comment { said.append(.text(comment)) }
        return ChartRow(id: id, title: "\(formats.moment(one.atMs, here)) · \(one.by.name)", detail: said)
    }

    private func conflict(_ one: Conflict) -> ConflictRow {
        let known = ["goals", "activities"].contains(one.section)
        let choices = one.values.map {
            Choice(
                json: $0.json, text: $0.text, coded: nil, by: $0.by.name, mine: $0.by.me, at: formats.moment($0.atMs, zone),
                shown: $0.shown)
        }
        let title = known ? Words("section_\(one.section)") : Words("field_other")
        return ConflictRow(field: one.field, title: title, about: "", choices: choices)
    }

    /// Of the occurrences that count, those that were done; and of each kind how many.
    private func kept(_ of: AdherenceCounts) -> [Words] {
        let share = of.percent.map { Words("plan_kept", "\($0) %", "\(of.counted)") } ?? Words("plan_kept_none")
        return [share, Words("plan_counts", "\(of.done)", "\(of.doneLate)", "\(of.missed)", "\(of.skipped + of.excused)")]
    }
}

/// What whoever answers for a plan or does an activity is called.
public func named(_ assignee: Assignee) -> Part {
    switch assignee {
    case .person(_, let name): .text(name)
    case .role(let role): .words(words(role))
    case .unknown: .words(Words("field_other"))
    }
}

func chip(_ state: OccurrenceState) -> Chip {
    let words = Words("occurrence_\(snake(state))")
    switch state {
    case .upcoming: return Chip(words, .quiet, .clock)
    case .due: return Chip(words, .active, .clock)
    case .overdue: return Chip(words, .warning, .warning)
    case .done, .doneLate: return Chip(words, .good, .check)
    case .missed: return Chip(words, .warning, .cross)
    case .skipped: return Chip(words, .quiet, .cross)
    case .rested: return Chip(words, .quiet, .pause)
    }
}

/// The tasks of care plans at a visit, but for those that somebody took off.
func planned(_ tasks: [PlannedTask], _ formats: Formats, _ zone: String) -> [TaskRow] {
    tasks.filter { $0.status != .removed }.map { one in
        let due = one.dueMs.map { formats.moment($0, zone) }
        return TaskRow(
            id: one.id, title: one.title, required: false, done: one.status == .done,
            state: one.reason.map(words) ?? Words("planned_\(snake(one.status))"), comment: one.comment,
            hint: [due, one.instructions].compactMap { $0 }.joined(separator: " · "),
            assignee: one.assignee.map(named))
    }
}
