package org.homeround.kit.screens

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import org.homeround.core.FormValue
import org.homeround.core.ReportedBy
import org.homeround.core.SurveyForm
import org.homeround.core.SurveyQuestion
import org.homeround.kit.SurveyDesk

/** How far a patient is who has the phone. */
enum class LentStage { ASKING, THANKED, DECLINED }

/** What the phone shows while a patient has it. */
data class LentState(
    /** One of [SURVEY_LANGUAGES]: of the questions, and of every word around them. */
    val language: String = SURVEY_LANGUAGES.first(),
    val form: SurveyForm? = null,
    /** By link id; kept here until they are handed in. */
    val answers: Map<String, FormValue> = emptyMap(),
    val answeredBy: ReportedBy = ReportedBy.PATIENT,
    val stage: LentStage = LentStage.ASKING,
    val busy: Boolean = false,
    val problem: Problem? = null,
) {
    /** Whether there is anything to hand in. */
    val ready: Boolean get() = !busy && answers.isNotEmpty()

    /** What was written. */
    fun written(question: SurveyQuestion): String = (answers[question.linkId] as? FormValue.Words)?.text.orEmpty()
}

/** The survey in a patient's hands. It knows nothing of the phone but what it asks. */
class LentSurveyModel(private val desk: SurveyDesk, language: String, scope: CoroutineScope) :
    Model<LentState>(scope, LentState(language = surveyLanguage(language))) {
    init {
        speak(state.value.language)
    }

    override fun failed(state: LentState, problem: Problem?) = state.copy(problem = problem, busy = false)

    /** Asks in another language; what was answered stays. */
    fun speak(language: String): Job {
        change { it.copy(language = language) }
        return act {
            val form = desk.form(language)
            // The language that was chosen last, whichever comes first.
            change { if (it.language == language) it.copy(form = form) else it }
        }
    }

    /** Who answers: the patient, or somebody who speaks for them. */
    fun answerAs(who: ReportedBy) = change { it.copy(answeredBy = who) }

    /** Answers a question; the same answer once more takes it back. */
    fun answer(question: SurveyQuestion, value: FormValue) = change {
        val standing = it.answers[question.linkId] == value
        it.copy(answers = if (standing) it.answers - question.linkId else it.answers + (question.linkId to value), problem = null)
    }

    /** Writes an answer, as long as it may be. */
    fun write(question: SurveyQuestion, text: String) = change {
        val most = minOf(question.maxLength?.toInt() ?: Int.MAX_VALUE, text.codePointCount(0, text.length))
        val kept = text.substring(0, text.offsetByCodePoints(0, most))
        val answers = it.answers - question.linkId
        it.copy(answers = if (kept.isBlank()) answers else answers + (question.linkId to FormValue.Words(kept)), problem = null)
    }

    /** Hands the answers in, for good. */
    fun finish() = act {
        val now = state.value
        if (now.stage != LentStage.ASKING || !now.ready) return@act
        change { it.copy(busy = true) }
        desk.finish(now.answeredBy, now.language, now.answers)
        // Nobody who has the phone next reads them.
        change { it.copy(busy = false, stage = LentStage.THANKED, answers = emptyMap()) }
    }

    /** Answers nothing. */
    fun decline() = change { it.copy(stage = LentStage.DECLINED, problem = null) }

    /** Goes on with the questions after all. */
    fun ask() = change { if (it.stage == LentStage.DECLINED) it.copy(stage = LentStage.ASKING) else it }
}
