import Foundation
import HomeroundCore

/// A step that makes sense now.
public enum Action: String, CaseIterable, Sendable {
    case travel, checkIn = "check_in", `break`, resume, complete, sign, amend, join, leave

    /// What the button says.
    public var words: Words { Words("action_\(rawValue)") }
}

/// How a visit ends that does not take place.
public enum Ending: String, CaseIterable, Sendable {
    case miss, cancel

    /// What the button says.
    public var words: Words { Words("action_\(rawValue)") }
}

/// A task's line.
public struct TaskRow: Identifiable, Sendable {
    public let id: EntryId
    public let title: String
    public let required: Bool
    public let done: Bool
    public let state: Words
    public let comment: String?
    /// How it is done, and when it is due, of one that a care plan asks for.
    public var hint = ""
    /// Who does one that a care plan asks for; none: whoever visits.
    public var assignee: Part?
}

/// A finding's line.
public struct FindingRow: Identifiable, Sendable {
    public let id: EntryId
    public let lines: [Reading]
    public let by: String
    public let at: String
    public let wrong: String?
    /// The score of a set of vital signs.
    public let score: ScoreCard?
    /// Figures that are worth a second look.
    public let unusual: [UnusualRow]
    /// Who told it; none: it was measured.
    public let reported: Words?
}

/// A medication's line: of the chart's list, with what was done about it during this visit.
public struct MedicationRow: Identifiable, Sendable {
    public var id: EntryId { medication.id }
    public let medication: ChartMedication
    public let dose: String
    public var done: Words?

    public var title: String { medication.medication.code.text }
}

/// The line of a photo, a recording or a file.
public struct PhotoRow: Identifiable, Sendable {
    public let id: EntryId
    public let caption: String
    public let thumbnail: Data?
    public let by: String
    public let state: Chip
    public let image: Bool
    public let audio: Bool
    let here: Bool
}

/// What a camera gives: the picture, and a small one for lists.
public struct Shot: Sendable {
    public let mediaType: String
    public let bytes: Data
    public let thumbnail: Data?

    public init(mediaType: String, bytes: Data, thumbnail: Data? = nil) {
        self.mediaType = mediaType
        self.bytes = bytes
        self.thumbnail = thumbnail
    }
}

/// A photo that is looked at, or a recording that is listened to; its bytes come when they are there.
public struct Opened: Sendable {
    public let photo: EntryId
    public var bytes: Data?
}

/// An answer as it is shown.
public struct AnswerRow: Identifiable, Sendable {
    public let id: Int
    public let question: String
    public let answer: String
}

/// An answered form.
public struct FormRow: Identifiable, Sendable {
    public let id: EntryId
    public let title: String
    public let answers: [AnswerRow]
}

/// An edit that came after the signature and waits for the signer.
public struct LateRow: Identifiable, Sendable {
    public let id: String
    public let by: String
    public let at: String
    public let fields: [Words]
    public let told: Words
}

/// One of the values of a conflict.
public struct Choice: Identifiable, Sendable {
    public var id: String { json }
    public let json: String
    public let text: String
    /// For a coded value: its word.
    public let coded: Words?
    public let by: String
    public let mine: Bool
    public let at: String
    public let shown: Bool
}

/// A field on which people disagree.
public struct ConflictRow: Identifiable, Sendable {
    public var id: String { field }
    public let field: String
    public let title: Words
    public let about: String
    public let choices: [Choice]
}

/// What was typed into the note and is not saved yet, and the note that it was typed into.
public struct NoteDraft: Equatable, Sendable {
    public let text: String
    let from: String
}

/// What the visit's screen shows.
public struct VisitState: ScreenState {
    public var loaded = false
    public var patientId: PatientId?
    public var patient = ""
    public var address = ""
    public var window = ""
    public var service = ""
    public var status = chip(VisitStatus.scheduled)
    public var actions: [Action] = []
    public var endings: [Ending] = []
    public var editable = true
    public var tasks: [TaskRow] = []
    /// What care plans ask for, but for what somebody took off.
    public var planned: [TaskRow] = []
    public var findings: [FindingRow] = []
    public var medications: [MedicationRow] = []
    public var alerts: [String] = []
    public var allergies: [String] = []
    public var photos: [PhotoRow] = []
    public var opened: Opened?
    public var forms: [FormRow] = []
    public var late: [LateRow] = []
    public var note = ""
    public var draft: NoteDraft?
    public var outcome = ""
    public var conflicts: [ConflictRow] = []
    public var presence: [PresenceRow] = []
    public var signed: Words?
    /// Signatures by hand, and why there is none.
    public var signOffs: [SignOffRow] = []
    /// Whether somebody may sign by hand now.
    public var maySignOff = false
    /// A signature while it is taken.
    public var signing: SignOffForm?
    public var vitals = VitalsForm()
    /// Vital signs that wait for a second look.
    public var checking: VitalsCheck?
    /// The scale that the chart names for the saturation; none: nobody decided, and scale 1 holds.
    public var spo2Scale: Spo2Scale?
    /// A dose other than the ordered one, while it is typed.
    public var dosing: DoseForm?
    public var warned: WarnedDose?
    /// The medication list while it is compared with the home.
    public var reconcile: ReconcileForm?
    /// The call of a virtual visit; none: it is at the patient's home.
    public var call: CallState?
    /// How it came about, whether it is there twice, who takes it over.
    public var way = WayState()
    public var unsent = 0
    /// Whether the biometric sensor may stand for the PIN under a signature.
    public var sensor = false
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init() {}

    /// What the note's field holds.
    public var noteShown: String { draft?.text ?? note }

    /// Shows these photos; what was opened and is not among them any more is closed.
    mutating func show(_ photos: [PhotoRow]) {
        self.photos = photos
        if !photos.contains(where: { $0.id == opened?.photo }) { opened = nil }
    }
}
