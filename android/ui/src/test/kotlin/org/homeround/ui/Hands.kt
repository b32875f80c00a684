package org.homeround.ui

import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.onAllNodesWithText
import androidx.compose.ui.test.onFirst
import androidx.compose.ui.test.onRoot
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performSemanticsAction
import androidx.compose.ui.test.printToString
import kotlin.test.fail

private const val WAIT_MS = 30_000L

/** The core answers in real time, so it is real time that is waited for. */
@OptIn(ExperimentalTestApi::class)
internal fun ComposeUiTest.until(what: String, done: () -> Boolean) {
    val begun = System.nanoTime()
    while (!done()) {
        if (System.nanoTime() - begun > WAIT_MS * 1_000_000) fail("not seen: $what\n${onRoot().printToString()}")
        Thread.sleep(20)
        mainClock.advanceTimeByFrame()
    }
}

@OptIn(ExperimentalTestApi::class)
internal fun ComposeUiTest.seen(text: String) = until(text) {
    onAllNodesWithText(text, substring = true).fetchSemanticsNodes().isNotEmpty()
}

@OptIn(ExperimentalTestApi::class)
internal fun ComposeUiTest.gone(text: String) = until("no $text") {
    onAllNodesWithText(text, substring = true).fetchSemanticsNodes().isEmpty()
}

/**
 * Presses what says this, as a screen reader does: a finger would come down where it was, and what the core tells
 * meanwhile moves it.
 */
@OptIn(ExperimentalTestApi::class)
internal fun ComposeUiTest.press(text: String) {
    until(text) { onAllNodesWithText(text).fetchSemanticsNodes().isNotEmpty() }
    val node = onAllNodesWithText(text).onFirst().performScrollTo()
    val pressed = SemanticsActions.OnClick in node.fetchSemanticsNode().config
    if (pressed) node.performSemanticsAction(SemanticsActions.OnClick) else node.performClick()
}
