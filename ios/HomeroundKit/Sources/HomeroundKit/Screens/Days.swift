import Foundation

/// A date as FHIR writes it, whatever calendar the phone shows.
private var gregorian: Calendar {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .current
    return calendar
}

/// Noon of a date, where the phone is; none where the text is no date.
func dayOf(_ text: String) -> Date? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.count) == [4, 2, 2], parts.allSatisfy({ $0.allSatisfy(\.isNumber) }) else { return nil }
    let parsed = parts.compactMap { Int($0) }
    guard parsed.count == 3 else { return nil }
    let (year, month, day) = (parsed[0], parsed[1], parsed[2])
    let date = gregorian.date(from: DateComponents(year: year, month: month, day: day, hour: 12))
    // The calendar makes the 2nd of March of a 30th of February.
    return date.flatMap { dayText($0) == text ? $0 : nil }
}

/// The date of a moment, where the phone is, as `2026-11-29`.
func dayText(_ date: Date) -> String {
    let day = gregorian.dateComponents([.year, .month, .day], from: date)
    func padded(_ number: Int?, _ digits: Int) -> String {
        let text = "\(number ?? 0)"
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    return "\(padded(day.year, 4))-\(padded(day.month, 2))-\(padded(day.day, 2))"
}
