import HomeroundKit
import SwiftUI

/// Is everything sent, and if not, what is left and why?
struct SyncView: View {
    let model: SyncModel

    var body: some View {
        let state = model.state
        Page(
            title: told("sync_title"), network: state.network, problem: state.problem, dismiss: { model.dismiss() }, sync: nil
        ) {
            Text(state.headline.text).font(.title3)
            if state.photos > 0 { Text(Words.counted("sync_photos", state.photos).text) }
            if state.conflicts > 0 { Text(Words.counted("sync_conflicts", state.conflicts).text) }
            MainButton("sync_now", enabled: !state.busy) { model.now() }
            ForEach(state.rows) { row in
                Block(row.patient.isEmpty ? row.title.text : row.patient) {
                    Line(row.title.text, "\(row.edits.text) · \(Words("sync_since", row.since).text)")
                }
            }
            if !state.quarantine.isEmpty { setAside(state.quarantine) }
        }
    }

    private func setAside(_ rows: [QuarantineRow]) -> some View {
        Block(told("sync_quarantine")) {
            Text(told("sync_quarantine_hint")).foregroundStyle(.secondary)
            ForEach(rows) { row in
                Divider()
                Line(row.code.text, [row.field?.text, row.at].compactMap { $0 }.joined(separator: " · "))
                ForEach(row.values) { Line($0.text, $0.name.text) }
                if row.held { Text(told("quarantine_held")).foregroundStyle(.secondary) }
                if row.open {
                    AlsoButton(told("quarantine_re_entered")) { model.close(row, .reEntered) }
                    AlsoButton(told("quarantine_handed_over")) { model.close(row, .handedOver) }
                    AlsoButton(told("quarantine_dismissed")) { model.close(row, .dismissed) }
                }
            }
        }
    }
}

/// Searching patients and notes.
struct SearchView: View {
    let model: SearchModel
    let go: (Place) -> Void

    var body: some View {
        let state = model.state
        Page(
            title: told("search_title"), network: state.network, problem: state.problem, dismiss: { model.dismiss() },
            sync: { go(.sync) }
        ) {
            TypedField(told("search_hint"), state.words) { model.type($0) }
            if state.searched, state.rows.isEmpty { Text(told("search_nothing")).foregroundStyle(.secondary) }
            ForEach(state.rows) { row in
                Button(action: { open(row) }) { Line(row.title, row.kind.text) }.frame(minHeight: touch)
            }
        }
    }

    private func open(_ row: SearchRow) {
        if let visit = row.visit {
            go(.visit(visit))
        } else if let patient = row.patient {
            go(.patient(patient))
        }
    }
}

/// Who works on this phone: one's own numbers, the PIN, locking, signing out.
struct AccountView: View {
    let model: AccountModel
    let go: (Place) -> Void
    @State private var old = ""
    @State private var new = ""
    @State private var pin = ""
    @State private var sure = false

    var body: some View {
        let state = model.state
        Page(
            title: told("account_title"), network: state.network, problem: state.problem, dismiss: { model.dismiss() },
            sync: { go(.sync) }
        ) {
            Line(state.name, state.role?.text ?? "")
            if let done = state.done { Text(done.text) }
            MainButton("account_lock") { model.lock() }
            numbers(state)
            Block(told("account_pin")) {
                SecureField(told("account_pin_old"), text: $old).keyboardType(.numberPad).textFieldStyle(.roundedBorder)
                SecureField(told("account_pin_new"), text: $new).keyboardType(.numberPad).textFieldStyle(.roundedBorder)
                if state.sensorOn { Text(told("account_pin_forgotten")).foregroundStyle(.secondary) }
                MainButton("account_pin_change", enabled: !state.busy && (!old.isEmpty || state.sensorOn) && !new.isEmpty) {
                    model.changePin(old: old, new: new)
                    (old, new) = ("", "")
                }
            }
            if state.sensor { sensor(state) }
            Block(told("account_sign_out")) {
                Text(told("account_sign_out_hint")).foregroundStyle(.secondary)
                if state.holdsWork { Text(Words.counted("account_unsent", state.unsent).text) }
                if sure {
                    MainButton("account_sign_out_sure", enabled: !state.busy) { model.signOut() }
                    AlsoButton(told("account_stay")) { sure = false }
                } else {
                    AlsoButton(told("account_sign_out")) { sure = true }
                }
            }
        }
    }

    private func numbers(_ state: AccountState) -> some View {
        Block(told("numbers_title")) {
            Chooser(told("numbers_title"), state.numbersDays, change: { model.showNumbers($0) }) {
                Text(Words("numbers_last", String(weekDays)).text).tag(weekDays)
                Text(Words("numbers_last", String(4 * weekDays)).text).tag(4 * weekDays)
            }
            .pickerStyle(.segmented)
            ForEach(state.numbers.map(\.text), id: \.self) { Line($0, "") }
            Text(told("numbers_hint")).foregroundStyle(.secondary)
            AlsoButton(told("results_title")) { go(.results) }
        }
    }

    private func sensor(_ state: AccountState) -> some View {
        Block(told("account_sensor")) {
            Text(told(state.sensorOn ? "account_sensor_on_hint" : "account_sensor_off_hint")).foregroundStyle(.secondary)
            SecureField(told("account_pin"), text: $pin).keyboardType(.numberPad).textFieldStyle(.roundedBorder)
            MainButton(state.sensorOn ? "account_sensor_stop" : "account_sensor_use", enabled: !state.busy && !pin.isEmpty) {
                model.useSensor(!state.sensorOn, pin: pin)
                pin = ""
            }
        }
    }
}
