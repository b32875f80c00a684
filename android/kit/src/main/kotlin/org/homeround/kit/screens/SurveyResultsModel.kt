package org.homeround.kit.screens

import kotlinx.coroutines.CoroutineScope
import org.homeround.core.FormValue
import org.homeround.core.QuestionTally
import org.homeround.core.SurveyResponse
import org.homeround.core.SurveyResults
import org.homeround.core.SyncState
import org.homeround.kit.Homeround

/** How often an option was chosen: words of the string resources for yes and no, else as the survey has it. */
data class TallyOption(val text: String, val words: Words?, val count: Int)

/** How a question was answered. */
data class TallyRow(val question: String, val answered: Words, val options: List<TallyOption>, val mean: Words?)

/** What the answers of the last days show. */
data class SurveyResultsState(
    /** Over, asked and answered, a line each. */
    val counts: List<Words> = emptyList(),
    val tallies: List<TallyRow> = emptyList(),
    /** What somebody wrote, or said yes to. */
    val said: List<ResponseRow> = emptyList(),
    val loaded: Boolean = false,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
)

/** What patients said is of so many days up to today. */
const val RESULTS_DAYS: Int = 30

/** What patients said of the visits of the last days, whoever made them, of what is on this phone. */
class SurveyResultsModel(phone: Homeround, scope: CoroutineScope, private val formats: Formats, private val zone: String) :
    Model<SurveyResultsState>(scope, SurveyResultsState()) {
    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        act {
            val today = phone.today()
            follow(phone.surveyResults(today.minusDays(RESULTS_DAYS - 1L), today, formats.language), ::take)
        }
    }

    override fun failed(state: SurveyResultsState, problem: Problem?) = state.copy(problem = problem)

    private fun take(state: SurveyResultsState, results: SurveyResults) = state.copy(
        counts = counts(results),
        tallies = results.questions.filter { it.answered > 0U }.map(::row),
        said = results.responses.mapNotNull(::said),
        loaded = true,
    )

    private fun counts(results: SurveyResults): List<Words> = listOf(
        Words.counted("results_visits", results.visits.toInt()),
        Words.counted("results_asked", results.asked.toInt()),
        Words.counted("results_answered", results.answered.toInt()),
    )

    private fun row(tally: QuestionTally) = TallyRow(
        tally.question, Words.counted("results_answers", tally.answered.toInt()),
        tally.options.map { TallyOption(it.text, YES_NO[it.text], it.count.toInt()) },
        tally.mean?.let { Words("results_mean", formats.tenths(it)) },
    )

    /** Without what is counted above; none: nothing is left. */
    private fun said(one: SurveyResponse): ResponseRow? {
        val own = one.lines.filter { it.value is FormValue.Words || (it.value as? FormValue.Flag)?.yes == true }
        return own.takeIf { it.isNotEmpty() }?.let { row(one, formats, zone).copy(lines = it.map(::line)) }
    }

    private companion object {
        val YES_NO = mapOf("true" to Words("form_yes"), "false" to Words("form_no"))
    }
}
