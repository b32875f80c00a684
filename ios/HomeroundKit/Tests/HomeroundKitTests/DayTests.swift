import Foundation
import HomeroundKit
import Testing

/// A day of two phones over a real server process.
@Suite("A day", .serialized)
struct DayTests {
    private let folder: Folder
    private let backend: Backend
    private let metformin = Coding(
        system: "http://www.nlm.nih.gov/research/umls/rxnorm", code: "861007", text: "Metformin 500 mg")
    private let done = TaskOutcome(status: .done, result: .pass)
    private let failed = TaskOutcome(status: .done, result: .fail)

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    private func phone(_ login: String) async throws -> Homeround { try await TestPhone(folder, backend, login).ready() }

    @Test("two phones work apart, meet again and show the same visit")
    func apart() async throws {
        let site = try await backend.day()
        let nina = try await phone("nina")
        let theo = try await phone("theo")
        let today = try await first(nina.day(try await nina.today()))
        #expect(today.visits.map(\.id) == [site.visit])
        #expect(today.visits.first?.status == .scheduled)

        // Apart: both are offline.
        backend.stop()
        let hers = try nina.visit(site.visit)
        try await hers.startTravel()
        try await hers.checkIn(Fix(latitudeDeg: 42.3575, longitudeDeg: -71.0636, accuracyM: 12))
        try await hers.recordVitals(Vitals(pulseBpm: 78), measuredAtMs: now())
        try await hers.medicationGiven(MedicationGivenEntry(code: metformin, doseValue: 500, doseUnit: "mg"))
        try await hers.medicationNotGiven(MedicationNotGivenEntry(code: metformin, reason: .refused, comment: "nausea"))
        try await hers.editNote("Wound clean and dry. ")
        let tasks = try await hers.read().tasks
        try await hers.setTask(tasks[0].id, done)
        try await hers.setOutcome("Dressing changed")
        let his = try theo.visit(site.visit)
        try await his.editNote("Walked twenty metres. ")
        try await his.setTask(tasks[1].id, done)
        let offline = try await nina.sync.now()
        guard case .waiting = offline.ended else { throw Missing(description: "\(offline.ended)") }
        #expect(try await first(nina.sync.health).unsent >= 8)
    }

    @Test("what was done apart is the same on both phones after they met")
    func together() async throws {
        let site = try await backend.day()
        let nina = try await phone("nina")
        let theo = try await phone("theo")
        let (hers, his) = (try nina.visit(site.visit), try theo.visit(site.visit))
        try await hers.editNote("Wound clean and dry. ")
        try await his.editNote("Walked twenty metres. ")
        try await hers.setMeasure(.weightKg(kg: 71.5))
        for phone in [nina, theo, nina] { #expect(try await phone.sync.now().rejected == 0) }
        let (one, other) = (try await hers.read(), try await his.read())
        #expect(one.note == other.note)
        #expect(one.note.contains("Wound") && one.note.contains("twenty"))
        #expect(one.measurements == other.measurements)
    }

    @Test("a disagreement shows both values until somebody settles it, then the visit is signed")
    func disagreement() async throws {
        let site = try await backend.day()
        let nina = try await phone("nina")
        let theo = try await phone("theo")
        let (hers, his) = (try nina.visit(site.visit), try theo.visit(site.visit))
        try await hers.checkIn()
        let tasks = try await hers.read().tasks
        try await hers.setTask(tasks[0].id, done)
        try await hers.setTask(tasks[1].id, done)
        try await his.setTask(tasks[0].id, failed)
        for phone in [nina, theo, nina] { try await phone.sync.now() }

        let conflict = try #require(try await hers.conflicts().first)
        #expect(conflict.section == "tasks" && conflict.name == "result")
        #expect(Set(conflict.values.map(\.text)) == ["pass", "fail"])
        #expect(Set(conflict.values.map(\.by.name)) == ["Nina Alvarez", "Theo Lindqvist"])
        #expect(conflict.values.first { $0.by.me }?.text == "pass")
        #expect(try await first(nina.day(try await nina.today())).visits.first?.conflicts == 1)
        try await hers.complete()
        await #expect(throws: HomeroundError.ConflictsOpen(open: 1)) { try await hers.sign(.pin(pin: Backend.pin)) }
        let pass = try #require(conflict.values.first { $0.text == "pass" })
        try await hers.settle(conflict.field, chosenJson: pass.json)
        try await hers.sign(.pin(pin: Backend.pin))
        guard case .holds = try await hers.verify() else { throw Missing(description: "her seal does not hold") }
        #expect(try await hers.read().signatures.first?.by.name == "Nina Alvarez")

        for phone in [nina, theo] { try await phone.sync.now() }
        #expect(try await hers.read().tasks == his.read().tasks)
        guard case .holds = try await his.verify() else { throw Missing(description: "the seal does not hold for him") }
        await #expect(throws: HomeroundError.Signed(visit: site.visit)) { try await his.setMeasure(.painScore(score: 2)) }
        try await hers.amend("Pulse was noted on paper", note: "Pulse 80. ")
        try await hers.sign(.pin(pin: Backend.pin))
        #expect(try await hers.read().status == .amended)
    }

    @Test("what was recorded reads back with units, names and corrections")
    func readsBack() async throws {
        let site = try await backend.day()
        let nina = try await phone("nina")
        let visit = try nina.visit(site.visit)
        try await visit.checkIn()
        let vitals = Vitals(
            pulseBpm: 78, systolicMmhg: 142, diastolicMmhg: 88, temperatureC: 36.8, spo2Percent: 97, respirationsPerMin: 16,
            weightKg: 71.5, glucoseMgDl: 110, painScore: 3)
        let saved = try await visit.recordVitals(vitals, measuredAtMs: 1_795_000_000_000)
        let seen = try #require(try await visit.read().observations.first)
        #expect(seen.finding == .vitals(vitals: vitals))
        #expect(seen.measuredAtMs == 1_795_000_000_000 && seen.by.me)
        let entry = try #require(saved.entry)
        try await visit.correct(NewCorrection(section: "observations", target: entry, reason: "wrong patient"))
        #expect(try await visit.read().observations.first?.corrected?.reason == "wrong patient")
        try await visit.medicationNotGiven(MedicationNotGivenEntry(code: metformin, reason: .refused))
        #expect(try await visit.read().medications.first?.given == .notGiven(reason: .refused))

        let patient = try nina.patient(site.patient)
        #expect(try await patient.read().name == "Testina Ä. Probe")
        #expect(try await patient.chartNow().allergies.contains { $0.allergy.code.text == "Allergy to penicillin" })
        #expect(try await !patient.careTeams().isEmpty)
        let page = try await patient.timeline(TimelineQuery(limit: 2))
        #expect(page.entries.count == 2)
        let rest = try await patient.timeline(TimelineQuery(from: page.next, limit: 200))
        #expect(!rest.entries.contains { page.entries.contains($0) })
        let plans = try await patient.plans()
        #expect(!(try await nina.plan(try #require(plans.first)).read().title.isEmpty))
        #expect(try await !nina.search("probe").isEmpty)
    }

    @Test("a sequence of a visit emits again when a colleague's edit arrives")
    func live() async throws {
        let site = try await backend.day()
        let nina = try await phone("nina")
        let theo = try await phone("theo")
        let view = try nina.visit(site.visit).view
        async let arrived = first(view) { $0.note.contains("twenty metres") }
        try await nina.sync.start()
        try await theo.visit(site.visit).editNote("Walked twenty metres. ")
        try await theo.sync.now()
        #expect(try await arrived.note == "Walked twenty metres. ")
        try await nina.sync.stop()
    }

    @Test("a photo taken offline reaches the colleague")
    func photo() async throws {
        let site = try await backend.day()
        let nina = try await phone("nina")
        let theo = try await phone("theo")
        let bytes = Data([0xFF, 0xD8, 0xFF, 0xE0]) + Data((0..<300_000).map { UInt8($0 % 251) })
        let new = NewAttachment(mediaType: "image/jpeg", caption: "Left heel", thumbnail: Data([1, 2, 3]))
        let saved = try await nina.visit(site.visit).attach(new, bytes: bytes)
        #expect(try await nina.visit(site.visit).attachmentsNow().first?.upload == .pending)
        #expect(try await nina.sync.now().attachmentsSent == 1)
        try await theo.sync.now()
        let his = try theo.visit(site.visit)
        #expect(try await his.attachmentsNow().first?.caption == "Left heel")
        let entry = try #require(saved.entry)
        try await his.fetchAttachment(entry)
        #expect(try await his.attachmentBytes(entry) == bytes)
    }

    @Test("signing out with unsent work is refused until it is in escrow")
    func signingOut() async throws {
        let site = try await backend.day()
        let nina = try await phone("nina")
        try await nina.visit(site.visit).checkIn()
        await #expect(throws: HomeroundError.Unsent(count: 1)) { try await nina.session.signOut() }
        let escrow = try await nina.session.escrow()
        try await nina.session.signOut(escrowed: escrow.receipt)
        #expect(try await nina.session.state() == .new)
    }
}

@Suite("Typing")
struct TypingTests {
    @Test("typing in a field becomes the one stretch that changed")
    func stretch() {
        #expect(NoteTyping.between("Wound dry", "Wound very dry") == NoteTyping(at: 6, delete: 0, insert: "very "))
        #expect(NoteTyping.between("Wound dry", "") == NoteTyping(at: 0, delete: 9, insert: ""))
        #expect(NoteTyping.between("same", "same") == nil)
        // Places are Unicode scalars: a smiley is one.
        #expect(NoteTyping.between("a🙂", "a🙂b") == NoteTyping(at: 2, delete: 0, insert: "b"))
    }

    @Test("typing is moved over what somebody else typed meanwhile, and neither is lost")
    func over() {
        let base = "Wound dry"
        func both(_ mine: String, _ theirs: String) -> String {
            guard var typed = NoteTyping.between(base, mine) else { return theirs }
            if let other = NoteTyping.between(base, theirs) { typed = typed.over(other) }
            return typed.into(theirs)
        }
        #expect(both("Wound dry!", "🙂 Wound dry") == "🙂 Wound dry!")
        #expect(both("A Wound dry", "Wound dry, clean") == "A Wound dry, clean")
        // Both replaced the same stretch: the other's words stay, and mine come after them.
        #expect(both("Wound wet", "Wound red") == "Wound redwet")
        // Mine is all gone but what stands before the other's words.
        #expect(both("", "Wound, dry") == "Wound,")
    }
}
