import HomeroundKit
import SwiftUI

/// Telling a patient when somebody comes, and whether they want to be told.
struct NoticesView: View {
    let model: NoticesModel
    let go: (Place) -> Void

    var body: some View {
        let state = model.state
        Page(
            title: [told("notices_title"), state.patient].filter { !$0.isEmpty }.joined(separator: " · "),
            network: state.network, problem: state.problem, dismiss: { model.dismiss() }, sync: { go(.sync) },
            fields: ["address", "quiet"]
        ) {
            Block(told("notice_wishes")) {
                if let wishes = state.wishes {
                    Line([wishes.told.text, wishes.address].filter { !$0.isEmpty }.joined(separator: " · "), wishes.by.text)
                    Text([wishes.language.text, wishes.quiet.text].joined(separator: " · ")).foregroundStyle(.secondary)
                } else if state.loaded {
                    Text(told("notice_not_asked")).foregroundStyle(.secondary)
                }
                if let form = state.form {
                    Wishes(model: model, form: form)
                } else {
                    AlsoButton(told(state.wishes == nil ? "notice_ask" : "notice_change")) { model.ask() }
                }
            }
            if state.ahead {
                AlsoButton(told("notice_kind_on_my_way")) { model.draft(.onMyWay) }
                AlsoButton(told("notice_kind_late")) { model.draft(.late) }
            }
            if let look = state.look { Look(model: model, look: look) }
            if state.loaded, state.rows.isEmpty { Text(told("notices_none")).foregroundStyle(.secondary) }
            ForEach(state.rows) { row in
                Block(row.told.text) {
                    Line(row.arrives, row.by.text)
                    ChipLabel(chip: row.state)
                    if let why = row.why { Text(why.text).foregroundStyle(.secondary) }
                }
            }
        }
    }
}

/// What the patient would read.
private struct Look: View {
    let model: NoticesModel
    let look: NoticeLook

    var body: some View {
        Block(look.draft.subject) {
            Text(look.draft.body)
            Text(told("notice_signature")).foregroundStyle(.secondary)
            if let waits = look.waits { Text(waits.text).foregroundStyle(.secondary) }
            if let hindrance = look.hindrance { ChipLabel(chip: Chip(hindrance, .warning, .warning)) }
            MainButton("notice_send", enabled: look.hindrance == nil) { model.send() }
            AlsoButton(told("notice_close")) { model.close() }
        }
    }
}

/// The patient's answer, as it is written down.
private struct Wishes: View {
    let model: NoticesModel
    let form: WishesForm

    var body: some View {
        Switch(told("notice_yes"), form.agreed) { on in model.type { $0.agreed = on } }
        Switch(told("notice_representative"), form.byRepresentative) { on in model.type { $0.byRepresentative = on } }
        if form.agreed {
            Switch(told("notice_email"), !form.sms) { on in model.type { $0.sms = !on } }
            Switch(told("notice_sms"), form.sms) { on in model.type { $0.sms = on } }
            TypedField(told("notice_address"), form.address) { text in model.type { $0.address = text } }
            trouble("address")
            Chooser(told("notice_wishes"), form.language, change: { language in model.type { $0.language = language } }) {
                Text(told("notice_language_own")).tag(String?.none)
                Text(told("notice_language_en")).tag(String?("en"))
                Text(told("notice_language_es")).tag(String?("es"))
            }
            TypedField(told("notice_quiet_from"), form.quietFrom) { text in model.type { $0.quietFrom = text } }
            TypedField(told("notice_quiet_until"), form.quietUntil) { text in model.type { $0.quietUntil = text } }
            trouble("quiet")
        }
        MainButton("notice_save") { model.save() }
        AlsoButton(told("notice_close")) { model.close() }
    }

    @ViewBuilder
    private func trouble(_ field: String) -> some View {
        if let problem = model.state.problem, problem.field == field { Trouble(problem: problem) { model.dismiss() } }
    }
}
