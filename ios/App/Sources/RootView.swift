import HomeroundApple
import HomeroundKit
import SwiftUI

/// Where a person is, beyond the day's list.
enum Place: Hashable {
    case visit(VisitId)
    case patient(PatientId)
    case plans(PatientId)
    case messages(PatientId)
    case notices(VisitId)
    case changes(PatientId)
    case forms(VisitId)
    case form(VisitId, EntryId)
    case inbox, search, sync, account
}

/// The whole app: locked, or the place where the person is.
struct RootView: View {
    let shell: Shell

    var body: some View {
        if let phone = shell.homeround {
            Holding(make: { LockModel(phone) }) { lock in
                if lock.state.session == .ready {
                    Unlocked(shell: shell, phone: phone) { lock.lookAgain() }
                } else {
                    LockView(model: lock)
                }
            }
        } else if let problem = shell.problem {
            VStack(spacing: 16) {
                Text(problem).font(.body)
                MainButton("sync_now") { Task { await shell.open() } }
            }
            .padding()
        } else {
            ProgressView()
        }
    }
}

/// Makes a screen's model once, when the screen appears, and keeps it for as long as the screen is on the way.
struct Holding<Held, Content: View>: View {
    let make: @MainActor () throws -> Held
    @ViewBuilder let content: (Held) -> Content
    @State private var held: Held?
    @State private var problem: String?

    init(make: @escaping @MainActor () throws -> Held, @ViewBuilder content: @escaping (Held) -> Content) {
        self.make = make
        self.content = content
    }

    var body: some View {
        Group {
            if let held {
                content(held)
            } else if let problem {
                Text(problem)
            } else {
                ProgressView()
            }
        }
        .task {
            guard held == nil else { return }
            do { held = try make() } catch { problem = HomeroundKit.problem(error).words.text }
        }
    }
}

private struct Unlocked: View {
    let shell: Shell
    let phone: Homeround
    let left: @MainActor () -> Void
    @State private var way: [Place] = []

    var body: some View {
        NavigationStack(path: $way) {
            Holding(make: { DayModel(phone, shell.formats) }) { DayView(model: $0, go: go) }
                .navigationDestination(for: Place.self) { place in screen(place) }
        }
    }

    private func go(_ place: Place) { way.append(place) }

    @ViewBuilder
    private func screen(_ place: Place) -> some View {
        switch place {
        case .visit(let id):
            Holding(make: { try VisitModel(phone, id, shell.formats, now: Shell.now) }) { model in
                VisitView(model: model, go: go) { patient in card(patient, visit: id) }
            }
        case .patient(let id):
            Holding(make: { try PatientModel(phone, id, shell.formats) }) { model in
                PatientView(model: model, go: go) { card(id, visit: nil) }
            }
        case .plans(let patient):
            Holding(make: { try CarePlansModel(phone, patient, shell.formats, zone: shell.zone) }) {
                PlansView(model: $0, go: go)
            }
        case .messages(let patient):
            Holding(make: { try MessagesModel(phone, patient, shell.formats, zone: shell.zone) }) {
                MessagesView(model: $0, go: go)
            }
        case .notices(let visit):
            Holding(make: { try NoticesModel(phone, visit, shell.formats) }) { NoticesView(model: $0, go: go) }
        case .changes(let patient):
            Holding(make: { try ChangesModel(phone, patient, shell.formats, zone: shell.zone) }) {
                ChangesView(model: $0, go: go)
            }
        case .inbox:
            Holding(make: { InboxModel(phone, shell.formats, zone: shell.zone) }) { InboxView(model: $0, go: go) }
        case .forms(let visit):
            Holding(make: { try FormsModel(phone, visit, shell.formats) }) { FormsView(model: $0, visit: visit, go: go) }
        case .form(let visit, let form):
            Holding(make: { try FormModel(phone, visit, form, shell.formats) }) { FormView(model: $0, go: go) }
        case .search:
            Holding(make: { SearchModel(phone) }) { SearchView(model: $0, go: go) }
        case .sync:
            Holding(make: { SyncModel(phone, shell.formats, zone: shell.zone) }) { SyncView(model: $0) }
        case .account:
            Holding(make: { AccountModel(phone, sensor: hasSensor(), left: left) }) { AccountView(model: $0, go: go) }
        }
    }

    private func card(_ patient: PatientId, visit: VisitId?) -> some View {
        Holding(make: { try CardModel(phone, patient, visit: visit, shell.formats, zone: shell.zone) }) {
            CardPart(model: $0, brief: visit == nil, go: go)
        }
    }
}
