package org.homeround.ui

import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.runComposeUiTest
import java.nio.file.Path
import java.time.LocalTime
import java.util.Locale
import kotlinx.coroutines.runBlocking
import org.homeround.core.TaskOutcome
import org.homeround.core.TaskResult
import org.homeround.core.TaskStatus
import org.homeround.core.Vitals
import org.homeround.core.VitalsEntry
import org.homeround.kit.Backend
import org.homeround.kit.TestPhone
import org.homeround.kit.now
import org.homeround.kit.screens.Formats
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** The card in front of the door, over the real core, a real store and a real server. */
@OptIn(ExperimentalTestApi::class)
class CardScreenTest {
    @Test
    fun `what arrived after one left is seen on the patient's card, and the whole list behind it`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val his = backend.book(site.patient, listOf(site.therapist), LocalTime.of(8, 0))
            val phone = runBlocking {
                val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
                val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
                theo.visit(his).checkIn()
                theo.visit(his).recordVitals(VitalsEntry(now(), Vitals(pulseBpm = 104.toUShort())))
                val visit = nina.visit(site.visit)
                visit.checkIn()
                for (task in visit.read().tasks) visit.setTask(task.id, TaskOutcome(TaskStatus.DONE, TaskResult.PASS, null, null))
                visit.complete()
                theo.sync.now()
                nina.sync.now()
                nina
            }
            backend.stop()
            val name = runBlocking { phone.patient(site.patient).read().name }
            runComposeUiTest {
                setContent { Stage.Dressed(Look(language = "en")) { App(Shell(phone, Formats(Locale.US), "America/New_York", { now() })) } }
                press(name)
                seen("1 change")
                seen("Pulse 104 /min")
                seen("It supports your judgement and never replaces it.")
                press("What changed")
                seen("Vital signs and findings")
                seen("Recorded before you left, arrived after")
                seen("Theo Lindqvist")
            }
        }
    }
}
