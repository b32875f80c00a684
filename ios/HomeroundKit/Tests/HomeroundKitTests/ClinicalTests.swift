import Foundation
import HomeroundKit
import Testing

/// Scores and warnings over the real core and a real server.
@Suite("Clinical", .serialized)
@MainActor
struct ClinicalTests {
    private let folder: Folder
    private let backend: Backend
    private let paracetamol = Coding(
        system: "http://www.nlm.nih.gov/research/umls/rxnorm", code: "198440", text: "Paracetamol 500 mg")

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    private var complete: Vitals {
        Vitals(
            pulseBpm: 88, systolicMmhg: 128, diastolicMmhg: 74, temperatureC: 37.2, spo2Percent: 90, respirationsPerMin: 18,
            consciousness: .alert, oxygenFlowLMin: 2)
    }

    private var order: Medication {
        Medication(
            code: paracetamol, status: "active", dose: "500 mg", asNeeded: true,
            dosing: Dosing(doseValue: 500, doseUnit: "mg", minIntervalMin: 240, maxPerDay: 4))
    }

    @Test("a set of vital signs reads back with its score, by the scale that the chart names")
    func score() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let visit = try nina.visit(site.visit)
        let entry = VitalsEntry(measuredAtMs: now(), vitals: complete)
        #expect(try await visit.assess(entry).news2?.total == 5)
        try await nina.patient(site.patient).setSpo2Scale(.scale2)
        let arm = MeasuredFigure(
            figure: "systolic_mmhg",
            measured: Measured(bodySite: Coding(system: "http://snomed.info/sct", code: "368208006", text: "Left upper arm")))
        try await visit.recordVitals(VitalsEntry(measuredAtMs: now(), vitals: complete, figures: [arm]))
        let seen = try #require(try await visit.read().observations.first)
        let score = try #require(seen.assessment?.news2)
        #expect(score.total == 2 && score.risk == .low && score.scale == .scale2 && score.parts.count == 7)
        #expect(seen.figures == [arm])
        let partial = Vitals(
            pulseBpm: 88, systolicMmhg: 128, temperatureC: 37.2, spo2Percent: 90, respirationsPerMin: 18, oxygenFlowLMin: 2)
        let says = try await visit.assess(VitalsEntry(measuredAtMs: now(), vitals: partial))
        #expect(says.news2?.total == nil && says.news2?.missing == ["consciousness"])
    }

    @Test("a dose too soon is stored only with a reason, and the screen asks for it")
    func warned() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        try await nina.patient(site.patient).addMedication(order)
        let formats = Formats(Locale(identifier: "en_US"))
        let model = try VisitModel(nina, site.visit, formats, now: { now() })
        let mine = { model.state.medications.first { $0.title == "Paracetamol 500 mg" } }
        try await until("the list") { mine() != nil }
        let row = try #require(mine())
        await model.give(row).value
        try await until("the dose") { mine()?.done != nil }
        await model.give(row).value
        let warned = try #require(model.state.warned)
        #expect(warned.warnings.map(\.words.key) == ["warning_too_soon"])
        #expect(try await nina.visit(site.visit).read().medications.count == 1)
        await model.goOn("Vomited the first one").value
        #expect(model.state.warned == nil)
        let given = try await nina.visit(site.visit).read().medications
        #expect(given.last?.overrides.map(\.reason) == ["Vomited the first one"])
        #expect(given.last?.given == .given(doseValue: 500, doseUnit: "mg"))
    }

    @Test("an incomplete score already warns, and a figure that is unusual is named")
    func card() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let model = try VisitModel(nina, site.visit, Formats(Locale(identifier: "en_US")), now: { now() })
        try await until("the visit") { model.state.loaded }
        model.typeVital(.pulse, "140")
        model.typeVital(.respirations, "26")
        model.chooseConsciousness(.newConfusion)
        await model.recordVitals().value
        let checking = try #require(model.state.checking)
        #expect(checking.unusual.first?.usual == Words("usual_between", "41", "110"))
        #expect(checking.score?.response == Words("news2_high"))
        model.typeVital(.pulse, "141")
        #expect(model.state.checking == nil, "what was changed is looked at anew")
        model.typeVital(.pulse, "140")
        await model.confirmVitals().value
        try await until("the finding") { !model.state.findings.isEmpty }
        let finding = try #require(model.state.findings.first)
        let card = try #require(finding.score)
        #expect(card.title == Words("news2_incomplete", "9") && card.tone == .alarm && card.response == Words("news2_high"))
        #expect(card.missing.contains(Words("vital_temperature_c")))
        #expect(finding.unusual.first?.usual == Words("usual_between", "41", "110"))
    }

    @Test("a figure over time is asked for by its name, and the list is compared with the home")
    func overTime() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let patient = try nina.patient(site.patient)
        try await nina.visit(site.visit).recordVitals(VitalsEntry(measuredAtMs: now(), vitals: complete))
        let pulse = try await patient.trend(TrendQuery(code: trendCode(field: "pulse_bpm"), limit: 1))
        #expect(pulse.points.map(\.value) == [88] && pulse.points.first?.visit == site.visit)
        let formats = Formats(Locale(identifier: "en_US"))
        let screen = try PatientModel(nina, site.patient, formats)
        try await until("the patient") { screen.state.loaded }
        await screen.trend("news2").value
        #expect(screen.state.trend?.rows.map(\.value) == ["5"])

        let model = try VisitModel(nina, site.visit, formats, now: { now() })
        try await until("the list") { !model.state.medications.isEmpty }
        model.compareList()
        let rows = try #require(model.state.reconcile).rows
        #expect(!rows.isEmpty && model.state.reconcile?.complete == false)
        for row in rows { model.answerLine(row.id, .notFound) }
        model.typeBeside("St John's wort\n\nCinnamon")
        await model.saveList().value
        #expect(model.state.reconcile == nil && model.state.problem == nil)
        let found = try await patient.chartNow().reviews.compactMap(\.reconciliation).first
        #expect(found?.visit == site.visit && found?.lines.count == rows.count)
        #expect(found?.found.map(\.code.text) == ["St John's wort", "Cinnamon"])
    }

    @Test("units convert to what instruments show")
    func units() throws {
        #expect(try convertUnit(pair: .temperature, value: 98.6, from: "[degF]", to: "Cel") == 37)
        #expect(throws: HomeroundError.self) { try convertUnit(pair: .weight, value: 70, from: "kg", to: "Cel") }
    }
}
