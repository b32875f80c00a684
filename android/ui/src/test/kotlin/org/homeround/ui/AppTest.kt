package org.homeround.ui

import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.runComposeUiTest
import java.nio.file.Path
import java.util.Locale
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.homeround.core.Administration
import org.homeround.core.NotDoneReason
import org.homeround.core.SessionState
import org.homeround.core.TaskOutcome
import org.homeround.core.TaskResult
import org.homeround.core.TaskStatus
import org.homeround.core.VisitStatus
import org.homeround.kit.Backend
import org.homeround.kit.Homeround
import org.homeround.kit.TestPhone
import org.homeround.kit.now
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.Shot
import org.homeround.ui.desktop.shot
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** The screens over the real core, a real store and a real server. */
@OptIn(ExperimentalTestApi::class)
class AppTest {
    private fun ComposeUiTest.show(phone: Homeround, sensor: Boolean = false, camera: (suspend () -> Shot?)? = null, files: (suspend () -> ByteArray?)? = null) = setContent {
        val shell = Shell(phone, Formats(Locale.US), "America/New_York", { now() }, camera = camera, files = files, sensor = sensor)
        Stage.Dressed(Look()) { App(shell) }
    }

    private fun ComposeUiTest.type(pin: String) = pin.forEach { press("$it") }

    @Test
    fun `a new phone is set up, connected and shows the day`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            backend.day()
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").open() }
            runComposeUiTest {
                show(phone)
                seen("Choose a PIN")
                type("123456")
                press("Continue")
                seen("Choose 6 digits")
                press("OK")
                type(Backend.PIN)
                press("Continue")
                seen("Connect this phone")
                press("Continue")
                seen("Testina")
                seen("1 visit")
                seen("Scheduled")
            }
        }
    }

    @Test
    fun `a visit is worked through offline and nothing is in the way`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val test = TestPhone(folder.resolve("nina"), backend, "nina")
            val phone = runBlocking { test.ready() }
            val token = backend.token("nina")
            test.token.set { token }
            backend.stop()
            runBlocking { phone.sync.now() }
            runComposeUiTest {
                show(phone)
                seen("Offline")
                press("Testina Ä. Probe")
                seen("Allergy to penicillin")
                press("Check in")
                seen("In progress")
                enter("Pulse (/min)", "900")
                press("Record")
                seen("20 – 300/min")
                enter("Systolic (mmHg)", "142")
                seen("900")
                press("Done")
                seen("Pass")
            }
            val seen = runBlocking { phone.visit(site.visit).read() }
            assertEquals(VisitStatus.IN_PROGRESS, seen.status)
            assertTrue(seen.observations.isEmpty())
            assertTrue(runBlocking { phone.sync.health.first() }.unsent >= 2UL)
        }
    }

    @Test
    fun `a disagreement is shown with both values, settled by a tap, and the visit is signed`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            val theo = runBlocking { TestPhone(folder.resolve("theo"), backend, "theo").ready() }
            runBlocking {
                val (hers, his) = nina.visit(site.visit) to theo.visit(site.visit)
                val tasks = hers.read().tasks
                hers.checkIn()
                tasks.forEach { hers.setTask(it.id, TaskOutcome(TaskStatus.DONE, TaskResult.PASS, null, null)) }
                his.setTask(tasks[0].id, TaskOutcome(TaskStatus.DONE, TaskResult.FAIL, null, null))
                nina.sync.now()
                theo.sync.now()
                nina.sync.now()
            }
            runComposeUiTest {
                show(nina)
                seen("1 to settle")
                press("Testina Ä. Probe")
                seen("To settle")
                seen("Theo Lindqvist")
                press("Keep this")
                gone("To settle")
                press("Complete visit")
                press("Sign")
                seen("Enter your PIN")
                enterLabelled("Enter your PIN", Backend.PIN)
                pressLast("Sign")
                seen("Signed by Nina Alvarez")
            }
            assertEquals(VisitStatus.SIGNED, runBlocking { nina.visit(site.visit).read() }.status)
        }
    }

    @Test
    fun `a medication, a task left out, a note and a photo are recorded by hand`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            val picture = Path.of(System.getProperty("homeround.root"), "android/ui/golden/lock.png")
            runComposeUiTest {
                show(phone, camera = { shot(picture) })
                press("Testina Ä. Probe")
                press("Check in")
                seen("In progress")
                press("Not given")
                enter("A word on it (not required)", "felt sick")
                press("Refused")
                seen("· Refused")
                press("Not done")
                press("On hold")
                seen("On hold · Required")
                enter("Note", "Wound dry.")
                press("Save")
                gone("Save")
                enter("What it shows", "Left heel")
                press("Take a photo")
                seen("Only on this phone")
                press("Show")
                seen("Close")
            }
            val view = runBlocking { phone.visit(site.visit).read() }
            assertEquals("Wound dry.", view.note)
            val given = view.medications.single()
            assertEquals("felt sick", given.comment)
            assertEquals(NotDoneReason.REFUSED, (given.given as Administration.NotGiven).reason)
            assertEquals(NotDoneReason.ON_HOLD, view.tasks[0].reason)
            val photo = runBlocking { phone.visit(site.visit).attachments.first() }.single()
            assertEquals("Left heel", photo.caption)
            assertTrue(checkNotNull(photo.thumbnail).isNotEmpty())
        }
    }

    @Test
    fun `a recording is added by its bytes, and a program is not taken`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            runBlocking { phone.visit(site.visit).checkIn() }
            val files = ArrayDeque(listOf("MZ a program".toByteArray(), "OggS a cough".toByteArray()))
            runComposeUiTest {
                show(phone, files = { files.removeFirst() })
                press("Testina Ä. Probe")
                seen("In progress")
                enter("What it shows", "Cough")
                press("Add a file or recording")
                seen("can’t be attached")
                press("Add a file or recording")
                seen("Only on this phone")
            }
            val added = runBlocking { phone.visit(site.visit).attachments.first() }.single()
            assertEquals("audio/ogg" to "Cough", added.mediaType to added.caption)
        }
    }

    @Test
    fun `a visit that does not take place ends with a coded reason`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            runComposeUiTest {
                show(phone)
                press("Testina Ä. Probe")
                press("Nobody met")
                press("Not at home")
                seen("Missed")
                gone("Call off")
            }
            val step = runBlocking { phone.visit(site.visit).read() }.steps.last()
            assertEquals(VisitStatus.MISSED to NotDoneReason.NOT_AT_HOME, step.to to step.reason)
        }
    }

    @Test
    fun `the PIN is changed, the phone locked, and signing out removes everything`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            backend.day()
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            runComposeUiTest {
                show(phone)
                press("Account")
                seen("Nina Alvarez")
                enter("PIN until now", "774120")
                enter("New PIN", "580274")
                press("Change PIN")
                seen("Wrong PIN")
                press("OK")
                enter("PIN until now", Backend.PIN)
                press("Change PIN")
                seen("The PIN is changed.")
                press("Lock now")
                seen("Enter your PIN.")
                type("580274")
                press("Continue")
                seen("1 visit")
                press("Account")
                // The first one is the heading.
                pressLast("Sign out")
                press("Yes, remove everything")
                seen("Choose a PIN")
            }
            assertEquals(SessionState.NEW, runBlocking { phone.session.state() })
        }
    }

    @Test
    fun `the sensor opens the phone, replaces a forgotten PIN, and says so when a new finger has made it void`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            backend.day()
            val test = TestPhone(folder.resolve("nina"), backend, "nina")
            val vault = test.vault()
            val phone = runBlocking { test.ready(vault) }
            runComposeUiTest {
                show(phone, sensor = true)
                press("Account")
                enter("PIN", Backend.PIN)
                press("Use the sensor")
                seen("The sensor opens this phone.")
                press("Lock now")
                press("Use finger or face")
                seen("1 visit")
                press("Account")
                seen("Forgot it? Leave it empty: the sensor is asked.")
                enter("New PIN", "580274")
                press("Change PIN")
                seen("The PIN is changed.")
                press("Lock now")
                vault.destroy("homeround.biometric")
                press("Use finger or face")
                seen("The sensor can’t open this phone any more: a finger or face was added or removed. Use the PIN; the sensor is set up again under Account.")
                press("OK")
                gone("Use finger or face")
                type("580274")
                press("Continue")
                seen("1 visit")
            }
        }
    }

    @Test
    fun `an edit of a patient who is not hers any more is set aside in words, and an emergency opens the chart`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            runBlocking { phone.patient(site.patient).setHomeAccess("door_code", "4711") }
            backend.endAccess(site.nurse, site.patient)
            runBlocking { phone.sync.now() }
            runComposeUiTest {
                show(phone)
                seen("No visits on this day.")
                press("Up to date")
                seen("Set aside")
                seen("Your access to the patient had ended.")
                press("‹ Back")
                press("Search")
                enterFirst(site.patient)
                press("Patient by code")
                seen("There is nothing of this patient on this phone.")
                enter("Why is it needed?", "Found unconscious by a neighbour")
                press("Open the chart")
                seen("Allergies")
                seen("Timeline")
            }
        }
    }
}
