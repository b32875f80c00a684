import Foundation
import HomeroundKit
import Observation
import Testing

/// The view models over the real core, a real store and a real server.
@Suite("Screens", .serialized)
@MainActor
struct ScreenTests {
    private let folder: Folder
    private let backend: Backend
    private let formats = Formats(Locale(identifier: "en_US"))

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    private func visitModel(_ phone: Homeround, _ id: VisitId) throws -> VisitModel {
        try VisitModel(phone, id, formats, now: { now() })
    }

    @Test("a new phone is set up, connected and shows the day")
    func setUp() async throws {
        _ = try await backend.day()
        let phone = try await TestPhone(folder, backend, "nina").open()
        let lock = LockModel(phone)
        try await until("choosing a PIN") { lock.state.session == .new }
        #expect(lock.state.title == Words("lock_choose_pin"))
        for digit in 1...6 { lock.digit(digit) }
        await lock.proceed().value
        #expect(lock.state.problem == Problem(Words("error_pin"), field: "pin"))
        #expect(lock.state.pin.isEmpty)
        for digit in [4, 0, 2, 9, 1, 3] { lock.digit(digit) }
        await lock.proceed().value
        #expect(lock.state.session == .notEnrolled)
        await lock.proceed().value
        #expect(lock.state.session == .ready)

        let day = DayModel(phone, formats)
        try await until("the day") { day.state.loaded }
        let row = try #require(day.state.rows.first)
        // Between the hour and AM stands a narrow space, by the letter of the locale's data.
        #expect(row.patient == "Testina Ä. Probe")
        #expect(row.window.replacingOccurrences(of: "\u{202F}", with: " ") == "9:00 AM – 10:00 AM")
        #expect(row.status == Chip(Words("status_scheduled"), .quiet, .clock))
        #expect(row.colleagues == ["Theo Lindqvist"])
        day.next()
        try await until("tomorrow") { day.state.rows.isEmpty }
        #expect(day.state.summary == .counted("day_visits", 0))
    }

    @Test("a visit is worked through offline and nothing is in the way")
    func offline() async throws {
        let site = try await backend.day()
        let test = TestPhone(folder, backend, "nina")
        let phone = try await test.ready()
        let token = try await backend.token("nina")
        test.tokens.set { _ in token }
        backend.stop()
        try await phone.sync.now()
        let model = try visitModel(phone, site.visit)
        try await until("the visit and its chart") { model.state.loaded && !model.state.allergies.isEmpty }
        try await until("offline") { model.state.network.glyph == .offline }
        #expect(model.state.allergies.contains("Allergy to penicillin"))
        #expect(model.state.actions == [.travel, .checkIn] && model.state.endings == [.miss, .cancel])
        await model.take(.checkIn).value
        try await until("in progress") { model.state.status.words == Words("status_in_progress") }
        model.typeVital(.pulse, "900")
        await model.recordVitals().value
        #expect(model.state.problem == Problem(Words("error_refused", "20 – 300/min"), field: "pulse_bpm"))
        #expect(model.state.vitals.typed[.pulse] == "900")
        model.typeVital(.pulse, "abc")
        await model.recordVitals().value
        #expect(model.state.problem?.words == Words("error_not_a_number"))
        model.typeVital(.pulse, "78")
        model.typeVital(.temperature, "36,8")
        await model.recordVitals().value
        try await until("the finding") { !model.state.findings.isEmpty }
        #expect(model.state.findings.first?.lines.map(\.text) == ["78 /min", "36.8 °C"])
        #expect(model.state.vitals.empty)
        await model.finish(model.state.tasks[0].id).value
        await model.leaveOut(model.state.tasks[1].id, .onHold, comment: "").value
        try await until("the tasks") { model.state.tasks.map(\.state) == [Words("result_pass"), Words("reason_on_hold")] }
        let medication = try #require(model.state.medications.first)
        await model.withhold(medication, .refused, comment: "felt sick").value
        try await until("the refusal") { model.state.medications.first?.done == Words("reason_refused") }
        model.typeNote("Wound dry.")
        #expect(model.state.draft != nil && model.state.note.isEmpty)
        await model.saveNote().value
        try await until("the note") { model.state.note == "Wound dry." && model.state.draft == nil }
        model.typeNote("Wound very dry.")
        // A colleague's words came while she was typing: neither is lost.
        try await phone.visit(site.visit).editNote("Seen by Theo. ", at: 0)
        try await until("the colleague's words") { model.state.note == "Seen by Theo. Wound dry." }
        #expect(model.state.noteShown == "Wound very dry.")
        await model.saveNote().value
        #expect(model.state.noteShown == "Seen by Theo. Wound very dry.")
        await model.attach(Shot(mediaType: "image/jpeg", bytes: Data([0xFF, 0xD8, 0xFF, 0xE0])), caption: "Heel").value
        try await until("the photo") { model.state.photos.first?.state.words == Words("photo_pending") }
        let photo = try #require(model.state.photos.first)
        await model.open(photo).value
        #expect(model.state.opened?.bytes?.count == 4)
        await model.attachFile(Data("MZ a program".utf8), caption: "").value
        #expect(model.state.problem?.words == Words("error_file"))
        let folder = FileManager.default.temporaryDirectory
        await model.attachFile(at: folder.appending(path: "\(UUID()).ogg"), caption: "").value
        #expect(model.state.problem?.words == Words("error_file"))
        let cough = folder.appending(path: "\(UUID()).ogg")
        try Data("OggS a cough".utf8).write(to: cough)
        defer { try? FileManager.default.removeItem(at: cough) }
        await model.attachFile(at: cough, caption: "Cough").value
        try await until("the recording") { model.state.photos.contains { $0.caption == "Cough" && !$0.image } }
        let view = try await phone.visit(site.visit).read()
        #expect(view.note == "Seen by Theo. Wound very dry.")
        #expect(view.medications.first?.comment == "felt sick")
        let sync = SyncModel(phone, formats, zone: Backend.zone)
        try await until("what is unsent") { sync.state.rows.first?.patient == "Testina Ä. Probe" && sync.state.photos == 2 }
    }

    @Test("a disagreement is shown with both values, settled, signed, and a late edit waits for an amendment")
    func disagreement() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let theo = try await TestPhone(folder, backend, "theo").ready()
        let (hers, his) = (try nina.visit(site.visit), try theo.visit(site.visit))
        let tasks = try await hers.read().tasks
        try await hers.checkIn()
        for task in tasks { try await hers.setTask(task.id, TaskOutcome(status: .done, result: .pass)) }
        try await his.setTask(tasks[0].id, TaskOutcome(status: .done, result: .fail))
        for phone in [nina, theo, nina] { try await phone.sync.now() }
        let model = try visitModel(nina, site.visit)
        try await until("the disagreement") { !model.state.conflicts.isEmpty }
        let conflict = model.state.conflicts[0]
        #expect(conflict.title == Words("field_tasks_result") && conflict.about == "Change the dressing")
        #expect(Set(conflict.choices.map(\.coded)) == [Words("result_pass"), Words("result_fail")])
        let mine = try #require(conflict.choices.first { $0.mine })
        await model.settle(conflict, mine).value
        try await until("agreement") { model.state.conflicts.isEmpty }
        try await his.editNote("Late, and in good faith. ")
        await model.take(.complete).value
        await model.take(.sign, pin: "774120").value
        #expect(model.state.problem?.field == "pin")
        await model.take(.sign, pin: Backend.pin).value
        try await until("the signature") { model.state.signed?.with.first == "Nina Alvarez" && !model.state.editable }
        for phone in [nina, theo, nina] { try await phone.sync.now() }
        try await until("the late edit") { model.state.late.first?.by == "Theo Lindqvist" }
        #expect(model.state.late.first?.told == Words("late_good_faith"))
        await model.take(.amend, reason: "Taken in").value
        try await until("the amendment") { model.state.late.isEmpty && model.state.status.words == Words("status_amended") }
    }

    @Test("a visit that does not take place ends with a coded reason")
    func missed() async throws {
        let site = try await backend.day()
        let phone = try await TestPhone(folder, backend, "nina").ready()
        let model = try visitModel(phone, site.visit)
        try await until("the visit") { model.state.loaded }
        await model.end(.miss, .notAtHome, comment: "").value
        try await until("missed") { model.state.status.words == Words("status_missed") && model.state.endings.isEmpty }
        let step = try #require(try await phone.visit(site.visit).read().steps.last)
        #expect(step.to == .missed && step.reason == .notAtHome)
    }

    @Test("what is no longer hers is set aside in words, and an emergency opens the chart")
    func emergency() async throws {
        let site = try await backend.day()
        let phone = try await TestPhone(folder, backend, "nina").ready()
        try await phone.patient(site.patient).setHomeAccess("door_code", "4711")
        try await backend.endAccess(site.nurse, site.patient)
        try await phone.sync.now()
        let sync = SyncModel(phone, formats, zone: Backend.zone)
        try await until("what was set aside") { !sync.state.quarantine.isEmpty }
        #expect(sync.state.quarantine[0].code == Words("quarantine_access_ended") && sync.state.quarantine[0].held)
        let search = SearchModel(phone)
        await search.type(site.patient.uppercased()).value
        #expect(search.state.rows.first?.patient == site.patient)
        let patient = try PatientModel(phone, site.patient, formats)
        try await until("that nothing is here") { patient.state.away }
        await patient.breakGlass("no").value
        #expect(patient.state.problem != nil && patient.state.away)
        await patient.breakGlass("Found unconscious by a neighbour").value
        try await until("the chart") { patient.state.loaded && !patient.state.allergies.isEmpty && !patient.state.away }
        let all = patient.state.timeline.count
        await patient.filter("Observation").value
        #expect(!patient.state.timeline.isEmpty && patient.state.timeline.count < all)
        #expect(patient.state.timeline.allSatisfy { $0.kind == "Observation" })
    }

    @Test("the PIN is changed, the phone locked, and signing out removes everything")
    func account() async throws {
        _ = try await backend.day()
        let phone = try await TestPhone(folder, backend, "nina").ready()
        let lock = LockModel(phone)
        let account = AccountModel(phone) { lock.lookAgain() }
        try await until("who it is") { account.state.name == "Nina Alvarez" && account.state.role == Words("role_nurse") }
        await account.changePin(old: "774120", new: "580274").value
        #expect(account.state.problem?.field == "pin" && !account.state.busy)
        await account.changePin(old: Backend.pin, new: "580274").value
        #expect(account.state.done == Words("account_pin_changed") && account.state.problem == nil)
        await account.lock().value
        try await until("the lock") { lock.state.session == .locked }
        for digit in [5, 8, 0, 2, 7, 4] { lock.digit(digit) }
        await lock.proceed().value
        #expect(lock.state.session == .ready)
        await account.signOut().value
        try await until("a new phone") { lock.state.session == .new }
    }

    @Test("the sensor opens the phone, replaces a forgotten PIN, and says so when a new finger has made it void")
    func sensor() async throws {
        _ = try await backend.day()
        let test = TestPhone(folder, backend, "nina")
        let vault = try test.vault()
        let phone = try await test.ready(vault)
        let lock = LockModel(phone)
        let account = AccountModel(phone, sensor: true) { lock.lookAgain() }
        try await until("who it is") { account.state.name == "Nina Alvarez" }
        #expect(account.state.sensor && !account.state.sensorOn)
        await account.useSensor(true, pin: "774120").value
        #expect(account.state.problem?.field == "pin" && !account.state.sensorOn)
        await account.useSensor(true, pin: Backend.pin).value
        #expect(account.state.sensorOn && account.state.done == Words("account_sensor_is_on"))
        await account.changePin(old: "", new: "580274").value
        #expect(account.state.done == Words("account_pin_changed"))
        await account.lock().value
        try await until("the lock") { lock.state.offersSensor }
        await lock.bySensor().value
        #expect(lock.state.session == .ready)
        await account.lock().value
        try await until("the lock") { lock.state.offersSensor }
        try vault.destroy(label: "homeround.biometric")
        await lock.bySensor().value
        #expect(lock.state.problem == Problem(Words("error_sensor"), field: "unlock"))
        #expect(lock.state.session == .locked && !lock.state.offersSensor)
        for digit in [5, 8, 0, 2, 7, 4] { lock.digit(digit) }
        await lock.proceed().value
        #expect(lock.state.session == .ready)
    }

    @Test("every code that a screen shows has its words in both languages")
    func words() throws {
        struct Catalog: Decodable {
            struct Entry: Decodable { let localizations: [String: Ignored] }
            struct Ignored: Decodable {}
            let strings: [String: Entry]
        }
        let file = try environment("HOMEROUND_ROOT") + "/ios/App/Resources/Localizable.xcstrings"
        let catalog = try JSONDecoder().decode(Catalog.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        func keys<Code: CaseIterable>(_ family: String, _ codes: Code.Type) -> [String] {
            codes.allCases.map { one in
                let name = "\(one)".map { $0.isUppercase ? "_\($0.lowercased())" : "\($0)" }.joined()
                return "\(family)_\(name)"
            }
        }
        var shown = keys("reason", NotDoneReason.self)
        shown += keys("status", VisitStatus.self)
        shown += keys("task", TaskStatus.self)
        shown += keys("result", TaskResult.self)
        shown += keys("allergy", AllergyStatus.self)
        shown += keys("severity", Severity.self)
        shown += keys("role", Role.self)
        shown += keys("sync", SyncAction.self)
        shown += Action.allCases.map(\.words.key)
        shown += Ending.allCases.map(\.words.key)
        shown += VitalField.allCases.map { "vital_\($0.rawValue)" }
        shown += Glyph.allCases.map { "glyph_\($0.rawValue)" }
        #expect(shown.count > 60)
        for key in shown { #expect(catalog.strings[key]?.localizations.keys.sorted() == ["en", "es"], "\(key)") }
    }

    @Test("a model tells whoever observes it, and goes when nobody holds it")
    func observed() async throws {
        let phone = try await TestPhone(folder, backend, "nina").open()
        var model: LockModel? = LockModel(phone)
        try await until("the state") { model?.state.session == .new }
        await confirmation { told in
            withObservationTracking {
                _ = model?.state.pin
            } onChange: {
                told()
            }
            model?.digit(4)
        }
        weak var gone = model
        model = nil
        try await until("its end") { gone == nil }
    }
}
