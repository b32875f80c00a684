package org.homeround.ui

import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.runComposeUiTest
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
                pressNamed("1. Feels unsteady when standing or walking?: No")
                pressNamed("2. Worries about falling?: No")
                pressNamed("3. Has fallen in past year?: Yes")
                seen("How many times?")
                enter("How many times?", "900")
                press("Save: How many times?")
                seen("1 to 365")
                pressNamed("Was injured?: No")
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
                pressNamed("¿Qué se ve en el lecho?: Esfacelo (amarillo)")
                pressNamed("¿Qué se ve en el lecho?: Granulación (rojo)")
                enter("Largo, de cabeza a pies", "2,5")
                press("Guardar: Largo, de cabeza a pies")
                until("the answers") {
                    val items = form(phone, site.visit).items
                    items.filter { it.linkId in setOf("location", "bed", "length") }.sumOf { it.answers.size } == 4
                }
                // Typed and not saved: leaving saves it first.
                enter("Ancho, de lado a lado", "1,5")
                press("‹ Atrás")
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
                pressWith("Sunday, March 15, 2026")
                press("Use this date")
                until("the chosen date") { days() == listOf("2026-03-15") }
                press("Take back: Last changed on")
                until("no date") { days().isEmpty() }
                press("Calendar: Last changed on")
                seen("Use this date")
                press("Not now")
                gone("Use this date")
            }
            assertTrue(days().isEmpty())
        }
    }
}
