import HomeroundKit
import SwiftUI

/// Choosing a PIN, unlocking, connecting the phone for the first time.
struct LockView: View {
    let model: LockModel
    private let rows = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]

    var body: some View {
        let state = model.state
        ScrollView {
            VStack(spacing: 14) {
                Text(told("app_name")).font(.title3)
                Text(state.title.text).font(.title).multilineTextAlignment(.center).accessibilityAddTraits(.isHeader)
                Text(state.hint.text).foregroundStyle(.secondary).multilineTextAlignment(.center)
                if let problem = state.problem { Trouble(problem: problem) { model.dismiss() } }
                if state.asksPin {
                    Dots(count: state.pin.count)
                    ForEach(rows, id: \.self) { row in
                        HStack(spacing: 16) { ForEach(row, id: \.self) { key($0) } }
                    }
                    HStack(spacing: 16) {
                        Color.clear.frame(width: 72, height: 72)
                        key(0)
                        Button(action: { model.erase() }) { Image(systemName: "delete.left").frame(width: 72, height: 72) }
                            .accessibilityLabel(told("lock_erase"))
                    }
                }
                MainButton("lock_proceed", enabled: state.ready) { model.proceed() }
                if state.offersSensor { AlsoButton(told("lock_sensor")) { model.bySensor() } }
            }
            .padding()
        }
    }

    private func key(_ digit: Int) -> some View {
        Button(action: { model.digit(digit) }) { Text("\(digit)").font(.title2).frame(width: 72, height: 72) }
            .buttonStyle(.bordered)
    }
}

/// How many digits were entered; never which.
private struct Dots: View {
    let count: Int

    var body: some View {
        HStack(spacing: 10) {
            ForEach(0..<min(max(6, count), 12), id: \.self) { at in
                Image(systemName: at < count ? "circle.fill" : "circle").font(.caption)
            }
        }
        .accessibilityElement(children: .ignore)
        .accessibilityLabel(Words.counted("lock_digits", count).text)
    }
}
