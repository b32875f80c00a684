package org.homeround.kit.screens

import org.homeround.core.LateCause
import org.homeround.core.OrderOfDay
import org.homeround.core.VisitEstimate

/** Whole minutes, rounded up: nobody is told to be quicker than they are. */
internal fun minutes(seconds: UInt): Int = ((seconds.toLong() + 59) / 60).toInt()

/** What an order comes to. A suggestion says what the booked order would, and that nothing is rebooked. */
internal fun orderWords(order: OrderOfDay, suggest: Boolean): Words = when {
    !suggest -> Words("day_road", minutes(order.totals.travelS))
    order.totals == order.booked -> Words("day_as_booked", minutes(order.totals.travelS))
    else -> Words("day_suggested", minutes(order.totals.travelS), minutes(order.booked.travelS))
}

internal fun travel(estimate: VisitEstimate): Words {
    val key = if (estimate.travelGuessed) "day_travel_guessed" else "day_travel"
    return Words(key = key, with = listOf(minutes(estimate.travelS)), count = null)
}

/** How late, and why; none: in time. */
internal fun late(estimate: VisitEstimate): Chip? = estimate.cause?.let { cause ->
    val late = minutes(estimate.lateS)
    val words = when (cause) {
        LateCause.WINDOW_PASSED -> Words("day_late_window_passed", late)
        LateCause.TOO_FAR -> Words("day_late_too_far", late)
        LateCause.CROWDED -> Words("day_late_crowded", late)
    }
    Chip(words, Tone.WARNING, Glyph.CLOCK)
}
