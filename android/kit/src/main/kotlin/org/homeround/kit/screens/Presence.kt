package org.homeround.kit.screens

import org.homeround.core.Attendance
import org.homeround.core.EntryId
import org.homeround.core.NoFix
import org.homeround.core.PresenceCause
import org.homeround.core.PresenceReason
import org.homeround.core.PresenceStamp
import org.homeround.core.PresenceState
import org.homeround.core.VisitStatus
import org.homeround.core.VisitView

/** A stamp's line. */
data class StampRow(val id: EntryId, val told: Words, val state: Chip, val causes: List<Words>, val reason: Words?, val comment: String?, val asks: Boolean)

/** One person's time in the home. */
data class PresenceRow(val by: String, val stamps: List<StampRow>, val open: Boolean, val overlaps: Boolean)

/** Why a stamp is not verified, in a person's words. */
fun words(reason: PresenceReason): Words = Words("presence_reason_${reason.name.lowercase()}")

internal fun words(cause: PresenceCause): Words = Words("presence_cause_${cause.name.lowercase()}")

internal fun chip(state: PresenceState): Chip {
    val words = Words("presence_${state.name.lowercase()}")
    return when (state) {
        PresenceState.VERIFIED -> Chip(words, Tone.GOOD, Glyph.CHECK)
        PresenceState.REASON_NEEDED -> Chip(words, Tone.WARNING, Glyph.WARNING)
        PresenceState.EXPLAINED, PresenceState.UNVERIFIED -> Chip(words, Tone.QUIET, Glyph.HOME)
    }
}

/** A stamp of a virtual visit vouches for the time, and for nobody in the home. */
private fun chip(stamp: PresenceStamp): Chip =
    if (stamp.noFix == NoFix.VIRTUAL && stamp.state == PresenceState.VERIFIED) Chip(Words("presence_virtual"), Tone.QUIET, Glyph.VIDEO) else chip(stamp.state)

internal fun presenceRow(one: Attendance, formats: Formats, zone: String): PresenceRow {
    val row = { stamp: PresenceStamp?, key: String -> stamp?.let { stampRow(it, key, one.by.me, formats, zone) } }
    return PresenceRow(
        one.by.name, listOfNotNull(row(one.checkIn, "presence_came"), row(one.checkOut, "presence_left")),
        one.checkOut == null, one.overlaps.isNotEmpty(),
    )
}

private fun stampRow(stamp: PresenceStamp, key: String, mine: Boolean, formats: Formats, zone: String) = StampRow(
    stamp.id, Words(key, formats.time(stamp.atMs, zone)), chip(stamp), stamp.causes.map(::words),
    stamp.reason?.let(::words), stamp.comment, mine && stamp.state == PresenceState.REASON_NEEDED,
)

private val OVER = setOf(VisitStatus.COMPLETED, VisitStatus.SIGNED, VisitStatus.AMENDED, VisitStatus.CANCELED, VisitStatus.MISSED)
private val UNDER_WAY = setOf(VisitStatus.IN_PROGRESS, VisitStatus.ON_BREAK)

/** Who comes to a visit that has begun joins it; who is still there when it has ended, or is not alone, leaves it. */
internal fun presenceActions(view: VisitView): List<Action> {
    val here = view.presence.attendances.count { it.checkOut == null }
    return when {
        view.presence.checkedIn && (view.status in OVER || here > 1) -> listOf(Action.LEAVE)
        !view.presence.checkedIn && view.status in UNDER_WAY -> listOf(Action.JOIN)
        else -> emptyList()
    }
}
