import Foundation

/// A moment as a field holds it, where the phone is, whatever calendar the phone shows.
private func typed() -> DateFormatter {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.calendar = Calendar(identifier: .gregorian)
    formatter.timeZone = .current
    formatter.dateFormat = "yyyy-MM-dd HH:mm"
    return formatter
}

/// Exactly what was typed: a formatter also takes a 9 for a 09.
private func date(_ text: String) -> Date? {
    let formatter = typed()
    return formatter.date(from: text).flatMap { formatter.string(from: $0) == text ? $0 : nil }
}

/// The date that a field holds, as its noon where the phone is; none where it holds something else.
func dayOf(_ text: String) -> Date? { date("\(text.trimmingCharacters(in: .whitespaces)) 12:00") }

/// The date of a moment where the phone is, as `2026-11-29`.
func dayText(_ day: Date) -> String { String(typed().string(from: day).prefix(10)) }

/// The moment that was typed as `2026-11-29 14:05`, with its offset; anything else stays as it is, and the core says what
/// it takes.
func momentOf(_ text: String) -> String {
    guard let date = date(text) else { return text }
    let formatter = ISO8601DateFormatter()
    formatter.timeZone = .current
    return formatter.string(from: date)
}

/// A moment with its offset as a field holds it.
func typedMoment(_ moment: String) -> String {
    ISO8601DateFormatter().date(from: moment).map { typed().string(from: $0) } ?? moment
}
