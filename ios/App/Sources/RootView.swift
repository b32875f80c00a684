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
    case inbox, search, sync, account, results
}

/// The whole app: locked, in a patient's hands, or the place where the person is.
struct RootView: View {
    let shell: Shell

    var body: some View {
        if let phone = shell.homeround {
            Holding(make: { LockModel(phone) }) { lock in
                if lock.state.session == .ready {
                    Unlocked(shell: shell, phone: phone, lock: lock, resume: lock.state.resume)
                } else if let loan = lock.state.loan {
                    Lent(phone: phone, loan: loan, lock: lock)
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

/// The survey in the patient's hands, then the PIN of whoever lent the phone.
private struct Lent: View {
    let phone: Homeround
    let loan: Loan
    let lock: LockModel
    @State private var back = false

    var body: some View {
        if back {
            LockView(model: lock)
        } else {
            Holding(make: { LentSurveyModel(phone, loan) }) { LentView(model: $0) { back = true } }
        }
    }
}

private struct Unlocked: View {
    let shell: Shell
    let phone: Homeround
    let lock: LockModel
    @State private var way: [Place]

    init(shell: Shell, phone: Homeround, lock: LockModel, resume: VisitId?) {
        self.shell = shell
        self.phone = phone
        self.lock = lock
        // Once a phone that was lent is back, its visit goes on.
        _way = State(initialValue: resume.map { [.visit($0)] } ?? [])
    }

    var body: some View {
        NavigationStack(path: $way) {
            Holding(make: { DayModel(phone, shell.formats) }) { DayView(model: $0, go: go) }
                .navigationDestination(for: Place.self) { place in screen(place) }
        }
    }

    private func go(_ place: Place) { way.append(place) }

    private func left() { lock.lookAgain() }

    @ViewBuilder
    private func screen(_ place: Place) -> some View {
        switch place {
        case .visit(let id):
            Holding(make: { try VisitModel(phone, id, shell.formats, now: Shell.now) }) { model in
                VisitView(model: model, go: go) { patient in
                    card(patient, visit: id)
                } survey: {
                    survey(id)
                }
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
        case .results:
            Holding(make: { SurveyResultsModel(phone, shell.formats, zone: shell.zone) }) {
                ResultsView(model: $0, go: go)
            }
        }
    }

    private func survey(_ visit: VisitId) -> some View {
        Holding(make: { try SurveyModel(phone, visit, shell.formats) }) { SurveyPart(model: $0) { lock.lend($0) } }
    }

    private func card(_ patient: PatientId, visit: VisitId?) -> some View {
        Holding(make: { try CardModel(phone, patient, visit: visit, shell.formats, zone: shell.zone) }) {
            CardPart(model: $0, brief: visit == nil, go: go)
        }
    }
}
