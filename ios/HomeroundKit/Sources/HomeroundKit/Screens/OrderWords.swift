import HomeroundCore

/// Whole minutes, rounded up: nobody is told to be quicker than they are.
func minutes(_ seconds: UInt32) -> String { String((Int(seconds) + 59) / 60) }

/// What an order comes to. A suggestion says what the booked order would, and that nothing is rebooked.
func orderWords(_ order: OrderOfDay, _ suggest: Bool) -> Words {
    let road = minutes(order.totals.travelS)
    if !suggest { return Words("day_road", road) }
    if order.totals == order.booked { return Words("day_as_booked", road) }
    return Words("day_suggested", road, minutes(order.booked.travelS))
}

func travelWords(_ estimate: VisitEstimate) -> Words {
    Words(estimate.travelGuessed ? "day_travel_guessed" : "day_travel", minutes(estimate.travelS))
}

/// How late, and why; none: in time.
func lateChip(_ estimate: VisitEstimate) -> Chip? {
    guard let cause = estimate.cause else { return nil }
    let late = minutes(estimate.lateS)
    let words =
        switch cause {
        case .windowPassed: Words("day_late_window_passed", late)
        case .tooFar: Words("day_late_too_far", late)
        case .crowded: Words("day_late_crowded", late)
        }
    return Chip(words, .warning, .clock)
}
