package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.Spacer
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.sizeIn
import androidx.compose.foundation.layout.width
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Button
import androidx.compose.material3.FilterChip
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.key
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.selected
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.dp
import org.homeround.core.FormItemType
import org.homeround.core.FormValue
import org.homeround.core.ReportedBy
import org.homeround.core.SurveyQuestion
import org.homeround.kit.screens.Glyph
import org.homeround.kit.screens.LentStage
import org.homeround.kit.screens.LentState
import org.homeround.kit.screens.LentSurveyModel
import org.homeround.kit.screens.Loan
import org.homeround.kit.screens.SURVEY_LANGUAGES

/** What a patient does who has the phone. */
class LentActions(
    /** Another language. */
    val speak: (String) -> Unit,
    val answerAs: (ReportedBy) -> Unit,
    val answer: (SurveyQuestion, FormValue) -> Unit,
    val write: (SurveyQuestion, String) -> Unit,
    val finish: () -> Unit,
    val decline: () -> Unit,
    /** Goes on with the questions after all. */
    val ask: () -> Unit,
    /** Whoever lent the phone has it again, and unlocks it. */
    val back: () -> Unit,
    val dismiss: () -> Unit,
)

/** The least size of what a patient touches: hands that hold no phone all day. */
private val HAND = 56.dp

/** The whole app while a patient has the phone. */
@Composable
internal fun LentPlace(loan: Loan, back: () -> Unit) {
    val here = rememberCoroutineScope()
    val model = remember(loan) { LentSurveyModel(loan.desk, loan.language, here) }
    val state by model.state.collectAsState()
    LentScreen(
        state,
        LentActions(
            speak = { model.speak(it) }, answerAs = model::answerAs, answer = model::answer, write = model::write, finish = { model.finish() },
            decline = model::decline, ask = model::ask, back = back, dismiss = { model.dismiss() },
        ),
    )
}

/** The survey in the patient's language, whatever the phone's is; no way leads anywhere else. */
@Composable
fun LentScreen(state: LentState, on: LentActions) {
    val strings = LocalStrings.current
    val spoken = remember(strings, state.language) { strings.inLanguage(state.language) }
    CompositionLocalProvider(LocalStrings provides spoken) {
        Surface(color = MaterialTheme.colorScheme.background, modifier = Modifier.fillMaxSize()) {
            // Each stage begins at its top.
            key(state.stage) {
                Column(
                    Modifier.fillMaxSize().verticalScroll(rememberScrollState()).padding(20.dp),
                    verticalArrangement = Arrangement.spacedBy(16.dp),
                ) {
                    if (state.stage == LentStage.ASKING) Asked(state, on) else Returned(state.stage, on)
                }
            }
        }
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun ColumnScope.Asked(state: LentState, on: LentActions) {
    FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp)) {
        SURVEY_LANGUAGES.forEach { language ->
            FilterChip(
                state.language == language, { on.speak(language) },
                { Text(text("survey_language_$language"), style = MaterialTheme.typography.bodyLarge) }, Modifier.heightIn(min = HAND),
            )
        }
    }
    val form = state.form ?: return
    Text(form.title, Modifier.semantics { heading() }, style = MaterialTheme.typography.headlineSmall)
    Text(form.description, style = MaterialTheme.typography.bodyLarge)
    Part(text("survey_who")) {
        for ((who, key) in listOf(ReportedBy.PATIENT to "survey_who_patient", ReportedBy.REPRESENTATIVE to "survey_who_representative")) {
            Pick(text(key), text("survey_who"), state.answeredBy == who) { on.answerAs(who) }
        }
    }
    form.questions.forEach { question -> Part(question.text) { Question(question, state, on) } }
    state.problem?.let { Trouble(it, on.dismiss) }
    Button(on.finish, Modifier.fillMaxWidth().heightIn(min = HAND), enabled = state.ready, shape = MaterialTheme.shapes.medium) {
        Text(text("survey_finish"), style = MaterialTheme.typography.titleMedium, textAlign = TextAlign.Center)
    }
    OutlinedButton(on.decline, Modifier.fillMaxWidth().heightIn(min = HAND), shape = MaterialTheme.shapes.medium) {
        Text(text("survey_decline"), style = MaterialTheme.typography.bodyLarge, textAlign = TextAlign.Center)
    }
}

@Composable
private fun Question(question: SurveyQuestion, state: LentState, on: LentActions) {
    val given = state.answers[question.linkId]
    @Composable
    fun pick(label: String, value: FormValue) = Pick(label, question.text, given == value) { on.answer(question, value) }
    when (question.kind) {
        FormItemType.CHOICE -> question.options.forEach { pick(it.text, it.value) }
        FormItemType.BOOLEAN -> {
            pick(text("form_yes"), FormValue.Flag(true))
            pick(text("form_no"), FormValue.Flag(false))
        }
        FormItemType.INTEGER -> Numbers(question, given, on)
        else -> OutlinedTextField(
            state.written(question), { on.write(question, it) },
            Modifier.fillMaxWidth().semantics { contentDescription = question.text }, minLines = 4,
        )
    }
}

/** Every number that there is to choose. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Numbers(question: SurveyQuestion, given: FormValue?, on: LentActions) {
    val least = question.least ?: 0
    val most = question.most ?: least
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
        for (number in least..most) {
            val value = FormValue.Whole(number)
            Pick("$number", question.text, given == value, wide = false) { on.answer(question, value) }
        }
    }
}

/** Something to choose: what is chosen has a mark, and no meaning hangs on colour alone. */
@Composable
private fun Pick(label: String, about: String, chosen: Boolean, wide: Boolean = true, onClick: () -> Unit) {
    val told = "$about: $label"
    val size = if (wide) Modifier.fillMaxWidth().heightIn(min = HAND) else Modifier.sizeIn(minWidth = HAND, minHeight = HAND)
    val modifier = size.semantics {
        contentDescription = told
        selected = chosen
    }
    val content: @Composable () -> Unit = {
        if (chosen && wide) {
            Mark(Glyph.CHECK, MaterialTheme.colorScheme.onPrimary)
            Spacer(Modifier.width(10.dp))
        }
        Text(label, style = MaterialTheme.typography.bodyLarge, textAlign = TextAlign.Center)
    }
    if (chosen) {
        Button(onClick, modifier, shape = MaterialTheme.shapes.medium) { content() }
    } else {
        OutlinedButton(onClick, modifier, shape = MaterialTheme.shapes.medium) { content() }
    }
}

/** Nothing is asked any more: the phone goes back to whoever lent it. */
@Composable
private fun ColumnScope.Returned(stage: LentStage, on: LentActions) {
    Spacer(Modifier.heightIn(min = HAND))
    if (stage == LentStage.THANKED) {
        Text(text("survey_thanks"), Modifier.semantics { heading() }, style = MaterialTheme.typography.headlineSmall)
    }
    Text(text("survey_give_back"), Modifier.semantics { heading() }, style = MaterialTheme.typography.headlineSmall)
    if (stage == LentStage.DECLINED) Also(text("survey_ask_again"), onClick = on.ask)
    Spacer(Modifier.heightIn(min = HAND))
    Column(Modifier.align(Alignment.End)) { Also(text("survey_is_back"), onClick = on.back) }
}
