package org.homeround.ui

import java.time.LocalDate
import java.time.ZoneId
import java.util.Locale
import org.homeround.core.Coding
import org.homeround.core.FormItemType
import org.homeround.core.FormOption
import org.homeround.core.FormValue
import org.homeround.core.SurveyForm
import org.homeround.core.SurveyQuestion
import org.homeround.core.SyncState
import org.homeround.kit.screens.AnsweredLine
import org.homeround.kit.screens.Chip
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.Glyph
import org.homeround.kit.screens.InvitationRow
import org.homeround.kit.screens.LentStage
import org.homeround.kit.screens.LentState
import org.homeround.kit.screens.ResponseRow
import org.homeround.kit.screens.SurveyResultsState
import org.homeround.kit.screens.SurveyState
import org.homeround.kit.screens.TallyOption
import org.homeround.kit.screens.TallyRow
import org.homeround.kit.screens.Tone
import org.homeround.kit.screens.Words
import org.homeround.kit.screens.chip

/** The survey of an invented person's visit. */
internal class SurveySamples(language: String) {
    private val formats = Formats(Locale.forLanguageTag(language))
    private val zone = "America/New_York"
    private val spanish = language == "es"

    private fun at(hour: Int, minute: Int): String =
        formats.moment(LocalDate.of(2026, 3, 4).atTime(hour, minute).atZone(ZoneId.of(zone)).toInstant().toEpochMilli(), zone)

    private fun said(english: String, spanish: String): String = if (this.spanish) spanish else english

    private val respect = said("Were you treated with courtesy and respect?", "¿Le trataron con amabilidad y respeto?")
    private val overall = said(
        "How was the visit as a whole? 0 is the worst possible and 10 the best possible.",
        "¿Cómo fue la visita en conjunto? 0 es lo peor posible y 10 lo mejor posible.",
    )
    private val comment = said("Is there anything else that you want to tell us?", "¿Hay algo más que quiera decirnos?")
    private val call = said("May we call you about your answers?", "¿Podemos llamarle por sus respuestas?")
    private val yes = said("Yes", "Sí")
    private val partly = said("Partly", "En parte")

    private fun option(code: String, text: String) = FormOption(FormValue.Choice(Coding("", code, text)), text, null)

    private val options = listOf(option("yes", yes), option("partly", partly), option("no", "No"))

    private val form = SurveyForm(
        said("Your visit", "Su visita"),
        said(
            "How the visit was for you. You need not answer every question. Your care team and its office see your answers. " +
                "Nobody reads them at once: if you need help now, call your care team or the emergency number.",
            "Cómo fue la visita para usted. No tiene que contestar todas las preguntas. Su equipo de atención y su oficina verán sus " +
                "respuestas. Nadie las lee en el momento: si necesita ayuda ahora, llame a su equipo de atención o al número de emergencias.",
        ),
        listOf(
            SurveyQuestion("respect", respect, FormItemType.CHOICE, options, null, null, null),
            SurveyQuestion("overall", overall, FormItemType.INTEGER, emptyList(), 0, 10, null),
            SurveyQuestion("comment", comment, FormItemType.TEXT, emptyList(), null, null, 2000U),
            SurveyQuestion("call-me", call, FormItemType.BOOLEAN, emptyList(), null, null, null),
        ),
    )

    val lent = LentState(
        language, form, mapOf("respect" to options[0].value, "overall" to FormValue.Whole(9), "comment" to FormValue.Words(said("Thank you.", "Gracias."))),
    )
    val thanked = lent.copy(stage = LentStage.THANKED, answers = emptyMap())
    val declined = lent.copy(stage = LentStage.DECLINED)

    private val response = ResponseRow(
        "r", "v", Words("survey_by_representative"), Words("survey_via_phone", "Nina Alvarez", at(10, 5)),
        listOf(
            AnsweredLine(respect, partly, null), AnsweredLine(overall, "9", null),
            AnsweredLine(comment, said("The ramp is slippery when it rains.", "La rampa resbala cuando llueve."), null),
            AnsweredLine(call, "true", Words("form_yes")),
        ),
    )

    val visit = SurveyState(
        invitations = listOf(
            InvitationRow(
                "i", Words("notice_by", "Nina Alvarez", at(9, 50)), Chip(Words("notice_not_sent"), Tone.ALARM, Glyph.WARNING),
                Words("notice_why_no_page"),
            ),
        ),
        responses = listOf(response), over = true, mayLend = true, notSent = Words("notice_why_declined"), loaded = true,
    )

    private fun tally(question: String, vararg counts: Pair<String, Int>) =
        TallyRow(question, Words.counted("results_answers", counts.sumOf { it.second }), counts.map { (text, count) -> TallyOption(text, null, count) }, null)

    val results = SurveyResultsState(
        counts = listOf(Words.counted("results_visits", 41), Words.counted("results_asked", 12), Words.counted("results_answered", 9)),
        tallies = listOf(
            tally(respect, yes to 8, partly to 1, "No" to 0),
            TallyRow(overall, Words.counted("results_answers", 7), emptyList(), Words("results_mean", formats.tenths(8.7))),
            TallyRow(
                call, Words.counted("results_answers", 3),
                listOf(TallyOption("true", Words("form_yes"), 1), TallyOption("false", Words("form_no"), 2)), null,
            ),
        ),
        said = listOf(
            response.copy(lines = response.lines.takeLast(2)),
            response.copy(id = "s", who = Words("survey_by_patient"), how = Words("survey_via_link", at(18, 30)), lines = listOf(AnsweredLine(comment, said("Nina is always kind.", "Nina es siempre amable."), null))),
        ),
        loaded = true, network = chip(SyncState.Idle(synced = true)),
    )
}
