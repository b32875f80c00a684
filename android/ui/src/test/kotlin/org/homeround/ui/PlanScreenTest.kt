package org.homeround.ui

import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.onAllNodesWithText
import androidx.compose.ui.test.runComposeUiTest
import java.nio.file.Path
import java.util.Locale
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.homeround.core.Assignee
import org.homeround.core.Coding
import org.homeround.core.NewPlan
import org.homeround.core.PlanSchedule
import org.homeround.core.PlannedStatus
import org.homeround.core.Role
import org.homeround.kit.Backend
import org.homeround.kit.CarePlan
import org.homeround.kit.Homeround
import org.homeround.kit.TestPhone
import org.homeround.kit.now
import org.homeround.kit.screens.Formats
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Care plans by hand, over the real core, a real store and a real server. */
@OptIn(ExperimentalTestApi::class)
class PlanScreenTest {
    private fun ComposeUiTest.show(phone: Homeround, locale: Locale, language: String) = setContent {
        Stage.Dressed(Look(language = language)) { App(Shell(phone, Formats(locale), "America/New_York", { now() })) }
    }

    private fun plan(phone: Homeround, patient: String): CarePlan? =
        runBlocking { phone.carePlans(patient).first().lastOrNull { it.view.template != null } }

    @Test
    fun `a plan is begun in Spanish from a template, changed, given to a role, and its goal is followed`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            backend.stop()
            runComposeUiTest {
                show(phone, Locale.forLanguageTag("es-US"), "es")
                press("Testina Ä. Probe")
                press("Abrir historia")
                press("Planes de cuidados")
                press("Plan nuevo desde una plantilla")
                seen("nunca lo sustituye")
                press("Comenzar: Insuficiencia cardíaca: vigilarse a sí mismo")
                until("the plan") { plan(phone, site.patient) != null }
                seen("Pesarse por la mañana")
                press("Enfermería")
                until("the role") { plan(phone, site.patient)?.view?.assignee == Assignee.Role(Role.NURSE) }
                press("Anotar el progreso")
                enter("Comentario (opcional)", "va a pie")
                press("Mejora")
                until("the progress") { plan(phone, site.patient)?.view?.progress?.singleOrNull()?.comment == "va a pie" }
                seen("va a pie")
                enter("Añadir un objetivo", "Llegar a la plaza")
                // The patient's other plans have that button too, and nothing written beside it.
                press("Añadir un objetivo")
                until("the goal") { plan(phone, site.patient)?.view?.goals?.any { it.text == "Llegar a la plaza" } == true }
            }
            val kept = plan(phone, site.patient)!!
            assertEquals("improving", kept.view.goals.first().achievement)
        }
    }

    @Test
    fun `a task of the plan is done and another is taken off the visit, an activity is changed and dropped`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            val id = runBlocking {
                val id = phone.patient(site.patient).createPlan(NewPlan(null, "Tablets", "en", phone.today().toString(), null, null))
                for (title in listOf("Count the tablets", "Fill the box")) {
                    val once = PlanSchedule("${phone.today()}T09:30", null, emptyList(), 60u, 900u, null)
                    phone.plan(id).addActivity(Coding("", "", title), null, once)
                }
                id
            }
            fun state(title: String): PlannedStatus? =
                runBlocking { phone.visit(site.visit).planned.first().find { it.title == title }?.status }
            runComposeUiTest {
                show(phone, Locale.US, "en")
                press("Testina Ä. Probe")
                seen("From the care plan")
                press("Take off this visit")
                until("one is off") { state("Count the tablets") == PlannedStatus.REMOVED }
                gone("Count the tablets")
                // The plan's task comes after the two that were booked.
                until("three tasks") { onAllNodesWithText("Done").fetchSemanticsNodes().size == 3 }
                press("Done", after = 2)
                until("the other is done") { state("Fill the box") == PlannedStatus.DONE }
                press("Open chart")
                press("Care plans")
                seen("Tablets")
                press("Change")
                press("Every week")
                press("Save")
                until("the rule") { runBlocking { phone.plan(id).view.first() }.activities.any { it.schedule?.rule == "FREQ=WEEKLY" } }
                press("Change")
                enter("Reason", "not wanted")
                press("Drop")
                until("it is dropped") { runBlocking { phone.plan(id).view.first() }.activities.any { it.lifecycle == "stopped" } }
            }
            assertTrue(runBlocking { phone.plan(id).view.first() }.pauses.single().resting)
        }
    }
}
