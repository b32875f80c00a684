import Foundation
import HomeroundKit
import Testing

/// Signatures by hand, over a real server process.
@Suite("Signatures by hand", .serialized)
@MainActor
struct SignOffTests {
    private let folder: Folder
    private let backend: Backend

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    private func signed() -> SignaturePad {
        var pad = SignaturePad(widthUm: 80_000, heightUm: 30_000)
        pad.begin(xUm: 10_000, yUm: 12_000, atMs: 5_000)
        pad.move(xUm: 14_000, yUm: 6_000, atMs: 5_090)
        pad.move(xUm: 21_000, yUm: 15_000, atMs: 5_180)
        pad.end()
        pad.begin(xUm: 25_000, yUm: 4_000, atMs: 5_400, pressure: 0.5)
        pad.end()
        return pad
    }

    @Test("a pad keeps what was drawn on it, inside its edges and limits")
    func pad() throws {
        var pad = signed()
        let drawing = try #require(pad.drawing)
        #expect(drawing.strokes.map(\.count) == [3, 1])
        #expect(drawing.strokes.joined().map(\.tMs) == [0, 90, 180, 400])
        #expect(drawing.strokes[1][0].pressure == 127)
        pad.undo()
        #expect(pad.strokes.count == 1)
        pad.begin(xUm: -500, yUm: 99_999, atMs: 4_000)
        pad.move(xUm: 90_000, yUm: 1, atMs: 4_001)
        pad.end()
        let edge = try #require(pad.strokes.last)
        #expect(edge[0].xUm == 0 && edge[0].yUm == 30_000 && edge[1].xUm == 80_000)
        #expect(edge.map(\.tMs) == [400, 400], "never back")
        pad.clear()
        #expect(pad.empty && pad.drawing == nil)
        pad.begin(xUm: 100, yUm: 100, atMs: 0)
        pad.move(xUm: 1_500, yUm: 100, atMs: 5)
        pad.end()
        #expect(pad.empty, "a touch by accident")
        for at in 0..<(SignaturePad.pointsMax * 2) {
            if at % 500 == 0 {
                pad.begin(xUm: 5, yUm: 5, atMs: Int64(at))
            } else {
                pad.move(xUm: Double(at % 9_000), yUm: 5, atMs: Int64(at))
            }
        }
        #expect(pad.full && pad.strokes.joined().count == SignaturePad.pointsMax)
        pad.undo()
        #expect(!pad.full)
    }

    @Test("a daughter signs on one phone, the other draws it again and says what was changed since")
    func representative() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let theo = try await TestPhone(folder, backend, "theo").ready()
        let (hers, his) = (try nina.visit(site.visit), try theo.visit(site.visit))
        let daughter = Signer.representative(name: "Ana Silva", relation: .child)
        let drawing = try #require(signed().drawing)
        try await hers.checkIn()
        let id = try #require(try await hers.signOff(daughter, .drawn(drawing: drawing)).entry)
        try await hers.editNote("Eats little. ")
        try await hers.signOff(.patient, .notSigned(reason: .unable, comment: "Hand in a cast"))
        for phone in [nina, theo] { #expect(try await phone.sync.now().rejected == 0) }
        let view = try await his.read()
        #expect(view.signOffs.map(\.signer) == [daughter, .patient])
        guard case .drawn(let ink?) = view.signOffs[0].given else {
            Issue.record("no ink: \(view.signOffs[0].given)")
            return
        }
        let (was, shown) = (Array(drawing.strokes.joined()), Array(ink.strokes.joined()))
        #expect(was.map(\.tMs) == shown.map(\.tMs))
        #expect(zip(was, shown).allSatisfy { abs(Int($0.xUm) - Int($1.xUm)) <= 10 })
        #expect(view.signOffs[0].changed == ["note"] && view.signOffs[1].changed.isEmpty)
        guard case .holds = try await his.verifySignOff(id) else {
            Issue.record("the signature does not hold")
            return
        }
    }

    @Test("the visit's screen takes a signature and shows it")
    func screen() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let model = try VisitModel(nina, site.visit, Formats(Locale(identifier: "en_US")), now: { now() })
        try await until("the visit") { model.state.loaded }
        #expect(!model.state.maySignOff)
        await model.take(.checkIn).value
        try await until("the beginning") { model.state.maySignOff }
        model.beginSignOff()
        var form = try #require(model.state.signing)
        #expect(!form.ready(false) && form.ready(true))
        form.kind = .representative
        #expect(!form.ready(true), "who, and what to the patient")
        form.way = .none
        form.kind = .clinician
        #expect(form.way == .hand)
        form.kind = .patient
        form.way = .typed
        form.typed = "Testina Probe"
        model.changeSignOff(form)
        await model.signOff(nil).value
        try await until("the signature") { model.state.signOffs.count == 1 && model.state.signing == nil }
        let row = try #require(model.state.signOffs.first)
        #expect(row.signer == Words("signer_patient") && row.given == Words("sign_off_typed_as", "Testina Probe"))
        await model.setOutcome("Goals met").value
        try await until("the change") { model.state.signOffs.first?.changed == [Words("field_outcome_outcome")] }
        await model.takeBack(row.id, "  ").value
        #expect(model.state.problem?.field == "reason")
        await model.takeBack(row.id, "The neighbour signed").value
        try await until("that it was taken back") { model.state.signOffs.first?.wrong != nil }
        let back = try #require(model.state.signOffs.first?.wrong)
        #expect(back.key == "sign_off_taken_back")
        #expect(back.with.first == "Nina Alvarez" && back.with.last == "The neighbour signed")
    }

    @Test("figures in other units, from a place, are looked at again before they are recorded; another dose asks")
    func measuring() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let model = try VisitModel(nina, site.visit, Formats(Locale(identifier: "en_US")), now: { now() })
        try await until("the visit") { model.state.loaded && !model.state.medications.isEmpty }
        model.typeVital(.temperature, "105.8")
        model.swapUnit(.temperature)
        #expect(model.state.vitals.unit(.temperature) == "°F")
        let ear = try #require(VitalField.temperature.sites.first { $0.key == "site_ear" })
        model.chooseSite(.temperature, ear)
        await model.recordVitals().value
        #expect(model.state.checking?.unusual.map(\.usual) == [Words("usual_between", "95.2 °F", "102.2 °F")])
        #expect(try await nina.visit(site.visit).read().observations.isEmpty)
        await model.confirmVitals().value
        let seen = try #require(try await nina.visit(site.visit).read().observations.first)
        guard case .vitals(let vitals) = seen.finding else {
            Issue.record("no vital signs")
            return
        }
        #expect(vitals.temperatureC == 41 && seen.figures.first?.measured.bodySite == ear.code)
        await model.decideScale(.scale2).value
        try await until("the scale") { model.state.spo2Scale == .scale2 }
        let row = try #require(model.state.medications.first)
        model.beginDose(row)
        var form = try #require(model.state.dosing)
        form.value = "none"
        form.unit = "mg"
        model.typeDose(form)
        await model.giveDose().value
        #expect(model.state.problem?.field == "dose_value")
        form.value = "250"
        model.typeDose(form)
        await model.giveDose().value
        if model.state.warned != nil { await model.goOn("The doctor rang").value }
        let given = try #require(try await nina.visit(site.visit).read().medications.last)
        #expect(given.given == .given(doseValue: 250, doseUnit: "mg"))
        #expect(model.state.dosing == nil)
    }
}
