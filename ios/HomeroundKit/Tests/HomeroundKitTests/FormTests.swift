import Foundation
import HomeroundKit
import Testing

/// Forms through the binding, over a real server process.
@Suite("Forms", .serialized)
struct FormTests {
    private let folder: Folder
    private let backend: Backend

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    private func phone(_ login: String) async throws -> Homeround { try await TestPhone(folder, backend, login).ready() }

    private func begin(_ phone: Homeround, _ forms: Forms, _ name: String) async throws -> EntryId {
        let offers = try await phone.forms("es")
        let offer = try #require(offers.first { $0.questionnaire.contains(name) })
        return try #require(try await forms.start(offer.questionnaire).entry)
    }

    private func item(_ view: FormView, _ linkId: String) throws -> FormItem {
        try #require(view.items.first { $0.linkId == linkId })
    }

    @Test("a form is filled offline, refused while something is missing, and reads in two languages")
    func offline() async throws {
        let site = try await backend.day()
        let nina = try await phone("nina")
        backend.stop()
        let forms = try nina.visit(site.visit).forms
        let form = try await begin(nina, forms, "fall-risk")
        try await forms.answer(form, "unsteady", .flag(yes: false))
        try await forms.answer(form, "fallen", .flag(yes: true))
        let open = "an answer that fits to each of: falls, injured, worried"
        await #expect(throws: HomeroundError.Refused(field: "form", limit: open)) {
            try await forms.complete(form)
        }
        await #expect(throws: HomeroundError.Refused(field: "falls", limit: "1 to 365")) {
            try await forms.answer(form, "falls", .whole(number: 900))
        }
        try await forms.answer(form, "falls", .whole(number: 2))
        try await forms.answer(form, "injured", .flag(yes: false))
        try await forms.answer(form, "worried", .flag(yes: true))
        let view = try await first(forms.one(form, "es-MX"))
        #expect(view.title == "Riesgo de caídas, tres preguntas clave")
        #expect(try item(view, "falls").text == "¿Cuántas veces?")
        #expect(try item(view, "yes").answers.map(\.text) == ["2"])
        #expect(view.ready && view.required == view.answered)
        try await forms.complete(form)
        #expect(try await first(forms.all("en")).first?.completedAtMs != nil)
        try await forms.reopen(form)
        try await forms.clear(form, "falls")
        #expect(try await first(forms.one(form, "en")).ready == false)
    }

    @Test("two people fill one form at once and both wounds are on both phones")
    func together() async throws {
        let site = try await backend.day()
        let nina = try await phone("nina")
        let hers = try nina.visit(site.visit).forms
        let form = try await begin(nina, hers, "wound")
        try await nina.sync.now()
        let theo = try await phone("theo")
        let his = try theo.visit(site.visit).forms
        for (forms, place) in [(hers, "left heel"), (his, "sacrum")] {
            let row = try #require(try await forms.addRepetition(form, "wound").entry)
            try await forms.answer(form, "location@\(row)", .words(text: place))
            try await forms.answer(form, "length@\(row)", .figure(number: 2.5))
            try await forms.answer(form, "width@\(row)", .whole(number: 2))
        }
        for phone in [nina, theo, nina] { try await phone.sync.now() }
        let view = try await first(hers.one(form, "en"))
        let there = try await first(his.one(form, "en"))
        #expect(view == there)
        #expect(try item(view, "count").answers.map(\.text) == ["2"])
        #expect(try item(view, "area").answers.map(\.text) == ["10"])
        let places = view.items.filter { $0.linkId == "location" }.flatMap(\.answers).map(\.text)
        #expect(Set(places) == ["left heel", "sacrum"])
        let wound = try #require(view.items.first { $0.repetition })
        try await hers.removeRepetition(form, wound.key)
        let left = try await first(hers.one(form, "en"))
        #expect(try item(left, "count").answers.map(\.text) == ["1"])
    }
}

/// The view models of forms over the real core, a real store and a real server.
@Suite("Form screens", .serialized)
@MainActor
struct FormScreenTests {
    private let folder: Folder
    private let backend: Backend
    private let formats = Formats(Locale(identifier: "es_US"))

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    private func item(_ model: FormModel, _ linkId: String) throws -> FormRowItem {
        try #require(model.state.items.first { $0.linkId == linkId && ($0.kind != .group || $0.nth != nil) })
    }

    @Test("a date is picked, replaced, taken back and refused beyond its limit")
    func dates() async throws {
        let site = try await backend.day()
        try await backend.importFixture("dates.json")
        let phone = try await TestPhone(folder, backend, "nina").ready()
        let offers = try await phone.forms("en")
        let offer = try #require(offers.first { $0.questionnaire.contains("catheter") })
        let form = try #require(try await phone.visit(site.visit).forms.start(offer.questionnaire).entry)
        let model = try FormModel(phone, site.visit, form, formats)
        try await until("the form") { model.state.loaded }
        // Late in the evening, where the phone is, it is still that day.
        let parts = DateComponents(year: 2026, month: 3, day: 9, hour: 23, minute: 59)
        let day = try #require(Calendar(identifier: .gregorian).date(from: parts))
        #expect(try item(model, "changed").day == nil)
        await model.pick(try item(model, "changed"), day).value
        try await until("the date") { (try? item(model, "changed").answers.count) == 1 }
        let picked = try item(model, "changed")
        #expect(picked.answers[0].value == .date(text: "2026-03-09") && !picked.unsaved)
        #expect(picked.day.map { Calendar(identifier: .gregorian).isDate($0, inSameDayAs: day) } == true)
        let later = try #require(Calendar(identifier: .gregorian).date(byAdding: .year, value: 100, to: day))
        await model.pick(picked, later).value
        #expect(model.state.problem?.field == "changed")
        for text in ["9 March", "2026-02-30", "2026-3-9", "26-03-091"] {
            model.type(picked, text)
            #expect(try item(model, "changed").day == nil, "\(text)")
        }
        await model.pick(try item(model, "changed"), nil).value
        try await until("nothing") { (try? item(model, "changed").answers.isEmpty) == true }
        #expect(try item(model, "changed").typed.isEmpty)
        await model.pick(try item(model, "flushed"), day).value
        try await until("one of several") { (try? item(model, "flushed").answers.count) == 1 }
        #expect(try item(model, "flushed").typed.isEmpty)
        model.type(try item(model, "seen"), "2026-03-09 14:05")
        await model.save(try item(model, "seen")).value
        try await until("the moment") { (try? item(model, "seen").answers.count) == 1 }
        let seen = try item(model, "seen")
        #expect(seen.typed == "2026-03-09 14:05" && !seen.unsaved)
        guard case .instant(let text)? = seen.answers[0].value else {
            Issue.record("no moment")
            return
        }
        #expect(text.hasPrefix("2026-03-09T14:05:00"))
        model.type(seen, "9 March, 2 pm")
        await model.save(try item(model, "seen")).value
        #expect(model.state.problem?.field == "seen")
    }

    @Test("a form is begun, says what is missing, and takes what is typed, chosen and taken back")
    func fill() async throws {
        let site = try await backend.day()
        let phone = try await TestPhone(folder, backend, "nina").ready()
        backend.stop()
        let list = try FormsModel(phone, site.visit, formats)
        try await until("the offers") { list.state.loaded && list.state.offers.count == 4 }
        let offer = try #require(list.state.offers.first { $0.questionnaire.contains("wound") })
        #expect(offer.title == "Valoración de heridas")
        await list.start(offer).value
        let form = try #require(list.state.started)
        list.opened()
        let model = try FormModel(phone, site.visit, form, formats)
        try await until("the form") { model.state.loaded }
        await model.complete().value
        #expect(!model.state.completed)
        try await until("what is missing") { model.state.items.contains { $0.problems == [Words("form_missing")] } }
        let group = try #require(model.state.items.first { $0.linkId == "wound" })
        await model.add(group).value
        try await until("a wound") { model.state.items.contains { $0.nth == 1 } }
        model.type(try item(model, "location"), "talón izquierdo")
        #expect(try item(model, "location").unsaved)
        await model.save(try item(model, "location")).value
        model.type(try item(model, "length"), "dos")
        await model.save(try item(model, "length")).value
        #expect(model.state.problem == Problem(Words("error_not_a_number"), field: "length"))
        model.type(try item(model, "length"), "2,5")
        await model.save(try item(model, "length")).value
        try await until("the length") { (try? item(model, "length").typed) == "2.5" }
        model.type(try item(model, "width"), "1,5")
        await model.saveAll().value
        try await until("the width, which leaving saved") { (try? item(model, "width").typed) == "1.5" }
        #expect(try !item(model, "width").unsaved)
        let bed = try item(model, "bed")
        #expect(bed.options.map(\.option.text).contains("Esfacelo (amarillo)"))
        await model.choose(bed, bed.options[0]).value
        await model.choose(bed, bed.options[1]).value
        try await until("two tissues") { (try? item(model, "bed").answers.count) == 2 }
        await model.choose(try item(model, "bed"), try item(model, "bed").options[0]).value
        try await until("one tissue") { (try? item(model, "bed").answers.count) == 1 }
        await model.remove(try item(model, "wound")).value
        try await until("no wound") { !model.state.items.contains { $0.nth != nil } }
        try await until("the list") { list.state.forms.count == 1 }
        #expect(list.state.forms.first?.title == "Valoración de heridas")
    }
}
