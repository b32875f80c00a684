import Foundation
@_exported import HomeroundCore

/// A phone: everything but its screen and its radio.
///
/// Every `async` function runs off the caller's thread, and a write has returned only once it is
/// durable. A `Live` sequence emits now and again whenever what it shows has changed. Closing,
/// killing, locking and cancelling are safe at any point.
public final class Homeround: Sendable {
    private let core: HomeroundCore.Homeround
    private let worker: Worker
    private let subscription: Subscription

    /// PIN, enrolment, locking, signing out.
    public let session: Session
    /// Getting every edit to the backend and everything else here.
    public let sync: Sync

    private init(core: HomeroundCore.Homeround) throws {
        let news = Broadcast<UInt64>(0)
        let states = Broadcast<SyncState>(.idle(synced: false))
        self.core = core
        worker = Worker(revisions: news)
        session = Session(core: try core.session(), worker: worker)
        sync = Sync(core: try core.sync(), states: states, worker: worker)
        subscription = try core.observe(observer: Listener(revisions: news, states: states))
    }

    deinit {
        try? subscription.cancel()
    }

    /// Opens a phone's folder, locked.
    ///
    /// - Parameters:
    ///   - config: where the store lies, and which backend it syncs with.
    ///   - vault: keys in hardware: `KeychainVault` on a phone, `SoftwareVault` for development.
    ///   - tokens: asked for an access token when the network is used; with `refresh`, a cached one
    ///     will not do. ``SignInNeeded``: the person has to sign in. Anything else: not reachable now.
    ///   - http: the platform's own HTTP; none: the core's.
    /// - Throws: `HomeroundError.Refused` naming the field of the config.
    public static func open(
        _ config: OpenConfig,
        vault: any KeyVault,
        tokens: @escaping @Sendable (_ refresh: Bool) async throws -> String,
        http: (any HttpTransport)? = nil
    ) async throws -> Homeround {
        try await Worker.off {
            let core = try HomeroundCore.Homeround.open(config: config, vault: vault, tokens: AskedFor(tokens), http: http)
            return try Homeround(core: core)
        }
    }

    /// Which day it is where the phone works, as in `2026-03-04`.
    public func today() async throws -> String { try await worker.read { [core] in try core.schedule().today() } }

    /// One's own visits of a day.
    public func day(_ date: String) -> Live<Day> { worker.live { [core] in try core.schedule().day(date: date) } }

    /// Everybody's visits of a day, as far as they are on this phone.
    public func teamDay(_ date: String) -> Live<Day> { worker.live { [core] in try core.schedule().teamDay(date: date) } }

    /// When the visits of a day that are not over will be reached, from now on if it is today; with
    /// `suggest` in the best order that is found. Ask again when it got late, or somewhere else. It
    /// changes nothing.
    ///
    /// - Throws: `HomeroundError.Refused` naming the option.
    public func orderOfDay(_ date: String, _ options: OrderOptions = OrderOptions()) async throws -> OrderOfDay {
        try await worker.read { [core] in try core.schedule().order(date: date, options: options) }
    }

    /// What one's own visits of these days came to, both days included, of what is on this phone.
    ///
    /// - Throws: `HomeroundError.Refused` on `until`: a day before `from`, or more than 92 days.
    public func myNumbers(from: String, until: String) -> Live<MyNumbers> {
        worker.live { [core] in try core.schedule().myNumbers(from: from, until: until) }
    }

    /// What patients said of the visits of these days, both days included, whoever made them, of what is on this phone;
    /// in a language.
    ///
    /// - Throws: `HomeroundError.Refused` on `until`: a day before `from`, or more than 92 days.
    public func surveyResults(from: String, until: String, language: String) -> Live<SurveyResults> {
        worker.live { [core] in try core.schedule().surveyResults(from: from, until: until, language: language) }
    }

    /// Makes an unplanned visit for oneself, with or without signal; it can be worked on at once.
    ///
    /// - Throws: `HomeroundError.Refused` naming the field.
    @discardableResult
    public func newVisit(_ new: NewVisit) async throws -> NewVisitMade {
        try await worker.write { [core] in try core.schedule().newVisit(new: new) }
    }

    /// Hands over what is left of one's own day to a colleague; answers the visits that went.
    @discardableResult
    public func handOverDay(
        _ date: String, _ to: PersonId, _ reason: HandoverReason, comment: String? = nil
    ) async throws -> [HandedOver] {
        try await worker.write { [core] in
            try core.schedule().handOverDay(date: date, to: to, reason: reason, comment: comment)
        }
    }

    /// A visit, for reading and for work.
    ///
    /// - Throws: `HomeroundError.Refused` on `id` for what is no id.
    public func visit(_ id: VisitId) throws -> Visit { Visit(core: try core.visit(id: id), worker: worker) }

    /// A patient: demographics, team, timeline, and the chart that the team maintains.
    ///
    /// - Throws: `HomeroundError.Refused` on `id` for what is no id.
    public func patient(_ id: PatientId) throws -> Patient {
        Patient(core: try core.patient(id: id), chart: try core.chart(patient: id), worker: worker)
    }

    /// A care plan.
    ///
    /// - Throws: `HomeroundError.Refused` on `id` for what is no id.
    public func plan(_ id: PlanId) throws -> Plan { Plan(core: try core.plan(id: id), worker: worker) }

    /// The care plans of a patient on this phone, with what is due of the last four weeks and the next one.
    public func carePlans(_ patient: PatientId) throws -> Live<[CarePlan]> {
        let patient = try core.patient(id: patient)
        return worker.live { [core] in
            try patient.plans().map { id in
                let plan = try core.plan(id: id)
                let state = try plan.state(daysBack: Plan.daysBack, daysAhead: Plan.daysAhead)
                return CarePlan(view: try plan.read(), state: state)
            }
        }
    }

    /// What is said within the team about each patient on this phone, in brief: what presses first.
    public var messageThreads: Live<[MessageThread]> { worker.live { [core] in try core.messageThreads() } }

    /// How each care plan on this phone was kept to between two times, in milliseconds since 1970, at most 400 days apart.
    public func adherenceBetween(fromMs: Int64, untilMs: Int64) async throws -> [PlanCounts] {
        try await worker.read { [core] in try core.adherenceBetween(fromMs: fromMs, untilMs: untilMs) }
    }

    /// The templates that a care plan can be made from, in a language as `es`.
    public func planTemplates(_ language: String) async throws -> [PlanTemplate] {
        try await worker.read { [core] in try core.planTemplates(language: language) }
    }

    /// The forms that can be begun, in a language as `es`.
    public func forms(_ language: String) async throws -> [FormOffer] {
        try await worker.read { [core] in try core.forms(language: language) }
    }

    /// Searches patients and notes, without accents or case.
    public func search(_ words: String, limit: Int = 50) async throws -> [Found] {
        try await worker.read { [core] in try core.search(words: words, limit: UInt32(clamping: limit)) }
    }
}

/// Thrown by a token source when the person has to sign in.
public struct SignInNeeded: Error {
    public init() {}
}

/// A shell's function as the core's trait: what it throws means that it can't be reached now.
private final class AskedFor: TokenSource {
    private let ask: @Sendable (Bool) async throws -> String

    init(_ ask: @escaping @Sendable (Bool) async throws -> String) {
        self.ask = ask
    }

    func token(refresh: Bool) async throws -> String {
        do {
            return try await ask(refresh)
        } catch is SignInNeeded {
            throw TokenError.SignIn
        } catch {
            throw TokenError.Unavailable
        }
    }
}

/// Passes the core's news on.
private final class Listener: Observer {
    private let revisions: Broadcast<UInt64>
    private let states: Broadcast<SyncState>

    init(revisions: Broadcast<UInt64>, states: Broadcast<SyncState>) {
        self.revisions = revisions
        self.states = states
    }

    func changed(news: News) {
        revisions.send(news.revision)
        if let state = news.syncState { states.send(state) }
    }
}
