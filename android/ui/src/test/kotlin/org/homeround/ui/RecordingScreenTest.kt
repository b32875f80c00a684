package org.homeround.ui

import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.runComposeUiTest
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlinx.coroutines.CompletableDeferred
import org.homeround.kit.screens.Opened
import org.homeround.kit.screens.PhotoRow
import org.homeround.kit.screens.Player
import org.homeround.kit.screens.VisitState
import org.junit.jupiter.api.Test

/** Listening to a recording; the platform's player is a made-up one. */
@OptIn(ExperimentalTestApi::class)
class RecordingScreenTest {
    private val cough = Samples("en").recording
    private val bytes = "OggS a cough".toByteArray()
    private var state by mutableStateOf(VisitState(loaded = true, photos = listOf(cough)))
    private val heard = CopyOnWriteArrayList<ByteArray>()
    private var playing = 0
    private var end = CompletableDeferred<Boolean>()
    private val player = Player { given, at ->
        heard += given
        playing++
        try {
            at(5_200, 42_000)
            end.await()
        } finally {
            playing--
        }
    }

    private fun open(row: PhotoRow) {
        state = state.copy(opened = Opened(row, null))
    }

    private fun ComposeUiTest.show(with: Player?) = setContent {
        val on = PhotoActions(take = null, add = null, open = ::open, close = { state = state.copy(opened = null) })
        Stage.Dressed(Look()) {
            CompositionLocalProvider(LocalPlayer provides with) {
                Column(Modifier.verticalScroll(rememberScrollState())) { if (state.loaded) Photos(state, on) }
            }
        }
    }

    private fun ComposeUiTest.arrive() = runOnIdle { state = state.copy(opened = Opened(cough, bytes)) }

    @Test
    fun `a recording plays when its bytes are there, says where it is, and is stopped`() = runComposeUiTest {
        show(player)
        press("Play")
        seen("Fetching…")
        assertEquals(0, playing)
        arrive()
        seen("0:05 of 0:42")
        assertContentEquals(bytes, heard.single())
        press("Stop")
        seen("Play")
        assertEquals(0, playing)
    }

    @Test
    fun `at its end, on leaving and when the phone is locked nothing plays`() = runComposeUiTest {
        show(player)
        press("Play")
        arrive()
        seen("0:05 of 0:42")
        runOnIdle { end.complete(true) }
        seen("Play")
        assertEquals(0, playing)
        end = CompletableDeferred()
        arrive()
        until("it plays again") { playing == 1 }
        // The screen is gone, as when the lock's screen takes its place.
        runOnIdle { state = state.copy(loaded = false) }
        until("it stopped") { playing == 0 }
    }

    @Test
    fun `what can't be played says so, and without a player nothing is offered`() = runComposeUiTest {
        end.complete(false)
        var with by mutableStateOf<Player?>(player)
        setContent {
            Stage.Dressed(Look()) {
                CompositionLocalProvider(LocalPlayer provides with) { Photos(state, doNothing.photos) }
            }
        }
        arrive()
        seen("This recording can’t be played here.")
        runOnIdle {
            with = null
            state = state.copy(opened = null)
        }
        gone("Play")
        seen("Cough")
    }
}
