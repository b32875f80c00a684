package org.homeround.kit.screens

import org.homeround.core.By
import org.homeround.core.DuplicateWhy
import org.homeround.core.Handover
import org.homeround.core.HandoverReason
import org.homeround.core.HandoverState
import org.homeround.core.LikelyDuplicate
import org.homeround.core.PatientId
import org.homeround.core.UnplannedReason
import org.homeround.core.VisitId
import org.homeround.core.VisitStatus
import org.homeround.core.VisitWay

/** Another visit that may be the one that is shown. */
data class TwinRow(val id: VisitId, val told: String, val who: String, val status: Chip, val why: Words)

/** Who gives the visit to whom, why, and where that stands. */
data class HandoverRow(val told: Words, val reason: Words, val comment: String?, val state: Chip)

/** How the visit came about, and what became of it beside its status. */
data class WayState(
    /** Who made it without a booking; none: it was booked. */
    val unplanned: Words? = null,
    val unplannedWhy: Words? = null,
    val unplannedComment: String? = null,
    val twins: List<TwinRow> = emptyList(),
    /** The visit that stands in this one's place. */
    val duplicateOf: VisitId? = null,
    val handover: HandoverRow? = null,
    /** Who may take the visit; empty once it is over. */
    val colleagues: List<By> = emptyList(),
)

/** A visit that is being made on the day's list. */
data class NewVisitForm(
    val words: String = "",
    val found: List<Pair<PatientId, String>> = emptyList(),
    val patient: Pair<PatientId, String>? = null,
    val service: String = "",
    val minutes: String = "30",
    val comment: String = "",
)

/** Why a visit was not booked, in a person's words. */
fun words(reason: UnplannedReason): Words = Words("unplanned_reason_${reason.name.lowercase()}")

/** Why a visit is handed over, in a person's words. */
fun words(reason: HandoverReason): Words = Words("handover_reason_${reason.name.lowercase()}")

internal fun words(why: DuplicateWhy): Words = Words("duplicate_${why.name.lowercase()}")

/** Whether somebody else may still go. */
internal val HANDED: Set<VisitStatus> = setOf(VisitStatus.SCHEDULED, VisitStatus.TRAVELING, VisitStatus.IN_PROGRESS, VisitStatus.ON_BREAK)

internal fun way(way: VisitWay, colleagues: List<By>, unsent: Int, formats: Formats, zone: String): WayState {
    val made = way.unplanned
    return WayState(
        unplanned = made?.let { Words("way_unplanned", it.by.name, formats.moment(it.atMs, zone)) },
        unplannedWhy = made?.let { words(it.reason) },
        unplannedComment = made?.comment,
        twins = way.likelyDuplicates.map { twin(it, formats) },
        duplicateOf = way.duplicateOf,
        handover = way.handover?.let { given(it, unsent, formats, zone) },
        colleagues = colleagues,
    )
}

private fun twin(one: LikelyDuplicate, formats: Formats): TwinRow {
    val other = one.other
    return TwinRow(
        other.id, "${formats.window(other.startMs, other.endMs, other.timeZone)} · ${other.service}",
        other.assignees.joinToString(", ") { it.name }, chip(other.status), words(one.why),
    )
}

private fun given(one: Handover, unsent: Int, formats: Formats, zone: String) = HandoverRow(
    Words("handover_told", one.by.name, one.to.name, formats.moment(one.atMs, zone)), words(one.reason), one.comment,
    when (one.state) {
        HandoverState.WAITING -> Chip(Words.counted("handover_waiting", unsent), Tone.WARNING, Glyph.UNSENT)
        HandoverState.DONE -> Chip(Words("handover_done", one.to.name), Tone.GOOD, Glyph.CHECK)
        HandoverState.OVERRULED -> Chip(Words("handover_overruled"), Tone.ALARM, Glyph.WARNING)
    },
)
