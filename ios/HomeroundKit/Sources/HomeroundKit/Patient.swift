import HomeroundCore

/// A patient: demographics, team, timeline and the chart that the team maintains.
public final class Patient: Sendable {
    private let core: HomeroundCore.Patient
    private let chartOf: HomeroundCore.Chart
    private let worker: Worker

    init(core: HomeroundCore.Patient, chart: HomeroundCore.Chart, worker: Worker) {
        self.core = core
        chartOf = chart
        self.worker = worker
    }

    /// Demographics.
    public func read() async throws -> Demographics { try await worker.read { [core] in try core.read() } }

    /// The care teams with their people.
    public func careTeams() async throws -> [CareTeam] { try await worker.read { [core] in try core.careTeams() } }

    /// The clinical timeline, newest first, a page at a time.
    public func timeline(_ query: TimelineQuery) async throws -> TimelinePage {
        try await worker.read { [core] in try core.timeline(query: query) }
    }

    /// A page of one measurement over time, newest first; see `trendCode`.
    public func trend(_ query: TrendQuery) async throws -> TrendPage {
        try await worker.read { [core] in try core.trend(query: query) }
    }

    /// The card of the patient, in the context of a visit if one is given. Emits again whenever something on it changes.
    public func card(_ visit: VisitId? = nil) -> Live<PatientCard> {
        worker.live { [core] in try core.card(visit: visit) }
    }

    /// What others changed since one was there last, a page at a time.
    public func sinceLastHere(_ query: ChangeQuery = ChangeQuery()) async throws -> SinceLastHere {
        try await worker.read { [core] in try core.sinceLastHere(query: query) }
    }

    /// The care plans on this phone.
    public func plans() async throws -> [PlanId] { try await worker.read { [core] in try core.plans() } }

    /// Makes a care plan, from a template or empty, on this phone.
    @discardableResult
    public func createPlan(_ plan: NewPlan) async throws -> PlanId {
        try await worker.write { [core] in try core.createPlan(new: plan) }
    }

    /// The visits on this phone.
    public func visits() async throws -> [VisitId] { try await worker.read { [core] in try core.visits() } }

    /// Asks for access in an emergency, with a reason that a reviewer will read.
    public func breakGlass(reason: String) async throws { try await core.breakGlass(reason: reason) }

    /// The chart as it stands. Emits again whenever it changes.
    public var chart: Live<ChartView> { worker.live { [chartOf] in try chartOf.read() } }

    /// The chart as it stands now.
    public func chartNow() async throws -> ChartView { try await worker.read { [chartOf] in try chartOf.read() } }

    private func save(_ work: @escaping @Sendable (HomeroundCore.Chart) throws -> Saved) async throws -> Saved {
        try await worker.write { [chartOf] in try work(chartOf) }
    }

    /// Sets how to get into the home: `door_code`, `parking`, `directions`, `pets`, `hazards`.
    @discardableResult
    public func setHomeAccess(_ name: String, _ text: String) async throws -> Saved {
        try await save { try $0.setHomeAccess(name: name, text: text) }
    }

    /// Adds somebody to call.
    @discardableResult
    public func addContact(_ contact: Contact) async throws -> Saved { try await save { try $0.addContact(contact: contact) } }

    /// Adds an allergy.
    @discardableResult
    public func addAllergy(_ allergy: Allergy) async throws -> Saved { try await save { try $0.addAllergy(allergy: allergy) } }

    /// Says whether an allergy stands, and how bad it is.
    @discardableResult
    public func setAllergy(_ allergy: EntryId, _ status: AllergyStatus, severity: Severity? = nil) async throws -> Saved {
        try await save { try $0.setAllergy(allergy: allergy, status: status, severity: severity) }
    }

    /// Adds a condition.
    @discardableResult
    public func addCondition(_ condition: Condition) async throws -> Saved {
        try await save { try $0.addCondition(condition: condition) }
    }

    /// Sets a condition's FHIR clinical status.
    @discardableResult
    public func setCondition(_ condition: EntryId, _ status: String) async throws -> Saved {
        try await save { try $0.setCondition(condition: condition, status: status) }
    }

    /// Adds a line to the medication list.
    @discardableResult
    public func addMedication(_ medication: Medication) async throws -> Saved {
        try await save { try $0.addMedication(medication: medication) }
    }

    /// Changes a medication's dose; two people's different values open a conflict.
    @discardableResult
    public func setDose(_ medication: EntryId, _ dose: String) async throws -> Saved {
        try await save { try $0.setDose(medication: medication, dose: dose) }
    }

    /// Sets the figures of a medication's order, which warnings go by.
    @discardableResult
    public func setDosing(_ medication: EntryId, _ dosing: Dosing) async throws -> Saved {
        try await save { try $0.setDosing(medication: medication, dosing: dosing) }
    }

    /// Decides by which scale NEWS2 judges the oxygen saturation; different decisions open a conflict.
    @discardableResult
    public func setSpo2Scale(_ scale: Spo2Scale) async throws -> Saved { try await save { try $0.setSpo2Scale(scale: scale) } }

    /// Sets a medication's FHIR status.
    @discardableResult
    public func setMedicationStatus(_ medication: EntryId, _ status: String) async throws -> Saved {
        try await save { try $0.setMedicationStatus(medication: medication, status: status) }
    }

    /// Adds a warning.
    @discardableResult
    public func addAlert(_ alert: Alert) async throws -> Saved { try await save { try $0.addAlert(alert: alert) } }

    /// Says that `medications`, `allergies` or `conditions` were looked at and are right.
    @discardableResult
    public func review(_ section: String, comment: String? = nil) async throws -> Saved {
        try await save { try $0.review(section: section, comment: comment) }
    }

    /// Says what a look into the home found of the medication list; it changes no line.
    @discardableResult
    public func reconcile(_ found: Reconciliation, comment: String? = nil) async throws -> Saved {
        try await save { try $0.reconcile(found: found, comment: comment) }
    }

    /// Whether and how the patient wants notices; nil: nobody has asked. Emits again whenever that changes.
    public var noticeWishes: Live<NoticeWishes?> { worker.live { [chartOf] in try chartOf.noticeWishes() } }

    /// Writes down whether and how the patient wants notices; without their word none is sent.
    @discardableResult
    public func setNoticeWishes(_ wishes: NewNoticeWishes) async throws -> Saved {
        try await save { try $0.setNoticeWishes(wishes: wishes) }
    }

    /// The messages within the team about the patient, in order. Emits again whenever they change.
    public var messages: Live<[Message]> { worker.live { [chartOf] in try chartOf.messages() } }

    /// The messages as they stand now.
    public func messagesNow() async throws -> [Message] { try await worker.read { [chartOf] in try chartOf.messages() } }

    /// Writes a message to the patient's care team; it goes out with the other edits.
    @discardableResult
    public func sendMessage(_ message: NewMessage) async throws -> Saved {
        try await save { try $0.sendMessage(message: message) }
    }

    /// Says that the messages that wait were shown; none when nothing waits.
    @discardableResult
    public func markMessagesRead() async throws -> Saved? {
        try await worker.write { [chartOf] in try chartOf.markMessagesRead() }
    }

    /// Takes a message of one's own back, as one about another patient.
    @discardableResult
    public func takeBackMessage(_ message: EntryId, _ reason: String) async throws -> Saved {
        try await save { try $0.takeBackMessage(message: message, reason: reason) }
    }

    /// Settles a conflict of the chart.
    @discardableResult
    public func settle(_ field: String, chosenJson: String) async throws -> Saved {
        try await save { try $0.settle(field: field, chosenJson: chosenJson) }
    }
}
