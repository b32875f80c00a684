import HomeroundCore

/// A message as a screen shows it.
public struct MessageRow: Identifiable, Sendable {
    public let id: EntryId
    public let by: String
    public let at: String
    public let text: String
    public let mine: Bool
    public let urgent: Bool
    /// It had not been read when the screen opened.
    public let new: Bool
    /// For whom in particular; none: for everybody.
    public let to: Words?
    /// The beginning of what it answers.
    public let answers: String?
    /// It was taken back, and why.
    public let takenBack: Words?
    /// Who has read it; none: nobody, or it is a colleague's.
    public let readBy: Words?
}

/// Whom a message can be meant for.
public struct Addressee: Identifiable, Sendable {
    public let id: PersonId
    public let name: String
}

/// What a patient's messages show.
public struct MessagesState: ScreenState {
    public var name = ""
    public var rows: [MessageRow] = []
    public var draft = ""
    public var urgent = false
    /// The patient's team and whoever wrote, without oneself.
    public var people: [Addressee] = []
    public var to: Set<PersonId> = []
    public var answering: MessageRow?
    public var loaded = false
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init() {}
}

/// The messages within the team about one patient. Whoever opens them has read them.
public final class MessagesModel: Model<MessagesState> {
    private static let beginning = 80
    private let patient: Patient
    private let formats: Formats
    private let zone: String
    private var fresh: Set<EntryId> = []

    public init(_ phone: Homeround, _ id: PatientId, _ formats: Formats, zone: String) throws {
        patient = try phone.patient(id)
        self.formats = formats
        self.zone = zone
        super.init(MessagesState(), phone)
        act { [self] in try await look(try await phone.session.me()?.person) }
    }

    public func type(_ text: String) { change { $0.draft = text } }

    public func urgent(_ urgent: Bool) { change { $0.urgent = urgent } }

    /// Means it for somebody in particular, or no more.
    public func address(_ person: PersonId, _ meant: Bool) {
        change { if meant { $0.to.insert(person) } else { $0.to.remove(person) } }
    }

    /// Answers a message; none: writes a new one.
    public func answer(_ row: MessageRow?) { change { $0.answering = row } }

    @discardableResult
    public func send() -> Work {
        act { [self] in
            let said = state
            let message = NewMessage(
                text: said.draft, priority: said.urgent ? .urgent : .routine, to: Array(said.to), replyTo: said.answering?.id)
            try await patient.sendMessage(message)
            change {
                // What was typed meanwhile is the next one.
                if $0.draft == said.draft { $0.draft = "" }
                $0.urgent = false
                $0.to = []
                $0.answering = nil
            }
        }
    }

    @discardableResult
    public func takeBack(_ row: MessageRow, _ reason: String) -> Work {
        act { [self] in try await patient.takeBackMessage(row.id, reason) }
    }

    private func look(_ me: PersonId?) async throws {
        let name = try await patient.read().name
        let team = try await patient.careTeams().flatMap(\.members).map { ($0.person, $0.name) }
        change { $0.name = name }
        follow(patient.messages) { [weak self] state, messages in
            guard let self else { return }
            let unread = messages.filter(\.unread).map(\.id)
            fresh.formUnion(unread)
            state.rows = rows(messages)
            state.people = MessagesModel.people(team + messages.map { ($0.by.person, $0.by.name) }, without: me)
            state.loaded = true
            // What is on the screen has been read; said after the screen has it.
            if !unread.isEmpty { Task { [weak self] in self?.markRead() } }
        }
    }

    private func markRead() { act { [self] in try await patient.markMessagesRead() } }

    private static func people(_ named: [(PersonId?, String)], without me: PersonId?) -> [Addressee] {
        var people: [Addressee] = []
        for (person, name) in named {
            guard let person, person != me, !people.contains(where: { $0.id == person }) else { continue }
            people.append(Addressee(id: person, name: name))
        }
        return people
    }

    private func rows(_ messages: [Message]) -> [MessageRow] {
        let texts = Dictionary(uniqueKeysWithValues: messages.map { ($0.id, $0.text) })
        return messages.map { one in
            let readers = one.by.me ? one.readBy.map(\.by.name) : []
            let answers = one.replyTo.flatMap { texts[$0] }.map { String($0.prefix(MessagesModel.beginning)) }
            return MessageRow(
                id: one.id, by: one.by.name, at: formats.moment(one.atMs, zone), text: one.text, mine: one.by.me,
                urgent: one.priority != .routine, new: fresh.contains(one.id),
                to: one.to.isEmpty ? nil : Words("message_to", one.to.map(\.name).joined(separator: ", ")),
                answers: answers.flatMap { $0.isEmpty ? nil : $0 },
                takenBack: one.takenBack.map { Words("message_taken_back", $0.reason) },
                readBy: readers.isEmpty ? nil : Words("message_read_by", readers.joined(separator: ", ")))
        }
    }
}

/// One patient's messages in brief.
public struct ThreadRow: Identifiable, Sendable {
    public var id: PatientId { patient }
    public let patient: PatientId
    public let name: String
    public let last: String
    public let by: String
    public let at: String
    public let notes: [Chip]
}

/// What the list of messages shows.
public struct InboxState: ScreenState {
    public var rows: [ThreadRow] = []
    public var loaded = false
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init() {}
}

/// The messages about everybody on this phone: what presses first.
public final class InboxModel: Model<InboxState> {
    public init(_ phone: Homeround, _ formats: Formats, zone: String) {
        super.init(InboxState(), phone)
        follow(phone.messageThreads) { state, threads in
            state.rows = threads.map { InboxModel.row($0, formats, zone) }
            state.loaded = true
        }
    }

    private static func row(_ thread: MessageThread, _ formats: Formats, _ zone: String) -> ThreadRow {
        var notes: [Chip] = []
        if thread.pressing > 0 {
            notes.append(Chip(.counted("messages_pressing", Int(thread.pressing)), .alarm, .warning))
        }
        if thread.unread > 0 { notes.append(Chip(.counted("messages_unread", Int(thread.unread)), .active, .unsent)) }
        let last = thread.last
        return ThreadRow(
            patient: thread.patient, name: thread.patientName, last: last.text, by: last.by.name,
            at: formats.moment(last.atMs, zone), notes: notes)
    }
}
