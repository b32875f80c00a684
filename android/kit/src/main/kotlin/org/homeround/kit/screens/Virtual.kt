package org.homeround.kit.screens

import org.homeround.core.Consent
import org.homeround.core.ConsentDecision
import org.homeround.core.ConsentForm
import org.homeround.core.ConsentParty
import org.homeround.core.FallbackReason
import org.homeround.core.LobbyEvent
import org.homeround.core.LobbyState
import org.homeround.core.LobbyStep
import org.homeround.core.NewConsent
import org.homeround.core.VirtualVisit
import org.homeround.core.VisitObservation
import org.homeround.core.VisitStatus

/** One thing that happened around a call. */
data class LobbyRow(val told: Words, val state: Words, val reason: Words?, val comment: String?)

/** The call of a virtual visit. */
data class CallState(
    /** What the patient said; none: nobody has asked. */
    val consent: Chip? = null,
    /** Who said it, how, and who noted it when. */
    val consentTold: Words? = null,
    val state: Chip = chip(LobbyState.NOT_BEGUN),
    val since: Words? = null,
    /** Whether there is a link to join by. */
    val canJoin: Boolean = false,
    /** The number to fall back to, as it is written; none: nobody knows one. */
    val phone: String? = null,
    /** What can be noted now; empty once the visit is over. */
    val steps: List<LobbyStep> = emptyList(),
    val rows: List<LobbyRow> = emptyList(),
    /** Whether something can still be asked and noted. */
    val open: Boolean = true,
)

/** What the patient says to a virtual visit, while it is noted. */
data class ConsentEntry(val representative: Boolean = false, val name: String = "", val written: Boolean = false) {
    /** A representative has a name. */
    val ready: Boolean get() = !representative || name.isNotBlank()

    internal fun consent(given: Boolean) = NewConsent(
        if (given) ConsentDecision.GIVEN else ConsentDecision.DECLINED,
        if (representative) ConsentParty.REPRESENTATIVE else ConsentParty.PATIENT,
        if (written) ConsentForm.WRITTEN else ConsentForm.SPOKEN,
        name.trim().takeIf { representative },
    )
}

fun words(reason: FallbackReason): Words = Words("fallback_reason_${reason.name.lowercase()}")

/** What a person notes. */
fun words(step: LobbyStep): Words = Words("lobby_note_${step.name.lowercase()}")

internal fun chip(state: LobbyState): Chip {
    val words = Words("lobby_${state.name.lowercase()}")
    return when (state) {
        LobbyState.NOT_BEGUN -> Chip(words, Tone.QUIET, Glyph.CLOCK)
        LobbyState.WAITING -> Chip(words, Tone.ACTIVE, Glyph.CLOCK)
        LobbyState.IN_LOBBY -> Chip(words, Tone.WARNING, Glyph.CLOCK)
        LobbyState.JOINED -> Chip(words, Tone.GOOD, Glyph.VIDEO)
        LobbyState.BY_PHONE -> Chip(words, Tone.WARNING, Glyph.VIDEO)
        LobbyState.LEFT -> Chip(words, Tone.QUIET, Glyph.CHECK)
    }
}

private val ENDED = setOf(
    VisitStatus.COMPLETED, VisitStatus.SIGNED, VisitStatus.AMENDED, VisitStatus.CANCELED, VisitStatus.MISSED,
)

internal fun call(call: VirtualVisit, status: VisitStatus, formats: Formats, zone: String): CallState {
    val open = status !in ENDED
    return CallState(
        consent = call.consent?.let { chip(it.decision) },
        consentTold = call.consent?.let { told(it, formats, zone) },
        state = chip(call.state),
        since = call.sinceMs?.let { Words("lobby_since", formats.time(it, zone)) },
        canJoin = call.canJoin,
        phone = call.phone,
        steps = if (open) LobbyStep.entries - now(call.state) else emptyList(),
        rows = call.lobby.mapNotNull { row(it, formats, zone) },
        open = open,
    )
}

/** What begins a virtual visit: nothing, until somebody agreed to it; and no way leads to it. */
internal fun begins(call: VirtualVisit): List<Action> =
    if (call.consent?.decision == ConsentDecision.GIVEN) listOf(Action.CHECK_IN) else emptyList()

/** Who told a finding; none: it was measured. */
internal fun told(one: VisitObservation): Words? =
    (one.measured.reportedBy ?: one.figures.firstNotNullOfOrNull { it.measured.reportedBy })?.let(::words)

/** What stands already need not be noted again. */
private fun now(state: LobbyState): Set<LobbyStep> = when (state) {
    LobbyState.WAITING -> setOf(LobbyStep.WAITING)
    LobbyState.IN_LOBBY -> setOf(LobbyStep.IN_LOBBY)
    LobbyState.JOINED -> setOf(LobbyStep.JOINED)
    LobbyState.LEFT -> setOf(LobbyStep.LEFT)
    LobbyState.NOT_BEGUN, LobbyState.BY_PHONE -> emptySet()
}

private fun chip(decision: ConsentDecision): Chip {
    val words = Words("consent_${decision.name.lowercase()}")
    return when (decision) {
        ConsentDecision.GIVEN -> Chip(words, Tone.GOOD, Glyph.CHECK)
        ConsentDecision.DECLINED -> Chip(words, Tone.ALARM, Glyph.CROSS)
        ConsentDecision.UNKNOWN -> Chip(words, Tone.WARNING, Glyph.WARNING)
    }
}

private fun told(consent: Consent, formats: Formats, zone: String): Words {
    val how = if (consent.form == ConsentForm.WRITTEN) "written" else "spoken"
    val at = formats.moment(consent.atMs, zone)
    val name = consent.name
    return if (name == null) Words("consent_told_$how", consent.by.name, at) else Words("consent_told_${how}_by", name, consent.by.name, at)
}

private fun row(event: LobbyEvent, formats: Formats, zone: String): LobbyRow? {
    val state = event.state ?: return null
    val who = Words("lobby_told", event.by.name, formats.time(event.atMs, zone))
    return LobbyRow(who, chip(state).words, event.reason?.let(::words), listOfNotNull(event.phone, event.comment).joinToString(" · ").ifEmpty { null })
}
