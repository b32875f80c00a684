import HomeroundKit
import SwiftUI

/// No target is smaller than the finger of somebody who holds no phone all day.
private let hand: CGFloat = 56

/// The whole app while a patient has the phone: in their language, whatever the phone's is; no way leads anywhere else.
struct LentView: View {
    let model: LentSurveyModel
    /// Whoever lent the phone has it again, and unlocks it.
    let back: @MainActor () -> Void

    var body: some View {
        let state = model.state
        if state.stage == .asking {
            ScrollView { Asked(model: model, say: say).padding() }
        } else {
            ScrollView {
                VStack(alignment: .leading, spacing: 24) {
                    if state.stage == .thanked { heading("survey_thanks") }
                    heading("survey_give_back")
                    if state.stage == .declined { AlsoButton(say("survey_ask_again")) { model.ask() } }
                    AlsoButton(say("survey_is_back")) { back() }
                }
                .frame(maxWidth: .infinity, alignment: .leading)
                .padding()
            }
        }
    }

    private func say(_ key: String) -> String { Words(key).text(in: model.state.language) }

    private func heading(_ key: String) -> some View { Text(say(key)).font(.title).accessibilityAddTraits(.isHeader) }
}

/// The questions, and who answers them.
private struct Asked: View {
    let model: LentSurveyModel
    let say: (String) -> String

    var body: some View {
        let state = model.state
        VStack(alignment: .leading, spacing: 16) {
            HStack(spacing: 10) {
                ForEach(surveyLanguages, id: \.self) { language in
                    Pick(say("survey_language_\(language)"), "", state.language == language) { model.speak(language) }
                }
            }
            if let form = state.form {
                Text(form.title).font(.title).accessibilityAddTraits(.isHeader)
                Text(form.description)
                Block(say("survey_who")) {
                    who("survey_who_patient", .patient)
                    who("survey_who_representative", .representative)
                }
                ForEach(form.questions, id: \.linkId) { question in
                    Block(question.text) { Question(model: model, question: question, say: say) }
                }
                if let problem = state.problem { trouble(problem) }
                Button(action: { model.finish() }) {
                    Text(say("survey_finish")).font(.title3).frame(maxWidth: .infinity, minHeight: hand)
                }
                .buttonStyle(.borderedProminent)
                .disabled(!state.ready)
                Button(action: { model.decline() }) {
                    Text(say("survey_decline")).frame(maxWidth: .infinity, minHeight: hand)
                }
                .buttonStyle(.bordered)
            }
        }
        .frame(maxWidth: .infinity, alignment: .leading)
    }

    private func who(_ key: String, _ who: ReportedBy) -> some View {
        Pick(say(key), say("survey_who"), model.state.answeredBy == who) { model.answerAs(who) }
    }

    private func trouble(_ problem: Problem) -> some View {
        VStack(alignment: .leading, spacing: 8) {
            Label(problem.words.text(in: model.state.language), systemImage: Glyph.warning.symbol)
            Button(say("error_dismiss")) { model.dismiss() }.frame(minHeight: touch)
        }
        .padding()
        .frame(maxWidth: .infinity, alignment: .leading)
        .background(Color.red.opacity(0.15), in: RoundedRectangle(cornerRadius: 12))
    }
}

/// One question, and what there is to choose or to write.
private struct Question: View {
    let model: LentSurveyModel
    let question: SurveyQuestion
    let say: (String) -> String
    private let abreast = 4

    var body: some View {
        switch question.kind {
        case .choice: ForEach(question.options, id: \.text) { pick($0.text, $0.value) }
        case .boolean:
            pick(say("form_yes"), .flag(yes: true))
            pick(say("form_no"), .flag(yes: false))
        case .integer:
            ForEach(rows, id: \.self) { row in
                HStack(spacing: 8) { ForEach(row, id: \.self) { pick("\($0)", .whole(number: $0)) } }
            }
        default:
            TypedField(question.text, model.state.written(question), axis: .vertical) { model.write(question, $0) }
                .accessibilityLabel(question.text)
        }
    }

    /// Every number that there is to choose, some to a line.
    private var rows: [[Int64]] {
        let least = question.least ?? 0
        let all = Array(least...max(least, question.most ?? least))
        return stride(from: 0, to: all.count, by: abreast).map { Array(all[$0..<min($0 + abreast, all.count)]) }
    }

    private func pick(_ label: String, _ value: FormValue) -> some View {
        Pick(label, question.text, model.state.answers[question.linkId] == value) { model.answer(question, value) }
    }
}

/// Something to choose: what is chosen has a mark, and no meaning hangs on colour alone.
private struct Pick: View {
    let label: String
    let about: String
    let chosen: Bool
    let action: @MainActor () -> Void

    init(_ label: String, _ about: String, _ chosen: Bool, action: @escaping @MainActor () -> Void) {
        self.label = label
        self.about = about
        self.chosen = chosen
        self.action = action
    }

    var body: some View {
        let told = about.isEmpty ? label : "\(about): \(label)"
        if chosen {
            Button(action: action) {
                Label(label, systemImage: Glyph.check.symbol).frame(maxWidth: .infinity, minHeight: hand)
            }
            .buttonStyle(.borderedProminent)
            .accessibilityLabel(told)
            .accessibilityAddTraits(.isSelected)
        } else {
            Button(action: action) { Text(label).frame(maxWidth: .infinity, minHeight: hand) }
                .buttonStyle(.bordered)
                .accessibilityLabel(told)
        }
    }
}
