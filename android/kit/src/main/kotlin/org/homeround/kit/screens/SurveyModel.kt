package org.homeround.kit.screens

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext
import org.homeround.core.EntryId
import org.homeround.core.FormValue
import org.homeround.core.NotSent
import org.homeround.core.SurveyInvitation
import org.homeround.core.SurveyLine
import org.homeround.core.SurveyResponse
import org.homeround.core.SurveyVia
import org.homeround.core.SyncState
import org.homeround.core.VisitId
import org.homeround.core.VisitStatus
import org.homeround.core.VisitSurvey
import org.homeround.core.VisitView
import org.homeround.kit.Homeround

/** A link that was asked for. */
data class InvitationRow(val id: EntryId, val by: Words, val state: Chip, val why: Words?)

/** A question with what was answered: words of the string resources for yes and no, else as it was said. */
data class AnsweredLine(val question: String, val text: String, val words: Words?)

/** An answered survey: who answered, how it came, and question by question. */
data class ResponseRow(val id: EntryId, val visit: VisitId, val who: Words, val how: Words, val lines: List<AnsweredLine>)

/** What the survey of a visit shows. */
data class SurveyState(
    val invitations: List<InvitationRow> = emptyList(),
    val responses: List<ResponseRow> = emptyList(),
    /** Whether the visit is over: a link goes out then. */
    val over: Boolean = false,
    /** Whether the phone can be lent: the visit has begun, in the home. */
    val mayLend: Boolean = false,
    /** Why no link would be sent, of an ended visit. */
    val notSent: Words? = null,
    val loaded: Boolean = false,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
) {
    /** Whether there is anything to ask, or was. */
    val shown: Boolean get() = loaded && (over || mayLend || invitations.isNotEmpty() || responses.isNotEmpty())

    /** Why no link can be asked for; none: it can. */
    val hindrance: Words? get() = if (over) notSent else Words("survey_not_over")
}

/** The survey of one visit: asking for a link, lending the phone, and what was answered. */
class SurveyModel(private val phone: Homeround, id: VisitId, scope: CoroutineScope, private val formats: Formats) :
    Model<SurveyState>(scope, SurveyState()) {
    private val visit = phone.visit(id)

    init {
        act { look() }
    }

    override fun failed(state: SurveyState, problem: Problem?) = state.copy(problem = problem)

    /** Asks the backend to send the patient a link. */
    fun invite() = act { visit.inviteToSurvey() }

    /** Lends the phone; [lent] takes what it asks from here on. */
    fun lend(lent: (Loan) -> Unit) = act {
        val patient = phone.patient(visit.read().patient)
        val language = surveyLanguage(patient.read().language ?: formats.language)
        // Whoever goes elsewhere meanwhile lends it all the same: nobody must have it without knowing.
        withContext(NonCancellable) { lent(Loan(visit.lendForSurvey(), visit.id, language)) }
    }

    private suspend fun look() {
        val zone = visit.read().summary?.timeZone ?: "UTC"
        follow(visit.view, ::take)
        follow(visit.survey(formats.language)) { state, survey -> shown(state, survey, zone) }
    }

    private fun take(state: SurveyState, view: VisitView) = state.copy(
        over = view.status in OVER, mayLend = (view.status in OVER || view.status in BEGUN) && view.virtualVisit == null,
    )

    private fun shown(state: SurveyState, survey: VisitSurvey, zone: String) = state.copy(
        invitations = survey.invitations.map { row(it, formats, zone) },
        responses = survey.responses.map { row(it, formats, zone) },
        notSent = survey.hindrance?.let(::surveyWords),
        loaded = true,
    )

    private companion object {
        val BEGUN = setOf(VisitStatus.IN_PROGRESS, VisitStatus.ON_BREAK)
        val OVER = setOf(VisitStatus.COMPLETED, VisitStatus.SIGNED, VisitStatus.AMENDED)
    }
}

/** The languages that a survey is shown in. */
val SURVEY_LANGUAGES: List<String> = listOf("en", "es")

/** The one of [SURVEY_LANGUAGES] for somebody's language, as `es-MX`; English for any other. */
internal fun surveyLanguage(language: String): String =
    SURVEY_LANGUAGES.firstOrNull { it == language.lowercase().substringBefore('-').substringBefore('_') } ?: SURVEY_LANGUAGES.first()

private fun row(one: SurveyInvitation, formats: Formats, zone: String) = InvitationRow(
    one.id, Words("notice_by", one.by.name, formats.moment(one.atMs, zone)),
    if (one.answered) Chip(Words("survey_answered"), Tone.GOOD, Glyph.CHECK) else chip(one.delivery, formats, zone),
    one.delivery?.reason?.takeIf { !one.answered }?.let(::surveyWords),
)

internal fun row(one: SurveyResponse, formats: Formats, zone: String): ResponseRow {
    val at = formats.moment(one.atMs, zone)
    val by = one.by
    val how = when {
        one.via == SurveyVia.LENT_PHONE && by != null -> Words("survey_via_phone", by.name, at)
        one.via == SurveyVia.LINK -> Words("survey_via_link", at)
        else -> Words("survey_via_unknown", at)
    }
    return ResponseRow(one.id, one.visit, Words("survey_by_${one.answeredBy.name.lowercase()}"), how, one.lines.map(::line))
}

internal fun line(line: SurveyLine): AnsweredLine {
    val yes = (line.value as? FormValue.Flag)?.yes
    return AnsweredLine(line.question, line.text, yes?.let { Words(if (it) "form_yes" else "form_no") })
}

/** Why a link is not sent: what is said of notices, but that it is too late says something else. */
internal fun surveyWords(reason: NotSent): Words = if (reason == NotSent.TOO_LATE) Words("survey_too_late") else words(reason)
