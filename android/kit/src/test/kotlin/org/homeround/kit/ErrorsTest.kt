package org.homeround.kit

import java.nio.file.Files
import java.nio.file.Path
import java.time.LocalDate
import java.util.Locale
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.homeround.core.HomeroundException
import org.homeround.core.KeyVault
import org.homeround.core.NotDoneReason
import org.homeround.core.SessionState
import org.homeround.core.SoftwareVault
import org.homeround.core.SyncAction
import org.homeround.core.SyncState
import org.homeround.core.TaskOutcome
import org.homeround.core.TaskStatus
import org.homeround.core.Unlock
import org.homeround.core.VisitStatus
import org.homeround.core.Vitals
import org.homeround.core.VitalsEntry
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.SyncModel
import org.homeround.kit.screens.Words
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Every error says what to do next. */
class ErrorsTest {
    private fun pulse(bpm: Int) =
        VitalsEntry(now(), Vitals(bpm.toUShort(), null, null, null, null, null, null, null, null))

    @Test
    fun `a value out of range names its field and its limit, and a wrong step both ends`(
        @TempDir folder: Path,
    ) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val visit = phone.visit(site.visit)
            val refused = assertFailsWith<HomeroundException.Refused> { visit.recordVitals(pulse(900)) }
            assertEquals("pulse_bpm", refused.field)
            assertEquals("20..=300 per minute", refused.limit)
            val step = assertFailsWith<HomeroundException.Step> { visit.takeBreak() }
            assertEquals(VisitStatus.SCHEDULED, step.from)
            val early = assertFailsWith<HomeroundException.Refused> {
                visit.checkIn()
                visit.complete()
            }
            assertEquals("tasks", early.field)
            val reason = assertFailsWith<HomeroundException.Refused> {
                visit.setTask(visit.read().tasks[0].id, TaskOutcome(TaskStatus.NOT_DONE, null, null, null))
            }
            assertEquals("reason", reason.field)
            val gone = assertFailsWith<HomeroundException.NotFound> {
                phone.visit("0192f0c1-2b7e-7c3a-9d7e-1f2a3b4c5d6e").read()
            }
            assertTrue(gone.what.isNotEmpty())
            val malformed = assertFailsWith<HomeroundException.Refused> { phone.visit("not an id").read() }
            assertEquals("id", malformed.field)
        }
    }

    @Test
    fun `locked, wrong PIN, not enrolled and a full count of attempts`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = TestPhone(folder.resolve("nina"), backend, "nina").open()
            assertEquals(SessionState.NEW, phone.session.state())
            assertEquals("pin", assertFailsWith<HomeroundException.Refused> { phone.session.create("123456") }.field)
            phone.session.create(Backend.PIN)
            assertFailsWith<HomeroundException.NotEnrolled> { phone.day(LocalDate.now()).first() }
            assertFailsWith<HomeroundException.NotEnrolled> { phone.sync.now() }
            phone.session.lock()
            assertFailsWith<HomeroundException.Locked> { phone.visit(site.visit).read() }
            val wrong = assertFailsWith<HomeroundException.WrongPin> { phone.session.unlock(Unlock.Pin("774120")) }
            assertTrue(wrong.attemptsLeft > 0U)
            val sensor = assertFailsWith<HomeroundException.Refused> { phone.session.unlock(Unlock.Biometric) }
            assertEquals("unlock", sensor.field)
        }
    }

    @Test
    fun `an unknown login is not allowed and a server that is gone is tried again`(
        @TempDir folder: Path,
    ) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            backend.day()
            val stranger = TestPhone(folder.resolve("stranger"), backend, "nobody").open()
            stranger.session.create(Backend.PIN)
            val unknown = assertFailsWith<HomeroundException.NotAllowed> { stranger.session.enrol() }
            assertEquals("person_unknown", unknown.rule)
            val nina = TestPhone(folder.resolve("nina"), backend, "nina")
            val phone = nina.open()
            phone.session.create(Backend.PIN)
            val token = backend.token("nina")
            nina.token.set { token }
            backend.stop()
            assertFailsWith<HomeroundException.Retry> { phone.session.enrol() }
        }
    }

    @Test
    fun `a role that may not sign is not allowed to`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val aide = backend.hire("aida", "Aida Moreau", "aide")
            val visit = backend.book(site.patient, listOf(aide), java.time.LocalTime.of(11, 0))
            val phone = TestPhone(folder.resolve("aida"), backend, "aida").ready()
            val work = phone.visit(visit)
            work.checkIn()
            work.complete()
            val refused = assertFailsWith<HomeroundException.NotAllowed> { work.sign(Unlock.Pin(Backend.PIN)) }
            assertTrue(refused.rule.isNotEmpty())
            assertFailsWith<HomeroundException.Step> { work.miss(NotDoneReason.NOT_AT_HOME) }
        }
    }

    @Test
    fun `a damaged store says so, is set aside and not deleted, and work goes on`(
        @TempDir folder: Path,
    ) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val test = TestPhone(folder.resolve("nina"), backend, "nina")
            val phone = test.ready()
            phone.visit(site.visit).checkIn()
            phone.session.settleDown()
            phone.session.lock()
            val store = folder.resolve("nina/phone/homeround.sqlite")
            val bytes = Files.readAllBytes(store)
            // Every page but the first.
            for (at in 4096 + 100 until bytes.size step 4096) bytes[at] = (bytes[at].toInt() xor 0x55).toByte()
            Files.write(store, bytes)
            val pin = Unlock.Pin(Backend.PIN)
            val outcome = runCatching {
                phone.session.unlock(pin)
                phone.visit(site.visit).read()
            }
            assertIs<HomeroundException.Damaged>(outcome.exceptionOrNull())
            val recovery = phone.session.recover(pin)
            assertTrue(Files.exists(Path.of(recovery.setAside)))
            phone.session.enrol()
            phone.sync.now()
            phone.visit(site.visit).setOutcome("Done")
            assertEquals(0UL, phone.sync.now().rejected)
        }
    }

    @Test
    fun `a file from a later version asks for an update`(@TempDir folder: Path) {
        val keys = SoftwareVault.open(folder.resolve("keys").toString())
        Backend.inFolder(folder.resolve("server")).use { backend ->
            runBlocking {
                val test = TestPhone(folder.resolve("nina"), backend, "nina")
                val phone = test.open(keys)
                phone.session.create(Backend.PIN)
                phone.close()
                val keyfile = Files.list(folder.resolve("nina/phone")).use { files ->
                    files.filter { it.fileName.toString().contains("key") }.toList()
                }
                assertTrue(keyfile.isNotEmpty(), "a keyfile")
                keyfile.forEach { Files.write(it, ByteArray(64) { 7 }) }
                val refused = assertFailsWith<HomeroundException> { test.open(keys) }
                assertTrue(refused is HomeroundException.Damaged || refused is HomeroundException.UpdateApp)
            }
        }
    }

    /** A secure element on which the offline lease is used up. */
    private class UsedUp(private val inner: KeyVault, var used: Boolean = false) : KeyVault by inner {
        override fun counterGet(label: String): ULong =
            if (used && label.contains("lease")) Long.MAX_VALUE.toULong() / 2UL else inner.counterGet(label)
    }

    @Test
    fun `a phone that was offline too long shows nothing until it has synced`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val test = TestPhone(folder.resolve("nina"), backend, "nina")
            val vault = UsedUp(test.vault())
            val phone = test.open(vault)
            phone.session.create(Backend.PIN)
            phone.session.enrol()
            phone.sync.now()
            phone.session.lock()
            vault.used = true
            phone.session.unlock(Unlock.Pin(Backend.PIN))
            assertFailsWith<HomeroundException.LeaseEnded> { phone.visit(site.visit).read() }
            vault.used = false
            phone.sync.now()
            assertEquals(VisitStatus.SCHEDULED, phone.visit(site.visit).read().status)
        }
    }

    @Test
    fun `a phone that a restored backend forgot is made known again by its screen and sends everything again`(
        @TempDir folder: Path,
    ) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            backend.stop()
            backend.backUp(folder.resolve("backup"))
            backend.start()
            val test = TestPhone(folder.resolve("nina"), backend, "nina")
            val keys = test.vault()
            val before = test.ready(keys)
            before.visit(site.visit).setOutcome("Done")
            assertEquals(1UL, before.sync.now().sent)
            before.close()
            backend.stop()
            backend.putBack(folder.resolve("backup"))
            backend.start()
            val phone = test.open(keys)
            phone.session.unlock(Unlock.Pin(Backend.PIN))
            val model = SyncModel(phone, this, Formats(Locale.US), "UTC")
            assertEquals(SyncAction.ENROL_AGAIN, assertIs<SyncState.Blocked>(phone.sync.now().ended).action)
            withTimeout(60_000) { model.state.first { it.network.words == Words("sync_enrol_again") } }
            model.now().join()
            assertEquals(null, model.state.value.problem)
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            assertEquals("Done", theo.visit(site.visit).read().outcome)
            coroutineContext.cancelChildren()
        }
    }

    @Test
    fun `a run that is called off says so`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            backend.day()
            val test = TestPhone(folder.resolve("nina"), backend, "nina")
            val phone = test.ready()
            val asked = CompletableDeferred<Unit>()
            test.token.set {
                asked.complete(Unit)
                awaitCancellation()
            }
            val run = async(Dispatchers.Default) { runCatching { phone.sync.now() } }
            asked.await()
            phone.sync.cancel()
            assertIs<HomeroundException.Cancelled>(withTimeout(60_000) { run.await() }.exceptionOrNull())
        }
    }

    @Test
    fun `a full disk says that nothing was saved, and the work goes on once there is room`(@TempDir folder: Path) =
        runBlocking<Unit> {
            assumeTrue(FullDisk.available)
            Backend.inFolder(folder.resolve("server")).use { backend ->
                val site = backend.day()
                val phone = TestPhone(folder.resolve("nina"), backend, "nina").ready()
                val visit = phone.visit(site.visit)
                FullDisk.during {
                    val full = assertFailsWith<HomeroundException.StorageFull> { visit.setOutcome("Done") }
                    assertTrue(full.neededBytes > 0UL)
                    assertEquals(null, visit.read().outcome)
                }
                visit.setOutcome("Done")
                assertEquals("Done", visit.read().outcome)
            }
        }
}
