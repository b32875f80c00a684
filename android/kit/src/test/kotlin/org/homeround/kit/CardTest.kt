package org.homeround.kit

import java.nio.file.Path
import java.time.LocalTime
import java.util.Locale
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.homeround.core.Allergy
import org.homeround.core.AllergyStatus
import org.homeround.core.ChangeHow
import org.homeround.core.ChangeKind
import org.homeround.core.Coding
import org.homeround.core.HomeroundException
import org.homeround.core.Severity
import org.homeround.core.TaskOutcome
import org.homeround.core.TaskResult
import org.homeround.core.TaskStatus
import org.homeround.core.Vitals
import org.homeround.core.VitalsEntry
import org.homeround.kit.screens.CardModel
import org.homeround.kit.screens.ChangesModel
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.Words
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** A patient's card, and what changed since one was there, over a real server process. */
class CardTest {
    private suspend fun goes(phone: Homeround, id: String) {
        val visit = phone.visit(id)
        visit.checkIn()
        for (task in visit.read().tasks) visit.setTask(task.id, TaskOutcome(TaskStatus.DONE, TaskResult.PASS, null, null))
        visit.complete()
    }

    @Test
    fun `what a colleague recorded before and what arrives after one left is on the card and in the list`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val his = backend.book(site.patient, listOf(site.therapist), LocalTime.of(8, 0), emptyList())
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            val hers = nina.patient(site.patient)
            assertNull(hers.sinceLastHere().last, "a first visit")
            theo.visit(his).checkIn()
            theo.visit(his).recordVitals(VitalsEntry(now(), Vitals(pulseBpm = 104.toUShort())))
            hers.addAllergy(Allergy(Coding("", "", "Walnuts"), AllergyStatus.ACTIVE, Severity.SEVERE))
            goes(nina, site.visit)
            assertEquals(0U, hers.sinceLastHere().count, "one's own edits are no news")

            val scope = CoroutineScope(Dispatchers.Default + Job())
            val formats = Formats(Locale.US)
            val card = CardModel(nina, site.patient, site.visit, scope, formats, "America/New_York")
            val before = withTimeout(60_000) { card.state.first { it.loaded } }
            assertEquals("since_last" to 0, before.since?.key to before.count)
            assertTrue(assertNotNull(before.allergies).any { it.title == "Walnuts" })
            for (phone in listOf(theo, nina)) assertEquals(0UL, phone.sync.now().rejected)
            val after = withTimeout(60_000) { card.state.first { it.count > 0 } }
            assertEquals("104 /min", after.figures.first { it.name == Words("vital_pulse_bpm") }.value)

            val told = hers.sinceLastHere()
            val change = told.changes.single { it.kind == ChangeKind.OBSERVATION }
            assertEquals(ChangeHow.ADDED to "Theo Lindqvist", change.how to change.by.name)
            assertEquals(his to true, change.visit to change.late)
            val list = ChangesModel(nina, site.patient, scope, formats, "America/New_York")
            val rows = withTimeout(60_000) { list.state.first { it.loaded } }.rows
            val row = rows.single { it.kind == ChangeKind.OBSERVATION }
            assertEquals(listOf("104 /min"), row.lines.map { it.now })
            assertTrue(row.late)
            assertFailsWith<HomeroundException.NotFound> { hers.card(site.patient).first() }
            scope.cancel()
        }
    }
}
