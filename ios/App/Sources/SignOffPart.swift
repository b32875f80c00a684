import HomeroundKit
import SwiftUI

/// Signatures by hand, and taking one.
struct SignOffPart: View {
    let model: VisitModel

    var body: some View {
        Block(told("sign_off_title")) {
            ForEach(model.state.signOffs) { row in Given(row: row) { model.takeBack(row.id, $0) } }
            if let form = model.state.signing {
                Taking(model: model, form: form)
            } else if model.state.maySignOff {
                AlsoButton(told("sign_off_take")) { model.beginSignOff() }
            }
        }
    }
}

private struct Given: View {
    let row: SignOffRow
    let takeBack: (String) -> Void

    var body: some View {
        let who = [row.signer.text, row.name, row.relation?.text].compactMap { $0 }.joined(separator: " · ")
        Divider()
        Line(who, row.taken.text)
        if let drawing = row.drawing {
            Ink(strokes: drawing.strokes, widthUm: Int(drawing.widthUm), base: false)
                .frame(width: shownWidth, height: shownWidth * CGFloat(drawing.heightUm) / CGFloat(drawing.widthUm))
                .accessibilityLabel("\(who): \(row.given.text)")
        }
        Text(row.given.text).strikethrough(row.wrong != nil)
        if let comment = row.comment { Text(comment).foregroundStyle(.secondary) }
        if let wrong = row.wrong { Text(wrong.text).foregroundStyle(.secondary) }
        if !row.changed.isEmpty {
            Text(Words("sign_off_changed", row.changed.map(\.text).joined(separator: ", ")).text).foregroundStyle(.secondary)
        }
        if row.wrong == nil { Wrong(takeBack: takeBack) }
    }
}

/// A signature is wrong: why, before it is taken back.
private struct Wrong: View {
    let takeBack: (String) -> Void
    @State private var asking = false
    @State private var reason = ""

    var body: some View {
        AlsoButton(told("sign_off_wrong")) { asking.toggle() }
        if asking {
            Text(told("sign_off_wrong_hint")).foregroundStyle(.secondary)
            TextField(told("sign_off_wrong_why"), text: $reason, axis: .vertical).textFieldStyle(.roundedBorder)
            MainButton("sign_off_take_back", enabled: !reason.allSatisfy(\.isWhitespace)) {
                asking = false
                takeBack(reason)
            }
        }
    }
}

private struct Taking: View {
    let model: VisitModel
    let form: SignOffForm
    @State private var pad = SignaturePad(widthUm: 0, heightUm: 0)

    var body: some View {
        Text(told("sign_off_hint")).foregroundStyle(.secondary)
        Text(told("sign_off_who")).font(.subheadline)
        ForEach(SignerKind.allCases, id: \.self) { kind in
            choice(words(kind), form.kind == kind) {
                pad.clear()
                change { $0.kind = kind }
            }
        }
        if form.kind == .representative { representative }
        Text(told("sign_off_way")).font(.subheadline)
        ForEach(form.ways, id: \.self) { way in choice(words(way), form.way == way) { change { $0.way = way } } }
        switch form.way {
        case .hand: Pad(pad: $pad)
        case .typed: TypedField(told("sign_off_typed"), form.typed) { typed in change { $0.typed = typed } }
        case .none: whyNot
        }
        MainButton("sign_off_save", enabled: form.ready(!pad.empty)) { model.signOff(pad.drawing) }
        AlsoButton(told("sign_off_close")) { model.closeSignOff() }
    }

    @ViewBuilder
    private var representative: some View {
        TypedField(told("sign_off_name"), form.name) { typed in change { $0.name = typed } }
        Text(told("sign_off_relation")).font(.subheadline)
        ForEach(relations, id: \.self) { one in choice(words(one), form.relation == one) { change { $0.relation = one } } }
    }

    @ViewBuilder
    private var whyNot: some View {
        Text(told("sign_off_why_not")).font(.subheadline)
        ForEach(notSignedReasons, id: \.self) { one in choice(words(one), form.reason == one) { change { $0.reason = one } } }
        TypedField(told("visit_comment"), form.comment, axis: .vertical) { typed in change { $0.comment = typed } }
    }

    private func choice(_ words: Words, _ chosen: Bool, _ choose: @escaping () -> Void) -> some View {
        AlsoButton(chosen ? "\(words.text) ✓" : words.text) { choose() }
    }

    private func change(_ with: (inout SignOffForm) -> Void) {
        var form = form
        with(&form)
        model.changeSignOff(form)
    }
}

/// Where a finger or a pencil signs.
private struct Pad: View {
    @Binding var pad: SignaturePad

    var body: some View {
        GeometryReader { geometry in
            Ink(strokes: pad.strokes, widthUm: pad.widthUm, base: true)
                .contentShape(Rectangle())
                .highPriorityGesture(
                    DragGesture(minimumDistance: 0)
                        .onChanged { value in draw(value, geometry.size) }
                        .onEnded { _ in pad.end() }
                )
                .accessibilityLabel(told("sign_off_pad"))
        }
        .frame(height: padHeight)
        .background(Color.secondary.opacity(0.1), in: RoundedRectangle(cornerRadius: 12))
        if pad.full { Text(told("sign_off_full")).foregroundStyle(.secondary) }
        AlsoButton(told("sign_off_undo")) { pad.undo() }
        AlsoButton(told("sign_off_clear")) { pad.clear() }
    }

    /// The pad has the size in millimetres of its first stroke's layout: turned round, the phone shows the same drawing smaller.
    private func draw(_ value: DragGesture.Value, _ size: CGSize) {
        if pad.strokes.isEmpty {
            pad = SignaturePad(
                widthUm: max(Int(size.width * SignaturePad.umPerPoint), sideMinUm),
                heightUm: max(Int(size.height * SignaturePad.umPerPoint), sideMinUm))
        }
        let scale = Double(pad.widthUm) / Double(size.width)
        let (x, y) = (Double(value.location.x) * scale, Double(value.location.y) * scale)
        let atMs = Int64(value.time.timeIntervalSince1970 * 1_000)
        if pad.isDown { pad.move(xUm: x, yUm: y, atMs: atMs) } else { pad.begin(xUm: x, yUm: y, atMs: atMs) }
    }
}

/// Strokes, as wide as there is room.
private struct Ink: View {
    let strokes: [[InkPoint]]
    let widthUm: Int
    /// A line to sign on.
    let base: Bool

    var body: some View {
        Canvas { context, size in
            if base {
                var line = Path()
                line.move(to: CGPoint(x: size.width * 0.05, y: size.height * 0.75))
                line.addLine(to: CGPoint(x: size.width * 0.95, y: size.height * 0.75))
                context.stroke(line, with: .color(.secondary), style: StrokeStyle(lineWidth: 1))
            }
            let scale = size.width / CGFloat(max(widthUm, 1))
            let pen = StrokeStyle(lineWidth: max(penUm * scale, 1.5), lineCap: .round, lineJoin: .round)
            for stroke in strokes { context.stroke(path(stroke, scale), with: .color(.primary), style: pen) }
        }
    }

    private func path(_ stroke: [InkPoint], _ scale: CGFloat) -> Path {
        let points = stroke.map { CGPoint(x: CGFloat($0.xUm) * scale, y: CGFloat($0.yUm) * scale) }
        var path = Path()
        guard let first = points.first else { return path }
        path.move(to: first)
        // A dot is a line of no length with a round end.
        for point in points.count == 1 ? points : Array(points.dropFirst()) { path.addLine(to: point) }
        return path
    }
}

private let shownWidth: CGFloat = 280
private let padHeight: CGFloat = 150
private let penUm: CGFloat = 500
private let sideMinUm = 5_000
