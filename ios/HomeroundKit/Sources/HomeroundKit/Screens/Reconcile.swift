import Foundation
import HomeroundCore

/// A line of the medication list while it is compared with the home.
public struct ReconcileRow: Identifiable, Sendable {
    public let id: EntryId
    public let title: String
    public let dose: String
    public var finding: HomeFinding?
    public var comment = ""
}

/// The comparison of the list with the home, until it is recorded.
public struct ReconcileForm: Sendable {
    public var rows: [ReconcileRow]
    /// What is taken and not on the list, one a line.
    public var beside = ""

    /// The lines that need a finding.
    init(_ list: [ChartMedication]) {
        let standing = list.filter { ["active", "intended", "on-hold"].contains($0.medication.status) && $0.corrected == nil }
        rows = standing.map { one in
            let dose = [one.medication.dose, one.medication.frequency].compactMap { $0 }.joined(separator: ", ")
            return ReconcileRow(id: one.id, title: one.medication.code.text, dose: dose)
        }
    }

    /// Every line has a finding, and one that is taken differently says how.
    public var complete: Bool {
        rows.allSatisfy { $0.finding != nil && ($0.finding != .takingDifferently || !blank($0.comment)) }
    }

    mutating func change(_ id: EntryId, _ with: (inout ReconcileRow) -> Void) {
        if let at = rows.firstIndex(where: { $0.id == id }) { with(&rows[at]) }
    }

    func found(_ visit: VisitId) -> Reconciliation {
        let lines = rows.compactMap { row in
            row.finding.map { ReconciledLine(medication: row.id, finding: $0, comment: blank(row.comment) ? nil : row.comment) }
        }
        let names = beside.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        let found = names.map { FoundMedication(code: Coding(system: "", code: "", text: $0)) }
        return Reconciliation(visit: visit, lines: lines, found: found)
    }

    private func blank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }
}

/// Findings that a person can choose.
public let homeFindings: [HomeFinding] = [.taking, .takingDifferently, .notTaking, .notFound]

public func words(_ finding: HomeFinding) -> Words { Words("finding_\(snake(finding))") }
