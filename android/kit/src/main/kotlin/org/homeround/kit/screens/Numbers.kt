package org.homeround.kit.screens

import org.homeround.core.MyNumbers

/** Whole minutes, to the nearest. */
private fun rounded(seconds: ULong): Int = ((seconds.toLong() + 30) / 60).toInt()

/** What one's own visits came to, a line each; what is nothing is left out. */
internal fun numberWords(numbers: MyNumbers): List<Words> = buildList {
    if (numbers.visits == 0U) add(Words("numbers_none")) else add(Words("numbers_done", numbers.done.toInt(), numbers.visits.toInt()))
    if (numbers.missed > 0U) add(Words.counted("numbers_missed", numbers.missed.toInt()))
    if (numbers.begun > 0U) add(Words("numbers_on_time", numbers.onTime.toInt(), numbers.begun.toInt()))
    if (numbers.trips > 0U) add(Words("numbers_travel", rounded(numbers.travelS)))
    if (numbers.stays > 0U) add(Words("numbers_in_home", rounded(numbers.inHomeS)))
    numbers.documentationS?.let { add(Words("numbers_documentation", rounded(it))) }
    if (numbers.unsigned > 0U) add(Words.counted("numbers_unsigned", numbers.unsigned.toInt()))
    if (numbers.planCounted > 0U) add(Words("numbers_plans", numbers.planDone.toInt(), numbers.planCounted.toInt()))
    if (numbers.unread > 0U) add(Words.counted("numbers_unread", numbers.unread.toInt()))
}
