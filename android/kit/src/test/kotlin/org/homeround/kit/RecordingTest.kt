package org.homeround.kit

import java.nio.file.Path
import java.util.Locale
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFalse
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
import org.homeround.core.NewAttachment
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.VisitModel
import org.homeround.kit.screens.VisitState
import org.homeround.kit.screens.Words
import org.homeround.kit.screens.heard
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Listening to recordings, over a real server process. */
class RecordingTest {
    @Test
    fun `how much was heard is said in minutes and seconds`() {
        assertEquals(Words("recording_heard", "0:05", "1:02"), heard(5_900, 62_000))
        assertEquals(Words("recording_heard", "0:00", "0:00"), heard(0, -1), "a length that the platform does not know")
    }

    @Test
    fun `a colleague's recording is fetched before it is played, and says when it can't be`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            for (caption in listOf("Cough", "Wheeze")) {
                nina.visit(site.visit).attach(NewAttachment("audio/ogg", caption, null, null), "OggS $caption".toByteArray())
            }
            nina.sync.now()
            theo.sync.now()
            val scope = CoroutineScope(Dispatchers.Default + Job())
            val model = VisitModel(theo, site.visit, scope, Formats(Locale.US), ::now)
            suspend fun until(seen: (VisitState) -> Boolean) = withTimeout(60_000) { model.state.first(seen) }
            val (first, second) = until { it.photos.size == 2 }.photos
            assertTrue(first.audio && !first.image)
            assertEquals(Words("photo_elsewhere"), first.state.words)
            model.open(first).join()
            val opened = assertNotNull(model.state.value.opened)
            assertContentEquals("OggS Cough".toByteArray(), opened.bytes)
            assertNull(model.state.value.with(listOf(second)).opened, "what is gone is closed")
            model.closePhoto()
            backend.stop()
            model.open(second).join()
            assertNull(model.state.value.opened)
            assertNotNull(model.state.value.problem)
            model.open(first).join()
            assertFalse(model.state.value.opened?.bytes?.isEmpty() ?: true, "it is on this phone now")
            scope.cancel()
        }
    }
}
