import HomeroundKit
import SwiftUI
import UIKit

extension Words {
    /// The words in the language in use; a code that this version has no word for is shown as it is.
    var text: String { found(in: .main) }

    /// The words in another language, as `es`.
    func text(in language: String) -> String {
        let spoken = Bundle.main.path(forResource: language, ofType: "lproj").flatMap { Bundle(path: $0) }
        return found(in: spoken ?? .main)
    }

    private func found(in bundle: Bundle) -> String {
        let found = bundle.localizedString(forKey: key, value: nil, table: nil)
        if found == key { return String(key.drop { $0 != "_" }.dropFirst()) }
        if let count { return String(format: found, locale: .current, count) }
        return with.isEmpty ? found : String(format: found, locale: .current, arguments: with.map { $0 as CVarArg })
    }
}

/// A text of the string catalog.
func told(_ key: String) -> String { Words(key).text }

extension Tone {
    var colour: Color {
        switch self {
        case .quiet: .secondary
        case .active: .blue
        case .good: .green
        case .warning: .orange
        case .alarm: .red
        }
    }
}

extension Glyph {
    /// The name of the system's symbol.
    var symbol: String {
        switch self {
        case .clock: "clock"
        case .road: "car"
        case .home: "house"
        case .pause: "pause.circle"
        case .check: "checkmark.circle"
        case .seal: "checkmark.seal"
        case .cross: "xmark.circle"
        case .warning: "exclamationmark.triangle"
        case .offline: "wifi.slash"
        case .online: "wifi"
        case .sync: "arrow.triangle.2.circlepath"
        case .unsent: "arrow.up.circle"
        case .lock: "lock"
        case .video: "video"
        }
    }
}

/// No target is smaller than a finger.
let touch: CGFloat = 44

/// A screen: what the network does on top, what went wrong, then its parts.
struct Page<Content: View>: View {
    let title: String
    let network: Chip
    let problem: Problem?
    let dismiss: @MainActor () -> Void
    let sync: (@MainActor () -> Void)?
    /// Fields that show their problems themselves.
    var fields: Set<String> = []
    @ViewBuilder let content: () -> Content

    var body: some View {
        ScrollView {
            VStack(alignment: .leading, spacing: 14) {
                if let sync {
                    Button(action: sync) { Label(network.words.text, systemImage: network.glyph.symbol) }
                        .frame(minHeight: touch)
                        .foregroundStyle(network.tone.colour)
                } else {
                    ChipLabel(chip: network)
                }
                if let problem, !fields.contains(problem.field ?? "") { Trouble(problem: problem, dismiss: dismiss) }
                content()
            }
            .frame(maxWidth: .infinity, alignment: .leading)
            .padding()
        }
        .navigationTitle(title)
    }
}

/// What went wrong, until it is put away.
struct Trouble: View {
    let problem: Problem
    let dismiss: @MainActor () -> Void

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            Label(problem.words.text, systemImage: Glyph.warning.symbol)
            Button(told("error_dismiss"), action: dismiss).frame(minHeight: touch)
        }
        .padding()
        .frame(maxWidth: .infinity, alignment: .leading)
        .background(Color.red.opacity(0.15), in: RoundedRectangle(cornerRadius: 12))
    }
}

/// A small label: a symbol and words, so that nothing hangs on colour alone.
struct ChipLabel: View {
    let chip: Chip

    var body: some View {
        Label(chip.words.text, systemImage: chip.glyph.symbol).font(.subheadline).foregroundStyle(chip.tone.colour)
    }
}

/// A part of a screen under a heading.
struct Block<Content: View>: View {
    let title: String
    @ViewBuilder let content: () -> Content

    init(_ title: String, @ViewBuilder content: @escaping () -> Content) {
        self.title = title
        self.content = content
    }

    var body: some View {
        VStack(alignment: .leading, spacing: 10) {
            Text(title).font(.headline).accessibilityAddTraits(.isHeader)
            content()
        }
        .padding()
        .frame(maxWidth: .infinity, alignment: .leading)
        .background(Color(uiColor: .secondarySystemBackground), in: RoundedRectangle(cornerRadius: 16))
    }
}

/// A line and what is said of it.
struct Line: View {
    let title: String
    let detail: String

    init(_ title: String, _ detail: String = "") {
        self.title = title
        self.detail = detail
    }

    var body: some View {
        VStack(alignment: .leading, spacing: 2) {
            Text(title).font(.body)
            if !detail.isEmpty { Text(detail).font(.subheadline).foregroundStyle(.secondary) }
        }
        .accessibilityElement(children: .combine)
    }
}

/// What one usually does next.
struct MainButton: View {
    let key: String
    let enabled: Bool
    let action: @MainActor () -> Void

    init(_ key: String, enabled: Bool = true, action: @escaping @MainActor () -> Void) {
        self.key = key
        self.enabled = enabled
        self.action = action
    }

    var body: some View {
        Button(action: action) { Text(told(key)).frame(maxWidth: .infinity, minHeight: touch) }
            .buttonStyle(.borderedProminent)
            .disabled(!enabled)
    }
}

/// What one may do besides.
struct AlsoButton: View {
    let title: String
    let action: @MainActor () -> Void

    init(_ title: String, action: @escaping @MainActor () -> Void) {
        self.title = title
        self.action = action
    }

    var body: some View {
        Button(action: action) { Text(title).frame(minHeight: touch) }.buttonStyle(.bordered)
    }
}

/// A field whose text a model holds.
struct TypedField: View {
    let name: String
    let value: String
    let change: (String) -> Void
    let axis: Axis
    @State private var text: String

    init(_ name: String, _ value: String, axis: Axis = .horizontal, change: @escaping (String) -> Void) {
        self.name = name
        self.value = value
        self.change = change
        self.axis = axis
        _text = State(initialValue: value)
    }

    var body: some View {
        TextField(name, text: $text, axis: axis)
            .textFieldStyle(.roundedBorder)
            .onChange(of: text) { _, text in if text != value { change(text) } }
            .onChange(of: value) { _, value in if text != value { text = value } }
    }
}

/// A choice that a model holds.
struct Chooser<Value: Hashable, Content: View>: View {
    let name: String
    let value: Value
    let change: (Value) -> Void
    @ViewBuilder let content: () -> Content
    @State private var chosen: Value

    init(
        _ name: String, _ value: Value, change: @escaping (Value) -> Void, @ViewBuilder content: @escaping () -> Content
    ) {
        self.name = name
        self.value = value
        self.change = change
        self.content = content
        _chosen = State(initialValue: value)
    }

    var body: some View {
        Picker(name, selection: $chosen, content: content)
            .onChange(of: chosen) { _, chosen in if chosen != value { change(chosen) } }
            .onChange(of: value) { _, value in if chosen != value { chosen = value } }
    }
}

/// Something that a model has on or off.
struct Switch: View {
    let name: String
    let value: Bool
    let change: (Bool) -> Void
    @State private var on: Bool

    init(_ name: String, _ value: Bool, change: @escaping (Bool) -> Void) {
        self.name = name
        self.value = value
        self.change = change
        _on = State(initialValue: value)
    }

    var body: some View {
        Toggle(name, isOn: $on)
            .onChange(of: on) { _, on in if on != value { change(on) } }
            .onChange(of: value) { _, value in if on != value { on = value } }
    }
}

/// A field whose text is saved when the person says so. What comes from elsewhere replaces what was not touched, and
/// leaves alone what is being typed.
struct SavedField: View {
    let name: String
    let saved: String
    let editable: Bool
    let save: (String) -> Void
    @State private var text: String

    init(name: String, saved: String, editable: Bool, save: @escaping (String) -> Void) {
        self.name = name
        self.saved = saved
        self.editable = editable
        self.save = save
        _text = State(initialValue: saved)
    }

    var body: some View {
        if editable {
            TextField(name, text: $text, axis: .vertical)
                .textFieldStyle(.roundedBorder)
                .accessibilityLabel(name)
                .onChange(of: saved) { old, new in if text == old { text = new } }
            if text != saved { MainButton("visit_save") { save(text) } }
        } else {
            Text(saved)
        }
    }
}
