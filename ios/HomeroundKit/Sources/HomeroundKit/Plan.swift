import HomeroundCore

/// A care plan, and what is due of it.
public struct CarePlan: Equatable, Sendable {
    public let view: PlanView
    public let state: PlanState
}

/// A care plan. An edit is saved for good when its call returns.
public final class Plan: Sendable {
    /// How many days back adherence is shown over.
    public static let daysBack: UInt32 = 28
    /// How many days ahead.
    public static let daysAhead: UInt32 = 7

    private let core: HomeroundCore.Plan
    private let worker: Worker

    init(core: HomeroundCore.Plan, worker: Worker) {
        self.core = core
        self.worker = worker
    }

    /// The plan as it stands. Emits again whenever it changes.
    public var view: Live<PlanView> { worker.live { [core] in try core.read() } }

    /// The plan as it stands now.
    public func read() async throws -> PlanView { try await worker.read { [core] in try core.read() } }

    /// What is due, and how the plan was kept to, over so many days back and ahead, each up to 400.
    public func state(daysBack: UInt32 = Plan.daysBack, daysAhead: UInt32 = Plan.daysAhead) async throws -> PlanState {
        try await worker.read { [core] in try core.state(daysBack: daysBack, daysAhead: daysAhead) }
    }

    private func save(_ work: @escaping @Sendable (HomeroundCore.Plan) throws -> Saved) async throws -> Saved {
        try await worker.write { [core] in try work(core) }
    }

    /// Calls the plan otherwise.
    @discardableResult
    public func rename(_ title: String) async throws -> Saved { try await save { try $0.rename(title: title) } }

    /// Sets the plan's status, as `on-hold`, and why.
    @discardableResult
    public func setStatus(_ status: String, reason: String) async throws -> Saved {
        try await save { try $0.setStatus(status: status, reason: reason) }
    }

    /// Says who answers for the plan; none: nobody in particular.
    @discardableResult
    public func assign(_ assignee: Assignee?) async throws -> Saved { try await save { try $0.assign(assignee: assignee) } }

    /// Sets the IANA time zone that its activities are due in.
    @discardableResult
    public func setTimeZone(_ timeZone: String) async throws -> Saved {
        try await save { try $0.setTimeZone(timeZone: timeZone) }
    }

    /// Adds a goal; `due` as `YYYY-MM-DD`.
    @discardableResult
    public func addGoal(_ text: String, due: String? = nil) async throws -> Saved {
        try await save { try $0.addGoal(text: text, due: due) }
    }

    /// Says a goal otherwise.
    @discardableResult
    public func changeGoal(_ goal: EntryId, _ text: String, due: String?) async throws -> Saved {
        try await save { try $0.changeGoal(goal: goal, text: text, due: due) }
    }

    /// Drops a goal: it stays and says so.
    @discardableResult
    public func dropGoal(_ goal: EntryId) async throws -> Saved { try await save { try $0.dropGoal(goal: goal) } }

    /// Says how far a goal is, in FHIR's achievement status.
    @discardableResult
    public func setGoal(_ goal: EntryId, _ achievement: String) async throws -> Saved {
        try await save { try $0.setGoal(goal: goal, achievement: achievement) }
    }

    /// Adds an activity.
    @discardableResult
    public func addActivity(_ code: Coding, instructions: String? = nil, schedule: PlanSchedule? = nil) async throws -> Saved {
        try await save { try $0.addActivity(code: code, instructions: instructions, schedule: schedule) }
    }

    /// Says what an activity is, and how it is done, otherwise.
    @discardableResult
    public func changeActivity(_ activity: EntryId, _ title: String, instructions: String?) async throws -> Saved {
        try await save { try $0.changeActivity(activity: activity, title: title, instructions: instructions) }
    }

    /// Sets when an activity is due; none: at no set time.
    @discardableResult
    public func setSchedule(_ activity: EntryId, _ schedule: PlanSchedule?) async throws -> Saved {
        try await save { try $0.setSchedule(activity: activity, schedule: schedule) }
    }

    /// Says who does an activity; none: whoever visits.
    @discardableResult
    public func assignActivity(_ activity: EntryId, _ assignee: Assignee?) async throws -> Saved {
        try await save { try $0.assignActivity(activity: activity, assignee: assignee) }
    }

    /// Drops an activity, with a reason: it stays and says so.
    @discardableResult
    public func dropActivity(_ activity: EntryId, reason: String) async throws -> Saved {
        try await save { try $0.dropActivity(activity: activity, reason: reason) }
    }

    /// Lets an activity rest from now on, with a reason.
    @discardableResult
    public func pauseActivity(_ activity: EntryId, reason: String) async throws -> Saved {
        try await save { try $0.pauseActivity(activity: activity, reason: reason) }
    }

    /// Lets an activity go on from now on, with a reason.
    @discardableResult
    public func resumeActivity(_ activity: EntryId, reason: String) async throws -> Saved {
        try await save { try $0.resumeActivity(activity: activity, reason: reason) }
    }

    /// Says where an activity stands.
    @discardableResult
    public func setActivity(_ activity: EntryId, _ status: TaskStatus, progress: String? = nil) async throws -> Saved {
        try await save { try $0.setActivity(activity: activity, status: status, progress: progress) }
    }

    /// Records how a goal or an activity goes; earlier entries stay.
    @discardableResult
    public func recordProgress(_ of: EntryId, _ note: ProgressNote) async throws -> Saved {
        try await save { try $0.recordProgress(of: of, note: note) }
    }

    /// Notes whether an activity was kept to.
    @discardableResult
    public func recordAdherence(_ activity: EntryId, kept: Bool, comment: String? = nil) async throws -> Saved {
        try await save { try $0.recordAdherence(activity: activity, kept: kept, comment: comment) }
    }

    /// Says what became of one occurrence outside of a visit: done, or why not.
    @discardableResult
    public func recordOccurrence(
        _ activity: EntryId, _ occurrence: String, done: Bool, reason: NotDoneReason? = nil, comment: String? = nil
    ) async throws -> Saved {
        try await save {
            try $0.recordOccurrence(activity: activity, occurrence: occurrence, done: done, reason: reason, comment: comment)
        }
    }

    /// Settles a conflict of the plan.
    @discardableResult
    public func settle(_ field: String, chosenJson: String) async throws -> Saved {
        try await save { try $0.settle(field: field, chosenJson: chosenJson) }
    }
}
