package org.homeround.ui

import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.requiredSize
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.performTouchInput
import androidx.compose.ui.test.runComposeUiTest
import androidx.compose.ui.unit.Density
import androidx.compose.ui.unit.dp
import kotlin.math.abs
import kotlin.test.assertEquals
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.homeround.core.Drawing
import org.homeround.kit.screens.SignOffForm
import org.homeround.kit.screens.SignWay
import org.homeround.kit.screens.SignaturePad
import org.homeround.kit.screens.VisitState
import org.homeround.kit.screens.Words
import org.junit.jupiter.api.Test

/** Signing with a finger, and without one. */
@OptIn(ExperimentalTestApi::class)
class SignOffScreenTest {
    private var state by mutableStateOf(VisitState(loaded = true, maySignOff = true, signing = SignOffForm()))
    private val takenBack = mutableListOf<Pair<String, String>>()
    private var saved: Pair<SignOffForm?, Drawing?>? = null

    private fun ComposeUiTest.show() = setContent {
        val signOff = SignOffActions(
            begin = {}, change = { state = state.copy(signing = it) }, save = { saved = state.signing to it }, close = {},
            takeBack = { id, reason -> takenBack += id to reason },
        )
        CompositionLocalProvider(LocalDensity provides Density(1f)) {
            Box(Modifier.requiredSize(400.dp, 800.dp)) {
                Stage.Dressed(Look()) {
                    // As on the visit's screen, which scrolls: signing must not.
                    Column(Modifier.verticalScroll(rememberScrollState())) { SignOffs(state, signOff) }
                }
            }
        }
    }

    private fun ComposeUiTest.pad() = onNodeWithContentDescription("Pad to sign on", substring = true)

    @Test
    fun `a finger signs in strokes, takes one back, and the size is in millimetres`() = runComposeUiTest {
        show()
        offered("Save", false)
        pad().performTouchInput {
            down(Offset(20f, 40f))
            moveTo(Offset(120f, 90f))
            moveTo(Offset(220f, 30f))
            up()
        }
        offered("Save")
        pad().performTouchInput {
            down(Offset(30f, 100f))
            moveTo(Offset(300f, 100f))
            up()
        }
        press("Undo the last line")
        press("Save")
        val drawing = assertNotNull(assertNotNull(saved).second)
        val points = drawing.strokes.single()
        assertEquals(3, points.size)
        // A point of the screen is 1/160 inch: 200 of them lie between the ends.
        val wide = points.last().xUm.toInt() - points.first().xUm.toInt()
        assertTrue(abs(wide - 200 * SignaturePad.UM_PER_DP) < 50, "$wide")
        assertEquals(points.map { it.tMs }.sorted(), points.map { it.tMs })
    }

    @Test
    fun `a touch by accident is no signature, and clearing begins anew`() = runComposeUiTest {
        show()
        pad().performTouchInput {
            down(Offset(50f, 50f))
            up()
        }
        offered("Save", false)
        pad().performTouchInput {
            down(Offset(20f, 40f))
            moveTo(Offset(220f, 30f))
            up()
        }
        press("Clear")
        offered("Save", false)
    }

    @Test
    fun `who can not draw types the name, and who does not sign has a reason`() = runComposeUiTest {
        show()
        press("Typed name")
        offered("Save", false)
        enter("Name, typed by who signs", "Rosa Example")
        offered("Save")
        press("Does not sign")
        offered("Save", false)
        press("Infection control")
        press("Save")
        val (form, drawing) = assertNotNull(saved)
        assertNull(drawing)
        assertEquals(SignWay.NONE, form?.way)
        assertEquals(org.homeround.core.NotSignedReason.INFECTION_CONTROL, form?.reason)
        press("I do")
        assertEquals(SignWay.HAND, state.signing?.way, "a member who takes it either signs or does not ask")
    }

    @Test
    fun `a wrong signature is taken back with a reason only, and then says so`() = runComposeUiTest {
        val rows = Samples("en").signOffs.signOffs.take(1)
        state = state.copy(signing = null, signOffs = rows)
        show()
        press("This signature is wrong")
        offered("Take it back", false)
        enter("What is wrong?", "The neighbour signed")
        press("Take it back")
        assertEquals(listOf("o1" to "The neighbour signed"), takenBack)
        gone("Take it back")
        val wrong = Words("sign_off_taken_back", "Nina Alvarez", "9:55 AM", "The neighbour signed")
        runOnIdle { state = state.copy(signOffs = rows.map { it.copy(wrong = wrong) }) }
        seen("Taken back by Nina Alvarez, 9:55 AM: The neighbour signed")
        seen("Signed by hand")
        gone("This signature is wrong")
    }
}
