import HomeroundCore

/// Who signs, as a person chooses it.
public enum SignerKind: String, CaseIterable, Sendable { case patient, representative, clinician }

/// How somebody signs: the pad needs a hand and eyes, the others do not.
public enum SignWay: String, CaseIterable, Sendable { case hand, typed, none }

/// Relations that a person can choose.
public let relations: [Relation] = Relation.allCases.filter { $0 != .unknown }

/// Reasons that a person can choose.
public let notSignedReasons: [NotSignedReason] = NotSignedReason.allCases.filter { $0 != .unknown }

public func words(_ kind: SignerKind) -> Words { Words("signer_\(kind.rawValue)") }

public func words(_ way: SignWay) -> Words { Words("sign_way_\(way.rawValue)") }

public func words(_ relation: Relation) -> Words { Words("relation_\(snake(relation))") }

public func words(_ reason: NotSignedReason) -> Words { Words("not_signed_\(snake(reason))") }

/// A signature while it is taken.
public struct SignOffForm: Equatable, Sendable {
    public var kind = SignerKind.patient {
        didSet { if !ways.contains(way) { way = .hand } }
    }
    public var name = ""
    public var relation: Relation?
    public var way = SignWay.hand
    public var typed = ""
    public var reason: NotSignedReason?
    public var comment = ""

    public init() {}

    /// Who takes the signature either signs or does not ask.
    public var ways: [SignWay] { kind == .clinician ? [.hand, .typed] : SignWay.allCases }

    /// Whether all is said that is needed.
    /// - Parameter drawn: whether there is something on the pad.
    public func ready(_ drawn: Bool) -> Bool {
        let who = kind != .representative || (said(name) && relation != nil)
        switch way {
        case .hand: return who && drawn
        case .typed: return who && said(typed)
        case .none: return who && reason != nil && (reason != .other || said(comment))
        }
    }

    var signer: Signer {
        switch kind {
        case .patient: .patient
        case .representative: .representative(name: name, relation: relation ?? .other)
        case .clinician: .clinician
        }
    }

    func given(_ drawing: Drawing?) -> NewSignature? {
        switch way {
        case .hand: drawing.map { .drawn(drawing: $0) }
        case .typed: .typed(text: typed)
        case .none: reason.map { .notSigned(reason: $0, comment: said(comment) ? comment : nil) }
        }
    }

    private func said(_ text: String) -> Bool { !text.allSatisfy(\.isWhitespace) }
}

/// A signature by hand, or why there is none, as a line.
public struct SignOffRow: Identifiable, Sendable {
    public let id: EntryId
    public let signer: Words
    /// A representative's name.
    public let name: String?
    public let relation: Words?
    /// Signed by hand or by name, or why not.
    public let given: Words
    public let drawing: Drawing?
    public let comment: String?
    /// Who took it, and when.
    public let taken: Words
    /// What was changed after it: its signer was not shown that.
    public let changed: [Words]
    /// That it was taken back: by whom, when and why.
    public let wrong: Words?

    init(_ one: SignOff, _ formats: Formats, _ zone: String) {
        id = one.id
        var representative: (name: String, relation: Relation)?
        switch one.signer {
        case .patient: signer = Words("signer_patient")
        case .representative(let name, let relation):
            signer = Words("signer_representative")
            representative = (name, relation)
        case .clinician: signer = Words("signer_clinician_other")
        case .unknown: signer = Words("signer_unknown")
        }
        name = representative?.name
        relation = representative.map { words($0.relation) }
        var drawing: Drawing?
        var comment: String?
        switch one.given {
        case .drawn(let drawn):
            drawing = drawn
            given = Words(drawn == nil ? "sign_off_unreadable" : "sign_off_drawn")
        case .typed(let text): given = Words("sign_off_typed_as", text)
        case .notSigned(let reason, let said):
            comment = said
            given = words(reason)
        case .unknown: given = Words("sign_off_unknown")
        }
        self.drawing = drawing
        self.comment = comment
        taken = Words("sign_off_taken", one.by.name, formats.moment(one.atMs, zone))
        var changed: [Words] = []
        for words in one.changed.map(fieldWords) where !changed.contains(words) { changed.append(words) }
        self.changed = changed
        wrong = one.corrected.map { Words("sign_off_taken_back", $0.by.name, formats.moment($0.atMs, zone), $0.reason) }
    }
}

/// Nobody signs for a visit that has not begun.
func maySignOff(_ status: VisitStatus) -> Bool { status != .scheduled && status != .traveling }

/// What is drawn on a pad of this size, micrometres, before it is stored. Points off the pad are put on its edge, and
/// what goes beyond the limits of the core is left out: `full` says so.
public struct SignaturePad: Equatable, Sendable {
    /// Micrometres of a point of the screen: 1/163 inch.
    public static let umPerPoint = 155.83
    /// The core's limits.
    public static let strokesMax = 200
    public static let pointsMax = 10_000
    private static let msMax: Int64 = 3_600_000
    private static let extentMinUm: UInt32 = 2_000

    public let widthUm: Int
    public let heightUm: Int
    /// Every line so far, in the order of drawing.
    public private(set) var strokes: [[InkPoint]] = []
    private var beganMs: Int64?
    private var lastMs: Int64 = 0
    private var points = 0
    private var down = false

    public init(widthUm: Int, heightUm: Int) {
        self.widthUm = widthUm
        self.heightUm = heightUm
    }

    /// Nothing but touches by accident: what reaches less far than 2 mm.
    public var empty: Bool {
        let all = strokes.joined()
        func span(_ of: (InkPoint) -> UInt32) -> UInt32 { (all.map(of).max() ?? 0) - (all.map(of).min() ?? 0) }
        return max(span(\.xUm), span(\.yUm)) < Self.extentMinUm
    }

    /// Whether more can't be kept.
    public var full: Bool { points >= Self.pointsMax || (strokes.count >= Self.strokesMax && !down) }

    /// Whether the pen is down.
    public var isDown: Bool { down }

    /// The pen comes down.
    /// - Parameters:
    ///   - atMs: a clock that only goes forward.
    ///   - pressure: 0 to 1, if the screen measures it.
    public mutating func begin(xUm: Double, yUm: Double, atMs: Int64, pressure: Double? = nil) {
        guard !full else { return }
        down = true
        if beganMs == nil { beganMs = atMs }
        strokes.append([])
        add(xUm, yUm, atMs, pressure)
    }

    /// The pen goes on.
    public mutating func move(xUm: Double, yUm: Double, atMs: Int64, pressure: Double? = nil) {
        if down, points < Self.pointsMax { add(xUm, yUm, atMs, pressure) }
    }

    /// The pen goes up.
    public mutating func end() { down = false }

    /// Takes the last stroke back.
    public mutating func undo() {
        down = false
        points -= strokes.popLast()?.count ?? 0
        if strokes.isEmpty { clear() }
    }

    /// Begins anew.
    public mutating func clear() { self = SignaturePad(widthUm: widthUm, heightUm: heightUm) }

    /// What is stored; none while the pad is empty.
    public var drawing: Drawing? {
        empty ? nil : Drawing(widthUm: UInt32(clamping: widthUm), heightUm: UInt32(clamping: heightUm), strokes: strokes)
    }

    private mutating func add(_ xUm: Double, _ yUm: Double, _ atMs: Int64, _ pressure: Double?) {
        // Never back, whatever the clock does, and never beyond an hour.
        lastMs = min(max(atMs - (beganMs ?? atMs), lastMs), Self.msMax)
        let pressed = pressure.map { UInt8(min(max($0, 0), 1) * 255) }
        let point = InkPoint(
            xUm: on(xUm, widthUm), yUm: on(yUm, heightUm), tMs: UInt32(clamping: lastMs), pressure: pressed)
        strokes[strokes.count - 1].append(point)
        points += 1
    }

    private func on(_ um: Double, _ side: Int) -> UInt32 { UInt32(min(max(um, 0), Double(side)).rounded()) }
}
