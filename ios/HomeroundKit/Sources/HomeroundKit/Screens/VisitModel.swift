import Foundation
import HomeroundCore

/// A visit.
public final class VisitModel: Model<VisitState> {
    let visit: Visit
    private let formats: Formats
    private let now: @Sendable () -> Int64
    let place: @Sendable () async -> Fix?
    private var zone = "UTC"
    private var given: [EntryId: Words] = [:]
    private var list: [ChartMedication] = []
    let phone: Homeround

    /// Which visit.
    public var id: VisitId { visit.id }

    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - place: where the phone is, if that is known.
    public init(
        _ phone: Homeround, _ id: VisitId, _ formats: Formats, now: @escaping @Sendable () -> Int64,
        place: @escaping @Sendable () async -> Fix? = { nil }
    ) throws {
        visit = try phone.visit(id)
        self.phone = phone
        self.formats = formats
        self.now = now
        self.place = place
        super.init(VisitState(), phone)
        follow(visit.view) { [weak self] state, view in self?.take(&state, view) }
        follow(visit.planned) { [weak self] state, tasks in
            if let self { state.planned = HomeroundKit.planned(tasks, formats, zone) }
        }
        follow(visit.attachments) { state, photos in state.show(photos.map(VisitModel.photo)) }
        follow(visit.late) { [weak self] state, late in state.late = late.compactMap { self?.late($0) } }
        follow(visit.way) { [weak self] state, known in
            if let self { state.way = WayState(known, self.formats, known.view.summary?.timeZone ?? self.zone) }
        }
        act { [self] in
            let sensor = try await phone.session.hasBiometric()
            change { $0.sensor = sensor }
        }
        act { [self] in
            let patient = try phone.patient(try await visit.read().patient)
            follow(patient.chart) { [weak self] state, chart in self?.take(&state, chart) }
        }
    }

    // MARK: What a person does

    /// Signing without a PIN asks at the biometric sensor.
    @discardableResult
    public func take(_ action: Action, pin: String = "", reason: String = "") -> Work {
        act { [self] in
            switch action {
            case .travel: try await visit.startTravel(await place())
            case .checkIn: try await visit.checkIn(await place())
            case .break: try await visit.takeBreak(nil, await place())
            case .resume: try await visit.resume(await place())
            case .complete: try await visit.complete(await place())
            case .sign: try await visit.sign(pin.isEmpty ? .biometric : .pin(pin: pin))
            case .amend: try await visit.amend(reason)
            case .join: try await visit.join(await place())
            case .leave: try await visit.leave(await place())
            }
        }
    }

    /// Why one's own stamp is not verified.
    @discardableResult
    public func explain(_ stamp: EntryId, _ reason: PresenceReason, comment: String) -> Work {
        act { [self] in
            try await visit.explainPresence(NewPresenceReason(stamp: stamp, reason: reason, comment: said(comment)))
        }
    }

    /// Begins to take a signature by hand.
    public func beginSignOff() { change { $0.signing = SignOffForm() } }

    public func changeSignOff(_ form: SignOffForm) { change { $0.signing = form } }

    public func closeSignOff() { change { $0.signing = nil } }

    /// Stores what was given.
    /// - Parameter drawing: what is on the pad.
    @discardableResult
    public func signOff(_ drawing: Drawing?) -> Work {
        act { [self] in
            guard let form = state.signing, let given = form.given(drawing) else { return }
            try await visit.signOff(form.signer, given)
            change { $0.signing = nil }
        }
    }

    /// Says that a signature by hand is wrong, and why; it stays and says so.
    @discardableResult
    public func takeBack(_ signOff: EntryId, _ reason: String) -> Work {
        act { [self] in
            let reason = reason.trimmingCharacters(in: .whitespacesAndNewlines)
            try await visit.correct(NewCorrection(section: "sign_offs", target: signOff, reason: reason))
        }
    }

    @discardableResult
    public func finish(_ task: EntryId) -> Work {
        act { [self] in try await visit.setTask(task, TaskOutcome(status: .done, result: .pass)) }
    }

    @discardableResult
    public func leaveOut(_ task: EntryId, _ reason: NotDoneReason, comment: String) -> Work {
        act { [self] in
            try await visit.setTask(task, TaskOutcome(status: .notDone, reason: reason, comment: said(comment)))
        }
    }

    @discardableResult
    public func finishPlanned(_ task: EntryId) -> Work {
        act { [self] in try await visit.setPlannedTask(task, TaskOutcome(status: .done, result: .pass)) }
    }

    @discardableResult
    public func leaveOutPlanned(_ task: EntryId, _ reason: NotDoneReason, comment: String) -> Work {
        act { [self] in
            try await visit.setPlannedTask(task, TaskOutcome(status: .notDone, reason: reason, comment: said(comment)))
        }
    }

    @discardableResult
    public func removePlanned(_ task: EntryId) -> Work { act { [self] in try await visit.removePlannedTask(task) } }

    public func typeVital(_ field: VitalField, _ text: String) { changeVitals { $0.typed[field] = text } }

    /// The figure is typed in its other unit from now on. What was typed stays: it was read off as it is.
    public func swapUnit(_ field: VitalField) { changeVitals { $0.others.formSymmetricDifference([field]) } }

    /// Chooses where it was measured, or takes the choice back.
    public func chooseSite(_ field: VitalField, _ site: HowChoice) {
        changeVitals { $0.sites[field] = $0.sites[field] == site ? nil : site }
    }

    /// Chooses how it was measured, or takes the choice back.
    public func chooseMethod(_ field: VitalField, _ method: HowChoice) {
        changeVitals { $0.methods[field] = $0.methods[field] == method ? nil : method }
    }

    public func chooseConsciousness(_ level: Consciousness?) { changeVitals { $0.consciousness = level } }

    public func chooseOxygen(_ given: Bool?) { changeVitals { $0.onOxygen = given } }

    /// What was changed has to be looked at anew.
    func changeVitals(_ with: (inout VitalsForm) -> Void) {
        change {
            with(&$0.vitals)
            $0.checking = nil
        }
    }

    /// Records what was typed; where a figure is worth a second look, it waits for `confirmVitals`.
    @discardableResult
    public func recordVitals() -> Work { act { [self] in try await recordVitals(confirmed: false) } }

    /// Records what was looked at again.
    @discardableResult
    public func confirmVitals() -> Work { act { [self] in try await recordVitals(confirmed: true) } }

    /// Back to the figures.
    public func holdVitals() { change { $0.checking = nil } }

    private func recordVitals(confirmed: Bool) async throws {
        let form = state.vitals
        let (vitals, wrong) = try form.parse(formats)
        if let wrong {
            change { $0.problem = Problem(Words("error_not_a_number"), field: wrong.rawValue) }
            return
        }
        let entry = form.entry(vitals, now())
        if !confirmed {
            let says = try await visit.assess(entry)
            let unusual = second(says, typed: form)
            if !unusual.isEmpty {
                // What was typed meanwhile has not been looked at.
                let check = VitalsCheck(unusual: unusual, score: card(says))
                change { if $0.vitals == form { $0.checking = check } }
                return
            }
        }
        try await visit.recordVitals(entry)
        change {
            // What was typed meanwhile stays.
            guard $0.vitals == form else { return }
            $0.beginVitals()
            $0.checking = nil
        }
    }

    /// Decides by which scale NEWS2 judges the patient's saturation: a clinician's decision, for all visits from now on.
    @discardableResult
    public func decideScale(_ scale: Spo2Scale) -> Work {
        act { [self] in
            guard let patient = state.patientId else { return }
            try await phone.patient(patient).setSpo2Scale(scale)
        }
    }

    /// Gives what is ordered; where there is something to think about first, the dose waits for a reason.
    @discardableResult
    public func give(_ row: MedicationRow) -> Work { act { [self] in try await give(row, nil, []) } }

    /// Begins to note another dose than the ordered one, from the ordered one.
    public func beginDose(_ row: MedicationRow) {
        let order = row.medication.medication.dosing
        change { $0.dosing = DoseForm(row: row, value: order?.doseValue.map(plain) ?? "", unit: order?.doseUnit ?? "") }
    }

    public func typeDose(_ form: DoseForm) { change { $0.dosing = form } }

    public func closeDose() { change { $0.dosing = nil } }

    /// Gives the dose that was typed; where there is something to think about first, it waits for a reason.
    @discardableResult
    public func giveDose() -> Work {
        act { [self] in
            guard let form = state.dosing else { return }
            guard let value = formats.number(form.value) else {
                change { $0.problem = Problem(Words("error_not_a_number"), field: "dose_value") }
                return
            }
            let unit = form.unit.trimmingCharacters(in: .whitespaces)
            try await give(form.row, GivenDose(value: value, unit: unit), [])
        }
    }

    /// Gives the dose that waits, with the reason of whoever goes on.
    @discardableResult
    public func goOn(_ reason: String) -> Work {
        act { [self] in
            if let warned = state.warned { try await give(warned.row, warned.dose, warned.overrides(reason)) }
        }
    }

    /// The dose that waits is not given now.
    public func holdBack() { change { $0.warned = nil } }

    private func give(_ row: MedicationRow, _ dose: GivenDose?, _ overrides: [WarningOverride]) async throws {
        let line = row.medication.medication
        let entry = MedicationGivenEntry(
            medication: row.id, code: line.code, doseValue: dose?.value ?? line.dosing?.doseValue,
            doseUnit: dose?.unit ?? line.dosing?.doseUnit, overrides: overrides)
        let (asked, typed) = (state.warned != nil, state.dosing != nil)
        do {
            try await visit.medicationGiven(entry)
            change {
                // A warning that came meanwhile, of another dose, waits for its own answer.
                if asked { $0.warned = nil }
                if typed { $0.dosing = nil }
            }
        } catch HomeroundError.Warned(let warnings) {
            let rows = warnings.map { HomeroundKit.row($0, formats, zone) }
            change { $0.warned = WarnedDose(row: row, warnings: rows, dose: dose) }
        }
    }

    /// Begins to compare the medication list with what is in the home.
    public func compareList() { change { $0.reconcile = ReconcileForm(list) } }

    public func answerLine(_ id: EntryId, _ finding: HomeFinding) {
        change { $0.reconcile?.change(id) { $0.finding = finding } }
    }

    public func commentLine(_ id: EntryId, _ text: String) { change { $0.reconcile?.change(id) { $0.comment = text } } }

    public func typeBeside(_ text: String) { change { $0.reconcile?.beside = text } }

    public func closeList() { change { $0.reconcile = nil } }

    /// Records what was found of every line; it changes none.
    @discardableResult
    public func saveList() -> Work {
        act { [self] in
            guard let form = state.reconcile, let patient = state.patientId else { return }
            try await phone.patient(patient).reconcile(form.found(visit.id))
            change { $0.reconcile = nil }
        }
    }

    @discardableResult
    public func withhold(_ row: MedicationRow, _ reason: NotDoneReason, comment: String) -> Work {
        act { [self] in
            let entry = MedicationNotGivenEntry(
                medication: row.id, code: row.medication.medication.code, reason: reason, comment: said(comment))
            try await visit.medicationNotGiven(entry)
        }
    }

    /// The note's field holds this now; it is not saved yet, and stays through whatever a colleague types meanwhile.
    public func typeNote(_ text: String) {
        change {
            let from = $0.draft?.from ?? $0.note
            $0.draft = text == from ? nil : NoteDraft(text: text, from: from)
        }
    }

    /// Types into the shared note what the person changed.
    @discardableResult
    public func saveNote() -> Work {
        let before = state.note
        guard let draft = state.draft, var typed = NoteTyping.between(draft.from, draft.text) else { return act {} }
        if let other = NoteTyping.between(draft.from, before) { typed = typed.over(other) }
        change {
            $0.draft = nil
            $0.note = typed.into(before)
        }
        return act { [self, typed] in
            do {
                try await visit.editNote(typed.insert, at: typed.at, delete: typed.delete)
            } catch {
                // Nothing was saved: what was typed is still there to be saved.
                change {
                    $0.note = before
                    $0.draft = NoteDraft(text: $0.draft?.text ?? draft.text, from: draft.from)
                }
                throw error
            }
        }
    }

    @discardableResult
    public func setOutcome(_ text: String) -> Work { act { [self] in try await visit.setOutcome(text) } }

    @discardableResult
    public func settle(_ conflict: ConflictRow, _ choice: Choice) -> Work {
        act { [self] in try await visit.settle(conflict.field, chosenJson: choice.json) }
    }

    func said(_ comment: String) -> String? { comment.allSatisfy(\.isWhitespace) ? nil : comment }

    // MARK: What the screen shows of it

    private func take(_ state: inout VisitState, _ view: VisitView) {
        let line = view.summary
        if let line { zone = line.timeZone }
        if !state.loaded, view.virtualVisit != nil { state.vitals.reportedBy = .patient }
        state.loaded = true
        state.patientId = view.patient
        state.patient = line?.patientName ?? ""
        state.address = line?.address ?? ""
        state.window = line.map { formats.window($0.startMs, $0.endMs, $0.timeZone) } ?? ""
        state.service = line?.service ?? ""
        state.unsent = Int(clamping: line?.unsent ?? 0)
        state.status = chip(view.status)
        state.call = view.virtualVisit.map { CallState($0, view.status, formats, zone) }
        state.actions = VisitModel.actions(view) + presenceActions(view)
        state.endings = VisitModel.endings(view.status)
        state.editable = view.status != .signed && view.status != .amended
        state.tasks = view.tasks.map(VisitModel.task)
        state.findings = view.observations.reversed().map { one in
            FindingRow(
                id: one.id, lines: readings(one.finding), by: one.by.name, at: formats.time(one.measuredAtMs, zone),
                wrong: one.corrected?.reason, score: one.assessment.flatMap { card($0) },
                unusual: one.assessment.map { second($0) } ?? [], reported: whoTold(one))
        }
        state.forms = view.forms.map { form in
            let answers = form.answers.enumerated().map { AnswerRow(id: $0, question: $1.linkId, answer: $1.text) }
            return FormRow(id: form.id, title: form.questionnaire, answers: answers)
        }
        state.note = view.note
        state.outcome = view.outcome ?? ""
        state.conflicts = view.conflicts.map { conflict($0, view) }
        state.signOffs = view.signOffs.map { SignOffRow($0, formats, zone) }
        state.maySignOff = HomeroundKit.maySignOff(view.status)
        state.presence = view.presence.attendances.map { PresenceRow($0, formats, zone) }
        state.signed = view.signatures.last.map { Words("visit_signed_by", $0.by.name, formats.moment($0.atMs, zone)) }
        given = [:]
        for one in view.medications {
            if let medication = one.medication { given[medication] = VisitModel.done(one.given) }
        }
        state.medications = state.medications.map { withDone($0) }
    }

    private func take(_ state: inout VisitState, _ chart: ChartView) {
        list = chart.medications
        state.spo2Scale = chart.spo2Scale
        state.alerts = chart.alerts.filter(\.alert.active).map(\.alert.text)
        state.allergies = chart.allergies.filter { $0.allergy.status == .active || $0.allergy.status == .unconfirmed }
            .map(\.allergy.code.text)
        state.medications = chart.medications.filter { $0.medication.status == "active" }.map { one in
            let dose = [one.medication.dose, one.medication.frequency].compactMap { $0 }.joined(separator: ", ")
            return withDone(MedicationRow(medication: one, dose: dose))
        }
    }

    private func withDone(_ row: MedicationRow) -> MedicationRow {
        var row = row
        row.done = given[row.id]
        return row
    }

    private func late(_ edit: LateEdit) -> LateRow {
        var fields: [Words] = []
        for words in edit.fields.map(fieldWords) where !fields.contains(words) { fields.append(words) }
        return LateRow(
            id: edit.change, by: edit.by.name, at: formats.moment(edit.atMs, zone), fields: fields,
            told: Words(edit.knewOfSignature ? "late_knew" : "late_good_faith"))
    }

    private func conflict(_ conflict: Conflict, _ view: VisitView) -> ConflictRow {
        let choices = conflict.values.map { value in
            Choice(
                json: value.json, text: value.text, coded: VisitModel.coded(conflict, value.text), by: value.by.name,
                mine: value.by.me, at: formats.moment(value.atMs, zone), shown: value.shown)
        }
        let task = view.tasks.first { $0.id == conflict.item }?.title
        let about = task ?? state.planned.first { conflict.field == "planned/\($0.id)" }?.title
        return ConflictRow(field: conflict.field, title: fieldWords(conflict.field), about: about ?? "", choices: choices)
    }

    /// Codes of results and statuses are keys of the string catalog.
    private static func coded(_ conflict: Conflict, _ text: String) -> Words? {
        if conflict.section == "planned" { return Words("planned_\(text.isEmpty ? "open" : text)") }
        return switch conflict.name {
        case "result": Words("result_\(text)")
        case "status": Words(conflict.section == "tasks" ? "task_\(text)" : "status_\(text)")
        case "reason": Words("reason_\(text)")
        case "consent": Words("consent_\(text)")
        default: nil
        }
    }

    private static func task(_ one: VisitTask) -> TaskRow {
        let state =
            one.reason.map(words) ?? one.result.map { Words("result_\(snake($0))") } ?? Words("task_\(snake(one.status))")
        return TaskRow(
            id: one.id, title: one.title, required: one.required, done: one.status == .done, state: state, comment: one.comment)
    }

    private static func done(_ given: Administration) -> Words {
        switch given {
        case .given: Words("medication_given")
        case .notGiven(let reason): words(reason)
        }
    }

    private static func photo(_ one: Attachment) -> PhotoRow {
        let state =
            switch one.upload {
            case .sent: Chip(Words("photo_sent"), .quiet, .check)
            case .refused: Chip(Words("photo_refused"), .alarm, .warning)
            case .pending: Chip(Words("photo_pending"), .quiet, .unsent)
            case nil: Chip(Words("photo_elsewhere"), .quiet, .online)
            }
        return PhotoRow(
            id: one.id, caption: one.caption ?? "", thumbnail: one.thumbnail, by: one.by.name, state: state,
            image: one.mediaType.hasPrefix("image/"), audio: one.mediaType.hasPrefix("audio/"), here: one.here)
    }

    private static func actions(_ view: VisitView) -> [Action] {
        switch view.status {
        case .scheduled: view.virtualVisit.map(begins) ?? [.travel, .checkIn]
        case .traveling: [.checkIn]
        case .inProgress: [.complete, .break]
        case .onBreak: [.resume]
        case .completed: [.sign]
        case .signed: [.amend]
        case .amended: [.sign, .amend]
        case .canceled, .missed: []
        }
    }

    private static func endings(_ status: VisitStatus) -> [Ending] {
        switch status {
        case .scheduled, .traveling: [.miss, .cancel]
        case .inProgress: [.cancel]
        default: []
        }
    }
}
