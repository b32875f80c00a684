package org.homeround.ui

import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.onAllNodesWithContentDescription
import androidx.compose.ui.test.onFirst
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performSemanticsAction
import androidx.compose.ui.test.runComposeUiTest
import androidx.compose.ui.text.AnnotatedString
import java.nio.file.Path
import java.util.Locale
import kotlin.test.assertEquals
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.homeround.core.FormView
import org.homeround.kit.Backend
import org.homeround.kit.Homeround
import org.homeround.kit.TestPhone
import org.homeround.kit.now
import org.homeround.kit.screens.Formats
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Filling forms by hand, over the real core, a real store and a real server. */
@OptIn(ExperimentalTestApi::class)
class FormsScreenTest {
    private fun ComposeUiTest.show(phone: Homeround, locale: Locale, language: String) = setContent {
        Stage.Dressed(Look(language = language)) { App(Shell(phone, Formats(locale), "America/New_York", { now() })) }
    }

    /** Taps what is described so: an option of a question, and waits until it is chosen. */
    private fun ComposeUiTest.tap(described: String) {
        until(described) { onAllNodesWithContentDescription(described).fetchSemanticsNodes().isNotEmpty() }
        onAllNodesWithContentDescription(described).onFirst().performScrollTo().performClick()
    }

    private fun ComposeUiTest.enter(described: String, text: String) {
        until(described) { onAllNodesWithContentDescription(described).fetchSemanticsNodes().isNotEmpty() }
        onNodeWithContentDescription(described).performScrollTo()
            .performSemanticsAction(SemanticsActions.SetText) { it(AnnotatedString(text)) }
    }

    private fun form(phone: Homeround, visit: String): FormView =
        runBlocking { phone.visit(visit).forms.all("en").first().single() }

    @Test
    fun `a form is begun, says what is missing, hides what is not asked, and is completed`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            backend.stop()
            runComposeUiTest {
                show(phone, Locale.US, "en")
                press("Testina Ä. Probe")
                press("Open forms")
                press("Start: Fall risk, three key questions")
                seen("0 of 3 answered")
                press("Complete the form")
                seen("Needs an answer")
                tap("1. Feels unsteady when standing or walking?: No")
                tap("2. Worries about falling?: No")
                tap("3. Has fallen in past year?: Yes")
                seen("How many times?")
                enter("How many times?", "900")
                press("Save: How many times?")
                seen("1 to 365")
                tap("Was injured?: No")
                // Typed and not saved: completing saves it first.
                enter("How many times?", "2")
                press("Complete the form")
                seen("Open it again")
            }
            val kept = form(phone, site.visit)
            assertNotNull(kept.completedAtMs)
            assertEquals("2", kept.items.single { it.linkId == "falls" }.answers.single().text)
        }
    }

    @Test
    fun `wounds are added, measured and taken away by hand, in Spanish`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            runComposeUiTest {
                show(phone, Locale.forLanguageTag("es-US"), "es")
                press("Testina Ä. Probe")
                press("Abrir formularios")
                press("Empezar: Valoración de heridas")
                press("Añadir otro: Herida")
                enter("¿Dónde está?", "talón izquierdo")
                press("Guardar: ¿Dónde está?")
                tap("¿Qué se ve en el lecho?: Esfacelo (amarillo)")
                tap("¿Qué se ve en el lecho?: Granulación (rojo)")
                enter("Largo, de cabeza a pies", "2,5")
                press("Guardar: Largo, de cabeza a pies")
                until("the answers") {
                    val items = form(phone, site.visit).items
                    items.filter { it.linkId in setOf("location", "bed", "length") }.sumOf { it.answers.size } == 4
                }
                // Typed and not saved: leaving saves it first.
                enter("Ancho, de lado a lado", "1,5")
                onNodeWithText("‹ Atrás").performClick()
                press("Abrir formularios")
                until("the width") { form(phone, site.visit).items.single { it.linkId == "width" }.answers.size == 1 }
                press("Quitar: Herida, 1")
                until("the wound is gone") { form(phone, site.visit).items.none { it.repetition } }
            }
            assertTrue(form(phone, site.visit).strays.isEmpty())
        }
    }

    @Test
    fun `a date is chosen from a calendar and taken back`(@TempDir folder: Path) = Stage.speaking("en-US") {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            backend.importFixture("dates.json")
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            fun days(): List<String> = form(phone, site.visit).items.single { it.linkId == "changed" }.answers.map { it.text }
            runComposeUiTest {
                show(phone, Locale.US, "en")
                press("Testina Ä. Probe")
                press("Open forms")
                press("Start: Catheter")
                // Typed, it opens the calendar at its month.
                enter("Last changed on", "2026-03-09")
                press("Save: Last changed on")
                until("the typed date") { days() == listOf("2026-03-09") }
                press("Calendar: Last changed on")
                seen("Use this date")
                onNodeWithText("Sunday, March 15, 2026", substring = true).performClick()
                onNodeWithText("Use this date").performClick()
                until("the chosen date") { days() == listOf("2026-03-15") }
                press("Take back: Last changed on")
                until("no date") { days().isEmpty() }
                press("Calendar: Last changed on")
                seen("Use this date")
                onNodeWithText("Not now").performClick()
                gone("Use this date")
            }
            assertTrue(days().isEmpty())
        }
    }
}
