import Foundation

/// Dates and times as a person of this language reads them, in the time zone of a patient's home.
public struct Formats: Sendable {
    private let locale: Locale

    public init(_ locale: Locale) {
        self.locale = locale
    }

    /// As BCP 47 has it, for the texts of forms.
    var language: String { locale.identifier.replacingOccurrences(of: "_", with: "-") }

    func time(_ ms: Int64, _ zone: String) -> String { shown(ms, zone, .omitted, .shortened) }

    func window(_ from: Int64, _ until: Int64, _ zone: String) -> String { "\(time(from, zone)) – \(time(until, zone))" }

    func date(_ ms: Int64, _ zone: String) -> String { shown(ms, zone, .abbreviated, .omitted) }

    func moment(_ ms: Int64, _ zone: String) -> String { "\(date(ms, zone)), \(time(ms, zone))" }

    /// A day as `Friday 27 November`, in the language's own order.
    func day(_ date: String) -> String {
        guard let moment = Formats.parse(date) else { return date }
        var style = Date.FormatStyle(locale: locale, calendar: Formats.calendar, timeZone: Formats.utc)
        style = style.weekday(.wide).day().month(.wide)
        let told = moment.formatted(style)
        return told.prefix(1).uppercased(with: locale) + told.dropFirst()
    }

    /// The day so many days after another, both as `2026-03-04`.
    static func step(_ date: String, days: Int) -> String {
        guard let moment = parse(date), let other = calendar.date(byAdding: .day, value: days, to: moment) else { return date }
        let parts = calendar.dateComponents([.year, .month, .day], from: other)
        return String(format: "%04d-%02d-%02d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
    }

    /// A figure as it is typed: with a point or with the language's own comma.
    func number(_ text: String) -> Double? {
        Double(text.trimmingCharacters(in: .whitespaces).replacingOccurrences(of: ",", with: "."))
    }

    /// A figure with one decimal.
    func tenths(_ figure: Double) -> String { String(format: "%.1f", locale: locale, figure) }

    private func shown(
        _ ms: Int64, _ zone: String, _ date: Date.FormatStyle.DateStyle, _ time: Date.FormatStyle.TimeStyle
    ) -> String {
        let style = Date.FormatStyle(
            date: date, time: time, locale: locale, calendar: Formats.calendar,
            timeZone: TimeZone(identifier: zone) ?? Formats.utc)
        return Date(timeIntervalSince1970: Double(ms) / 1000).formatted(style)
    }

    private static let utc = TimeZone(identifier: "UTC") ?? .current

    private static var calendar: Calendar {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = utc
        return calendar
    }

    private static func parse(_ date: String) -> Date? {
        let parts = date.split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3 else { return nil }
        return calendar.date(from: DateComponents(year: parts[0], month: parts[1], day: parts[2]))
    }
}
