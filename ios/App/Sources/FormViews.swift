import HomeroundKit
import SwiftUI

/// The visit's forms as they stand, and which can be begun.
struct FormsView: View {
    let model: FormsModel
    let visit: VisitId
    let go: (Place) -> Void

    var body: some View {
        let state = model.state
        Page(
            title: told("forms_title"), network: state.network, problem: state.problem, dismiss: { model.dismiss() },
            sync: { go(.sync) }
        ) {
            if state.loaded, state.forms.isEmpty { Text(told("forms_none")).foregroundStyle(.secondary) }
            ForEach(state.forms) { form in
                Block(form.title) {
                    ChipLabel(chip: form.state)
                    ForEach(form.scores, id: \.self) { Line($0.value, $0.title) }
                    AlsoButton(told("forms_open")) { go(.form(visit, form.id)) }
                }
            }
            if state.editable {
                Block(told("forms_start_title")) {
                    ForEach(state.offers, id: \.questionnaire) { offer in
                        Line(offer.title, offer.shipped ? offer.description : told("forms_of_organisation"))
                        AlsoButton("\(told("forms_start")): \(offer.title)") { model.start(offer) }
                    }
                }
            }
        }
        .onChange(of: state.started) { _, started in
            guard let started else { return }
            model.opened()
            go(.form(visit, started))
        }
    }
}

/// A form: every answer is saved as it is given.
struct FormView: View {
    let model: FormModel
    let go: (Place) -> Void

    var body: some View {
        let state = model.state
        Page(
            title: state.title, network: state.network, problem: state.problem, dismiss: { model.dismiss() },
            sync: { go(.sync) }, fields: Set(state.items.map(\.linkId))
        ) {
            if !state.description.isEmpty { Text(state.description).foregroundStyle(.secondary) }
            ChipLabel(chip: state.chip)
            if state.loaded, !state.known { Text(told("form_unknown_hint")).foregroundStyle(.secondary) }
            ForEach(state.items) { FormItemView(model: model, item: $0) }
            if !state.strays.isEmpty {
                Block(told("form_strays")) { ForEach(state.strays, id: \.linkId) { Line($0.text, $0.linkId) } }
            }
            if state.editable { MainButton("form_finish") { model.complete() } }
            if state.completed { AlsoButton(told("form_reopen")) { model.reopen() } }
            if !state.copyright.isEmpty { Line(told("form_source"), state.copyright) }
        }
        // What is typed and not saved yet is saved on the way out.
        .onDisappear { model.saveAll() }
    }
}

private struct FormItemView: View {
    let model: FormModel
    let item: FormRowItem

    var body: some View {
        let state = model.state
        VStack(alignment: .leading, spacing: 6) {
            if item.kind == .group {
                Text(title).font(.headline).accessibilityAddTraits(.isHeader)
            } else {
                Text(title).font(.body)
            }
            if item.kind != .group, item.kind != .display { question(state) }
            if item.kind == .group, state.editable {
                if item.canAdd { AlsoButton("\(told("form_add")): \(item.title)") { model.add(item) } }
                if item.nth != nil { AlsoButton("\(told("form_remove")): \(title)") { model.remove(item) } }
            }
            ForEach(problems(state), id: \.self) { Text($0.text).foregroundStyle(Color.red) }
            if item.conflict { Text(told("form_conflict")).foregroundStyle(Color.red) }
        }
        .frame(maxWidth: .infinity, alignment: .leading)
    }

    private var title: String {
        let must = item.required && item.answerable ? " · \(told("visit_required"))" : ""
        guard let nth = item.nth else { return item.title + must }
        return Words("form_nth", item.title, "\(nth)").text + must
    }

    private func problems(_ state: FormState) -> [Words] {
        let refused = state.problem.flatMap { $0.field == item.linkId ? $0.words : nil }
        return item.problems + [refused].compactMap { $0 }
    }

    @ViewBuilder
    private func question(_ state: FormState) -> some View {
        if item.kind == .unsupported {
            Text(told("form_unsupported")).foregroundStyle(.secondary)
        } else if !item.answerable || !state.editable {
            ForEach(item.answers, id: \.key) { Line(said($0)) }
        } else if item.kind == .boolean {
            choice(told("form_yes"), item.flag == true) { model.answer(item, true) }
            choice(told("form_no"), item.flag == false) { model.answer(item, false) }
        } else if !item.options.isEmpty {
            ForEach(item.options) { row in choice(row.option.text, row.chosen) { model.choose(item, row) } }
            ForEach(ownWords, id: \.key) { one in
                Line(one.text)
                AlsoButton("\(told("form_clear")): \(one.text)") { model.clear(one) }
            }
            if item.open { field(told("form_own_words")) }
        } else {
            field(item.title)
        }
    }

    /// Answers that are none of the options.
    private var ownWords: [FormEntry] {
        item.answers.filter { one in !item.options.contains { $0.option.value == one.value } }
    }

    private func said(_ answer: FormEntry) -> String {
        guard item.kind == .boolean else { return answer.text }
        return told(answer.text == "true" ? "form_yes" : "form_no")
    }

    private func choice(_ name: String, _ chosen: Bool, act: @escaping @MainActor () -> Void) -> some View {
        Button(action: act) {
            Label(name, systemImage: chosen ? "checkmark.circle.fill" : "circle").frame(minHeight: touch)
        }
        .buttonStyle(.bordered)
        .accessibilityLabel("\(item.title): \(name)")
    }

    @ViewBuilder
    private func field(_ name: String) -> some View {
        if !hint.isEmpty { Text(hint).font(.subheadline).foregroundStyle(.secondary) }
        TypedField(name, item.typed, axis: item.kind == .text ? .vertical : .horizontal) { model.type(item, $0) }
            .keyboardType(figures ? .decimalPad : .default)
            .accessibilityLabel(title)
        if item.unsaved { MainButton("visit_save") { model.save(item) } }
        if item.kind == .date { Days(item: item) { model.pick(item, $0) } }
        if item.several, item.options.isEmpty {
            ForEach(item.answers, id: \.key) { one in
                AlsoButton("\(one.text) · \(told("form_clear"))") { model.clear(one) }
            }
        }
    }

    private var figures: Bool { [.integer, .decimal, .quantity].contains(item.kind) }

    private var hint: String {
        switch item.kind {
        case .date: told("form_date_hint")
        case .dateTime: told("form_date_time_hint")
        case .time: told("form_time_hint")
        default: item.hint
        }
    }
}

/// The calendar beside a date's field: what is chosen is saved at once, and can be taken back.
private struct Days: View {
    let item: FormRowItem
    let pick: (Date?) -> Void
    @State private var open = false
    @State private var day = Date()

    var body: some View {
        AlsoButton("\(told("form_calendar")): \(item.title)") {
            day = item.day ?? Date()
            open.toggle()
        }
        if open {
            DatePicker(item.title, selection: $day, displayedComponents: .date).datePickerStyle(.graphical)
            MainButton("form_calendar_take") {
                open = false
                pick(day)
            }
            AlsoButton(told("form_calendar_close")) { open = false }
        }
        // Several answers are taken back one by one.
        if !item.several, !item.typed.isEmpty { AlsoButton("\(told("form_clear")): \(item.title)") { pick(nil) } }
    }
}
