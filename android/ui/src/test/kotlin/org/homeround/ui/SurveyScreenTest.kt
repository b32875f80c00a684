package org.homeround.ui

import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.runComposeUiTest
import java.nio.file.Path
import java.util.Locale
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.test.assertEquals
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.homeround.core.ReportedBy
import org.homeround.kit.Backend
import org.homeround.kit.Homeround
import org.homeround.kit.TestPhone
import org.homeround.kit.now
import org.homeround.kit.screens.Formats
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** The survey by hand, the nurse's and the patient's, over the real core, a real store and a real server. */
@OptIn(ExperimentalTestApi::class)
class SurveyScreenTest {
    private val away = CopyOnWriteArrayList<Boolean>()

    private fun ComposeUiTest.show(phone: Homeround) = setContent {
        Stage.Dressed(Look(language = "en")) { App(Shell(phone, Formats(Locale.US), "America/New_York", { now() }, lent = { away += it })) }
    }

    private fun ComposeUiTest.choose(question: String, answer: String) =
        pressNamed("$question: $answer")

    private fun ComposeUiTest.unlock() {
        seen("It opens with the PIN of whoever lent it.")
        Backend.PIN.forEach { press("$it") }
        press("Continue")
    }

    @Test
    fun `the phone is lent, asks in Spanish, thanks, and opens at the visit with the PIN`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            backend.stop()
            val visit = phone.visit(site.visit)
            runBlocking { visit.checkIn() }
            runComposeUiTest {
                show(phone)
                press("Testina Ä. Probe")
                seen("A link can be sent once the visit is over.")
                offered("Send the patient a link", false)
                press("Lend the patient this phone")
                seen("Then it asks for your PIN or the sensor.")
                press("Hand the phone over")
                seen("I would rather not answer")
                gone("Testina")
                gone("‹ Back")
                press("Español")
                seen("Su visita")
                choose("¿Quién contesta?", "Hablo por el paciente")
                choose("¿Le trataron con amabilidad y respeto?", "En parte")
                choose("¿Cómo fue la visita en conjunto? 0 es lo peor posible y 10 lo mejor posible.", "10")
                enter("¿Hay algo más que quiera decirnos?", "Muchas gracias")
                press("Entregar mis respuestas")
                seen("Devuelva el teléfono, por favor.")
                gone("Muchas gracias")
                press("El teléfono ha vuelto")
                unlock()
                seen("Somebody who speaks for the patient")
                seen("Partly")
                seen("Muchas gracias")
            }
            assertEquals(listOf(true, false), away)
            val said = runBlocking { visit.survey("es").first() }.responses.single()
            assertEquals(ReportedBy.REPRESENTATIVE to "es", said.answeredBy to said.language)
        }
    }

    @Test
    fun `who declines answers nothing, and screens that come up later ask for the phone back`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            runBlocking { phone.visit(site.visit).checkIn() }
            runComposeUiTest {
                show(phone)
                press("Testina Ä. Probe")
                press("Lend the patient this phone")
                press("Hand the phone over")
                press("English")
                press("I would rather not answer")
                press("Back to the questions")
                press("I would rather not answer")
                seen("Please give the phone back.")
            }
            runComposeUiTest {
                show(phone)
                unlock()
                press("Account")
                press("What patients said")
                seen("Nobody has answered in these days.")
            }
            assertEquals(emptyList(), runBlocking { phone.visit(site.visit).survey("en").first() }.responses)
        }
    }
}
