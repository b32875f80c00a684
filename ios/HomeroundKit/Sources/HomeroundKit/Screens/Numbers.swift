import HomeroundCore

/// Whole minutes, to the nearest.
private func rounded(_ seconds: UInt64) -> String { String((seconds + 30) / 60) }

/// What one's own visits came to, a line each; what is nothing is left out.
func numberWords(_ numbers: MyNumbers) -> [Words] {
    let none = Words("numbers_none")
    var lines = [numbers.visits == 0 ? none : Words("numbers_done", String(numbers.done), String(numbers.visits))]
    if numbers.missed > 0 { lines.append(.counted("numbers_missed", Int(numbers.missed))) }
    if numbers.begun > 0 { lines.append(Words("numbers_on_time", String(numbers.onTime), String(numbers.begun))) }
    if numbers.trips > 0 { lines.append(Words("numbers_travel", rounded(numbers.travelS))) }
    if numbers.stays > 0 { lines.append(Words("numbers_in_home", rounded(numbers.inHomeS))) }
    if let seconds = numbers.documentationS { lines.append(Words("numbers_documentation", rounded(seconds))) }
    if numbers.unsigned > 0 { lines.append(.counted("numbers_unsigned", Int(numbers.unsigned))) }
    if numbers.planCounted > 0 { lines.append(Words("numbers_plans", String(numbers.planDone), String(numbers.planCounted))) }
    if numbers.unread > 0 { lines.append(.counted("numbers_unread", Int(numbers.unread))) }
    return lines
}
