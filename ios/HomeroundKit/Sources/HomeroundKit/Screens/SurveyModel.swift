import HomeroundCore

/// A link that was asked for.
public struct InvitationRow: Identifiable, Sendable {
    public let id: EntryId
    public let by: Words
    public let state: Chip
    public let why: Words?

    init(_ one: SurveyInvitation, _ formats: Formats, _ zone: String) {
        id = one.id
        by = Words("notice_by", one.by.name, formats.moment(one.atMs, zone))
        state = one.answered ? Chip(Words("survey_answered"), .good, .check) : chip(one.delivery, formats, zone)
        why = one.answered ? nil : one.delivery?.reason.map { surveyWords($0) }
    }
}

/// A question with what was answered: words of the string catalog for yes and no, else as it was said.
public struct AnsweredLine: Hashable, Sendable {
    public let question: String
    public let text: String
    public let words: Words?

    init(_ line: SurveyLine) {
        question = line.question
        text = line.text
        words = line.value.flatMap(yesOrNo)
    }
}

/// An answered survey: who answered, how it came, and question by question.
public struct ResponseRow: Identifiable, Sendable {
    public let id: EntryId
    public let visit: VisitId
    public let who: Words
    public let how: Words
    public let lines: [AnsweredLine]

    init(_ one: SurveyResponse, _ lines: [SurveyLine], _ formats: Formats, _ zone: String) {
        id = one.id
        visit = one.visit
        who = Words("survey_by_\(snake(one.answeredBy))")
        how = ResponseRow.how(one, formats.moment(one.atMs, zone))
        self.lines = lines.map(AnsweredLine.init)
    }

    private static func how(_ one: SurveyResponse, _ at: String) -> Words {
        if one.via == .lentPhone, let by = one.by { return Words("survey_via_phone", by.name, at) }
        return Words(one.via == .link ? "survey_via_link" : "survey_via_unknown", at)
    }
}

/// What the survey of a visit shows.
public struct SurveyState: ScreenState {
    public var invitations: [InvitationRow] = []
    public var responses: [ResponseRow] = []
    /// Whether the visit is over: a link goes out then.
    public var over = false
    /// Whether the phone can be lent: the visit has begun, in the home.
    public var mayLend = false
    /// Why no link would be sent, of an ended visit.
    public var notSent: Words?
    public var loaded = false
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init() {}

    /// Whether there is anything to ask, or was.
    public var shown: Bool { loaded && (over || mayLend || !invitations.isEmpty || !responses.isEmpty) }

    /// Why no link can be asked for; nil: it can.
    public var hindrance: Words? { over ? notSent : Words("survey_not_over") }
}

/// The survey of one visit: asking for a link, lending the phone, and what was answered.
public final class SurveyModel: Model<SurveyState> {
    private let phone: Homeround
    private let visit: Visit
    private let formats: Formats

    public init(_ phone: Homeround, _ id: VisitId, _ formats: Formats) throws {
        self.phone = phone
        self.formats = formats
        visit = try phone.visit(id)
        super.init(SurveyState(), phone)
        act { [self] in try await look() }
    }

    /// Asks the backend to send the patient a link.
    @discardableResult
    public func invite() -> Work { act { [visit] in try await visit.inviteToSurvey() } }

    /// Lends the phone; `lent` takes what it asks from here on.
    @discardableResult
    public func lend(_ lent: @escaping @MainActor (Loan) -> Void) -> Work {
        act { [phone, visit, formats] in
            let patient = try await phone.patient(visit.read().patient).read()
            let language = surveyLanguage(patient.language ?? formats.language)
            lent(Loan(desk: try await visit.lendForSurvey(), visit: visit.id, language: language))
        }
    }

    private func look() async throws {
        let zone = try await visit.read().summary?.timeZone ?? "UTC"
        let formats = formats
        follow(visit.view) { state, now in
            state.over = over.contains(now.status)
            state.mayLend = (state.over || begun.contains(now.status)) && now.virtualVisit == nil
        }
        follow(visit.survey(formats.language)) { state, survey in
            state.invitations = survey.invitations.map { InvitationRow($0, formats, zone) }
            state.responses = survey.responses.map { ResponseRow($0, $0.lines, formats, zone) }
            state.notSent = survey.hindrance.map { surveyWords($0) }
            state.loaded = true
        }
    }
}

private let begun: Set<VisitStatus> = [.inProgress, .onBreak]
private let over: Set<VisitStatus> = [.completed, .signed, .amended]

/// The languages that a survey is shown in.
public let surveyLanguages = ["en", "es"]

/// The one of ``surveyLanguages`` for somebody's language, as `es-MX`; English for any other.
func surveyLanguage(_ language: String) -> String {
    let first = language.lowercased().prefix { $0 != "-" && $0 != "_" }
    return surveyLanguages.first { $0 == first } ?? surveyLanguages[0]
}

/// Why a link is not sent: what is said of notices, but that it is too late says something else.
func surveyWords(_ reason: NotSent) -> Words { reason == .tooLate ? Words("survey_too_late") : words(reason) }

private func yesOrNo(_ value: FormValue) -> Words? {
    guard case .flag(let yes) = value else { return nil }
    return Words(yes ? "form_yes" : "form_no")
}
