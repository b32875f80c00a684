import Foundation
import HomeroundCore

/// What was calculated, by what it is called.
public struct ScoreRow: Hashable, Sendable {
    public let title: String
    public let value: String
}

/// A form of the visit, as a list shows it.
public struct FormLine: Identifiable, Sendable {
    public let id: EntryId
    public let title: String
    public let state: Chip
    public let scores: [ScoreRow]
}

/// What the list of a visit's forms shows.
public struct FormsState: ScreenState {
    public var loaded = false
    public var forms: [FormLine] = []
    public var offers: [FormOffer] = []
    public var editable = true
    /// The one that was begun and is to be opened.
    public var started: EntryId?
    public var network = chip(.idle(synced: false))
    public var problem: Problem?

    public init() {}
}

/// A visit's forms, and which can be begun.
public final class FormsModel: Model<FormsState> {
    private let visit: Visit

    public init(_ phone: Homeround, _ visit: VisitId, _ formats: Formats) throws {
        self.visit = try phone.visit(visit)
        super.init(FormsState(), phone)
        follow(self.visit.forms.all(formats.language)) { state, forms in
            state.loaded = true
            state.forms = forms.map {
                FormLine(id: $0.id, title: $0.title, state: formState($0), scores: formScores($0))
            }
        }
        follow(self.visit.view) { state, view in state.editable = !signedStates.contains(view.status) }
        act { [self] in
            let offers = try await phone.forms(formats.language)
            change { $0.offers = offers }
        }
    }

    /// Begins a form; ``FormsState/started`` is the one to open then.
    @discardableResult
    public func start(_ offer: FormOffer) -> Work {
        act { [self] in
            let begun = try await visit.forms.start(offer.questionnaire)
            change { $0.started = begun.entry }
        }
    }

    /// The one that was begun is open.
    public func opened() { change { $0.started = nil } }
}

let signedStates: Set<VisitStatus> = [.signed, .amended]

func formState(_ form: FormView) -> Chip {
    if form.conflicts > 0 { return Chip(.counted("visit_conflicts", Int(form.conflicts)), .alarm, .warning) }
    if form.completedAtMs != nil, form.ready { return Chip(Words("form_complete"), .good, .check) }
    if !form.known { return Chip(Words("form_unknown"), .warning, .warning) }
    return Chip(Words("form_progress", "\(form.answered)", "\(form.required)"), .active, .clock)
}

private func formScores(_ form: FormView) -> [ScoreRow] {
    form.items.filter { $0.enabled && !$0.answerable && !$0.answers.isEmpty }
        .map { ScoreRow(title: $0.text, value: $0.answers.map(\.text).joined(separator: ", ")) }
}

/// An option of a choice.
public struct OptionRow: Identifiable, Sendable {
    public let id: Int
    public let option: FormOption
    public let chosen: Bool
}

/// An item of a form as it is drawn.
public struct FormRowItem: Identifiable, Sendable {
    public let key: String
    public let linkId: String
    public let depth: Int
    public let kind: FormItemType
    public let title: String
    /// Of a repetition: which one, from 1 on.
    public let nth: Int?
    public let required: Bool
    public let several: Bool
    public let answerable: Bool
    public let canAdd: Bool
    public let open: Bool
    public let hint: String
    public let options: [OptionRow]
    public let answers: [FormEntry]
    /// What its field holds: what was typed, else what is saved.
    public let typed: String
    /// Something is typed that is not saved.
    public let unsaved: Bool
    public let problems: [Words]
    public let conflict: Bool

    /// A group and its repetitions have different keys, so the key names the item.
    public var id: String { key }

    /// Yes, no, or nothing yet.
    public var flag: Bool? {
        guard answers.count == 1, case .flag(let yes)? = answers[0].value else { return nil }
        return yes
    }

    /// The date that its field holds, if it holds one: a moment of that day where the phone is.
    public var day: Date? { dayOf(typed) }
}

/// What a form's screen shows.
public struct FormState: ScreenState {
    public var loaded = false
    public var title = ""
    public var description = ""
    public var copyright = ""
    public var known = true
    public var chip = Chip(Words("form_progress", "0", "0"), .active, .clock)
    public var items: [FormRowItem] = []
    /// Answers that this version of the form has no place for.
    public var strays: [FormAnswer] = []
    public var completed = false
    public var editable = true
    /// What is missing is said from here on.
    public var checked = false
    public var network = HomeroundKit.chip(.idle(synced: false))
    public var problem: Problem?

    public init() {}
}

/// Filling a form: every answer is saved as it is given.
public final class FormModel: Model<FormState> {
    private let forms: Forms
    private let form: EntryId
    private let formats: Formats
    private var typed: [String: String] = [:]
    private var view: FormView?
    private var signed = false

    public init(_ phone: Homeround, _ visit: VisitId, _ form: EntryId, _ formats: Formats) throws {
        let visit = try phone.visit(visit)
        forms = visit.forms
        self.form = form
        self.formats = formats
        super.init(FormState(), phone)
        follow(forms.one(form, formats.language)) { [weak self] state, now in
            self?.view = now
            self?.show(&state)
        }
        follow(visit.view) { [weak self] state, now in
            self?.signed = signedStates.contains(now.status)
            self?.show(&state)
        }
    }

    /// Answers yes or no; what stands there already is taken back.
    @discardableResult
    public func answer(_ item: FormRowItem, _ yes: Bool) -> Work {
        act { [forms, form] in
            if item.flag == yes {
                try await forms.clear(form, item.key)
            } else {
                try await forms.answer(form, item.key, .flag(yes: yes))
            }
        }
    }

    /// Chooses an option; a chosen one is taken back.
    @discardableResult
    public func choose(_ item: FormRowItem, _ row: OptionRow) -> Work {
        act { [forms, form] in
            if row.chosen {
                for one in item.answers where one.value == row.option.value { try await forms.clear(form, one.key) }
            } else {
                try await forms.answer(form, item.key, row.option.value)
            }
        }
    }

    /// The item's field holds this now; it is not saved yet.
    public func type(_ item: FormRowItem, _ text: String) {
        typed[item.key] = text
        change(show)
    }

    /// Saves what is typed in the item's field; an empty field takes the answer back.
    @discardableResult
    public func save(_ item: FormRowItem) -> Work { act { [self] in _ = try await saved(item) } }

    /// Answers a date as a calendar has it; none takes the answer back.
    /// - Parameter day: a moment of that day where the phone is.
    @discardableResult
    public func pick(_ item: FormRowItem, _ day: Date?) -> Work {
        type(item, day.map(dayText) ?? "")
        return save(item)
    }

    /// Saves everything that is typed, as when the screen goes; what can't be saved is said.
    @discardableResult
    public func saveAll() -> Work { act { [self] in _ = try await savedAll() } }

    private func saved(_ item: FormRowItem) async throws -> Bool {
        guard let text = typed[item.key] else { return true }
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        if trimmed.isEmpty {
            for one in item.answers where one.key == item.key { try await forms.clear(form, one.key) }
        } else {
            guard let value = value(item, trimmed) else { return false }
            try await forms.answer(form, item.key, value)
        }
        // What was typed on meanwhile stays.
        if typed[item.key] == text { typed[item.key] = nil }
        change(show)
        return true
    }

    private func savedAll() async throws -> Bool {
        for item in state.items where item.unsaved {
            guard try await saved(item) else { return false }
        }
        return true
    }

    private func value(_ item: FormRowItem, _ text: String) -> FormValue? {
        switch item.kind {
        case .integer, .decimal, .quantity:
            guard let number = formats.number(text) else {
                change { $0.problem = Problem(Words("error_not_a_number"), field: item.linkId) }
                return nil
            }
            return .figure(number: number)
        case .date: return .date(text: text)
        case .time: return .time(text: text.filter { $0 == ":" }.count == 1 ? "\(text):00" : text)
        case .dateTime: return .instant(text: momentOf(text))
        default: return .words(text: text)
        }
    }

    /// Takes one answer back.
    @discardableResult
    public func clear(_ answer: FormEntry) -> Work {
        act { [forms, form] in try await forms.clear(form, answer.key) }
    }

    /// One more repetition of a group.
    @discardableResult
    public func add(_ item: FormRowItem) -> Work {
        act { [forms, form] in try await forms.addRepetition(form, item.key) }
    }

    /// Takes a repetition away, with its answers.
    @discardableResult
    public func remove(_ item: FormRowItem) -> Work {
        act { [forms, form] in try await forms.removeRepetition(form, item.key) }
    }

    /// Saves what is typed, then says that the form is complete, or shows what is missing.
    @discardableResult
    public func complete() -> Work {
        act { [self] in
            guard try await savedAll() else { return }
            var fresh: FormView?
            for try await one in forms.one(form, formats.language) {
                fresh = one
                break
            }
            guard let now = fresh else { return }
            view = now
            change {
                $0.checked = true
                show(&$0)
            }
            if now.ready { try await forms.complete(form) }
        }
    }

    /// Opens a complete form again.
    @discardableResult
    public func reopen() -> Work {
        act { [forms, form] in try await forms.reopen(form) }
    }

    private func show(_ state: inout FormState) {
        guard let now = view else { return }
        var rows: [String: Int] = [:]
        state.loaded = true
        state.title = now.title
        state.description = now.description
        state.copyright = now.copyright
        state.known = now.known
        state.chip = formState(now)
        let checked = state.checked
        state.items = now.items.filter(\.enabled).map { item in
            var nth: Int?
            if item.repetition {
                let around = item.linkId + (item.key.lastIndex(of: "@").map { String(item.key[..<$0]) } ?? "")
                rows[around, default: 0] += 1
                nth = rows[around]
            }
            return row(item, nth, checked)
        }
        state.strays = now.strays
        state.completed = now.completedAtMs != nil
        state.editable = now.known && now.completedAtMs == nil && !signed
    }

    private func row(_ item: FormItem, _ nth: Int?, _ checked: Bool) -> FormRowItem {
        let own = item.answers.filter { $0.key == item.key }
        let saved = own.count == 1 ? FormModel.field(own[0]) : ""
        let now = typed[item.key]
        let problems = item.problems.filter { checked || $0 != .missing }
        return FormRowItem(
            key: item.key, linkId: item.linkId, depth: Int(item.depth), kind: item.kind,
            title: [item.prefix, item.text].filter { !$0.isEmpty }.joined(separator: ". "), nth: nth, required: item.required,
            several: item.repeats, answerable: item.answerable, canAdd: item.canAdd, open: item.open,
            hint: [item.limit, item.unit].compactMap { $0 }.joined(separator: " "),
            options: item.options.enumerated().map { at, option in
                OptionRow(id: at, option: option, chosen: item.answers.contains { $0.value == option.value })
            },
            answers: item.answers, typed: now ?? saved, unsaved: now != nil && now != saved,
            problems: problems.map(FormModel.words), conflict: item.answers.contains(where: \.conflict))
    }

    /// An answer as its field holds it.
    private static func field(_ answer: FormEntry) -> String {
        switch answer.value {
        case .quantity(let number, _): return number == number.rounded() ? "\(Int(number))" : "\(number)"
        case .choice(let coding): return coding.code.isEmpty ? coding.text : ""
        case .instant(let text): return typedMoment(text)
        default: return answer.text
        }
    }

    private static func words(_ problem: FormProblem) -> Words {
        switch problem {
        case .missing: return Words("form_missing")
        case .invalid(let limit): return Words("error_refused", limit)
        case .tooFew(let least): return Words("form_too_few", "\(least)")
        case .tooMany(let most): return Words("form_too_many", "\(most)")
        case .exclusive: return Words("form_exclusive")
        case .calculation: return Words("form_calculation")
        }
    }
}
