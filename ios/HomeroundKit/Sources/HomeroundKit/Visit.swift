import Foundation
import HomeroundCore

/// A visit, for reading and for work. An edit is saved for good when its call returns.
public final class Visit: Sendable {
    private let core: HomeroundCore.Visit
    private let worker: Worker
    /// Which visit.
    public let id: VisitId
    /// Filling forms.
    public let forms: Forms

    init(core: HomeroundCore.Visit, worker: Worker) {
        self.core = core
        self.worker = worker
        forms = Forms(core: core, worker: worker)
        id = (try? core.id()) ?? ""
    }

    /// The visit as it stands. Emits again whenever it changes, here or elsewhere.
    public var view: Live<VisitView> { worker.live { [core] in try core.read() } }

    /// Photos, recordings and files. Emits again when that changes.
    public var attachments: Live<[Attachment]> { worker.live { [core] in try core.attachments() } }

    /// What came after the last signature and is not taken in; empty before any signature.
    public var late: Live<[LateEdit]> {
        worker.live { [core] in try core.read().signatures.isEmpty ? [] : core.awaiting() }
    }

    /// The visit as it stands now.
    public func read() async throws -> VisitView { try await worker.read { [core] in try core.read() } }

    /// The open conflicts alone.
    public func conflicts() async throws -> [Conflict] { try await worker.read { [core] in try core.conflicts() } }

    /// The attachments as they stand now.
    public func attachmentsNow() async throws -> [Attachment] { try await worker.read { [core] in try core.attachments() } }

    private func save(_ work: @escaping @Sendable (HomeroundCore.Visit) throws -> Saved) async throws -> Saved {
        try await worker.write { [core] in try work(core) }
    }

    // MARK: Steps

    /// On the way. A virtual visit has none.
    @discardableResult
    public func startTravel(_ fix: Fix? = nil) async throws -> Saved { try await save { try $0.startTravel(fix: fix) } }

    /// Arrived in the home: begins the visit and stamps who came, when and where; without a fix, `noFix` says why. A stamp
    /// that is not verified stops nothing and waits for ``explainPresence(_:)``.
    @discardableResult
    public func checkIn(_ fix: Fix? = nil, noFix: NoFix? = nil) async throws -> Saved {
        try await save { try $0.checkIn(fix: fix, noFix: noFix) }
    }

    /// Checks in beside colleagues, or before them: the visit's status stays.
    @discardableResult
    public func join(_ fix: Fix? = nil, noFix: NoFix? = nil) async throws -> Saved {
        try await save { try $0.join(fix: fix, noFix: noFix) }
    }

    /// Checks out while the visit goes on, or after it ended: the visit's status stays.
    @discardableResult
    public func leave(_ fix: Fix? = nil, noFix: NoFix? = nil) async throws -> Saved {
        try await save { try $0.leave(fix: fix, noFix: noFix) }
    }

    /// Gives the reason for one's own stamp that is not verified; the last one counts.
    @discardableResult
    public func explainPresence(_ reason: NewPresenceReason) async throws -> Saved {
        try await save { try $0.explainPresence(reason: reason) }
    }

    /// Interrupts the visit, and notes where and why.
    @discardableResult
    public func takeBreak(_ reason: BreakReason? = nil, comment: String? = nil, _ fix: Fix? = nil) async throws -> Saved {
        try await save { try $0.takeBreak(reason: reason, comment: comment, fix: fix) }
    }

    /// Goes on after a break, and notes where.
    @discardableResult
    public func resume(_ fix: Fix? = nil) async throws -> Saved { try await save { try $0.resume(fix: fix) } }

    /// Leaves the home: the visit is done and can be signed. Stamps the check-out of who is checked in.
    @discardableResult
    public func complete(_ fix: Fix? = nil, noFix: NoFix? = nil) async throws -> Saved {
        try await save { try $0.complete(fix: fix, noFix: noFix) }
    }

    /// Nobody was met; notes where the person was.
    @discardableResult
    public func miss(_ reason: NotDoneReason, comment: String? = nil, _ fix: Fix? = nil) async throws -> Saved {
        try await save { try $0.miss(reason: reason, comment: comment, fix: fix) }
    }

    /// Calls the visit off; notes where the person was, and stamps the check-out of who is checked in.
    @discardableResult
    public func cancel(_ reason: NotDoneReason, comment: String? = nil, _ fix: Fix? = nil) async throws -> Saved {
        try await save { try $0.cancel(reason: reason, comment: comment, fix: fix) }
    }

    // MARK: A virtual visit

    /// The link to join the call by, for the system to open: keep it nowhere. Whoever has it may come in. Fails with
    /// `NotFound` when there is none now.
    public func joinUrl() async throws -> String { try await worker.read { [core] in try core.joinUrl() } }

    /// Notes what the patient says to a virtual visit; the last word counts.
    @discardableResult
    public func recordConsent(_ consent: NewConsent) async throws -> Saved {
        try await save { try $0.recordConsent(consent: consent) }
    }

    /// Notes that one waits, that the patient is there, that both are in the call, or that it was left.
    @discardableResult
    public func noteLobby(_ step: LobbyStep) async throws -> Saved { try await save { try $0.noteLobby(step: step) } }

    /// Goes on by phone; the visit goes on as it is. Answers the number, and the address that calls it.
    @discardableResult
    public func fallBackToPhone(_ fallback: PhoneFallback) async throws -> FallenBack {
        try await worker.write { [core] in try core.fallBackToPhone(fallback: fallback) }
    }

    // MARK: The visit's way

    /// How the visit came about, whether it may be there twice, to whom it was handed over, with the visit and who may
    /// take it. Emits again whenever that changes.
    public var way: Live<KnownWay> {
        worker.live { [core] in KnownWay(way: try core.way(), view: try core.read(), colleagues: try core.colleagues()) }
    }

    /// Decides that this visit is `other`, entered twice: this one is called off where it can be, and keeps its records.
    @discardableResult
    public func sameVisit(_ other: VisitId, comment: String? = nil, _ fix: Fix? = nil) async throws -> Saved {
        try await save { try $0.sameVisit(other: other, comment: comment, fix: fix) }
    }

    /// Decides that this visit and `other` are two.
    @discardableResult
    public func twoVisits(_ other: VisitId, comment: String? = nil) async throws -> Saved {
        try await save { try $0.twoVisits(other: other, comment: comment) }
    }

    /// Who of the patient's care team may take the visit, by name.
    public func colleagues() async throws -> [By] { try await worker.read { [core] in try core.colleagues() } }

    /// Hands the visit over to a member of the patient's care team; what is unsent goes with the next sync.
    @discardableResult
    public func handOver(_ to: PersonId, _ reason: HandoverReason, comment: String? = nil) async throws -> HandedOver {
        try await worker.write { [core] in try core.handOver(to: to, reason: reason, comment: comment) }
    }

    // MARK: What is recorded

    /// Records a set of vital signs.
    @discardableResult
    public func recordVitals(_ vitals: Vitals, measuredAtMs: Int64) async throws -> Saved {
        try await save { try $0.recordVitals(entry: VitalsEntry(measuredAtMs: measuredAtMs, vitals: vitals)) }
    }

    /// Records a set of vital signs with where, how and with what its figures were measured.
    @discardableResult
    public func recordVitals(_ entry: VitalsEntry) async throws -> Saved {
        try await save { try $0.recordVitals(entry: entry) }
    }

    /// What a set of vital signs would say, before it is recorded. Decision support.
    public func assess(_ entry: VitalsEntry) async throws -> Assessment {
        try await worker.read { [core] in try core.assess(entry: entry) }
    }

    /// Records one finding, with where, how and with what it was measured.
    @discardableResult
    public func observe(_ finding: NewFinding, measuredAtMs: Int64, measured: Measured? = nil) async throws -> Saved {
        try await save { try $0.observe(measuredAtMs: measuredAtMs, finding: finding, measured: measured) }
    }

    /// Sets a single-valued measurement; two people's different values open a conflict.
    @discardableResult
    public func setMeasure(_ measure: Measure) async throws -> Saved { try await save { try $0.setMeasure(measure: measure) } }

    /// What there is to think about before giving a dose now. Decision support.
    public func checkMedication(_ entry: MedicationGivenEntry) async throws -> MedicationCheck {
        try await worker.read { [core] in try core.checkMedication(entry: entry) }
    }

    /// Records that a medication was given. Throws `Warned` while a warning has no override: nothing
    /// was stored; ask, and call again with a reason for each.
    @discardableResult
    public func medicationGiven(_ entry: MedicationGivenEntry) async throws -> Saved {
        try await save { try $0.medicationGiven(entry: entry) }
    }

    /// Records that a medication was not given, and why.
    @discardableResult
    public func medicationNotGiven(_ entry: MedicationNotGivenEntry) async throws -> Saved {
        try await save { try $0.medicationNotGiven(entry: entry) }
    }

    /// Says what came of a task.
    @discardableResult
    public func setTask(_ task: EntryId, _ outcome: TaskOutcome) async throws -> Saved {
        try await save { try $0.setTask(task: task, outcome: outcome) }
    }

    /// The tasks that the patient's care plans ask for at this visit. Emits again when that changes.
    public var planned: Live<[PlannedTask]> { worker.live { [core] in try core.plannedTasks() } }

    /// Says what came of a planned task; open takes back what stands.
    @discardableResult
    public func setPlannedTask(_ task: EntryId, _ outcome: TaskOutcome) async throws -> Saved {
        try await save { try $0.setPlannedTask(task: task, outcome: outcome) }
    }

    /// Takes a planned task off this visit; it is due all the same, and no phone puts it back.
    @discardableResult
    public func removePlannedTask(_ task: EntryId, comment: String? = nil) async throws -> Saved {
        try await save { try $0.removePlannedTask(task: task, comment: comment) }
    }

    /// Adds a task.
    @discardableResult
    public func addTask(_ title: String, required: Bool = false) async throws -> Saved {
        try await save { try $0.addTask(title: title, required: required) }
    }

    /// Says in words what came of the visit.
    @discardableResult
    public func setOutcome(_ outcome: String) async throws -> Saved { try await save { try $0.setOutcome(outcome: outcome) } }

    /// Types into the shared note. Places are counted in Unicode scalars; see ``NoteTyping`` for what
    /// a text field gives.
    @discardableResult
    public func editNote(_ insert: String, at: Int? = nil, delete: Int = 0) async throws -> Saved {
        let edit = NoteEdit(at: at.map { UInt64($0) }, delete: UInt64(delete), insert: insert)
        return try await save { try $0.editNote(edit: edit) }
    }

    /// Answers one question of a form.
    @discardableResult
    public func answer(_ answer: NewAnswer) async throws -> Saved { try await save { try $0.answer(answer: answer) } }

    /// Marks an entry as wrong; it stays and says so.
    @discardableResult
    public func correct(_ correction: NewCorrection) async throws -> Saved {
        try await save { try $0.correct(correction: correction) }
    }

    /// Settles a conflict: the chosen value stands, the others stay in the history.
    @discardableResult
    public func settle(_ field: String, chosenJson: String) async throws -> Saved {
        try await save { try $0.settle(field: field, chosenJson: chosenJson) }
    }

    // MARK: Signing

    /// Seals the completed visit, after asking for the PIN or the sensor once more.
    @discardableResult
    public func sign(_ with: Unlock) async throws -> Saved { try await save { try $0.sign(with: with) } }

    /// Takes somebody's signature by hand over the visit as it stands, or says why there is none. Nothing waits for it;
    /// `signOffs` of the view says what was changed after it.
    @discardableResult
    public func signOff(_ signer: Signer, _ given: NewSignature) async throws -> Saved {
        try await save { try $0.signOff(signer: signer, given: given) }
    }

    /// Verifies one signature by hand as ``verify()`` does a seal.
    public func verifySignOff(_ id: EntryId) async throws -> SealCheck {
        try await worker.read { [core] in try core.verifySignOff(signOff: id) }
    }

    /// Verifies the seal of the last signature.
    public func verify() async throws -> SealCheck { try await worker.read { [core] in try core.verify() } }

    /// What came after the last signature and is not taken in by an amendment.
    public func awaiting() async throws -> [LateEdit] { try await worker.read { [core] in try core.awaiting() } }

    /// Takes what came after the signature into the visit, with a reason.
    @discardableResult
    public func amend(_ reason: String, note: String? = nil) async throws -> Saved {
        try await save { try $0.amend(reason: reason, note: note) }
    }

    // MARK: Notices to the patient

    /// What the patient would be told now, and what speaks against it.
    public func noticeDraft(_ kind: NoticeKind, _ options: OrderOptions = OrderOptions()) async throws -> NoticeDraft {
        try await worker.read { [core] in try core.noticeDraft(kind: kind, options: options) }
    }

    /// Asks the backend to tell the patient when the visit will begin; it goes out with the other edits.
    @discardableResult
    public func notify(_ kind: NoticeKind, fromMs: Int64, untilMs: Int64) async throws -> Saved {
        try await save { try $0.notify(kind: kind, arrivesFromMs: fromMs, arrivesUntilMs: untilMs) }
    }

    /// The notices to the patient, the latest first, and what became of each. Emits again whenever that changes.
    public var notices: Live<[Notice]> { worker.live { [core] in try core.notices() } }

    // MARK: What the patient says of it

    /// The links to the survey that were asked for, and what was answered, in a language. Emits again whenever that changes.
    public func survey(_ language: String) -> Live<VisitSurvey> {
        worker.live { [core] in try core.survey(language: language) }
    }

    /// Asks the backend to send the patient a link to the survey; it goes out with the other edits.
    @discardableResult
    public func inviteToSurvey() async throws -> Saved { try await save { try $0.inviteToSurvey() } }

    /// Lends the phone to the patient for the survey: until it is unlocked every other call fails with `Locked`.
    public func lendForSurvey() async throws -> SurveyDesk {
        try await worker.write { [core, worker] in SurveyDesk(core: try core.lendForSurvey(), worker: worker) }
    }

    // MARK: Attachments

    /// Adds a photo, a recording or a file; bytes and entry are durable when this returns.
    @discardableResult
    public func attach(_ new: NewAttachment, bytes: Data) async throws -> Saved {
        try await save { try $0.attach(new: new, bytes: bytes) }
    }

    /// As ``attach(_:bytes:)``, of a file. Delete it afterwards: it is not encrypted.
    @discardableResult
    public func attachFile(_ new: NewAttachment, path: String) async throws -> Saved {
        try await save { try $0.attachFile(new: new, path: path) }
    }

    /// The bytes of an attachment that is on this phone.
    public func attachmentBytes(_ id: EntryId) async throws -> Data {
        try await worker.read { [core] in try core.attachmentBytes(id: id) }
    }

    /// Fetches the bytes of a colleague's attachment.
    public func fetchAttachment(_ id: EntryId) async throws { try await core.fetchAttachment(id: id) }
}

/// What changed between two texts of a field, as the note takes it. Places are Unicode scalars.
public struct NoteTyping: Equatable, Sendable {
    public let at: Int
    public let delete: Int
    public let insert: String

    public init(at: Int, delete: Int, insert: String) {
        self.at = at
        self.delete = delete
        self.insert = insert
    }

    /// The one stretch in which `after` differs from `before`; none when they are alike.
    public static func between(_ before: String, _ after: String) -> NoteTyping? {
        let old = Array(before.unicodeScalars)
        let new = Array(after.unicodeScalars)
        var head = 0
        while head < old.count, head < new.count, old[head] == new[head] { head += 1 }
        var tail = 0
        while tail < old.count - head, tail < new.count - head, old[old.count - 1 - tail] == new[new.count - 1 - tail] {
            tail += 1
        }
        var insert = String.UnicodeScalarView()
        insert.append(contentsOf: new[head..<(new.count - tail)])
        let delete = old.count - head - tail
        return delete == 0 && insert.isEmpty ? nil : NoteTyping(at: head, delete: delete, insert: String(insert))
    }

    /// The text with this typed into it.
    public func into(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        let from = min(at, scalars.count)
        scalars.replaceSubrange(from..<min(from + delete, scalars.count), with: insert.unicodeScalars)
        var typed = String.UnicodeScalarView()
        typed.append(contentsOf: scalars)
        return String(typed)
    }

    /// The same typing in a text that another typing has changed meanwhile. Where both touch the same stretch, what the
    /// other typed stays.
    public func over(_ other: NoteTyping) -> NoteTyping {
        let (end, otherEnd) = (at + delete, other.at + other.delete)
        let typed = other.insert.unicodeScalars.count
        if end <= other.at { return self }
        if at >= otherEnd { return NoteTyping(at: at + typed - other.delete, delete: delete, insert: insert) }
        return NoteTyping(at: other.at + typed, delete: max(0, end - otherEnd), insert: insert)
    }
}
